//! What the mock remarks upon in requests that a provider would refuse, only tolerates, or ignores; and what a strict one refuses.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a helper of a test fails the test; the lint's own exception covers test functions only"
)]

#[cfg(test)]
mod common;

use bytes::Bytes;
use common::{CONTACT, Mock};
use http::Request;
use serde_json::{Value, json};

/// One request, what is remarked, and what a lenient and a strict mock answer.
struct Row {
    about: &'static str,
    request: Request<Bytes>,
    finding: (&'static str, &'static str),
    lenient: u16,
    strict: u16,
}

fn row(
    about: &'static str,
    request: Request<Bytes>,
    finding: (&'static str, &'static str),
    lenient: u16,
    strict: u16,
) -> Row {
    Row { about, request, finding, lenient, strict }
}

fn post(path: &str, headers: &[(&str, &str)], body: &Value) -> Request<Bytes> {
    let mut request = Request::post(path).header("accept", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Bytes::from(body.to_string())).unwrap()
}

const JSON: (&str, &str) = ("content-type", "application/json");
const BEARER: (&str, &str) = ("authorization", "Bearer demo-key");
const BASIC: (&str, &str) = ("authorization", "Basic ZGVtby1rZXk6ZGVtby10b2tlbg==");
const API_KEY: (&str, &str) = ("x-api-key", "gsk_test_demo");

fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

fn autocalls(body: &Value) -> Request<Bytes> {
    post("/api/user/whatsapp/send-freeform", &[JSON, BEARER], body)
}

fn exotel(body: &Value) -> Request<Bytes> {
    post("/v2/accounts/acme/messages", &[JSON, BASIC], body)
}

fn gosendapi(body: &Value) -> Request<Bytes> {
    post("/v1/messages", &[JSON, API_KEY], body)
}

fn messangi(request: &Value) -> Request<Bytes> {
    post("/notification", &[JSON, BEARER], &json!({"channel": "WHATSAPP", "request": request}))
}

fn get(uri: &str, header: (&str, &str), accept: bool) -> Request<Bytes> {
    let mut request = Request::get(uri).header(header.0, header.1);
    if accept {
        request = request.header("accept", "application/json");
    }
    request.body(Bytes::new()).unwrap()
}

