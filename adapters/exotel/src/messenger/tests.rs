//! What is asked, how often, and what comes of it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use http::Response;
use serde_json::{Value, json};
use transom::message::Media;
use transom::transport::Transport;
use transom::{Content, Sent, Template};

use super::*;
use crate::error::tests::{answer, config};

/// Answers in the order of the script, and remembers what was asked.
#[derive(Debug)]
struct Script {
    answers: Mutex<VecDeque<Result<Response<Bytes>>>>,
    asked: Mutex<Vec<Request<Bytes>>>,
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        self.asked.lock().unwrap().push(request);
        self.answers.lock().unwrap().pop_front().expect("one request more than the script answers")
    }
}

pub(super) struct Stage {
    pub(super) exotel: Exotel,
    script: Arc<Script>,
}

fn stage_of(answers: impl IntoIterator<Item = Result<Response<Bytes>>>) -> Stage {
    let answers = Mutex::new(answers.into_iter().collect());
    let script = Arc::new(Script { answers, asked: Mutex::default() });
    let transport = Arc::clone(&script);
    Stage { exotel: Exotel::new(config(), Context::new(transport)), script }
}

pub(super) fn stage<const N: usize>(answers: [(u16, &str); N]) -> Stage {
    stage_of(answers.map(|(status, body)| Ok(answer(status, body))))
}

impl Stage {
    pub(super) fn bodies(&self) -> Vec<Value> {
        let asked = self.script.asked.lock().unwrap();
        asked.iter().map(|request| serde_json::from_slice(request.body()).unwrap()).collect()
    }

    fn queries(&self) -> Vec<String> {
        let asked = self.script.asked.lock().unwrap();
        asked.iter().map(|request| request.uri().query().unwrap_or_default().to_owned()).collect()
    }
}

fn text(body: &str) -> Message {
    Message::text("+919876543210".parse().unwrap(), body)
}

fn to_other(body: &str) -> Message {
    Message::text("+919876543211".parse().unwrap(), body)
}

pub(super) const TAKEN: (u16, &str) =
    (202, r#"{"response":{"whatsapp":{"messages":[{"code":202,"status":"success","data":{"sid":"7c1e"}}]}}}"#);
pub(super) const WANTS_WRAPPED: (u16, &str) = (
    400,
    r#"{"response":{"code":400,"error_data":{"code":1001,"message":"Mandatory Parameter missing","description":"at least one channel is mandatory"},"status":"failure","data":null}}"#,
);

pub(super) fn is_wrapped(body: &Value) -> bool {
    body.get("whatsapp").is_some()
}

#[tokio::test]
async fn wrapped_shape_is_kept_once_requested() {
    let stage = stage([WANTS_WRAPPED, TAKEN, TAKEN]);
    assert_eq!(stage.exotel.send(&text("a")).await.unwrap().attempts, 2);
    assert_eq!(stage.exotel.send(&text("b")).await.unwrap().attempts, 1);
    assert_eq!(stage.bodies().iter().map(is_wrapped).collect::<Vec<_>>(), [false, true, true]);
}

#[tokio::test]
async fn a_shape_that_is_set_or_no_probe_means_one_request() {
    for (shape, probe) in [(RequestShape::Flat, true), (RequestShape::Wrapped, true), (RequestShape::Auto, false)] {
        let mut stage = stage([WANTS_WRAPPED]);
        stage.exotel.config.request_shape = shape;
        stage.exotel.config.probe = probe;
        let error = stage.exotel.send(&text("a")).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::InvalidRequest, 1), "{shape:?}");
        assert_eq!(stage.bodies().iter().map(is_wrapped).collect::<Vec<_>>(), [shape == RequestShape::Wrapped]);
    }
}

#[tokio::test]
async fn our_own_number_is_masked_in_what_the_provider_says_of_it() {
    let refused = r#"{"response":{"error_data":{"code":1002,"message":"from 919876500001 is unknown"}}}"#;
    let error = stage([(400, refused)]).exotel.send(&text("a")).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::SenderNotFound, "from •••0001 is unknown"));
}

