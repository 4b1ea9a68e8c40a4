use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use super::*;
use crate::core::finding::{Certainty, Finding, Level};
use crate::core::phone::Phone;
use crate::core::request_context::RequestContext;
use crate::core::world::{Inbound, TemplateStatus};
use crate::simulators;

/// A nanosecond less than 24 hours.
const ALMOST_A_DAY: Duration = Duration::from_nanos(86_399_999_999_999);
const FROM: &str = "5215500001111";
const ANA: &str = "+5215599992222";

struct Stage {
    world: World,
    now: SystemTime,
}

struct Seen {
    status: u16,
    response: Response<Bytes>,
    body: Value,
    findings: Vec<Finding>,
}

impl Seen {
    fn reason(&self) -> &str {
        self.body["errors"]["reason"].as_str().unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.response.headers()[name].to_str().unwrap()
    }
}

impl Stage {
    fn new() -> Self {
        Self::with(false)
    }

    fn with(strict: bool) -> Self {
        Self { world: World::seeded(&simulators::all(), strict), now: UNIX_EPOCH + Duration::from_secs(1_780_000_000) }
    }

    /// A stage on which Ana has just written.
    fn open() -> Self {
        let mut stage = Self::new();
        stage.ana_writes();
        stage
    }

    fn ana_writes(&mut self) {
        let (from, to) = (Phone::read(ANA).unwrap(), Phone::read(FROM).unwrap());
        self.world.receive(self.now, &Inbound { provider: NAME, from: &from, to: &to, name: None });
    }

    fn switch(&mut self, name: &str, value: &str) {
        self.world.account_mut(NAME).switches.set(name, value).unwrap();
    }

    fn limit(&mut self, limit: u32) {
        self.world.account_mut(NAME).limiter = crate::core::limiter::Limiter::new(limit, Duration::from_secs(300));
    }

    fn ask(&mut self, request: &Request<Bytes>) -> Seen {
        let answer = Messangi.handle(RequestContext::new(&mut self.world, self.now, request));
        // A body that is empty or no JSON is for the test to look at in the response itself.
        let body = serde_json::from_slice(answer.response.body()).unwrap_or_default();
        Seen { status: answer.response.status().as_u16(), response: answer.response, body, findings: answer.findings }
    }

    fn send(&mut self, members: &Value) -> Seen {
        self.ask(&post("/notification", "Bearer demo-key", &envelope(members)))
    }

    fn text(&mut self) -> Seen {
        self.send(&json!({"type": "text", "message": "Hi"}))
    }

    fn delivered(&self) -> usize {
        self.world.ledger().count()
    }
}

fn envelope(members: &Value) -> Value {
    let mut request = json!({"from": FROM, "to": ANA});
    for (name, value) in members.as_object().unwrap() {
        request[name] = value.clone();
    }
    json!({"channel": "WHATSAPP", "request": request})
}

fn post(path: &str, authorization: &str, body: &Value) -> Request<Bytes> {
    Request::post(path)
        .header("authorization", authorization)
        .header("content-type", "application/json")
        .body(Bytes::from(body.to_string()))
        .unwrap()
}

fn log_in(password: &str) -> Request<Bytes> {
    post(LOGIN_PATH, "", &json!({"username": "demo@example.com", "password": password}))
}

#[test]
fn text_is_delivered_before_24_hours_and_rejected_at_24_hours() {
    let mut stage = Stage::open();
    stage.now += ALMOST_A_DAY;
    assert_eq!(stage.text().status, 200);
    stage.now += Duration::from_nanos(1);
    let seen = stage.text();
    assert_eq!((seen.status, seen.reason()), (400, "24-hour session window is closed for +5215599992222"));
    assert!(seen.findings.is_empty(), "a closed window is no matter of form");
    assert_eq!(stage.delivered(), 1);
}

#[test]
fn a_failure_by_callback_is_accepted_and_reaches_nobody() {
    let mut stage = Stage::new();
    assert_eq!(stage.text().status, 400);
    stage.switch("window_error", "callback");
    let seen = stage.text();
    assert_eq!((seen.status, seen.body["data"]["status"].as_str()), (200, Some("QUEUE")));
    assert_eq!(stage.delivered(), 0);
}

