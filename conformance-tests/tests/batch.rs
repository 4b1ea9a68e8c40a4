//! A batch at Exotel, the only provider with batches, against the mock. It is no method of `Messenger`, so it cannot be a
//! scenario.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use transom::adapter::Context;
use transom::config::{ChannelConfig, process_env};
use transom::transport::Transport;
use transom::{ErrorKind, Message, Sent, Template};
use transom_exotel::{Exotel, PROVIDER};
use transom_mock_server::{Simulator, control_response};

/// A transport that calls the mock without a socket.
#[derive(Debug)]
struct Direct(Mutex<Simulator>);

#[async_trait]
impl Transport for Direct {
    async fn send(&self, request: Request<Bytes>) -> transom::Result<Response<Bytes>> {
        Ok(self.0.lock().unwrap().step(SystemTime::now(), &request).response)
    }
}

impl Direct {
    fn control(&self, method: &str, call: &str, body: &Value) -> Value {
        let request = Request::builder().method(method).uri(format!("/_mock/{call}"));
        let request = request.body(Bytes::from(body.to_string())).unwrap();
        let response = control_response(&mut self.0.lock().unwrap(), SystemTime::now(), &request).unwrap();
        serde_json::from_slice(response.body()).unwrap_or(Value::Null)
    }
}

fn send_batch(mock: &Arc<Direct>, messages: &[Message]) -> transom::Result<Vec<transom::Result<transom::Receipt>>> {
    let uri = "exotel://key:token@127.0.0.1/acme?from=919876500001";
    let channel = ChannelConfig::from_uri("india", uri, &[PROVIDER], process_env()).unwrap();
    let exotel = Exotel::connect(&channel, Context::new(Arc::clone(mock) as Arc<dyn Transport>)).unwrap();
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(exotel.send_batch(messages))
}

fn text(to: &str) -> Message {
    Message::text(to.parse().unwrap(), "Your parcel leaves today.").with_reference(format!("to-{to}"))
}

const WROTE: &str = "+919876543210";
const NEVER_WROTE: &str = "+919876543211";

#[test]
fn batch_receipts_name_the_delivered_messages() {
    let mock = Arc::new(Direct(Mutex::new(Simulator::new(SystemTime::now()))));
    mock.control("POST", "inbound", &json!({ "provider": "exotel", "from": WROTE, "text": "hi" }));
    let template = |name: &str| Message::template(NEVER_WROTE.parse().unwrap(), Template::new(name));
    let messages = [text(WROTE), text(NEVER_WROTE), template("re_engagement_v1"), template("pending_one"), text(WROTE)];
    let verdicts = send_batch(&mock, &messages).unwrap();

    let told: Vec<_> =
        verdicts.iter().map(|verdict| verdict.as_ref().err().map(|error| (error.kind(), error.sent()))).collect();
    let refused = |kind| Some((kind, Sent::No));
    let expected = [None, refused(ErrorKind::NoActiveSession), None, refused(ErrorKind::TemplateRejected), None];
    assert_eq!(told, expected);

    let delivered = mock.control("GET", "messages?provider=exotel", &Value::Null);
    let ids: Vec<_> = delivered.as_array().unwrap().iter().map(|message| message["message_id"].clone()).collect();
    let receipts: Vec<_> = verdicts.iter().flatten().map(|receipt| json!(receipt.message_id.as_str())).collect();
    assert_eq!(ids, receipts);
    assert_eq!(delivered[0]["reference"], json!(format!("to-{WROTE}")));

    let requests = mock.control("GET", "requests?provider=exotel", &Value::Null);
    assert_eq!(requests.as_array().unwrap().len(), 1);
    assert_eq!(requests[0]["findings"], json!([]));
}

#[test]
fn a_full_batch_arrives_whole() {
    let mock = Arc::new(Direct(Mutex::new(Simulator::new(SystemTime::now()))));
    mock.control("POST", "inbound", &json!({ "provider": "exotel", "from": WROTE, "text": "hi" }));
    let verdicts = send_batch(&mock, &vec![text(WROTE); 100]).unwrap();
    assert!(verdicts.iter().all(Result::is_ok));
    let delivered = mock.control("GET", "messages?provider=exotel", &Value::Null);
    assert_eq!(delivered.as_array().unwrap().len(), 100);
}
