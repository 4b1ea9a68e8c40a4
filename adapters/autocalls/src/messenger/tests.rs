use std::collections::VecDeque;
use std::sync::Arc;

use transom::transport::Transport;
use transom::{Sent, Template};

use super::*;
use crate::error::tests::{answer, config, to};

/// Answers in the order of the script, and remembers the paths that were asked for.
#[derive(Debug)]
struct Script {
    answers: std::sync::Mutex<VecDeque<Result<Response<Bytes>>>>,
    asked: std::sync::Mutex<Vec<String>>,
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        // Other callers get their turn while a request is under way.
        tokio::task::yield_now().await;
        let path = request.uri().path().trim_start_matches("/api/user/").to_owned();
        self.asked.lock().unwrap().push(path);
        self.answers.lock().unwrap().pop_front().expect("one request more than the script answers")
    }
}

pub(super) struct Stage {
    pub(super) autocalls: Autocalls,
    script: Arc<Script>,
}

impl Stage {
    pub(super) fn asked(&self) -> Vec<String> {
        self.script.asked.lock().unwrap().clone()
    }
}

pub(super) fn stage<const N: usize>(answers: [(u16, &str); N]) -> Stage {
    let answers = answers.into_iter().map(|(status, body)| Ok(answer(status, body)));
    let script =
        Arc::new(Script { answers: std::sync::Mutex::new(answers.collect()), asked: std::sync::Mutex::default() });
    let transport = Arc::clone(&script);
    Stage { autocalls: Autocalls::new(config(), Context::new(transport)), script }
}