#[test]
fn response_has_ledger_id_and_echoes_reference() {
    let mut stage = Stage::open();
    let seen = stage.send(&json!({"type": "text", "message": "Hi", "externalId": "ord7781"}));
    let line = stage.world.ledger().next().unwrap();
    assert_eq!(seen.body["data"]["id"], line.message_id.as_str());
    assert_eq!(
        (seen.body["data"]["externalId"].as_str(), line.reference.as_deref()),
        (Some("ord7781"), Some("ord7781"))
    );
    assert_eq!((line.from.e164().as_str(), line.to.e164().as_str()), ("+5215500001111", ANA));
    assert_eq!(seen.body["meta"]["timestamp"], 1_780_000_000_000_u64);
    assert!(stage.text().body["data"].get("externalId").is_none());
    let odd = "a \"quoted\"\\ \u{1}\n reference é";
    let seen = stage.send(&json!({"type": "text", "message": "Hi", "externalId": odd}));
    assert_eq!(seen.body["data"]["externalId"], odd);
}

#[test]
fn third_request_is_429_and_counter_resets_after_300_s() {
    let mut stage = Stage::open();
    stage.limit(2);
    let mut at = |seconds_later: u64| {
        stage.now += Duration::from_secs(seconds_later);
        let seen = stage.text();
        (seen.status, seen.header("ratelimit-remaining").to_owned(), seen.header("ratelimit-reset").to_owned())
    };
    let row = |status, remaining: &str, reset: &str| (status, remaining.to_owned(), reset.to_owned());
    assert_eq!(at(0), row(200, "1", "5m0s"));
    assert_eq!(at(10), row(200, "0", "4m50s"));
    assert_eq!(at(90), row(429, "0", "3m20s"));
    assert_eq!(at(199), row(429, "0", "1s"));
    assert_eq!(at(1), row(200, "1", "5m0s"));
}

#[test]
fn rejected_message_uses_quota_but_rejected_key_does_not() {
    let mut stage = Stage::open();
    stage.limit(2);
    assert_eq!(stage.ask(&post("/notification", "Bearer invalid", &json!({}))).status, 401);
    assert_eq!(stage.send(&json!({"type": "text"})).header("ratelimit-remaining"), "1");
}

