use std::collections::VecDeque;
use std::sync::Arc;

use transom::transport::Transport;
use transom::{Sent, Template};

use super::*;
use crate::error::tests::{answer, config, text, to};
use crate::{CloseReason, Upload};

/// Answers in the order of the script, and remembers the paths and queries that were asked for.
#[derive(Debug)]
struct Script {
    answers: std::sync::Mutex<VecDeque<Response<Bytes>>>,
    asked: std::sync::Mutex<Vec<String>>,
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        let path = request.uri().path_and_query().unwrap().as_str().trim_start_matches("/v1/").to_owned();
        let next = self.answers.lock().unwrap().pop_front();
        if next.is_none() && path.starts_with("wabas") {
            // Whether the line processes what contacts write, which most tests do not script.
            return Ok(answer(404, ""));
        }
        self.asked.lock().unwrap().push(path);
        Ok(next.expect("one request more than the script answers"))
    }
}

pub(super) struct Stage {
    pub(super) gosendapi: GoSendApi,
    script: Arc<Script>,
}

impl Stage {
    pub(super) fn asked(&self) -> Vec<String> {
        self.script.asked.lock().unwrap().clone()
    }
}

/// Every answer is given at 2026-02-04T09:00:00Z by the provider's clock.
pub(super) fn stage<const N: usize>(answers: [(u16, &str); N]) -> Stage {
    stage_of(&answers)
}

fn stage_of(answers: &[(u16, &str)]) -> Stage {
    let answers = answers.iter().map(|(status, body)| {
        let mut answer = answer(*status, body);
        answer.headers_mut().insert("date", "Wed, 04 Feb 2026 09:00:00 GMT".parse().unwrap());
        answer
    });
    let script =
        Arc::new(Script { answers: std::sync::Mutex::new(answers.collect()), asked: std::sync::Mutex::default() });
    let transport = Arc::clone(&script);
    Stage { gosendapi: GoSendApi::new(config(), Context::new(transport)), script }
}