const TAKEN: (u16, &str) = (200, r#"{"success":true,"whatsapp_message_id":640077}"#);
const CLOSED: (u16, &str) = (403, r#"{"success":false,"error":"x","error_code":"SESSION_EXPIRED"}"#);
const NEVER: (u16, &str) = (200, r#"{"has_conversation":false,"session_status":{"can_send_freeform":false}}"#);
const EXPIRED: (u16, &str) = (
    200,
    r#"{"has_conversation":true,"last_customer_message_at":"2026-05-08T17:05:00+00:00","session_status":{"can_send_freeform":false}}"#,
);
const TEMPLATES: (u16, &str) = (
    200,
    r#"{"data":[{"id":310,"name":"visit","language":"en"},{"id":311,"name":"visit","language":"es"},{"id":320,"name":"twin","language":"en"},{"id":321,"name":"twin","language":"en"}]}"#,
);
const LIST: &str = "whatsapp/senders/77/templates";

async fn text(stage: &Stage) -> Result<Receipt> {
    stage.autocalls.send(&Message::text(to(), "Hi")).await
}

async fn template(stage: &Stage, name: &str, language: &str) -> Result<Receipt> {
    stage.autocalls.send(&Message::template(to(), Template::new(name).language(language))).await
}

#[tokio::test]
async fn window_rejection_makes_one_session_query_outside_attempts() {
    for (look, kind) in [(NEVER, ErrorKind::NoActiveSession), (EXPIRED, ErrorKind::SessionExpired)] {
        let stage = stage([CLOSED, look]);
        let error = text(&stage).await.unwrap_err();
        assert_eq!((error.kind(), error.sent(), error.attempts()), (kind, Sent::No, 1));
        assert!(error.session().is_some());
        assert_eq!((error.code(), error.status()), (Some("SESSION_EXPIRED"), Some(403)));
        assert_eq!(stage.asked(), ["whatsapp/send-freeform", "whatsapp/session-status"]);
    }
}

#[tokio::test]
async fn a_look_that_fails_leaves_the_refusal_as_it_was() {
    for look in [(500, ""), (200, "<html>"), (403, "")] {
        let error = text(&stage([CLOSED, look])).await.unwrap_err();
        assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::SessionExpired, Sent::No, 1));
        assert_eq!(error.status(), Some(403));
    }
}

#[tokio::test]
async fn nothing_is_asked_where_nothing_is_unclear() {
    let told = r#"{"error_code":"SESSION_EXPIRED","session_status":{"can_send_freeform":false,"expired_at":"2026-05-09T17:05:00Z"}}"#;
    for refusal in [(403, told), (403, ""), (402, r#"{"error_code":"INSUFFICIENT_BALANCE"}"#), (500, CLOSED.1)] {
        let stage = stage([refusal]);
        text(&stage).await.unwrap_err();
        assert_eq!(stage.asked().len(), 1, "{refusal:?}");
    }
}

#[tokio::test]
async fn without_probe_and_after_templates_the_refusal_is_the_answer() {
    let mut without = stage([CLOSED]);
    without.autocalls.config.probe = false;
    assert_eq!(text(&without).await.unwrap_err().kind(), ErrorKind::SessionExpired);
    let stage = stage([TEMPLATES, (422, r#"{"error_code":"TWILIO_ERROR_63016"}"#)]);
    assert_eq!(template(&stage, "visit", "en").await.unwrap_err().kind(), ErrorKind::SessionExpired);
    assert_eq!(stage.asked(), [LIST, "whatsapp/send"]);
}

#[tokio::test]
async fn a_templates_name_is_looked_up_once_for_all_templates() {
    let stage = stage([TEMPLATES, TAKEN, TAKEN]);
    assert_eq!(template(&stage, "visit", "en").await.unwrap().attempts, 1);
    template(&stage, "visit", "es").await.unwrap();
    assert_eq!(stage.asked(), [LIST, "whatsapp/send", "whatsapp/send"]);
}

#[tokio::test]
async fn many_callers_share_one_look_up() {
    let stage = stage([TEMPLATES, TAKEN, TAKEN, TAKEN]);
    let send = || template(&stage, "visit", "en");
    let (a, b, c) = tokio::join!(send(), send(), send());
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(stage.asked().iter().filter(|path| *path == LIST).count(), 1);
}

#[tokio::test]
async fn unmatched_or_ambiguous_name_is_config_error_and_unsent() {
    for (name, language, named) in [
        ("nope", "en", "is not among"),
        ("visit", "fr", "is not among the sender's templates, which have it in `en`, `es`"),
        ("twin", "en", "stands for 2"),
    ] {
        let stage = stage([TEMPLATES]);
        let error = template(&stage, name, language).await.unwrap_err();
        assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::Config, Sent::No, 0));
        assert!(error.message().contains(named), "{error}");
        assert_eq!(stage.asked(), [LIST]);
    }
}

#[tokio::test]
async fn a_new_template_is_found_without_a_restart() {
    let stage = stage([(200, r#"{"data":[]}"#), TEMPLATES, TAKEN]);
    assert_eq!(template(&stage, "visit", "en").await.unwrap_err().kind(), ErrorKind::Config);
    assert!(template(&stage, "visit", "en").await.is_ok());
}

#[tokio::test]
async fn outdated_id_is_looked_up_again_by_the_next_send() {
    let gone = (404, r#"{"error_code":"TEMPLATE_NOT_FOUND"}"#);
    let stage = stage([TEMPLATES, gone, TEMPLATES, TAKEN]);
    assert_eq!(template(&stage, "visit", "en").await.unwrap_err().kind(), ErrorKind::TemplateRejected);
    assert!(template(&stage, "visit", "en").await.is_ok());
    assert_eq!(stage.asked(), [LIST, "whatsapp/send", LIST, "whatsapp/send"]);
}

#[tokio::test]
async fn a_look_up_that_fails_sent_nothing() {
    for look_up in [(401, ""), (500, ""), (200, "<html>")] {
        let error = template(&stage([look_up]), "visit", "en").await.unwrap_err();
        assert_eq!((error.sent(), error.attempts()), (Sent::No, 0), "{look_up:?}");
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug, Default)]
struct ByHand(std::sync::atomic::AtomicU64);

#[async_trait]
impl transom::time::Clock for ByHand {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(self.0.load(std::sync::atomic::Ordering::Relaxed))
    }

    async fn sleep(&self, _duration: std::time::Duration) {}
}

/// A channel whose templates table gives `visit` its id, on a clock that is moved by hand.
fn numbered<const N: usize>(answers: [(u16, &str); N]) -> (Stage, Arc<ByHand>) {
    let values = r#"{"api_key":"k","sender_id":77,"templates":{"visit":{"id":310}}}"#;
    let env: transom::config::Env = Arc::new(|_| None);
    let channel = transom::config::ChannelConfig::new("support", NAME, serde_json::from_str(values).unwrap(), env);
    let clock = Arc::new(ByHand::default());
    let mut stage = stage(answers);
    stage.autocalls.config = Config::read(channel.reader()).unwrap();
    stage.autocalls.context.clock = Arc::clone(&clock) as Arc<dyn transom::time::Clock>;
    (stage, clock)
}

async fn visit(stage: &Stage, values: &[&str]) -> Result<Receipt> {
    let template = Template::new("visit").body(values.iter().copied());
    stage.autocalls.send(&Message::template(to(), template)).await
}

const DEFINED: (u16, &str) =
    (200, r#"{"data":[{"id":310,"name":"visit","language":"en","status":"approved","variables":["1","2"]}]}"#);
const PAUSED: (u16, &str) =
    (200, r#"{"data":[{"id":310,"name":"visit","language":"en","status":"paused","variables":["1","2"]}]}"#);

#[tokio::test]
async fn value_without_placeholder_is_refused_before_the_send() {
    for values in [&["Ana"][..], &["Ana", "12/02", "9:00"]] {
        let (stage, _) = numbered([DEFINED]);
        let error = visit(&stage, values).await.unwrap_err();
        assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::InvalidRequest, Sent::No, 0));
        assert!(error.message().contains("takes 2 parameters (1, 2)"), "{error}");
        assert_eq!(stage.asked(), [LIST]);
    }
    let (stage, _) = numbered([PAUSED]);
    assert_eq!(visit(&stage, &["Ana", "12/02"]).await.unwrap_err().kind(), ErrorKind::TemplateRejected);
    assert_eq!(stage.asked(), [LIST]);
}

#[tokio::test]
async fn fitting_definition_is_cached_for_ten_minutes() {
    let (stage, clock) = numbered([DEFINED, TAKEN, TAKEN, PAUSED, DEFINED, TAKEN]);
    let forward = |seconds| clock.0.fetch_add(seconds, std::sync::atomic::Ordering::Relaxed);
    visit(&stage, &["Ana", "12/02"]).await.unwrap();
    forward(599);
    visit(&stage, &["Ana", "12/02"]).await.unwrap();
    forward(1);
    assert!(visit(&stage, &["Ana", "12/02"]).await.is_err());
    // Before it says no, it is read anew.
    visit(&stage, &["Ana", "12/02"]).await.unwrap();
    assert_eq!(stage.asked(), [LIST, "whatsapp/send", "whatsapp/send", LIST, LIST, "whatsapp/send"]);
}

#[tokio::test]
async fn unreadable_definition_delays_one_send_a_minute_only() {
    for broken in [(500, ""), (401, ""), (200, "<html>"), (200, r#"{"data":[{}]}"#)] {
        let (stage, _) = numbered([broken, TAKEN, TAKEN]);
        assert_eq!(visit(&stage, &["Ana"]).await.unwrap().attempts, 1, "{broken:?}");
        visit(&stage, &["Ana"]).await.unwrap();
        assert_eq!(stage.asked(), [LIST, "whatsapp/send", "whatsapp/send"]);
    }
}

#[tokio::test]
async fn without_probe_no_definition_is_looked_at() {
    const LISTED: (u16, &str) =
        (200, r#"{"data":[{"id":311,"name":"again","language":"en","status":"paused","variables":["1"]}]}"#);
    let (mut stage, _) = numbered([TAKEN, LISTED, TAKEN]);
    stage.autocalls.config.probe = false;
    visit(&stage, &["Ana"]).await.unwrap();
    // The list is where a name has its id from; the rest of it goes unread.
    template(&stage, "again", "en").await.unwrap();
    assert_eq!(stage.asked(), ["whatsapp/send", LIST, "whatsapp/send"]);
}

#[tokio::test]
async fn a_refused_template_is_looked_at_anew_by_the_next_send() {
    let refused = (422, r#"{"error_code":"TEMPLATE_NOT_APPROVED"}"#);
    let (stage, _) = numbered([DEFINED, refused, PAUSED]);
    for _ in 0..2 {
        let error = visit(&stage, &["Ana", "12/02"]).await.unwrap_err();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::TemplateRejected, Sent::No));
    }
    assert_eq!(stage.asked(), [LIST, "whatsapp/send", LIST]);
}

#[tokio::test]
async fn a_template_that_cannot_go_is_not_even_looked_up() {
    let stage = stage([]);
    let message = Message::template(to(), Template::new("visit").offer_expires_at(SystemTime::UNIX_EPOCH));
    let error = stage.autocalls.send(&message).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unsupported, 0));
    let image = Message::image(to(), "https://example.com/a.png");
    assert_eq!(stage.autocalls.send(&image).await.unwrap_err().kind(), ErrorKind::Unsupported);
    assert!(stage.asked().is_empty());
}

#[tokio::test]
async fn conversations_are_read_page_by_page_and_not_for_ever() {
    let page = |cursor: &str| format!(r#"{{"data":[{{"id":"a"}}],"next_cursor":{cursor}}}"#);
    let (first, last) = (page("\"2\""), page("null"));
    let all = stage([(200, &first), (200, &last)]).autocalls.conversations(&ConversationFilter::default()).await;
    assert_eq!(all.unwrap().len(), 2);
    let circle = stage([(200, &first), (200, &first)]).autocalls.conversations(&ConversationFilter::default()).await;
    assert_eq!(circle.unwrap().len(), 2);
    let pages: Vec<String> = (0..PAGES_MAX).map(|at| page(&format!("\"{at}\""))).collect();
    let answers: [(u16, &str); PAGES_MAX] = std::array::from_fn(|at| (200, pages[at].as_str()));
    let endless = stage(answers).autocalls.conversations(&ConversationFilter::default()).await;
    assert_eq!(endless.unwrap().len(), PAGES_MAX);
}

#[tokio::test]
async fn identity_is_the_configured_sender_or_an_error_naming_others() {
    for (id, found) in [(77, true), (78, false)] {
        let list = format!(r#"{{"data":[{{"id":{id},"phone_number":"+12025550143","status":"offline"}}]}}"#);
        let stage = stage([(200, &list)]);
        match stage.autocalls.identify().await {
            Ok(identity) => assert_eq!(identity.unwrap().sender.unwrap().status, "offline", "{id}"),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::SenderNotFound);
                assert_eq!(error.message(), "sender_id: the account has no sender 77, known: 78");
                assert!(!found);
            }
        }
        assert_eq!(stage.asked(), ["whatsapp/senders"]);
    }
}