#[test]
fn the_body_of_a_429_is_printed_as_the_switch_says() {
    let mut stage = Stage::open();
    stage.limit(0);
    for (style, body) in [
        ("repaired", r#"{"errors":{"reason":"Too Many Requests"}}"#),
        ("verbatim", r#"{"errors": { "reason": Too Many Requests" }}"#),
        ("empty", ""),
    ] {
        stage.switch("error_body", style);
        let seen = stage.text();
        assert_eq!((seen.status, seen.response.body()), (429, &Bytes::from_static(body.as_bytes())));
        assert_eq!(seen.header("ratelimit-policy"), "0;w= 300");
    }
    stage.switch("error_body", "html");
    assert_eq!(stage.text().header("content-type"), "text/html");
    stage.switch("ratelimit_style", "none");
    assert!(!stage.text().response.headers().contains_key("ratelimit-limit"));
}

#[test]
fn a_missing_an_empty_and_a_refused_key_are_401() {
    let mut stage = Stage::open();
    for authorization in ["", "Bearer ", "Bearer invalid", "Basic ZGVtby1rZXk6"] {
        let seen =
            stage.ask(&post("/notification", authorization, &envelope(&json!({"type": "text", "message": "Hi"}))));
        assert_eq!(seen.status, 401, "{authorization}");
        // That a key is wrong is no matter of form, that there is none is one.
        assert_eq!(seen.findings.is_empty(), authorization == "Bearer invalid", "{authorization}");
    }
    assert_eq!(Stage::with(true).ask(&post("/notification", "Bearer other", &json!({}))).status, 401);
}

#[test]
fn a_login_gives_a_key_in_a_header_that_lives_for_24_hours() {
    for strict in [false, true] {
        let mut stage = Stage::with(strict);
        stage.ana_writes();
        let seen = stage.ask(&log_in("demo-password"));
        assert_eq!((seen.status, seen.response.body().len(), seen.header("content-length")), (200, 0, "0"));
        let key = seen.header("authorization").to_owned();
        let message = post("/oberyn/v2/notification", &key, &envelope(&json!({"type": "text", "message": "Hi"})));
        stage.now += ALMOST_A_DAY;
        assert_eq!(stage.ask(&message).status, 200);
        stage.now += Duration::from_nanos(1);
        assert_eq!(stage.ask(&message).status, 401);
    }
}

#[test]
fn a_key_from_a_login_that_has_not_happened_yet_is_refused() {
    let mut stage = Stage::open();
    let key = stage.ask(&log_in("demo-password")).header("authorization").to_owned();
    assert_eq!(stage.ask(&post("/notification", &key, &json!({}))).status, 400);
    stage.now -= Duration::from_secs(1);
    assert_eq!(stage.ask(&post("/notification", &key, &json!({}))).status, 401);
    for key in ["login-99999999999", "login-18446744073709551615"] {
        assert_eq!(stage.ask(&post("/notification", &format!("Bearer {key}"), &json!({}))).status, 401, "{key}");
    }
}

#[test]
fn key_without_a_login_is_rejected_even_with_valid_time() {
    for strict in [false, true] {
        let mut stage = Stage::with(strict);
        let key = stage.ask(&log_in("demo-password")).header("authorization").to_owned();
        let (moment, derived_token) = key.rsplit_once('-').unwrap();
        let other = derived_token.chars().rev().collect::<String>();
        for forged in [moment.to_owned(), format!("{moment}-"), format!("{moment}-{other}")] {
            assert_eq!(stage.ask(&post("/notification", &forged, &json!({}))).status, 401, "{forged}");
        }
        assert_eq!(stage.ask(&post("/notification", &key, &json!({}))).status, 400);
    }
}

#[test]
fn wrong_credentials_are_403_and_incomplete_ones_400() {
    let mut stage = Stage::new();
    let seen = stage.ask(&log_in("invalid"));
    assert_eq!((seen.status, seen.response.body().len()), (403, 0));
    assert!(!seen.response.headers().contains_key("authorization"));
    assert_eq!(stage.ask(&post(LOGIN_PATH, "", &json!({"username": "demo@example.com"}))).status, 400);
    assert_eq!(Stage::with(true).ask(&log_in("other")).status, 403);
}

#[test]
fn template_is_checked_for_name_language_status_placeholders() {
    let mut stage = Stage::new();
    let values = json!({"customer": "Ana", "day": "Friday"});
    let send = |stage: &mut Stage, name: &str, language: &str, values: &Value| {
        stage.send(&json!({"templateName": name, "templateLanguage": language, "placeholders": values})).status
    };
    assert_eq!(send(&mut stage, "visit_reminder", "en", &values), 200);
    assert_eq!(send(&mut stage, "recordatorio", "es", &values), 200);
    assert_eq!(send(&mut stage, "recordatorio", "en", &values), 404);
    assert_eq!(send(&mut stage, "nobody_knows", "en", &values), 404);
    assert_eq!(send(&mut stage, "pending_one", "en", &json!({})), 400);
    assert_eq!(send(&mut stage, "visit_reminder", "en", &json!({"customer": "Ana"})), 400);
    assert_eq!(send(&mut stage, "visit_reminder", "en", &json!({"1": "Ana", "2": "Friday"})), 400);
    stage.world.account_mut(NAME).templates[0].status = TemplateStatus::Paused;
    assert_eq!(send(&mut stage, "visit_reminder", "en", &values), 400);
    assert_eq!(stage.delivered(), 2);
}

#[test]
fn a_placeholder_too_many_is_tolerated_and_named() {
    let seen = Stage::new().send(&json!({"templateName": "follow_up", "placeholders": {"1": "a", "2": "b"}}));
    assert_eq!((seen.status, seen.findings[0].level), (200, Level::Tolerated));
    assert!(seen.findings[0].text.contains("placeholders.2"));
}

#[test]
fn a_sender_is_foreign_offline_or_ours() {
    let mut stage = Stage::open();
    let seen = stage.send(&json!({"from": "5215500009999", "type": "text", "message": "Hi"}));
    assert_eq!((seen.status, seen.reason()), (403, "request.from is not a sender of this account"));
    stage.world.account_mut(NAME).senders[0].online = false;
    let seen = stage.text();
    assert_eq!((seen.status, seen.body["data"]["status"].as_str()), (200, Some("CODE_NOT_ALLOWED")));
    assert_eq!(stage.delivered(), 0);
}

#[test]
fn a_used_up_balance_is_402() {
    let mut stage = Stage::open();
    stage.world.account_mut(NAME).balance = Some(1.0);
    assert_eq!(stage.text().status, 200);
    assert_eq!(stage.text().status, 402);
}

#[test]
fn plus_before_sender_is_tolerated_unless_strict() {
    let members = json!({"from": "+5215500001111", "type": "text", "message": "Hi"});
    let mut stage = Stage::open();
    let seen = stage.send(&members);
    assert_eq!((seen.status, seen.findings[0].level), (200, Level::Tolerated));
    assert!(seen.findings[0].text.contains("request.from"));
    let mut strict = Stage::with(true);
    strict.ana_writes();
    let seen = strict.send(&members);
    assert_eq!((seen.status, seen.findings[0].level), (400, Level::Refused));
}

#[test]
fn contact_without_plus_is_tolerated_even_if_strict() {
    let members = json!({"to": "5215599992222", "type": "text", "message": "Hi"});
    for strict in [false, true] {
        let mut stage = Stage::with(strict);
        stage.ana_writes();
        let seen = stage.send(&members);
        assert_eq!((seen.status, seen.findings[0].level), (200, Level::Tolerated));
    }
}

#[test]
fn what_is_wrong_with_a_message_is_the_reason_and_a_finding() {
    let seen = Stage::open().send(&json!({"type": "sticker", "message": "https://a.example/s.webp"}));
    assert_eq!((seen.status, seen.findings[0].level), (400, Level::Refused));
    assert!(seen.reason().starts_with("request.type must be one of"));
    assert_eq!(seen.findings[0].text, seen.reason());
}

#[test]
fn another_content_type_is_415_and_no_json_400() {
    let mut stage = Stage::open();
    let mut request = post("/notification", "Bearer demo-key", &envelope(&json!({"type": "text", "message": "Hi"})));
    *request.body_mut() = Bytes::from_static(b"{\"channel\":");
    assert_eq!(stage.ask(&request).status, 400);
    request.headers_mut().insert("content-type", "text/plain".parse().unwrap());
    assert_eq!(stage.ask(&request).status, 415);
}

#[test]
fn an_unknown_path_is_404_and_a_wrong_method_405() {
    let mut stage = Stage::open();
    assert_eq!(stage.ask(&post("/oberyn/v3/notification", "Bearer demo-key", &json!({}))).status, 404);
    assert_eq!(stage.ask(&Request::get("/notification").body(Bytes::new()).unwrap()).status, 405);
    assert_eq!(stage.ask(&Request::get(LOGIN_PATH).body(Bytes::new()).unwrap()).status, 405);
}

#[test]
fn limit_stated_only_by_meta_is_sourced_to_meta() {
    let mut stage = Stage::open();
    let buttons = json!([{"type": "reply", "reply": {"id": "x".repeat(257), "title": "Yes"}}]);
    let interactive = json!({"type": "button", "body": {"text": "?"}, "action": {"buttons": buttons}});
    let seen = stage.send(&json!({"type": "interactive", "interactive": interactive}));
    assert_eq!((seen.status, seen.findings[0].source.mark), (400, Certainty::Inferred));
    let seen = stage.send(&json!({"type": "text", "message": "x".repeat(1025)}));
    assert_eq!((seen.status, seen.findings[0].source.mark), (400, Certainty::Docs));
}

#[test]
fn a_title_longer_than_whatsapp_shows_is_taken_with_a_note() {
    let mut stage = Stage::open();
    let buttons = json!([{"type": "reply", "reply": {"id": "1", "title": "x".repeat(21)}}]);
    let interactive = json!({"type": "button", "body": {"text": "?"}, "action": {"buttons": buttons}});
    let seen = stage.send(&json!({"type": "interactive", "interactive": interactive}));
    assert_eq!((seen.status, seen.findings.len(), seen.findings[0].level), (200, 1, Level::Note));
}
