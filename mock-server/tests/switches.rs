//! What each value of a switch makes of an answer or of a webhook call, as the pages and reports have it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a helper of a test fails the test; the lint's own exception covers test functions only"
)]

#[cfg(test)]
mod common;

use bytes::Bytes;
use common::{CONTACT, Mock};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use transom_mock_server::DeliveryOutcome;

const BASIC: &str = "Basic ZGVtby1rZXk6ZGVtby10b2tlbg==";
const NEVER_WROTE: &str = "+919876543211";

fn request(method: &str, path: &str, credential: (&str, &str), body: &Value) -> Request<Bytes> {
    let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let request = Request::builder().method(method).uri(path).header(credential.0, credential.1);
    request.header("accept", "application/json").header("content-type", "application/json").body(body).unwrap()
}

fn exotel(to: &str) -> Request<Bytes> {
    let message = json!({"from": "+919876500001", "to": to, "content": {"type": "text", "text": {"body": "Hi"}},
        "custom_data": "own"});
    request("POST", "/v2/accounts/acme/messages", ("authorization", BASIC), &message)
}

fn gosendapi(to: &str) -> Request<Bytes> {
    let body = json!({"phone_number_id": "555123456789", "to": &to[1..], "type": "text", "text": {"body": "Hi"}});
    request("POST", "/v1/messages", ("x-api-key", "gsk_test_demo"), &body)
}

fn gosendapi_get(path: &str) -> Request<Bytes> {
    request("GET", path, ("x-api-key", "gsk_test_demo"), &Value::Null)
}

fn messangi(request_of: &Value) -> Request<Bytes> {
    let body = json!({"channel": "WHATSAPP", "request": request_of});
    request("POST", "/notification", ("authorization", "Bearer demo-key"), &body)
}

fn messangi_text(to: &str) -> Request<Bytes> {
    messangi(&json!({"from": "5215500001111", "to": to, "type": "text", "message": "Hi"}))
}

fn autocalls_get(path: &str) -> Request<Bytes> {
    request("GET", path, ("authorization", "Bearer demo-key"), &Value::Null)
}

/// A mock with these switches set, to which [`CONTACT`] has written at every provider.
fn mock(provider: &str, switches: &Value) -> Mock {
    let mut mock = Mock::new();
    mock.post("clock", &json!({"freeze": true}));
    for (name, value) in switches.as_object().unwrap() {
        mock.post("config", &json!({"provider": provider, name: value}));
    }
    for provider in ["autocalls", "exotel", "gosendapi", "messangi"] {
        mock.post("inbound", &json!({"provider": provider, "from": CONTACT, "text": "hi", "name": "Asha"}));
    }
    mock
}

/// The webhook calls that follow a text to `to` and an inbound message, the latest first answered: headers and bodies.
fn told(provider: &str, switches: &Value, send: &Request<Bytes>) -> Vec<Request<Bytes>> {
    let mut mock = mock(provider, switches);
    mock.post("webhooks", &json!({"provider": provider, "url": "http://127.0.0.1:9000/hook", "secret": "s3cret"}));
    mock.raw(send);
    mock.post("inbound", &json!({"provider": provider, "from": CONTACT, "text": "thanks", "name": "Asha"}));
    let mut told = Vec::new();
    while let Some(delivery) = mock.simulator.due(mock.real_now) {
        mock.simulator.delivered(delivery.id, DeliveryOutcome::Answered(StatusCode::OK));
        told.push(delivery.request);
    }
    told
}

fn json_of(request: &Request<Bytes>) -> Value {
    serde_json::from_slice(request.body()).unwrap()
}