#[tokio::test]
async fn batch_is_one_wrapped_request_with_results_in_order() {
    let answer = r#"{"http_code":207,"metadata":{"failed":2,"total":3,"success":1},"response":{"whatsapp":{"messages":[
        {"code":400,"error_data":{"code":1002,"message":"Invalid parameter","description":"to 919876543211 is not valid"},"status":"failure","data":null},
        {"code":202,"error_data":null,"status":"success","data":{"sid":"a1d9"}},
        {"code":400,"error_data":{"code":"SESSION_EXPIRED","message":"SESSION_EXPIRED"},"status":"failure","data":null}]}}}"#;
    let mut stage = stage([(207, answer)]);
    stage.exotel.config.request_shape = RequestShape::Flat;
    let messages = [to_other("First").with_reference("r1"), text("Second"), text("Third")];
    let verdicts = stage.exotel.send_batch(&messages).await.unwrap();

    let [Err(invalid), Ok(receipt), Err(closed)] = verdicts.as_slice() else { panic!("{verdicts:?}") };
    assert_eq!((invalid.kind(), invalid.sent()), (ErrorKind::RecipientInvalid, Sent::No));
    assert_eq!(invalid.message(), "Invalid parameter: to •••3211 is not valid");
    assert_eq!((invalid.provider(), invalid.attempts()), (Some("exotel"), 1));
    assert_eq!((receipt.message_id.as_str(), receipt.attempts), ("a1d9", 1));
    assert_eq!((closed.kind(), closed.status()), (ErrorKind::SessionExpired, Some(207)));

    let message = |to: &str, body: &str| json!({ "from": "+919876500001", "to": to, "content": { "type": "text", "text": { "body": body } } });
    let mut first = message("+919876543211", "First");
    first["custom_data"] = "r1".into();
    let rest = [message("+919876543210", "Second"), message("+919876543210", "Third")];
    let [second, third] = rest;
    assert_eq!(stage.bodies(), [json!({ "whatsapp": { "messages": [first, second, third] } })]);
}

#[tokio::test]
async fn empty_batch_or_over_100_is_refused_locally() {
    for (count, line) in
        [(0, "messages: at least 1 is needed, got 0"), (101, "messages: 101 are over the limit of 100")]
    {
        let stage = stage([]);
        let error = stage.exotel.send_batch(&vec![text("a"); count]).await.unwrap_err();
        assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::InvalidRequest, Sent::No, 0));
        assert_eq!((error.message(), error.provider()), (line, Some("exotel")));
    }
    let item = r#"{"code":202,"status":"success","data":{"sid":"a"}}"#;
    let taken = format!(r#"{{"response":{{"whatsapp":{{"messages":[{}]}}}}}}"#, vec![item; 100].join(","));
    let verdicts = stage([(202, &taken)]).exotel.send_batch(&vec![text("a"); 100]).await.unwrap();
    assert_eq!(verdicts.iter().filter(|verdict| verdict.is_ok()).count(), 100);
}

#[tokio::test]
async fn one_refused_message_stops_the_batch_and_is_named_by_index() {
    let by_id = Message::new("+919876543210".parse().unwrap(), Content::Image(Media::id("7")));
    for (bad, kind, line) in [
        (text(""), ErrorKind::InvalidRequest, "messages[1]: content.body: expected a text, got an empty one"),
        (text(&"x".repeat(4097)), ErrorKind::InvalidRequest, "messages[1]: content.body: 4097 characters"),
        (text("a").with_reply_to("wamid.1"), ErrorKind::Unsupported, "messages[1]: this provider has no reply"),
        (by_id, ErrorKind::Unsupported, "messages[1]: this provider has no media_upload"),
        (
            Message::template("+919876543210".parse().unwrap(), Template::new("t").body_named([("a", "b")])),
            ErrorKind::InvalidRequest,
            "messages[1]: template `t`",
        ),
    ] {
        let error = stage([]).exotel.send_batch(&[text("a"), bad, text("")]).await.unwrap_err();
        assert_eq!((error.kind(), error.sent(), error.attempts()), (kind, Sent::No, 0), "{line}");
        let lines = error.problems();
        assert!(lines[0].starts_with(line) && lines[1].starts_with("messages[2]: content.body"), "{lines:?}");
    }
}

#[tokio::test]
async fn unmatched_batch_answer_leaves_every_outcome_unknown() {
    let item = r#"{"code":202,"status":"success","data":{"sid":"a"}}"#;
    let items =
        |count: usize| format!(r#"{{"response":{{"whatsapp":{{"messages":[{}]}}}}}}"#, vec![item; count].join(","));
    for body in [items(0), items(1), items(3), String::new(), "{}".into(), "<html>".into()] {
        let error = stage([(202, &body)]).exotel.send_batch(&[text("a"), text("b")]).await.unwrap_err();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::MalformedResponse, Sent::Maybe), "{body}");
        assert_eq!((error.attempts(), error.provider()), (1, Some("exotel")));
    }
    let lost = Error::new(ErrorKind::ProviderUnavailable, "timed out").maybe_sent();
    let error = stage_of([Err(lost)]).exotel.send_batch(&[text("a"), text("b")]).await.unwrap_err();
    assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::ProviderUnavailable, Sent::Maybe, 1));
}

