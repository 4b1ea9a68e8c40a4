use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::core::finding::Level;
use crate::core::phone::Phone;
use crate::core::request_context::RequestContext;
use crate::core::world::{Inbound, TemplateStatus};
use crate::simulators;

const HOUR: Duration = Duration::from_secs(60 * 60);
/// A nanosecond less than 24 hours.
const ALMOST_A_DAY: Duration = Duration::from_nanos(86_399_999_999_999);
const LINE: &str = "34611000000";
const ANA: &str = "34611222333";

struct Stage {
    world: World,
    now: SystemTime,
}

struct Seen {
    status: u16,
    response: Response<Bytes>,
    body: Value,
    findings: Vec<crate::core::finding::Finding>,
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
        let (from, to) = (Phone::read(ANA).unwrap(), Phone::read(LINE).unwrap());
        self.world.receive(self.now, &Inbound { provider: NAME, from: &from, to: &to, name: Some("Ana") });
    }

    fn switch(&mut self, name: &str, value: &str) {
        self.world.account_mut(NAME).switches.set(name, value).unwrap();
    }

    fn ask(&mut self, request: &Request<Bytes>) -> Seen {
        let answer = GoSendApi.handle(RequestContext::new(&mut self.world, self.now, request));
        let body = serde_json::from_slice(answer.response.body()).unwrap();
        Seen { status: answer.response.status().as_u16(), response: answer.response, body, findings: answer.findings }
    }

    fn get(&mut self, path: &str) -> Seen {
        self.ask(&Request::get(path).header("x-api-key", "gsk_test_demo").body(Bytes::new()).unwrap())
    }

    fn post(&mut self, path: &str, body: &Value) -> Seen {
        self.ask(&post(path, body, &[]))
    }

    fn send(&mut self, body: &Value) -> Seen {
        self.post("/v1/messages", body)
    }

    fn delivered(&self) -> usize {
        self.world.ledger().count()
    }
}

fn post(path: &str, body: &Value, headers: &[(&str, &str)]) -> Request<Bytes> {
    let mut request = Request::post(path)
        .header("x-api-key", "gsk_test_demo")
        .header("content-type", "application/json")
        .body(Bytes::from(body.to_string()))
        .unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(http::HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
    }
    request
}

fn text() -> Value {
    json!({"phone_number_id": "555123456789", "to": ANA, "type": "text", "text": {"body": "Hi"}})
}

fn template(name: &str, language: &str, values: &[&str]) -> Value {
    let values: Vec<Value> = values.iter().map(|value| json!({"type": "text", "text": value})).collect();
    let mut template = json!({"name": name, "language": {"code": language}});
    if !values.is_empty() {
        template["components"] = json!([{"type": "body", "parameters": values}]);
    }
    json!({"phone_number_id": "555123456789", "to": ANA, "type": "template", "template": template})
}

#[test]
fn text_is_delivered_before_24_hours_and_rejected_at_24_hours() {
    let mut stage = Stage::open();
    stage.now += ALMOST_A_DAY;
    assert_eq!(stage.send(&text()).status, 201);
    stage.now += Duration::from_nanos(1);
    let seen = stage.send(&text());
    assert_eq!((seen.status, seen.body["error"].as_str()), (403, Some("Forbidden")));
    assert!(seen.body["message"].as_str().unwrap().contains("24h window"));
    assert_eq!(stage.delivered(), 1);
}

#[test]
fn our_own_text_and_a_template_do_not_keep_the_window_open() {
    let mut stage = Stage::open();
    stage.now += 23 * HOUR;
    assert_eq!(stage.send(&text()).status, 201);
    assert_eq!(stage.send(&template("re_engagement_v1", "en", &[])).status, 201);
    stage.now += HOUR;
    assert_eq!(stage.send(&text()).status, 403);
}

#[test]
fn text_to_silent_contact_is_rejected_with_every_switch_value() {
    let mut stage = Stage::new();
    for (switch, status, part) in
        [("message", 403, "24h window"), ("bare", 403, "Forbidden"), ("meta_400", 400, "131047")]
    {
        stage.switch("window_error", switch);
        let seen = stage.send(&text());
        assert_eq!(seen.status, status);
        assert!(seen.body["message"].as_str().unwrap().contains(part), "{switch}");
        assert!(seen.findings.is_empty(), "a closed window is no matter of form");
    }
    stage.switch("window_error", "callback");
    assert_eq!(stage.send(&text()).status, 201);
    assert_eq!(stage.delivered(), 0);
}

