//! A batch at Exotel, the only provider with batches, against the mock. It is no method of `Messenger`, so it cannot be a
//! scenario.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

use std::sync::Arc;
use std::time::SystemTime;

use serde_json::json;
use transom::adapter::Context;
use transom::config::{ChannelConfig, process_env};
use transom::transport::Transport;
use transom::{ErrorKind, Message, Sent, Template};
use transom_conformance::SimulatorTransport;
use transom_exotel::{Exotel, PROVIDER};

fn send_batch(
    mock: &Arc<SimulatorTransport>,
    messages: &[Message],
) -> transom::Result<Vec<transom::Result<transom::Receipt>>> {
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
    let mock = SimulatorTransport::new(SystemTime::now());
    mock.receive("exotel", WROTE).unwrap();
    let template = |name: &str| Message::template(NEVER_WROTE.parse().unwrap(), Template::new(name));
    let messages = [text(WROTE), text(NEVER_WROTE), template("re_engagement_v1"), template("pending_one"), text(WROTE)];
    let results = send_batch(&mock, &messages).unwrap();

    let outcomes: Vec<_> =
        results.iter().map(|result| result.as_ref().err().map(|error| (error.kind(), error.sent()))).collect();
    let refused = |kind| Some((kind, Sent::No));
    let expected = [None, refused(ErrorKind::NoActiveSession), None, refused(ErrorKind::TemplateRejected), None];
    assert_eq!(outcomes, expected);

    let delivered = mock.messages("exotel");
    let ids: Vec<_> = delivered.iter().map(|message| message["message_id"].clone()).collect();
    let receipts: Vec<_> = results.iter().flatten().map(|receipt| json!(receipt.message_id.as_str())).collect();
    assert_eq!(ids, receipts);
    assert_eq!(delivered[0]["reference"], json!(format!("to-{WROTE}")));

    let requests = mock.requests("exotel");
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0]["findings"], json!([]));
}

#[test]
fn a_full_batch_arrives_whole() {
    let mock = SimulatorTransport::new(SystemTime::now());
    mock.receive("exotel", WROTE).unwrap();
    let results = send_batch(&mock, &vec![text(WROTE); 100]).unwrap();
    assert!(results.iter().all(Result::is_ok));
    let delivered = mock.messages("exotel");
    assert_eq!(delivered.len(), 100);
}