const TAKEN: (u16, &str) = (201, r#"{"messages":[{"id":"wamid.A"}]}"#);
const BARE: (u16, &str) = (403, r#"{"statusCode":403,"message":"Forbidden"}"#);
const SAID: (u16, &str) = (403, r#"{"statusCode":403,"message":"Outside the 24h window","error":"Forbidden"}"#);
const METAS: (u16, &str) = (400, r#"{"statusCode":400,"details":{"meta_code":131047}}"#);
const NONE: (u16, &str) = (200, r#"{"data":[]}"#);
const OLD: (u16, &str) = (200, r#"{"data":[{"last_inbound_at":"2026-02-03T09:00:00Z"}]}"#);
const NEW: (u16, &str) = (200, r#"{"data":[{"last_inbound_at":"2026-02-03T09:00:01Z"}]}"#);
const FORBIDDEN: (u16, &str) = (403, "");
const BROKEN: (u16, &str) = (500, "");
const LOOK: &str = "conversations?contact_phone=34611222333&phone_number_id=109876543210987&per_page=100";

#[tokio::test]
async fn one_look_at_the_conversations_tells_what_a_refusal_means() {
    use ErrorKind::{NoActiveSession, PermissionDenied, SessionExpired};
    for (refusal, look, kind) in [
        (BARE, NONE, NoActiveSession),
        (BARE, OLD, SessionExpired),
        (BARE, NEW, PermissionDenied),
        (BARE, FORBIDDEN, PermissionDenied),
        (BARE, BROKEN, SessionExpired),
        (SAID, NONE, NoActiveSession),
        (SAID, OLD, SessionExpired),
        (SAID, NEW, SessionExpired),
        (SAID, FORBIDDEN, SessionExpired),
        (METAS, NONE, NoActiveSession),
        (METAS, BROKEN, SessionExpired),
    ] {
        let stage = stage([refusal, look]);
        let error = stage.gosendapi.send(&text()).await.unwrap_err();
        assert_eq!((error.kind(), error.sent(), error.attempts()), (kind, Sent::No, 1), "{refusal:?} {look:?}");
        assert_eq!(error.status(), Some(refusal.0));
        assert_eq!(error.session().is_some(), look.0 == 200);
        assert_eq!(stage.asked(), ["messages", LOOK]);
    }
}

#[tokio::test]
async fn no_follow_up_for_template_clear_answer_or_without_probe() {
    let template = Message::template(to(), Template::new("visit"));
    for refusal in [BARE, SAID] {
        let mut stage = stage([refusal]);
        // Without it, the definition is not looked at either.
        stage.gosendapi.config.probe = false;
        assert_eq!(stage.gosendapi.send(&template).await.unwrap_err().kind(), ErrorKind::PermissionDenied);
        assert_eq!(stage.asked(), ["messages"]);
    }
    for clear in [(401, ""), (403, r#"{"code":"WABA_NOT_IN_TENANT"}"#), (500, METAS.1), (201, "{}")] {
        let stage = stage([clear]);
        stage.gosendapi.send(&text()).await.unwrap_err();
        assert_eq!(stage.asked().len(), 1, "{clear:?}");
    }
    for refusal in [BARE, SAID, METAS] {
        let mut stage = stage([refusal]);
        stage.gosendapi.config.probe = false;
        assert_eq!(stage.gosendapi.send(&text()).await.unwrap_err().kind(), ErrorKind::SessionExpired);
        assert_eq!(stage.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_message_that_is_taken_is_one_attempt() {
    let receipt = stage([TAKEN]).gosendapi.send(&text()).await.unwrap();
    assert_eq!((receipt.message_id.as_str(), receipt.attempts), ("wamid.A", 1));
}

#[tokio::test]
async fn the_window_is_read_by_the_providers_clock() {
    let session = stage([NEW]).gosendapi.session(&to()).await.unwrap();
    assert!(session.window.is_open());
    let session = stage([OLD]).gosendapi.session(&to()).await.unwrap();
    assert!(session.window.is_known_closed());
    let error = stage([BROKEN]).gosendapi.session(&to()).await.unwrap_err();
    assert!(!error.may_have_been_sent());
}

#[tokio::test]
async fn window_query_reads_at_most_two_pages() {
    let full =
        format!(r#"{{"data":[{}]}}"#, vec![r#"{"last_inbound_at":null}"#; crate::response::lists::PER_PAGE].join(","));
    let two = stage([(200, &full), NEW]);
    assert!(two.gosendapi.session(&to()).await.unwrap().window.is_open());
    assert_eq!(two.asked(), [LOOK.to_owned(), format!("{LOOK}&page=2")]);
    let more = stage([(200, &full), (200, &full)]);
    assert_eq!(more.gosendapi.session(&to()).await.unwrap().window, Window::Unknown);
}

#[tokio::test]
async fn the_other_spelling_is_asked_before_a_window_counts_as_closed() {
    let contact: PhoneNumber = "+541145678901".parse().unwrap();
    let look = |digits: &str| LOOK.replace("34611222333", digits);
    for (answers, window) in [([NONE, NEW], true), ([OLD, NEW], true), ([NONE, NONE], false)] {
        let stage = stage(answers);
        assert_eq!(stage.gosendapi.session(&contact).await.unwrap().window.is_open(), window, "{answers:?}");
        assert_eq!(stage.asked(), [look("541145678901"), look("5491145678901")]);
    }
    let stage = stage([NEW]);
    assert!(stage.gosendapi.session(&contact).await.unwrap().window.is_open());
    // Without an answer for one spelling, it is not known whether the contact wrote.
    let stage = self::stage([NONE, BROKEN]);
    assert!(stage.gosendapi.session(&contact).await.is_err());
}

#[tokio::test]
async fn line_that_ignores_inbound_leaves_window_unknown() {
    const WABA: (u16, &str) = (200, r#"{"data":[{"id":"8"}]}"#);
    let line = |processing: &str| {
        format!(r#"{{"data":[{{"phone_number_id":"109876543210987","inbound_processing_enabled":{processing}}}]}}"#)
    };
    for (processing, window) in [("false", Window::Unknown), ("true", Window::Never), ("null", Window::Never)] {
        let line = line(processing);
        let stage = stage([NONE, WABA, (200, &line), NONE]);
        assert_eq!(stage.gosendapi.session(&to()).await.unwrap().window, window, "{processing}");
        // The settings of the line are known by now.
        assert_eq!(stage.gosendapi.session(&to()).await.unwrap().window, window, "{processing}");
    }
    let mut stage = stage([NONE]);
    stage.gosendapi.config.probe = false;
    assert_eq!(stage.gosendapi.session(&to()).await.unwrap().window, Window::Never);
}

const WABAS: (u16, &str) = (200, r#"{"data":[{"id":"8","waba_id":"100200"},{"id":9,"waba_id":"100300"}]}"#);

const WABA: (u16, &str) = (200, r#"{"data":[{"id":"8","waba_id":"100200"}]}"#);
const DEFINED: (u16, &str) = (
    200,
    r#"{"data":[{"name":"visit","language":"en","status":"APPROVED","components":[{"type":"BODY","text":"Hi {{1}}, {{2}}"}]}]}"#,
);
const PAUSED: (u16, &str) = (
    200,
    r#"{"data":[{"name":"visit","language":"en","status":"PAUSED","components":[{"type":"BODY","text":"Hi {{1}}, {{2}}"}]}]}"#,
);
const BY_NAME: (u16, &str) = (
    200,
    r#"{"data":[{"name":"visit","language":"en","status":"APPROVED","components":[{"type":"BODY","text":"Hi {{customer}}, {{day}}"}]}]}"#,
);
const UNTOLD: (u16, &str) = (200, r#"{"data":[{"name":"visit","language":"en","status":"IN_REVIEW"}]}"#);
const LISTS: [&str; 2] = ["wabas?per_page=100", "wabas/8/templates?per_page=100"];

fn visit(values: &[&str]) -> Message {
    Message::template(to(), Template::new("visit").body(values.iter().copied()))
}

#[tokio::test]
async fn value_without_placeholder_is_refused_before_the_send() {
    use ErrorKind::{InvalidRequest, TemplateRejected};
    for (definition, values, kind, named) in [
        (DEFINED, &["Ana"][..], InvalidRequest, "takes 2 parameters (1, 2), got 1"),
        (DEFINED, &["Ana", "12/02", "9:00"], InvalidRequest, "got 3"),
        (BY_NAME, &["Ana", "12/02"], InvalidRequest, "by name (customer, day)"),
        (PAUSED, &["Ana", "12/02"], TemplateRejected, "is paused"),
    ] {
        let stage = stage([WABA, definition]);
        let error = stage.gosendapi.send(&visit(values)).await.unwrap_err();
        assert_eq!((error.kind(), error.sent(), error.attempts()), (kind, Sent::No, 0), "{error}");
        assert!(error.message().contains(named), "{error}");
        assert_eq!(stage.asked(), LISTS);
    }
}

#[tokio::test]
async fn missing_or_empty_definition_blocks_no_template() {
    for lists in [&[BROKEN][..], &[FORBIDDEN], &[WABAS], &[WABA, BROKEN], &[WABA, NONE], &[WABA, UNTOLD]] {
        let answers: Vec<_> = lists.iter().copied().chain([TAKEN, TAKEN]).collect();
        let stage = stage_of(&answers);
        stage.gosendapi.send(&visit(&["Ana"])).await.unwrap();
        // Whatever it was, it is not asked for again by the next message.
        stage.gosendapi.send(&visit(&["Ana"])).await.unwrap();
        assert_eq!(stage.asked().len(), answers.len(), "{lists:?}");
    }
}

#[tokio::test]
async fn definitions_are_listed_once_and_again_after_a_rejection() {
    let refused = (422, r#"{"details":{"meta_code":132015}}"#);
    let stage = stage([WABA, DEFINED, TAKEN, refused, WABA, PAUSED]);
    stage.gosendapi.send(&visit(&["Ana", "12/02"])).await.unwrap();
    for attempts in [1, 0] {
        let error = stage.gosendapi.send(&visit(&["Ana", "12/02"])).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::TemplateRejected, attempts));
    }
    assert_eq!(stage.asked(), [LISTS[0], LISTS[1], "messages", "messages", LISTS[0], LISTS[1]]);
}

#[tokio::test]
async fn definition_comes_from_the_channels_account() {
    let mut stage = stage([WABAS, DEFINED]);
    stage.gosendapi.config.waba_id = Some("100300".into());
    assert_eq!(stage.gosendapi.send(&visit(&[])).await.unwrap_err().kind(), ErrorKind::InvalidRequest);
    assert_eq!(stage.asked()[1], "wabas/9/templates?per_page=100");
}

#[tokio::test]
async fn malformed_message_is_refused_before_the_definition_check() {
    let mut stage = stage([]);
    let long = Message::template(to(), Template::new("visit").body(["x".repeat(1025)]));
    assert_eq!(stage.gosendapi.send(&long).await.unwrap_err().kind(), ErrorKind::InvalidRequest);
    stage.gosendapi.config.probe = false;
    let named = Message::template(to(), Template::new("visit").body_named([("day", "12/02")]));
    let error = stage.gosendapi.send(&named).await.unwrap_err();
    assert_eq!((error.kind(), stage.asked().len()), (ErrorKind::InvalidRequest, 0));
}

#[tokio::test]
async fn template_must_fit_the_components_of_its_definition() {
    let list = r#"{"data":[
        {"name":"visit","language":"es","status":"APPROVED","components":[{"type":"BODY","text":"x"}]},
        {"name":"named","language":"en","status":"APPROVED","components":[{"type":"BODY","text":"Hi {{customer}}"}]},
        {"name":"places","language":"en","status":"APPROVED","components":[{"type":"BODY","text":"Hi {{1}}"}]},
        {"name":"shop","language":"en","status":"APPROVED","components":[{"type":"HEADER","format":"TEXT","text":"At {{1}}"},
            {"type":"BODY","text":"Hi"},{"type":"BUTTONS","buttons":[{"type":"URL","url":"https://x.example/{{1}}"}]}]}]}"#;
    let button = |template: Template| template.button(transom::message::TemplateButton::url(0, "88"));
    let header = |text: &str| transom::message::Header::text(text);
    for (template, line) in [
        (Template::new("visit"), "template `visit` does not exist in `en`, it exists in `es`"),
        (Template::new("named").body_named([("customer", "Ana")]), ""),
        (
            Template::new("named").body_named([("guest", "Ana")]),
            "has no parameter `guest`, it takes 1 parameter (customer)",
        ),
        (Template::new("named").body(["Ana"]), "takes its values by name (customer): give them by name"),
        (
            Template::new("places").body_named([("customer", "Ana")]),
            "its parameters are named, and this provider goes by position",
        ),
        (
            Template::new("places").body(["x".repeat(1022)]),
            "body: the text has 1025 characters, over the limit of 1024",
        ),
        (Template::new("places").body(["x".repeat(1021)]), ""),
        (button(Template::new("shop").header(header("Acme"))), ""),
        (
            Template::new("shop").header(header("Acme")),
            "buttons: the button at index 0: expected a url value, got none",
        ),
        (button(Template::new("shop")), "header: expected text, got none"),
        (
            button(Template::new("shop").header(header(&"x".repeat(58)))),
            "header: the text: 61 characters are over the limit of 60",
        ),
    ] {
        let stage = stage([WABA, (200, list), TAKEN]);
        let result = stage.gosendapi.send(&Message::template(to(), template)).await;
        match result {
            Ok(_) => assert_eq!(line, ""),
            Err(error) => {
                assert!(!line.is_empty() && error.message().contains(line), "{line}: {error}");
                assert_eq!((error.sent(), error.attempts(), stage.asked().len()), (Sent::No, 0, 2), "{line}");
            }
        }
    }
}

#[tokio::test]
async fn an_upload_returns_its_id_and_leaves_no_message_in_doubt() {
    let upload = || Upload::new("image/png", "a.png", &b"\x89PNG"[..]).unwrap();
    let stage = stage([(201, r#"{"id":"770011223344556"}"#), BROKEN, (200, "<html>")]);
    assert_eq!(stage.gosendapi.upload(upload()).await.unwrap(), "770011223344556");
    for _ in 0..2 {
        assert!(!stage.gosendapi.upload(upload()).await.unwrap_err().may_have_been_sent());
    }
    assert_eq!(stage.asked(), ["media", "media", "media"]);
}

#[tokio::test]
async fn senders_are_listed_account_by_account() {
    let one = (200, r#"{"data":[{"phone_number_id":"555","status":"active"}]}"#);
    let stage = stage([WABAS, one, one]);
    assert_eq!(stage.gosendapi.senders().await.unwrap().len(), 2);
    let numbers =
        ["wabas", "wabas/8/phone-numbers", "wabas/9/phone-numbers"].map(|path| format!("{path}?per_page=100"));
    assert_eq!(stage.asked(), numbers);
}

#[tokio::test]
async fn templates_are_of_all_accounts_or_the_channels_one() {
    let one = (200, r#"{"data":[{"name":"visit"}]}"#);
    let all = stage([WABAS, one, one]);
    assert_eq!(all.gosendapi.templates().await.unwrap().len(), 2);
    for id in ["9", "100300"] {
        let mut named = stage([WABAS, one]);
        named.gosendapi.config.waba_id = Some(id.into());
        assert_eq!(named.gosendapi.templates().await.unwrap().len(), 1);
        assert_eq!(named.asked()[1], "wabas/9/templates?per_page=100");
    }
    let mut unknown = stage([WABAS]);
    unknown.gosendapi.config.waba_id = Some("7".into());
    assert_eq!(unknown.gosendapi.templates().await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_conversation_is_closed_by_its_id() {
    let stage = stage([(200, ""), (404, r#"{"statusCode":404,"message":"Not found"}"#)]);
    stage.gosendapi.close_conversation("42", Some(CloseReason::Agent)).await.unwrap();
    let error = stage.gosendapi.close_conversation("43", None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(stage.asked(), ["conversations/42/close", "conversations/43/close"]);
}

#[tokio::test]
async fn identity_is_the_configured_number_or_an_error_naming_others() {
    const WABAS: (u16, &str) = (200, r#"{"data":[{"id":"8","waba_id":"210"}]}"#);
    for (id, found) in [("109876543210987", true), ("555", false)] {
        let lines = format!(
            r#"{{"data":[{{"phone_number_id":"{id}","status":"active","quality_rating":"green","throughput_tier":"Standard"}}]}}"#
        );
        let stage = stage([WABAS, (200, &lines)]);
        match stage.gosendapi.identify().await {
            Ok(identity) => {
                let sender = identity.unwrap().sender.unwrap();
                let told = [&sender.quality, &sender.throughput, &sender.messaging_limit].map(Option::as_deref);
                assert_eq!((sender.status.as_str(), told), ("active", [Some("green"), Some("Standard"), None]));
                assert!(found);
            }
            Err(error) => {
                let line = "phone_number_id: the account has no sender 109876543210987, known: 555";
                assert_eq!((error.kind(), error.message(), found), (ErrorKind::SenderNotFound, line, false));
            }
        }
    }
}