#[test]
fn send_response_has_switched_shape_and_ledger_has_wamid() {
    let mut stage = Stage::open();
    let seen = stage.send(&text());
    assert_eq!(seen.body["contacts"], json!([{"input": ANA, "wa_id": ANA}]));
    let line = stage.world.ledger().next().unwrap();
    assert_eq!(seen.body["messages"][0]["id"], line.message_id.as_str());
    assert_eq!((line.from.e164().as_str(), line.to.e164().as_str()), ("+34611000000", "+34611222333"));
    stage.switch("response_shape", "record");
    let record = stage.send(&text()).body;
    assert_eq!(record["status"], "queued");
    assert_eq!(record["wamid"], stage.world.ledger().last().unwrap().message_id.as_str());
}

#[test]
fn a_key_replays_its_first_answer_and_sends_once() {
    let mut stage = Stage::open();
    let keyed = post("/v1/messages", &text(), &[("idempotency-key", "visit-88")]);
    let first = stage.ask(&keyed).body;
    let second = stage.ask(&keyed);
    assert_eq!((second.status, &second.body), (201, &first));
    assert_eq!(stage.delivered(), 1);
    assert_eq!(stage.world.ledger().next().unwrap().reference.as_deref(), Some("visit-88"));
    stage.now += 24 * HOUR;
    stage.ana_writes();
    assert_ne!(stage.ask(&keyed).body, first);
    assert_eq!(stage.delivered(), 2);
}

#[test]
fn a_key_with_another_body_is_a_conflict_and_sends_nothing() {
    let mut stage = Stage::open();
    let key = [("idempotency-key", "visit-88")];
    stage.ask(&post("/v1/messages", &text(), &key));
    let mut other = text();
    other["text"]["body"] = json!("Bye");
    assert_eq!(stage.ask(&post("/v1/messages", &other, &key)).status, 409);
    assert_eq!(stage.delivered(), 1);
}

#[test]
fn a_refusal_is_not_remembered_under_its_key() {
    let mut stage = Stage::new();
    let keyed = post("/v1/messages", &text(), &[("idempotency-key", "visit-88")]);
    assert_eq!(stage.ask(&keyed).status, 403);
    stage.ana_writes();
    assert_eq!(stage.ask(&keyed).status, 201);
    assert_eq!(stage.ask(&post("/v1/messages", &text(), &[("idempotency-key", "")])).status, 400);
}

#[test]
fn wrong_template_is_rejected_with_matching_meta_code() {
    let mut stage = Stage::new();
    assert_eq!(stage.send(&template("visit_reminder", "en", &["Ana", "12/02"])).status, 201);
    for (body, number) in [
        (template("nobody_knows", "en", &[]), 132_001),
        (template("visit_reminder", "fr", &["Ana", "12/02"]), 132_001),
        (template("pending_one", "en", &[]), 132_001),
        (template("visit_reminder", "en", &["Ana"]), 132_000),
        (template("visit_reminder", "en", &["Ana", "12/02", "more"]), 132_000),
    ] {
        let seen = stage.send(&body);
        assert_eq!((seen.status, seen.body["details"]["meta_code"].as_i64()), (422, Some(number)));
        assert!(seen.body["message"].as_str().unwrap().contains(&number.to_string()));
        assert!(seen.findings.is_empty(), "the state of a template is no matter of form");
    }
    for (status, number) in [(TemplateStatus::Paused, 132_015), (TemplateStatus::Disabled, 132_016)] {
        stage.world.account_mut(NAME).templates[0].status = status;
        let seen = stage.send(&template("visit_reminder", "en", &["Ana", "12/02"]));
        assert_eq!(seen.body["details"]["meta_code"], number);
    }
    assert_eq!(stage.delivered(), 1);
}

#[test]
fn senders_are_unknown_foreign_or_offline() {
    let mut stage = Stage::open();
    let mut body = text();
    body["phone_number_id"] = json!("1");
    let seen = stage.send(&body);
    assert_eq!((seen.status, seen.body["code"].as_str()), (400, Some("INVALID_PHONE_NUMBER_ID")));
    body["phone_number_id"] = json!("999000111222");
    let seen = stage.send(&body);
    assert_eq!((seen.status, seen.body["code"].as_str()), (403, Some("PHONE_NUMBER_NOT_IN_TENANT")));
    stage.world.account_mut(NAME).senders[0].online = false;
    assert_eq!(stage.send(&text()).body["details"]["meta_code"], 133_010);
    assert_eq!(stage.delivered(), 0);
}

#[test]
fn a_used_up_plan_is_402_and_a_message_costs_one() {
    let mut stage = Stage::open();
    stage.world.account_mut(NAME).balance = Some(1.0);
    assert_eq!(stage.send(&text()).status, 201);
    assert_eq!(stage.send(&text()).status, 402);
}