#[tokio::test]
async fn unclear_batch_result_is_unknown_for_its_message_only() {
    let body = r#"{"response":{"whatsapp":{"messages":[{"code":202,"status":"success","data":{}},{"code":202,"status":"success","data":{"sid":"b"}}]}}}"#;
    let verdicts = stage([(202, body)]).exotel.send_batch(&[text("a"), text("b")]).await.unwrap();
    let [Err(unclear), Ok(taken)] = verdicts.as_slice() else { panic!("{verdicts:?}") };
    assert_eq!((unclear.kind(), unclear.sent()), (ErrorKind::MalformedResponse, Sent::Maybe));
    assert_eq!(taken.message_id.as_str(), "b");
}

#[tokio::test]
async fn rejected_batch_is_unsent_and_shows_no_number() {
    let refused = r#"{"response":{"code":400,"error_data":{"code":1002,"message":"919876543210, 919876543211 and 919876500001"},"status":"failure","data":null}}"#;
    let error = stage([(400, refused)]).exotel.send_batch(&[text("a"), to_other("b")]).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::InvalidRequest, Sent::No));
    assert_eq!(error.message(), "•••3210, •••3211 and •••0001");
}

/// The account with an id of its business account.
fn with_waba_id<const N: usize>(answers: [(u16, &str); N]) -> Stage {
    let mut stage = stage(answers);
    stage.exotel.config.waba_id = Some("8".to_owned());
    stage
}

fn page(name: &str, after: &str) -> String {
    format!(
        r#"{{"response":{{"whatsapp":{{"templates":[{{"data":{{"name":"{name}"}}}}],"paging":{{"cursors":{{"after":"{after}"}}}}}}}}}}"#
    )
}

#[tokio::test]
async fn templates_are_read_page_by_page_to_the_last() {
    let last = r#"{"response":{"whatsapp":{"templates":[{"data":{"name":"c"}}]}}}"#;
    let stage = with_waba_id([(200, &page("a", "x")), (200, &page("b", "y")), (200, last)]);
    let names: Vec<_> = stage.exotel.templates().await.unwrap().into_iter().map(|template| template.name).collect();
    assert_eq!(names, ["a", "b", "c"]);
    let query = "waba_id=8&limit=100";
    assert_eq!(stage.queries(), [query.to_owned(), format!("{query}&after=x"), format!("{query}&after=y")]);
}

#[tokio::test]
async fn a_cursor_that_leads_nowhere_ends_the_list() {
    let empty = r#"{"response":{"whatsapp":{"templates":[],"paging":{"cursors":{"after":"z"}}}}}"#;
    let stage = with_waba_id([(200, &page("a", "x")), (200, empty)]);
    assert_eq!(stage.exotel.templates().await.unwrap().len(), 1);
    // A server that does not know cursors gives the first page again.
    let stage = with_waba_id([(200, &page("a", "x")), (200, &page("a", "x"))]);
    assert_eq!(stage.exotel.templates().await.unwrap().len(), 1);
    let pages: Vec<_> = (0..PAGES_MAX).map(|number| Ok(answer(200, &page("a", &number.to_string())))).collect();
    let mut endless = stage_of(pages);
    endless.exotel.config.waba_id = Some("8".to_owned());
    assert_eq!(endless.exotel.templates().await.unwrap().len(), PAGES_MAX);
}

#[tokio::test]
async fn template_list_without_waba_id_is_a_config_error() {
    let error = stage([]).exotel.templates().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.message().starts_with("waba_id: missing"), "{error}");
}

#[tokio::test]
async fn a_list_that_is_lost_leaves_nothing_in_doubt() {
    let lost = Error::new(ErrorKind::ProviderUnavailable, "timed out").maybe_sent();
    let mut stage = stage_of([Err(lost)]);
    stage.exotel.config.waba_id = Some("8".to_owned());
    assert_eq!(stage.exotel.templates().await.unwrap_err().sent(), Sent::No);
}

/// The list with `visit`, which takes two values, in a state.
fn visit(status: &str) -> String {
    format!(
        r#"{{"response":{{"whatsapp":{{"templates":[{{"data":{{"name":"visit","language":"en","status":"{status}","components":[{{"type":"BODY","text":"{{{{1}}}} on {{{{2}}}}"}}]}}}}]}}}}}}"#
    )
}

fn template(values: &[&str]) -> Message {
    Message::template("+919876543210".parse().unwrap(), Template::new("visit").body(values.iter().copied()))
}