fn rows() -> Vec<Row> {
    let a = json!({"sender_id": 12, "recipient_phone": CONTACT, "message": "Hi"});
    let e = json!({"from": "+919876500001", "to": CONTACT, "content": {"type": "text", "text": {"body": "Hi"}}});
    let g = json!({"phone_number_id": "555123456789", "to": "919876543210", "type": "text", "text": {"body": "Hi"}});
    let m = json!({"from": "5215500001111", "to": CONTACT, "type": "text", "message": "Hi"});
    let status = "/api/user/whatsapp/session-status?sender_id=12&recipient_phone=";
    vec![
        row("an unknown member", autocalls(&with(a.clone(), "speed", json!(9))), ("tolerated", "`speed`"), 200, 200),
        row(
            "a number as text",
            autocalls(&with(a.clone(), "sender_id", json!("12"))),
            ("tolerated", "`sender_id` is a string"),
            200,
            422,
        ),
        row(
            "a text as number",
            autocalls(&with(a.clone(), "message", json!(5))),
            ("refused", "`message` is not a string"),
            422,
            422,
        ),
        row(
            "a number without its plus",
            autocalls(&with(a.clone(), "recipient_phone", json!("919876543210"))),
            ("refused", "E.164"),
            422,
            422,
        ),
        row(
            "a bare plus in a query",
            get(&format!("{status}+919876543210"), BEARER, true),
            ("tolerated", "bare `+`"),
            200,
            200,
        ),
        row(
            "no accept",
            get(&format!("{status}%2B919876543210"), BEARER, false),
            ("note", "no `Accept: application/json`"),
            200,
            200,
        ),
        row(
            "no content type",
            post("/api/user/whatsapp/send-freeform", &[BEARER], &a),
            ("tolerated", "`Content-Type`"),
            200,
            200,
        ),
        row("nothing", autocalls(&json!({})), ("refused", "`sender_id` is missing"), 422, 422),
        row(
            "an unknown member",
            exotel(&with(e.clone(), "speed", json!(9))),
            ("tolerated", "unknown member `speed`"),
            202,
            202,
        ),
        row("a wrong type", exotel(&with(e.clone(), "custom_data", json!(5))), ("refused", "custom_data"), 400, 400),
        row(
            "a number without its plus",
            exotel(&with(e.clone(), "to", json!("919876543210"))),
            ("tolerated", "`to` is not in E.164"),
            202,
            400,
        ),
        row(
            "credentials in the address",
            post("http://demo-key:demo-token@127.0.0.1/v2/accounts/acme/messages", &[JSON, BASIC], &e),
            ("tolerated", "userinfo"),
            202,
            202,
        ),
        row(
            "a link that is not https",
            exotel(&with(e.clone(), "content", json!({"type": "image", "image": {"link": "http://x.example/a.png"}}))),
            ("refused", "content.image.link is no https link"),
            400,
            400,
        ),
        row(
            "no content type",
            post("/v2/accounts/acme/messages", &[BASIC], &e),
            ("refused", "`Content-Type`"),
            415,
            415,
        ),
        row("an unknown member", gosendapi(&with(g.clone(), "speed", json!(9))), ("tolerated", "`speed`"), 201, 201),
        row("a wrong type", gosendapi(&with(g.clone(), "text", json!("Hi"))), ("refused", "text"), 400, 400),
        row("a number that is none", gosendapi(&with(g.clone(), "to", json!("me"))), ("refused", "to"), 400, 400),
        row("no content type", post("/v1/messages", &[API_KEY], &g), ("tolerated", "`Content-Type`"), 201, 415),
        row(
            "a filter with a plus",
            get("/v1/conversations?contact_phone=%2B919876543210", API_KEY, true),
            ("tolerated", "digits only"),
            200,
            200,
        ),
        row(
            "an unknown filter",
            get("/v1/conversations?colour=red", API_KEY, true),
            ("tolerated", "`colour`"),
            200,
            200,
        ),
        row(
            "an empty key",
            post("/v1/messages", &[JSON, API_KEY, ("idempotency-key", "")], &g),
            ("refused", "`Idempotency-Key` is empty"),
            400,
            400,
        ),
        row("an unknown member", messangi(&with(m.clone(), "speed", json!(9))), ("tolerated", "speed"), 200, 200),
        row(
            "a sender with a plus",
            messangi(&with(m.clone(), "from", json!("+5215500001111"))),
            ("tolerated", "request.from has a leading plus"),
            200,
            400,
        ),
        row(
            "a recipient without its plus",
            messangi(&with(m.clone(), "to", json!("919876543210"))),
            ("tolerated", "request.to has no leading plus"),
            200,
            200,
        ),
        row("a wrong type", messangi(&with(m.clone(), "message", json!(5))), ("refused", "message"), 400, 400),
        row("no content type", post("/notification", &[BEARER], &m), ("refused", "`Content-Type`"), 415, 415),
    ]
}