#[test]
fn the_key_is_checked_before_everything_else() {
    let mut stage = Stage::new();
    for request in [
        Request::get("/v1/me").body(Bytes::new()).unwrap(),
        post("/v1/messages", &json!([]), &[("x-api-key", "invalid")]),
        post("/v1/nowhere", &json!({}), &[("x-api-key", "")]),
    ] {
        let seen = stage.ask(&request);
        assert_eq!((seen.status, seen.body["code"].as_str()), (401, Some("INVALID_API_KEY")));
        assert_eq!(seen.response.headers()["x-ratelimit-remaining"], "100");
    }
    let strict = Stage::with(true).ask(&post("/v1/messages", &text(), &[("x-api-key", "gsk_live_other")]));
    assert_eq!(strict.status, 401);
}

#[test]
fn request_101_of_a_second_is_429_and_next_second_resets() {
    let mut stage = Stage::new();
    for left in (0..100).rev() {
        assert_eq!(stage.get("/v1/me").response.headers()["x-ratelimit-remaining"], left.to_string().as_str());
    }
    let seen = stage.get("/v1/me");
    assert_eq!(
        seen.body,
        json!({"statusCode": 429, "message": "Rate limit exceeded for API key", "retry_after_seconds": 1})
    );
    assert_eq!(seen.response.headers()["retry-after"], "1");
    assert_eq!(seen.response.headers()["x-ratelimit-reset"], "1780000001");
    stage.now += Duration::from_secs(1);
    assert_eq!(stage.get("/v1/me").status, 200);
}

#[test]
fn wrong_content_type_is_415_and_curls_is_read_unless_strict() {
    let xml = post("/v1/messages", &text(), &[("content-type", "application/xml")]);
    let curl = post("/v1/messages", &text(), &[("content-type", "application/x-www-form-urlencoded")]);
    let mut stage = Stage::open();
    assert_eq!(stage.ask(&xml).status, 415);
    let seen = stage.ask(&curl);
    assert_eq!((seen.status, seen.findings[0].level), (201, Level::Tolerated));
    assert_eq!(Stage::with(true).ask(&curl).status, 415);
}

#[test]
fn a_plus_before_the_recipient_is_a_finding_that_refuses() {
    let mut body = text();
    body["to"] = json!("+34611222333");
    let seen = Stage::open().send(&body);
    assert_eq!((seen.status, seen.body["code"].as_str()), (400, Some("INVALID_E164")));
    assert_eq!(seen.findings[0].level, Level::Refused);
    assert!(seen.findings[0].text.contains("'to'") && !seen.findings[0].text.contains(ANA));
}

#[test]
fn unknown_member_is_tolerated_with_finding_even_if_strict() {
    let mut body = text();
    body["priority"] = json!(1);
    let seen = Stage::open().send(&body);
    assert_eq!((seen.status, seen.findings.len()), (201, 1));
    assert!(seen.findings[0].text.contains("priority"));
    // The window is closed on the strict stage: the refusal is for that, not for the member.
    let strict = Stage::with(true).send(&body);
    assert_eq!((strict.status, strict.findings[0].level), (403, Level::Tolerated));
}

#[test]
fn a_conversation_is_active_then_inactive_then_ended_by_itself() {
    let mut stage = Stage::open();
    let path = format!("/v1/conversations?contact_phone={ANA}");
    let status = |stage: &mut Stage| stage.get(&path).body["data"][0]["status"].clone();
    assert_eq!(status(&mut stage), "active");
    stage.now += HOUR / 2;
    assert_eq!(status(&mut stage), "inactive");
    assert_eq!(stage.get(&format!("{path}&status=active")).body["data"], json!([]));
    stage.now += 23 * HOUR + HOUR / 2;
    let row = stage.get(&path).body["data"][0].clone();
    assert_eq!((row["status"].as_str(), row["ended_reason"].as_str()), (Some("ended"), Some("timeout")));
}

#[test]
fn conversation_42_ended_before_anybody_asked() {
    let mut stage = Stage::new();
    let row = stage.get("/v1/conversations/42").body;
    assert_eq!((row["contact_phone"].as_str(), row["status"].as_str()), (Some("5491140123456"), Some("ended")));
    let seen = stage.get("/v1/conversations?contact_phone=5491140123456&status=active");
    assert_eq!((seen.status, &seen.body["data"]), (200, &json!([])));
    for path in ["/v1/conversations/43", "/v1/conversations/x", "/v1/conversations/"] {
        assert_eq!(stage.get(path).status, if path.ends_with('/') { 200 } else { 404 }, "{path}");
    }
}