#[tokio::test]
async fn template_against_its_definition_is_refused_before_the_send() {
    for (status, values, kind, said) in [
        ("APPROVED", &["Ana"][..], ErrorKind::InvalidRequest, "takes 2 parameters (1, 2), got 1"),
        ("APPROVED", &["Ana", "12/02", "x"], ErrorKind::InvalidRequest, "got 3"),
        ("PAUSED", &["Ana", "12/02"], ErrorKind::TemplateRejected, "paused"),
    ] {
        let stage = with_waba_id([(200, &visit(status))]);
        let error = stage.exotel.send(&template(values)).await.unwrap_err();
        assert_eq!((error.kind(), error.sent(), error.attempts()), (kind, Sent::No, 0), "{status}");
        assert!(error.message().contains(said), "{error}");
        let stage = with_waba_id([(200, &visit(status))]);
        let error = stage.exotel.send_batch(&[text("a"), template(values)]).await.unwrap_err();
        assert_eq!((error.kind(), error.sent(), error.attempts()), (kind, Sent::No, 0), "{status}");
        assert!(error.message().starts_with("messages[1]: template `visit`"), "{error}");
    }
}

#[tokio::test]
async fn values_go_by_name_where_the_definition_has_names() {
    let list = r#"{"response":{"whatsapp":{"templates":[{"data":{"name":"visit","language":"en","status":"APPROVED","components":[{"type":"BODY","text":"Hi {{customer}}"}]}}]}}}"#;
    let named = Template::new("visit").body_named([("customer", "Ana\nRuiz")]);
    let message = Message::template("+919876543210".parse().unwrap(), named);
    let expected = r#"{"parameters":[{"parameter_name":"customer","text":"Ana Ruiz","type":"text"}],"type":"body"}"#;
    let mut stage = with_waba_id([(200, list), TAKEN, TAKEN]);
    stage.exotel.send(&message.clone().with_flat_parameters()).await.unwrap();
    assert!(stage.exotel.send_batch(std::slice::from_ref(&message)).await.is_err(), "a line break");
    stage.exotel.config.flatten_parameters = true;
    stage.exotel.send_batch(&[message]).await.unwrap()[0].as_ref().unwrap();
    let asked = stage.script.asked.lock().unwrap();
    for request in asked.iter().skip(1) {
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
        assert!(body.to_string().contains(expected), "{body}");
    }
}

#[tokio::test]
async fn own_number_and_plain_http_are_refused_locally() {
    let own = Message::text("+919876500001".parse().unwrap(), "Hi");
    let plain = Message::image("+919876543210".parse().unwrap(), "http://x.example/a.png");
    for (message, kind, line) in [
        (own, ErrorKind::RecipientInvalid, "to: expected a contact's number"),
        (plain, ErrorKind::InvalidRequest, "content.link: expected an https:// URL"),
    ] {
        let error = stage([]).exotel.send(&message).await.unwrap_err();
        assert_eq!((error.kind(), error.sent(), error.attempts()), (kind, Sent::No, 0));
        assert!(error.message().starts_with(line), "{error}");
    }
}

#[tokio::test]
async fn list_is_read_once_for_many_templates_never_for_a_text() {
    let stage = with_waba_id([(202, TAKEN.1), (200, &visit("APPROVED")), TAKEN, TAKEN]);
    for message in [text("a"), template(&["Ana", "1"]), template(&["Eva", "2"])] {
        stage.exotel.send(&message).await.unwrap();
    }
    let methods: Vec<_> =
        stage.script.asked.lock().unwrap().iter().map(|request| request.method().to_string()).collect();
    assert_eq!(methods, ["POST", "GET", "POST", "POST"]);
}

#[tokio::test]
async fn a_template_goes_unchecked_where_its_definition_cannot_be_had() {
    let unknown = r#"{"response":{"whatsapp":{"templates":[{"data":{"name":"other","language":"en"}}]}}}"#;
    for list in [(500, ""), (403, ""), (200, "{}"), (200, unknown)] {
        let stage = with_waba_id([list, TAKEN]);
        assert_eq!(stage.exotel.send(&template(&["Ana"])).await.unwrap().attempts, 1, "{list:?}");
    }
    let mut without_probe = with_waba_id([TAKEN]);
    without_probe.exotel.config.probe = false;
    for stage in [without_probe, stage([TAKEN])] {
        stage.exotel.send(&template(&["Ana"])).await.unwrap();
    }
}

#[tokio::test]
async fn a_template_that_exotel_refuses_is_looked_up_anew() {
    let refused = r#"{"response":{"error_data":{"code":1002,"message":"template is not approved"}}}"#;
    let stage = with_waba_id([(200, &visit("APPROVED")), (400, refused), (200, &visit("DISABLED"))]);
    let error = stage.exotel.send(&template(&["Ana", "1"])).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::TemplateRejected, 1));
    let error = stage.exotel.send(&template(&["Ana", "1"])).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::TemplateRejected, 0));
}