#[test]
fn exotels_callbacks_have_the_members_that_each_page_lists() {
    let bodies = |form: &str| -> Vec<Value> {
        told("exotel", &json!({"callback_form": form}), &exotel(CONTACT)).iter().map(json_of).collect()
    };
    let wrapped = bodies("wrapped");
    assert_eq!(wrapped[0]["whatsapp"]["messages"][0]["custom_data"], "own");
    let (sid, at) = (&wrapped[0]["whatsapp"]["messages"][0]["sid"], "2026-05-11T14:50:00.000+05:30");

    let flat = bodies("flat");
    assert_eq!(
        flat[0],
        json!({"sid": sid, "from": "+919876500001", "to": "919876543210", "status": "sent", "exo_status_code": 30001, "timestamp": at})
    );
    assert_eq!(flat[1]["whatsapp"]["messages"][0]["callback_type"], "incoming_message");

    let utc = "2026-05-11T09:20:00.000Z";
    let event = bodies("event");
    assert_eq!(
        event[0],
        json!({"event": "message_status", "timestamp": utc,
            "message": {"id": sid, "status": "sent", "recipient": "919876543210", "timestamp": utc}})
    );
    let id = &event[1]["message"]["id"];
    assert_eq!(
        event[1],
        json!({"event": "incoming_message", "timestamp": utc, "account_sid": "acme",
            "message": {"id": id, "from": "919876543210", "to": "919876500001", "timestamp": utc, "type": "text", "text": {"body": "thanks"}},
            "contact": {"wa_id": "919876543210", "profile": {"name": "Asha"}}})
    );

    let typed = bodies("typed");
    assert_eq!(
        typed[0],
        json!({"type": "message_status", "timestamp": utc, "account_sid": "acme",
            "data": {"message_sid": sid, "from": "+919876500001", "to": "919876543210", "status": "sent", "timestamp": utc}})
    );
    assert_eq!(typed[1]["data"]["message"], json!({"type": "text", "text": {"body": "thanks"}}));
}

#[test]
fn a_failure_has_the_number_of_its_own_dialect() {
    for (form, place, number) in [
        ("wrapped", "/whatsapp/messages/0/exo_status_code", 30018),
        ("flat", "/exo_status_code", 30018),
        ("event", "/message/errors/0/code", 131_047),
        ("typed", "/data/errors/0/code", 131_047),
    ] {
        let switches = json!({"callback_form": form, "window_error": "callback"});
        let told = told("exotel", &switches, &exotel(NEVER_WROTE));
        assert_eq!(json_of(&told[0]).pointer(place), Some(&json!(number)), "{form}");
    }
}

#[test]
fn webhook_form_and_signature_follow_switches() {
    let first = |provider: &str, switch: &str, value: &str, send: Request<Bytes>| {
        told(provider, &json!({switch: value}), &send).swap_remove(0)
    };
    let last = |provider: &str, switch: &str, value: &str, send: Request<Bytes>| {
        told(provider, &json!({switch: value}), &send).pop().unwrap()
    };
    let message = |request: &Request<Bytes>| json_of(request)["whatsapp"]["messages"][0].clone();
    for (value, to) in [("digits", "919876543210"), ("e164", "+919876543210")] {
        assert_eq!(message(&first("exotel", "callback_to", value, exotel(CONTACT)))["to"], to);
    }
    for value in ["icm", "incoming_message"] {
        assert_eq!(message(&last("exotel", "callback_type", value, exotel(CONTACT)))["callback_type"], value);
    }
    for (value, length) in [("prefixed", "sha256=".len() + 64), ("bare", 64)] {
        let call = first("exotel", "signature_form", value, exotel(CONTACT));
        assert_eq!(call.headers()["x-exotel-signature"].len(), length);
    }
    for value in ["x-gosendapi-signature", "x-signature"] {
        let call = first("gosendapi", "signature_header", value, gosendapi(CONTACT));
        assert!(call.headers()[value].to_str().unwrap().starts_with("sha256="));
    }
    for value in ["event", "type", "event_type"] {
        let call = json_of(&first("gosendapi", "event_name_member", value, gosendapi(CONTACT)));
        assert_eq!(call[value], "whatsapp.message.sent");
    }
    for (value, date) in [("iso", "2026-05-11T09:20:00.000Z"), ("dashed", "2026-05-11-T09:20:00.000Z")] {
        assert_eq!(json_of(&first("messangi", "callback_date", value, messangi_text(CONTACT)))["date"], date);
    }
    let off = told("gosendapi", &json!({"inbound_processing": "off"}), &gosendapi(CONTACT));
    assert_eq!(off.len(), 1, "the message's own report alone");
}