#[test]
fn every_filter_of_the_list_filters() {
    let mut stage = Stage::open();
    for (query, rows) in [
        ("", 2),
        ("status=active", 1),
        ("status=ended", 1),
        ("phone_number_id=555123456789", 2),
        ("phone_number_id=31", 2),
        ("phone_number_id=999000111222", 0),
        ("customer_id=1", 0),
        ("contact_phone=%2B34611222333", 1),
        ("contact_phone=nobody", 0),
        ("since=2026-01-01", 1),
        ("until=2026-01-01T00:00:00Z", 1),
        ("per_page=1&page=2", 1),
    ] {
        let seen = stage.get(&format!("/v1/conversations?{query}"));
        assert_eq!(seen.body["data"].as_array().unwrap().len(), rows, "{query}");
    }
    for query in ["status=open", "since=yesterday", "page=0"] {
        assert_eq!(stage.get(&format!("/v1/conversations?{query}")).status, 400, "{query}");
    }
}

#[test]
fn closing_a_conversation_ends_it_and_leaves_the_window_open() {
    let mut stage = Stage::open();
    let id = stage.get("/v1/conversations?status=active").body["data"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/conversations/{id}/close");
    assert_eq!(stage.post(&path, &json!({"reason": "boredom"})).status, 400);
    let row = stage.post(&path, &json!({"reason": "agent_close"})).body;
    assert_eq!((row["status"].as_str(), row["ended_reason"].as_str()), (Some("ended"), Some("agent_close")));
    assert_eq!(stage.send(&text()).status, 201);
    let again = stage.ask(&Request::post(&path).header("x-api-key", "k").body(Bytes::new()).unwrap());
    assert_eq!((again.status, again.body["ended_reason"].as_str()), (200, Some("agent_close")));
    assert_eq!(stage.post("/v1/conversations/43/close", &json!({})).status, 404);
}

#[test]
fn template_alone_starts_active_conversation_without_inbound() {
    let mut stage = Stage::new();
    stage.send(&template("re_engagement_v1", "en", &[]));
    let row = stage.get(&format!("/v1/conversations?contact_phone={ANA}")).body["data"][0].clone();
    assert_eq!((row["status"].as_str(), &row["last_inbound_at"]), (Some("active"), &Value::Null));
}

#[test]
fn only_our_own_senders_are_listed() {
    let mut stage = Stage::new();
    let seen = stage.get("/v1/wabas/8/phone-numbers");
    assert_eq!(seen.response.headers()["x-total-count"], "1");
    assert_eq!(seen.body["data"][0]["phone_number_id"], "555123456789");
    assert_eq!(stage.get("/v1/wabas/9/phone-numbers").status, 404);
    assert_eq!(stage.get("/v1/wabas/9").status, 404);
}

#[test]
fn templates_are_listed_with_their_status_in_capitals() {
    let seen = Stage::new().get("/v1/wabas/8/templates");
    let statuses: Vec<&Value> = seen.body["data"].as_array().unwrap().iter().map(|row| &row["status"]).collect();
    assert_eq!(statuses, ["APPROVED", "APPROVED", "APPROVED", "PENDING"]);
}

#[test]
fn a_message_is_found_by_either_of_its_ids() {
    let mut stage = Stage::open();
    let wamid = stage.send(&text()).body["messages"][0]["id"].as_str().unwrap().to_owned();
    let row = stage.get(&format!("/v1/messages/{wamid}")).body;
    assert_eq!((row["type"].as_str(), row["to"].as_str()), (Some("text"), Some(ANA)));
    let id = row["id"].as_str().unwrap();
    assert_eq!(stage.get(&format!("/v1/messages/{id}")).body, row);
    assert_eq!(stage.get("/v1/messages").body["data"], json!([row]));
    assert_eq!(stage.get("/v1/messages/0").status, 404);
}

#[test]
fn an_unknown_path_and_a_wrong_method_are_404() {
    let mut stage = Stage::new();
    assert_eq!(stage.get("/v1/nowhere").status, 404);
    assert_eq!(stage.get("/v1/messages/1/2").status, 404);
    assert_eq!(stage.post("/v1/me", &json!({})).status, 404);
}

#[test]
fn no_body_brings_the_dialect_down() {
    let mut stage = Stage::new();
    for body in ["", "null", "[]", "{", "\"x\"", "{\"type\":{}}", "{\"to\":[1],\"type\":7}"] {
        let mut request = post("/v1/messages", &json!({}), &[]);
        *request.body_mut() = Bytes::from_static(body.as_bytes());
        assert_eq!(stage.ask(&request).status, 400, "{body}");
    }
}