fn rows_of_credentials_paths_and_headers() -> Vec<Row> {
    let e = json!({"whatsapp": {"messages": [
        {"from": "+919876500001", "to": CONTACT, "content": {"type": "text", "text": {"body": "Hi"}}}]}});
    let g = json!({"phone_number_id": "555123456789", "to": "919876543210", "type": "text", "text": {"body": "Hi"}});
    let m = json!({"channel": "WHATSAPP",
        "request": {"from": "5215500001111", "to": CONTACT, "type": "text", "message": "Hi"}});
    let a = json!({"sender_id": 12, "recipient_phone": CONTACT, "message": "Hi"});
    let (exotel_path, messangi_path, autocalls_path) =
        ("/v2/accounts/acme/messages", "/notification", "/api/user/whatsapp/send-freeform");
    let (demo_key, own_key) = (("x-api-key", "demo-key"), ("x-api-key", "my-key"));
    let repeated = ("idempotency-key", "k1");
    let asked = |path: &str, header| get(path, header, true);
    vec![
        row("another's key", post("/v1/messages", &[JSON, demo_key], &g), ("note", "`gsk_live_`"), 201, 401),
        row("a key of no form", post("/v1/messages", &[JSON, own_key], &g), ("note", "`gsk_live_`"), 201, 401),
        row("no key", post("/v1/messages", &[JSON], &g), ("refused", "`X-API-Key` is missing or"), 401, 401),
        row(
            "a bearer",
            post("/v1/messages", &[JSON, BEARER], &g),
            ("refused", "`Authorization: Bearer` is not read"),
            401,
            401,
        ),
        row(
            "a bearer",
            post(exotel_path, &[JSON, BEARER], &e),
            ("refused", "`Authorization: Bearer` is not read"),
            401,
            401,
        ),
        row("a key", post(messangi_path, &[JSON, API_KEY], &m), ("refused", "`X-API-Key` is not read"), 401, 401),
        row(
            "basic",
            post(autocalls_path, &[JSON, BASIC], &a),
            ("refused", "`Authorization: Basic` is not read"),
            401,
            401,
        ),
        row(
            "a repeated key",
            post(exotel_path, &[JSON, BASIC, repeated], &e),
            ("tolerated", "`Idempotency-Key`"),
            202,
            202,
        ),
        row(
            "a repeated key",
            post(messangi_path, &[JSON, BEARER, repeated], &m),
            ("tolerated", "`Idempotency-Key`"),
            200,
            200,
        ),
        row(
            "a repeated key",
            post(autocalls_path, &[JSON, BEARER, repeated], &a),
            ("tolerated", "`Idempotency-Key`"),
            200,
            200,
        ),
        row(
            "a wrong path",
            post("/api/user/whatsapp/send-template", &[JSON, BEARER], &a),
            ("refused", "`POST /api/user/whatsapp/send`"),
            404,
            404,
        ),
        row(
            "a path of no page",
            asked("/api/user/whatsapp/templates?sender_id=12", BEARER),
            ("tolerated", "senders/{sender_id}/templates`"),
            200,
            200,
        ),
        row("a wrong method", asked(autocalls_path, BEARER), ("refused", "the method is GET, expected POST"), 405, 405),
        row(
            "no path",
            asked("/v1/contacts", API_KEY),
            ("refused", "`GET /v1/contacts` is not simulated by this mock"),
            404,
            404,
        ),
        row("no path", asked("/v2/accounts/acme/calls", BASIC), ("refused", "is not simulated by this mock"), 404, 404),
        row("no path", asked("/oberyn/v2/status", BEARER), ("refused", "is not simulated by this mock"), 404, 404),
        row(
            "too many rows",
            asked("/api/user/conversations?per_page=1000", BEARER),
            ("tolerated", "`per_page`"),
            200,
            422,
        ),
        row(
            "a cursor of nobody's",
            asked("/api/user/conversations?cursor=zzz", BEARER),
            ("tolerated", "`cursor`"),
            200,
            200,
        ),
    ]
}

fn rows_of_content() -> Vec<Row> {
    let e = json!({"from": "+919876500001", "to": CONTACT, "content": {"type": "text", "text": {"body": "Hi"}}});
    let template = json!({"type": "template", "template": {"name": "re_engagement_v1", "language": {"code": "en"}}});
    let g = json!({"phone_number_id": "555123456789", "to": "919876543210"});
    let of = |kind: &str, value: Value| with(with(g.clone(), "type", json!(kind)), kind, value);
    let m = json!({"from": "5215500001111", "to": CONTACT, "type": "document", "message": "https://f.example/y.pdf"});
    let note = |text| ("note", text);
    vec![
        row("no channel", exotel(&e), note("names no channel"), 202, 202),
        row("no channel", exotel(&json!({"messages": [e]})), note("names no channel"), 202, 202),
        row("no policy", exotel(&with(e.clone(), "content", template)), note("`template.language.policy`"), 202, 202),
        row(
            "a callback elsewhere",
            exotel(&with(e.clone(), "status_callback", json!("https://hooks.example.net/x"))),
            note("is passed over, as it has a host"),
            202,
            202,
        ),
        row(
            "a callback that would be an attack",
            exotel(&with(e.clone(), "status_callback", json!("http://169.254.169.254/latest"))),
            note("is passed over, as it has a host other than"),
            202,
            202,
        ),
        row(
            "a callback of another kind",
            exotel(&with(e, "status_callback", json!("ftp://x"))),
            note("is passed over, as it is neither http nor https"),
            202,
            202,
        ),
        row(
            "a long text",
            gosendapi(&of("text", json!({"body": "x".repeat(4097)}))),
            ("refused", "text.body"),
            400,
            400,
        ),
        row(
            "a picture twice",
            gosendapi(&of("image", json!({"id": "7", "link": "https://f.example/a.png"}))),
            ("refused", "either link or id"),
            400,
            400,
        ),
        row(
            "a document by name",
            messangi(&with(m.clone(), "fileName", json!("y.docx"))),
            ("tolerated", "request.fileName does not end in"),
            200,
            400,
        ),
        row(
            "a document by address",
            messangi(&with(m.clone(), "message", json!("https://f.example/y.docx?v=1"))),
            note("request.message does not end in"),
            200,
            200,
        ),
        row(
            "a reference that is no word",
            messangi(&with(m, "externalId", json!("order-17"))),
            note("request.externalId is not alphanumeric"),
            200,
            200,
        ),
    ]
}