#[test]
fn messangi_final_statuses_and_retries_follow_switches() {
    for (style, delivered, read, failed) in [
        ("words", "DELIVERED", "READ", "FAILED"),
        ("smpp", "DELIVRD", "SEEN", "UNDELIV"),
        ("undelivered", "DELIVERED", "READ", "UNDELIVERED"),
        ("rejected", "DELIVERED", "READ", "REJECTED"),
        ("expired", "DELIVERED", "READ", "EXPIRED"),
    ] {
        let mut mock =
            mock("messangi", &json!({"final_statuses": style, "last_status": "read", "window_error": "callback"}));
        mock.post("webhooks", &json!({"provider": "messangi", "url": "http://127.0.0.1:9000/hook"}));
        mock.raw(&messangi_text(CONTACT));
        mock.raw(&messangi_text(NEVER_WROTE));
        mock.post("clock", &json!({"advance": "10s"}));
        let mut words = Vec::new();
        while let Some(delivery) = mock.simulator.due(mock.real_now) {
            words.push(json_of(&delivery.request)["status"].as_str().unwrap().to_owned());
            mock.simulator.delivered(delivery.id, DeliveryOutcome::Answered(StatusCode::OK));
        }
        assert_eq!(words, ["SENT", failed, delivered, read], "{style}");
    }
    for (retries, tries) in [("0", 1), ("1", 2), ("3", 4)] {
        let mut mock = mock("messangi", &json!({"callback_retries": retries, "last_status": "sent"}));
        mock.post("webhooks", &json!({"provider": "messangi", "url": "http://127.0.0.1:9000/hook"}));
        mock.raw(&messangi_text(CONTACT));
        mock.post("clock", &json!({"advance": "1h"}));
        let mut made = 0;
        while let Some(delivery) = mock.simulator.due(mock.real_now) {
            mock.simulator.delivered(delivery.id, DeliveryOutcome::Unanswered);
            made += 1;
        }
        assert_eq!(made, tries, "{retries}");
    }
}

/// Provider, switch, value, request, and what its answer has: the status and a member.
type AnswerRow = (&'static str, &'static str, &'static str, Request<Bytes>, u16, &'static str, Value);

fn answers() -> Vec<AnswerRow> {
    let never = json!("NO_ACTIVE_SESSION");
    let x = || exotel(NEVER_WROTE);
    let status =
        |path: &str| autocalls_get(&format!("/api/user/whatsapp/session-status?sender_id=12&recipient_phone={path}"));
    let visit = || messangi(&json!({"from": "5215500001111", "to": CONTACT, "templateName": "visit_reminder"}));
    let m = messangi_text;
    vec![
        ("exotel", "symbol_place", "error_data.code", x(), 400, "/response/error_data/code", never.clone()),
        ("exotel", "symbol_place", "error_data.message", x(), 400, "/response/error_data/message", never.clone()),
        ("exotel", "symbol_place", "error_data.message", x(), 400, "/response/error_data/code", json!(1002)),
        ("exotel", "symbol_place", "code", x(), 400, "/code", never.clone()),
        ("exotel", "symbol_place", "error.code", x(), 400, "/error/code", never.clone()),
        ("exotel", "symbol_place", "RestException.Code", x(), 400, "/RestException/Code", never),
        ("exotel", "success_shape", "single", exotel(CONTACT), 202, "/response/data/status", json!("sent")),
        ("exotel", "success_shape", "array", exotel(CONTACT), 202, "/response/0/status", json!("success")),
        ("gosendapi", "response_shape", "no_id", gosendapi(CONTACT), 201, "", json!({"status": "queued"})),
        ("gosendapi", "response_shape", "record_without_wamid", gosendapi(CONTACT), 201, "/wamid", Value::Null),
        ("gosendapi", "accepted_status", "200", gosendapi(CONTACT), 200, "/messaging_product", json!("whatsapp")),
        ("gosendapi", "ids", "integer", gosendapi_get("/v1/wabas"), 200, "/data/0/id", json!(8)),
        ("gosendapi", "ids", "integer", gosendapi_get("/v1/conversations/42"), 200, "/id", json!(42)),
        ("gosendapi", "ids", "integer", gosendapi_get("/v1/me"), 200, "/id", json!(4)),
        ("gosendapi", "ids", "string", gosendapi_get("/v1/wabas/8/phone-numbers"), 200, "/data/0/id", json!("31")),
        (
            "gosendapi",
            "conversation_line",
            "internal",
            gosendapi_get("/v1/conversations/42"),
            200,
            "/phone_number_id",
            json!("31"),
        ),
        (
            "gosendapi",
            "inbound_processing",
            "off",
            gosendapi_get("/v1/wabas/8/phone-numbers"),
            200,
            "/data/0/inbound_processing_enabled",
            json!(false),
        ),
        ("messangi", "window_error", "gone", m(NEVER_WROTE), 410, "/errors/reason", json!("Gone")),
        ("messangi", "refusals", "ok", m(NEVER_WROTE), 200, "/status", json!("REJECTED")),
        ("messangi", "refusals", "ok", m(NEVER_WROTE), 200, "/messageId", json!("")),
        ("messangi", "response_shape", "sms", m(CONTACT), 200, "/data/type", json!("MT")),
        ("messangi", "response_shape", "flat", m(CONTACT), 200, "/status", json!("ACCEPTED")),
        ("messangi", "missing_placeholder", "status", visit(), 200, "/data/status", json!("INCOMPLETE")),
        ("messangi", "missing_placeholder", "callback", visit(), 200, "/data/status", json!("QUEUE")),
        (
            "messangi",
            "missing_placeholder",
            "sync",
            visit(),
            400,
            "/errors/reason",
            json!("template placeholder customer has no value"),
        ),
        ("autocalls", "bare_plus", "repaired", status("+919876543210"), 200, "/success", json!(true)),
        ("autocalls", "bare_plus", "refused", status("+919876543210"), 422, "/error_code", json!("INVALID_PHONE")),
        (
            "autocalls",
            "minutes_remaining",
            "floor",
            status("%2B919876543210"),
            200,
            "/session_status/minutes_remaining",
            json!(1439),
        ),
        (
            "autocalls",
            "minutes_remaining",
            "ceil",
            status("%2B919876543210"),
            200,
            "/session_status/minutes_remaining",
            json!(1440),
        ),
        (
            "autocalls",
            "never_messaged_expires_at",
            "null",
            status("%2B919876543211"),
            200,
            "/session_status/expires_at",
            Value::Null,
        ),
        (
            "autocalls",
            "template_status",
            "sent",
            request(
                "POST",
                "/api/user/whatsapp/send",
                ("authorization", "Bearer demo-key"),
                &json!({"sender_id": 12, "template_id": 312, "recipient_phone": CONTACT}),
            ),
            200,
            "/status",
            json!("sent"),
        ),
        (
            "autocalls",
            "unauthenticated_body",
            "error",
            request("GET", "/api/user/me", ("authorization", "Bearer invalid"), &Value::Null),
            401,
            "/error",
            json!("Unauthorized"),
        ),
    ]
}

#[test]
fn an_answer_is_as_the_switch_says() {
    for (provider, switch, value, request, status, place, expected) in answers() {
        let mut mock = mock(provider, &json!({switch: value}));
        mock.post("clock", &json!({"advance": "500ms"}));
        let (got, body) = mock.raw(&request);
        assert_eq!((got, body.pointer(place)), (status, Some(&expected)), "{provider} {switch}={value}: {body}");
    }
}

#[test]
fn gosendapi_template_opens_window_only_if_switched() {
    for (value, status) in [("off", 403), ("on", 201)] {
        let mut mock = mock("gosendapi", &json!({"template_opens_window": value}));
        let template = json!({"phone_number_id": "555123456789", "to": &NEVER_WROTE[1..], "type": "template",
            "template": {"name": "re_engagement_v1", "language": {"code": "en"}}});
        let template = request("POST", "/v1/messages", ("x-api-key", "gsk_test_demo"), &template);
        assert_eq!(mock.raw(&template).0, 201);
        assert_eq!(mock.raw(&gosendapi(NEVER_WROTE)).0, status, "{value}");
    }
}

#[test]
fn conversation_is_inactive_after_configured_minutes() {
    for (minutes, before, after) in [("5", "4m59s", "1s"), ("30", "29m59s", "1s"), ("120", "1h59m59s", "1s")] {
        let mut mock = mock("gosendapi", &json!({"inactive_after_minutes": minutes}));
        for (wait, state) in [(before, "active"), (after, "inactive")] {
            mock.post("clock", &json!({"advance": wait}));
            let (_, rows) = mock.raw(&gosendapi_get("/v1/conversations?contact_phone=919876543210"));
            assert_eq!(rows["data"][0]["status"], state, "{minutes}");
            let filtered = format!("/v1/conversations?contact_phone=919876543210&status={state}");
            let (_, rows) = mock.raw(&gosendapi_get(&filtered));
            assert_eq!(rows["data"].as_array().unwrap().len(), 1, "{minutes}");
        }
    }
}