fn mock(strict: bool) -> Mock {
    let mut mock = Mock::new();
    if strict {
        mock.simulator = mock.simulator.strict();
    }
    for provider in ["autocalls", "exotel", "gosendapi", "messangi"] {
        mock.post("inbound", &json!({"provider": provider, "from": CONTACT, "text": "hi"}));
    }
    mock
}

#[test]
fn unknown_path_is_journaled_with_the_nearest_path() {
    let mut mock = Mock::new();
    let request = Request::post("/v4/messages?x=1").body(Bytes::from_static(b"{}")).unwrap();
    assert_eq!(mock.raw(&request).0, 404);
    let lines = mock.ask("requests");
    assert_eq!((&lines[0]["provider"], &lines[0]["status"]), (&Value::Null, &json!(404)));
    assert_eq!(lines[0]["path"], "/v4/messages?x=1");
    let finding = &lines[0]["findings"][0];
    assert_eq!(finding["level"], "refused");
    assert_eq!(finding["text"], "no provider has the path `/v4/messages`; did you mean `/v1/messages` of gosendapi?");
    assert_eq!(mock.ask("requests?provider=gosendapi"), json!([]));
}

#[test]
fn each_flaw_has_a_finding_and_strict_rejects_documented_ones() {
    let rows = rows().into_iter().chain(rows_of_credentials_paths_and_headers()).chain(rows_of_content());
    for row in rows {
        for strict in [false, true] {
            let mut mock = mock(strict);
            let (status, answer) = mock.raw(&row.request);
            let place = format!("{} {} (strict: {strict}): {status} {answer}", row.about, row.request.uri().path());
            assert_eq!(status, if strict { row.strict } else { row.lenient }, "{place}");
            let findings = mock.ask("requests")[0]["findings"].as_array().unwrap().clone();
            let (level, text) = row.finding;
            let level = if strict && row.strict != row.lenient { "refused" } else { level };
            let found = findings.iter().any(|f| f["level"] == level && f["text"].as_str().unwrap().contains(text));
            assert!(found, "{place}: expected {level} `{text}`, found {findings:?}");
            assert!(
                findings.iter().all(|f| f["source"].as_str().is_some_and(|source| source.ends_with(']'))),
                "{findings:?}"
            );
        }
    }
}

/// The control to the test above: the same requests without their flaw.
#[test]
fn requests_without_a_flaw_have_no_finding() {
    let one = json!({"from": "+919876500001", "to": CONTACT, "content": {"type": "text", "text": {"body": "Hi"}}});
    for (request, expected) in [
        (autocalls(&json!({"sender_id": 12, "recipient_phone": CONTACT, "message": "Hi"})), 200),
        (exotel(&json!({"whatsapp": {"messages": [one]}})), 202),
        (
            gosendapi(
                &json!({"phone_number_id": "555123456789", "to": "919876543210", "type": "text", "text": {"body": "Hi"}}),
            ),
            201,
        ),
        (messangi(&json!({"from": "5215500001111", "to": CONTACT, "type": "text", "message": "Hi"})), 200),
    ] {
        for strict in [false, true] {
            let mut mock = mock(strict);
            let (status, answer) = mock.raw(&request);
            assert_eq!((status, &mock.ask("requests")[0]["findings"]), (expected, &json!([])), "{answer}");
        }
    }
}

#[test]
fn field_reported_rejection_needs_switch_not_strict() {
    for strict in [false, true] {
        let mut mock = mock(strict);
        assert_eq!(mock.send(), 202);
        mock.post("config", &json!({"provider": "exotel", "request_shape": "wrapped"}));
        assert_eq!(mock.send(), 400);
        let finding = mock.ask("requests")[1]["findings"][0].clone();
        assert_eq!(
            (&finding["level"], &finding["text"]),
            (&json!("refused"), &json!("at least one channel is mandatory"))
        );
        assert!(finding["source"].as_str().unwrap().ends_with("[field]"), "{finding}");
    }
}

/// How sure a rule is decides whether a strict mock refuses for it, so that each finding has to say it rightly.
#[test]
fn a_finding_is_as_sure_as_the_page_that_it_cites() {
    let g = json!({"phone_number_id": "555123456789", "to": "919876543210"});
    let of = |kind: &str, value: Value| gosendapi(&with(with(g.clone(), "type", json!(kind)), kind, value));
    let text = with(with(g.clone(), "type", json!("text")), "text", json!({"body": "Hi"}));
    let twice = json!({"id": "7", "link": "https://f.example/a.png"});
    let title = "A title that is longer than twenty characters";
    let buttons = json!({"type": "button", "body": {"text": "?"},
        "action": {"buttons": [{"type": "reply", "reply": {"id": "1", "title": title}}]}});
    let header = json!({"name": "follow_up", "language": {"code": "en"},
        "components": [{"type": "header", "parameters": [{"type": "sound"}]}]});
    let template = json!({"sender_id": 12, "template_id": 312, "recipient_phone": "919876543210"});
    for (request, text, source) in [
        (
            of("text", json!({"body": "x".repeat(4097)})),
            "text.body",
            "Meta, messages, which GoSendAPI says to mirror [inferred]",
        ),
        (of("text", json!({})), "text.body", "GoSendAPI, Messages [docs]"),
        (of("image", twice.clone()), "either link or id", "GoSendAPI, Messages [docs]"),
        (of("image", json!({"id": "7", "caption": "x".repeat(1025)})), "caption", "mirror [inferred]"),
        (of("video", twice), "either link or id", "mirror [inferred]"),
        (of("interactive", json!({"type": "carousel"})), "interactive.type", "mirror [inferred]"),
        (
            of("template", header),
            "parameters.0.type",
            "Meta, template messages, which GoSendAPI says to mirror [inferred]",
        ),
        (of("template", json!({"name": "follow_up"})), "template.language", "GoSendAPI, Messages [docs]"),
        (
            post("/v1/messages", &[JSON, API_KEY, ("idempotency-key", "")], &text),
            "Idempotency-Key",
            "GoSendAPI, API Reference [inferred]",
        ),
        (
            messangi(&json!({"from": "5215500001111", "to": CONTACT, "type": "interactive", "interactive": buttons})),
            "longer than the 20 characters",
            "as Meta's [inferred]",
        ),
        (post("/api/user/whatsapp/send", &[JSON, BEARER], &template), "E.164", "Send Template Message [docs]"),
    ] {
        let mut mock = mock(false);
        let answer = mock.raw(&request);
        let findings = mock.ask("requests")[0]["findings"].as_array().unwrap().clone();
        let found = findings.iter().find(|finding| finding["text"].as_str().unwrap().contains(text));
        let found = found.unwrap_or_else(|| panic!("no finding on {text}: {findings:?} {answer:?}"));
        assert!(found["source"].as_str().unwrap().ends_with(source), "{text}: {found}");
    }
}

#[test]
fn response_and_request_hook_carry_the_findings() {
    let told = std::sync::Arc::<std::sync::Mutex<Vec<String>>>::default();
    let heard = std::sync::Arc::clone(&told);
    let mut mock = Mock::new();
    mock.simulator = mock.simulator.on_request(move |line| heard.lock().unwrap().push(line.to_string()));
    let path = "/api/user/whatsapp/session-status?sender_id=12&recipient_phone=+447700900123&api_key=s3cret-key";
    let request = Request::get(path).header("authorization", "Bearer s3cret-key").body(Bytes::new()).unwrap();
    let response = mock.answer(&request);
    let findings = mock.ask("requests")[0]["findings"].clone();
    let expected: Vec<String> = findings.as_array().unwrap().iter().map(said).collect();
    assert!(!expected.is_empty());
    let carried: Vec<&str> =
        response.headers().get_all("x-transom-finding").iter().map(|value| value.to_str().unwrap()).collect();
    assert_eq!(carried, expected);
    let told = told.lock().unwrap();
    assert_eq!(told.len(), 1, "control calls are not told");
    assert!(told[0].starts_with("GET /api/user/whatsapp/session-status?") && told[0].contains(" 200 "), "{told:?}");
    assert!(
        !told[0].contains("s3cret") && !told[0].contains("7700900123") && told[0].contains("tolerated: "),
        "{told:?}"
    );
}

/// A finding of the journal as `level: text`.
fn said(finding: &Value) -> String {
    format!("{}: {}", finding["level"].as_str().unwrap(), finding["text"].as_str().unwrap())
}