#[test]
fn line_without_inbound_processing_has_window_only() {
    let mut mock = mock("gosendapi", &json!({"inbound_processing": "off"}));
    let (_, rows) = mock.raw(&gosendapi_get("/v1/conversations?contact_phone=919876543210"));
    assert_eq!(rows["data"], json!([]));
    assert_eq!(mock.raw(&gosendapi(CONTACT)).0, 201);
}

#[test]
fn which_custom_data_wins_is_switched() {
    for (value, expected) in [("nearest", "own"), ("outermost", "root")] {
        let mut mock = mock("exotel", &json!({"custom_data_wins": value}));
        let message = json!({"from": "+919876500001", "to": CONTACT, "custom_data": "own",
            "content": {"type": "text", "text": {"body": "Hi"}}});
        let body = json!({"custom_data": "root", "whatsapp": {"custom_data": "channel", "messages": [message]}});
        mock.raw(&request("POST", "/v2/accounts/acme/messages", ("authorization", BASIC), &body));
        assert_eq!(mock.ask("messages?provider=exotel")[0]["reference"], expected);
    }
}

#[test]
fn errors_are_html_or_redirect_without_accept_json() {
    let unknown = |accept: &str| {
        let request =
            Request::get("/api/user/nothing").header("authorization", "Bearer demo-key").header("accept", accept);
        request.body(Bytes::new()).unwrap()
    };
    for (value, status, kind) in
        [("json", 404, "application/json"), ("page", 404, "text/html"), ("redirect", 302, "text/html")]
    {
        let mut mock = mock("autocalls", &json!({"without_accept": value}));
        let response = mock.simulator.step(mock.real_now, &unknown("*/*")).response;
        let content_type = response.headers()["content-type"].to_str().unwrap();
        assert!(response.status() == status && content_type.starts_with(kind), "{value}: {response:?}");
        assert_eq!(
            response.headers().get("location").map(|to| to.to_str().unwrap()),
            (status == 302).then_some("/login")
        );
        assert_eq!(mock.simulator.step(mock.real_now, &unknown("application/json")).response.status(), 404);
    }
}

#[test]
fn the_headers_of_a_limit_come_where_the_switches_want_them() {
    for (provider, switch, value, header, refused_has, accepted_has) in [
        ("gosendapi", "retry_after", "on", "retry-after", true, false),
        ("gosendapi", "retry_after", "off", "retry-after", false, false),
        ("messangi", "retry_after", "on", "retry-after", true, false),
        ("messangi", "retry_after", "off", "retry-after", false, false),
        ("messangi", "ratelimit_on", "every_answer", "ratelimit-limit", true, true),
        ("messangi", "ratelimit_on", "429", "ratelimit-limit", true, false),
    ] {
        let mut mock = mock(provider, &json!({switch: value}));
        mock.post("limits", &json!({"provider": provider, "limit": 1, "window_s": 60}));
        let send = if provider == "gosendapi" { gosendapi(CONTACT) } else { messangi_text(CONTACT) };
        for has in [accepted_has, refused_has] {
            let response = mock.simulator.step(mock.real_now, &send).response;
            assert_eq!(
                response.headers().contains_key(header),
                has,
                "{provider} {switch}={value} {}",
                response.status()
            );
        }
    }
}

#[test]
fn gosendapi_tells_the_second_id_of_a_record_by_webhook() {
    let mut mock = mock("gosendapi", &json!({"response_shape": "record_without_wamid"}));
    mock.post("webhooks", &json!({"provider": "gosendapi", "url": "http://127.0.0.1:9000/hook"}));
    let (_, sent) = mock.raw(&gosendapi(CONTACT));
    assert_eq!(sent["wamid"], Value::Null);
    let delivery = mock.simulator.due(mock.real_now).unwrap();
    let message = json_of(&delivery.request)["data"]["message"].clone();
    assert_eq!((&message["id"], &message["status"]), (&sent["id"], &json!("sent")));
    assert!(message["wamid"].as_str().unwrap().starts_with("wamid."), "{message}");
}
