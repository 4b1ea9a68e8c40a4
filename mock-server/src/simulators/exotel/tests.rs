use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use crate::testing::{Mock, Seen};

mod calls;
mod findings;
mod media;

const CONTACT: &str = "+919876543210";
const BUSINESS: &str = "+919876500001";
/// `demo-key:demo-token`.
const BASIC: &str = "Basic ZGVtby1rZXk6ZGVtby10b2tlbg==";

fn post(mock: &mut Mock, body: &Value) -> Seen {
    let request = Request::post("/v2/accounts/acme/messages")
        .header("authorization", BASIC)
        .header("content-type", "application/json");
    mock.step(&request.body(Bytes::from(body.to_string())).unwrap())
}

fn message(content: &Value) -> Value {
    json!({"from": BUSINESS, "to": CONTACT, "content": content})
}

fn text() -> Value {
    message(&json!({"type": "text", "text": {"body": "Hi"}}))
}

fn wrapped(messages: &[Value]) -> Value {
    json!({"whatsapp": {"messages": messages}})
}

fn open() -> Mock {
    let mut mock = Mock::new();
    mock.inbound("exotel", CONTACT);
    mock
}

/// The findings on the last request but for the remark that it names no channel, which every flat one gets.
fn findings_beyond_shape(mock: &mut Mock) -> Vec<String> {
    let mut findings = mock.findings();
    findings.retain(|finding| !finding.contains("names no channel"));
    findings
}

/// Status and code of a failed request.
fn failed(seen: &Seen) -> (u16, &Value) {
    (seen.status, &seen.json["response"]["error_data"]["code"])
}

fn items(seen: &Seen) -> Vec<&str> {
    let items = seen.json["response"]["whatsapp"]["messages"].as_array().unwrap();
    items.iter().map(|item| item["status"].as_str().unwrap()).collect()
}

#[test]
fn a_flat_text_is_accepted_and_delivered_with_its_reference() {
    let mut mock = open();
    let mut body = text();
    body["custom_data"] = json!("job-7781");
    let seen = post(&mut mock, &body);
    assert_eq!((seen.status, &seen.json["http_code"]), (202, &json!(202)));
    assert_eq!(seen.json["metadata"], json!({"failed": 0, "total": 1, "success": 1}));
    let sid = &seen.json["response"]["whatsapp"]["messages"][0]["data"]["sid"];
    let line = &mock.control("messages", &Value::Null)[0];
    assert_eq!((&line["message_id"], &line["reference"]), (sid, &json!("job-7781")));
    assert_eq!(line["content"], json!({"type": "text", "body": "Hi"}));
    assert!(findings_beyond_shape(&mut mock).is_empty());
}

#[test]
fn outside_the_window_the_symbol_tells_expired_from_never() {
    let mut mock = Mock::new();
    assert_eq!(failed(&post(&mut mock, &text())), (400, &json!("NO_ACTIVE_SESSION")));
    mock.inbound("exotel", CONTACT);
    mock.advance("24h");
    let seen = post(&mut mock, &text());
    assert_eq!(failed(&seen), (400, &json!("SESSION_EXPIRED")));
    assert_eq!((&seen.json["response"]["status"], &seen.json["response"]["data"]), (&json!("failure"), &Value::Null));
    assert_eq!((mock.delivered(), findings_beyond_shape(&mut mock).len()), (0, 0));
}

#[test]
fn window_error_by_callback_is_accepted_and_not_delivered() {
    let mut mock = Mock::new();
    mock.control("config", &json!({"provider": "exotel", "window_error": "callback"}));
    let seen = post(&mut mock, &text());
    assert_eq!((seen.status, items(&seen), mock.delivered()), (202, vec!["success"], 0));
}

#[test]
fn each_wrapped_message_has_its_own_result() {
    let mut mock = open();
    let mut bad = text();
    bad["to"] = json!("12");
    let seen = post(&mut mock, &wrapped(&[text(), bad, text()]));
    assert_eq!((seen.status, items(&seen)), (207, vec!["success", "failure", "success"]));
    assert_eq!(seen.json["metadata"], json!({"failed": 1, "total": 3, "success": 2}));
    assert_eq!(seen.json["response"]["whatsapp"]["messages"][1]["error_data"]["code"], 1002);
    assert_eq!(mock.delivered(), 2);
}

#[test]
fn a_wrapped_message_outside_the_window_fails_within_a_207() {
    let seen = post(&mut Mock::new(), &wrapped(&[text()]));
    assert_eq!((seen.status, items(&seen)), (207, vec!["failure"]));
    assert_eq!(seen.json["response"]["whatsapp"]["messages"][0]["error_data"]["code"], "NO_ACTIVE_SESSION");
}

#[test]
fn a_request_has_one_to_100_messages() {
    let mut mock = open();
    assert_eq!(failed(&post(&mut mock, &wrapped(&[]))), (400, &json!(1001)));
    assert_eq!(failed(&post(&mut mock, &wrapped(&vec![text(); 101]))), (400, &json!(1002)));
    assert_eq!(mock.delivered(), 0);
    assert_eq!(post(&mut mock, &wrapped(&vec![text(); 100])).status, 202);
    assert_eq!(post(&mut mock, &json!({"messages": [text()]})).status, 202);
    assert_eq!(mock.delivered(), 101);
}

#[test]
fn wrapped_only_rejects_flat_body_for_missing_channel() {
    let mut mock = open();
    mock.control("config", &json!({"provider": "exotel", "request_shape": "wrapped"}));
    let seen = post(&mut mock, &text());
    assert_eq!(failed(&seen), (400, &json!(1001)));
    assert_eq!(seen.json["response"]["error_data"]["description"], "at least one channel is mandatory");
    assert_eq!(findings_beyond_shape(&mut mock), ["refused: at least one channel is mandatory"]);
    assert_eq!(post(&mut mock, &wrapped(&[text()])).status, 202);
    assert_eq!(mock.delivered(), 1);
}

#[test]
fn the_nearest_reference_of_three_counts() {
    let mut mock = open();
    let mut own = text();
    own["custom_data"] = json!("own");
    let body = json!({"custom_data": "root", "whatsapp": {"custom_data": "channel", "messages": [own, text()]}});
    post(&mut mock, &body);
    let ledger = mock.control("messages", &Value::Null);
    assert_eq!((&ledger[0]["reference"], &ledger[1]["reference"]), (&json!("own"), &json!("channel")));
}

#[test]
fn credentials_come_first_and_both_halves_count() {
    let mut mock = Mock::new();
    // Nothing; `invalid:demo-token`; `demo-key:invalid`; `demo-key:`.
    for credentials in ["", "Basic aW52YWxpZDpkZW1vLXRva2Vu", "Basic ZGVtby1rZXk6aW52YWxpZA==", "Basic ZGVtby1rZXk6"] {
        let request = Request::post("/v2/accounts/acme/messages").header("authorization", credentials);
        assert_eq!(failed(&mock.step(&request.body(Bytes::new()).unwrap())), (401, &json!(1010)), "{credentials}");
    }
    mock.control("config", &json!({"provider": "exotel", "auth_error": "rest_exception"}));
    let request = Request::post("/v2/accounts/acme/messages").body(Bytes::new()).unwrap();
    assert_eq!(mock.step(&request).json["RestException"]["Status"], 401);
}

#[test]
fn credentials_in_the_url_work_and_are_noted() {
    let mut mock = open();
    let request = Request::post("http://demo-key:demo%2Dtoken@localhost/v2/accounts/acme/messages")
        .header("content-type", "application/json")
        .body(Bytes::from(text().to_string()))
        .unwrap();
    assert_eq!(mock.step(&request).status, 202);
    assert!(findings_beyond_shape(&mut mock)[0].starts_with("tolerated: the URL carries credentials"));
    let journal = mock.control("requests", &Value::Null).to_string();
    assert!(!journal.contains("demo-token") && !journal.contains("demo%2Dtoken"), "{journal}");
}

#[test]
fn any_account_sid_will_do_unless_the_mock_is_strict() {
    for (mut mock, status) in [(Mock::new(), 200), (Mock::strict(), 404)] {
        let request = Request::get("/v2/accounts/other/templates?waba_id=8").header("authorization", BASIC);
        assert_eq!(mock.step(&request.body(Bytes::new()).unwrap()).status, status);
    }
}

#[test]
fn what_is_no_json_is_refused_by_type_and_by_content() {
    let mut mock = open();
    let send = |mock: &mut Mock, content_type: &str, body: &'static str| {
        let request = Request::post("/v2/accounts/acme/messages")
            .header("authorization", BASIC)
            .header("content-type", content_type);
        mock.step(&request.body(Bytes::from(body)).unwrap())
    };
    assert_eq!(failed(&send(&mut mock, "text/plain", "{}")), (415, &json!(1011)));
    assert_eq!(failed(&send(&mut mock, "application/json", "{\"from\":")), (400, &json!(1007)));
}

#[test]
fn each_mandatory_field_is_named() {
    let mut mock = open();
    for name in ["from", "to", "content"] {
        let mut body = text();
        body.as_object_mut().unwrap().remove(name);
        let seen = post(&mut mock, &body);
        assert_eq!(failed(&seen), (400, &json!(1001)));
        assert_eq!(findings_beyond_shape(&mut mock), [format!("refused: {name} is mandatory")]);
    }
    let seen = post(&mut mock, &message(&json!({"type": "text", "text": {"body": ""}})));
    assert_eq!(seen.json["response"]["error_data"]["description"], "content.text.body is mandatory");
}

#[test]
fn number_without_plus_is_tolerated_unless_strict() {
    for (mut mock, status, level) in [(Mock::new(), 202, "tolerated"), (Mock::strict(), 400, "refused")] {
        mock.inbound("exotel", CONTACT);
        let mut body = text();
        body["to"] = json!("919876543210");
        assert_eq!(post(&mut mock, &body).status, status);
        assert_eq!(findings_beyond_shape(&mut mock)[0], format!("{level}: `to` is not in E.164 with its `+`"));
    }
}

#[test]
fn a_sender_of_nobody_is_an_invalid_parameter_and_no_finding() {
    let mut mock = open();
    let mut body = text();
    body["from"] = json!("+914440001111");
    let seen = post(&mut mock, &body);
    assert_eq!(seen.json["response"]["error_data"]["description"], "from is not valid");
    assert!(findings_beyond_shape(&mut mock).is_empty());
}

#[test]
fn text_over_4096_characters_is_rejected_at_once_or_by_callback() {
    let mut mock = open();
    let long = |length| message(&json!({"type": "text", "text": {"body": "é".repeat(length)}}));
    assert_eq!(post(&mut mock, &long(4096)).status, 202);
    assert_eq!(failed(&post(&mut mock, &long(4097))), (400, &json!(1002)));
    mock.control("config", &json!({"provider": "exotel", "text_too_long": "callback"}));
    assert_eq!(post(&mut mock, &long(4097)).status, 202);
    assert_eq!(mock.delivered(), 1);
}

#[test]
fn every_session_type_arrives_in_our_own_form() {
    let link = "https://cdn.example.net/f";
    let button = |id: &str| json!({"type": "reply", "reply": {"id": id, "title": "Yes"}});
    let cases = [
        (
            json!({"type": "text", "text": {"body": "Hi", "preview_url": true}}),
            json!({"type": "text", "body": "Hi", "preview_url": true}),
        ),
        (
            json!({"type": "image", "image": {"link": link, "caption": "c"}}),
            json!({"type": "image", "link": link, "caption": "c"}),
        ),
        (json!({"type": "audio", "audio": {"link": link}}), json!({"type": "audio", "link": link})),
        (
            json!({"type": "document", "document": {"link": link, "filename": "r.pdf"}}),
            json!({"type": "document", "link": link, "filename": "r.pdf"}),
        ),
        (
            json!({"type": "location", "location": {"latitude": 13.08, "longitude": 80.27, "name": "Pier"}}),
            json!({"type": "location", "latitude": 13.08, "longitude": 80.27, "name": "Pier"}),
        ),
        (
            json!({"type": "contacts", "contacts": [{"name": {"formatted_name": "Ana"}, "phones": [{"phone": "+34600111222"}]}]}),
            json!({"type": "contacts", "contacts": [{"name": {"formatted_name": "Ana"}, "phones": [{"phone": "+34600111222"}]}]}),
        ),
        (
            json!({"type": "reaction", "reaction": {"message_id": "wamid.1", "emoji": "👍"}}),
            json!({"type": "reaction", "message_id": "wamid.1", "emoji": "👍"}),
        ),
        (
            json!({"type": "interactive", "interactive": {"type": "button", "body": {"text": "B"}, "footer": {"text": "F"},
                "header": {"type": "text", "text": "H"}, "action": {"buttons": [button("y")]}}}),
            json!({"type": "buttons", "body": "B", "footer": "F", "header": {"type": "text", "text": "H"},
                "buttons": [{"id": "y", "title": "Yes"}]}),
        ),
        (
            json!({"type": "interactive", "interactive": {"type": "list", "body": {"text": "B"},
                "action": {"button": "Slots", "sections": [{"title": "Mon", "rows": [{"id": "m9", "title": "09:00"}]}]}}}),
            json!({"type": "list", "body": "B", "button": "Slots",
                "sections": [{"title": "Mon", "rows": [{"id": "m9", "title": "09:00"}]}]}),
        ),
    ];
    for (sent, expected) in cases {
        let mut mock = open();
        let seen = post(&mut mock, &message(&sent));
        assert_eq!(seen.status, 202, "{sent}: {}", seen.json);
        assert_eq!(mock.control("messages", &Value::Null)[0]["content"], expected);
        assert!(findings_beyond_shape(&mut mock).is_empty(), "{sent}");
    }
}

#[test]
fn content_beyond_its_limits_is_refused_and_the_place_named() {
    let button = |title: &str| json!({"type": "reply", "reply": {"id": "y", "title": title}});
    let buttons = |buttons: Vec<Value>| json!({"type": "interactive", "interactive": {"type": "button", "body": {"text": "B"}, "action": {"buttons": buttons}}});
    let row = |title: &str| json!({"id": "r", "title": title});
    let list = |rows: Vec<Value>| {
        json!({"type": "interactive", "interactive": {"type": "list", "body": {"text": "B"},
            "action": {"button": "Slots", "sections": [{"title": "S", "rows": rows}]}}})
    };
    let cases = [
        (buttons(vec![button("Yes"); 4]), "content.interactive.action.buttons"),
        (buttons(vec![button(&"x".repeat(21))]), "content.interactive.action.buttons[0].reply.title"),
        (list(vec![row("r"); 11]), "content.interactive.action.sections"),
        (list(vec![row(&"x".repeat(25))]), "content.interactive.action.sections[0].rows[0].title"),
        (json!({"type": "image", "image": {"link": "ftp://x"}}), "content.image.link"),
        (json!({"type": "location", "location": {"latitude": 91, "longitude": 0}}), "content.location.latitude"),
        (json!({"type": "text", "text": "Hi"}), "content.text"),
    ];
    for (content, place) in cases {
        let mut mock = open();
        let seen = post(&mut mock, &message(&content));
        let description = seen.json["response"]["error_data"]["description"].as_str().unwrap_or_default();
        assert!(seen.status == 400 && description.starts_with(place), "{content}: {}", seen.json);
        assert_eq!((findings_beyond_shape(&mut mock).len(), mock.delivered()), (1, 0));
    }
}

#[test]
fn a_type_nobody_knows_has_its_symbol() {
    for content in [
        json!({"type": "poll", "poll": {}}),
        json!({"type": "interactive", "interactive": {"type": "poll", "action": {}}}),
    ] {
        assert_eq!(failed(&post(&mut open(), &message(&content))), (400, &json!("MESSAGE_TYPE_NOT_SUPPORTED")));
    }
}

#[test]
fn sloppy_members_are_tolerated_and_named() {
    let mut mock = open();
    let mut body = message(
        &json!({"type": "audio", "recipient_type": "individual", "audio": {"link": "https://x.example/a", "caption": "c"}}),
    );
    body["priority"] = json!(1);
    assert_eq!(post(&mut mock, &body).status, 202);
    assert_eq!(
        findings_beyond_shape(&mut mock),
        ["tolerated: unknown member `priority`", "tolerated: unknown member `content.audio.caption`",]
    );
}

fn template(name: &str, parameters: &[&str]) -> Value {
    let parameters: Vec<Value> = parameters.iter().map(|text| json!({"type": "text", "text": text})).collect();
    let components =
        if parameters.is_empty() { json!([]) } else { json!([{"type": "BODY", "parameters": parameters}]) };
    message(
        &json!({"type": "template", "template": {"name": name, "language": {"code": "en"}, "components": components}}),
    )
}

#[test]
fn a_template_goes_at_any_time_if_it_is_approved_and_filled() {
    let mut mock = Mock::new();
    assert_eq!(post(&mut mock, &template("visit_reminder", &["Asha", "Fri"])).status, 202);
    let content = mock.control("messages", &Value::Null)[0]["content"].clone();
    assert_eq!(
        content,
        json!({"type": "template", "name": "visit_reminder", "language": "en", "body": ["Asha", "Fri"]})
    );
    for (bad, reason) in [
        (template("visit_reminder", &["Asha"]), "takes 2 body parameters, 1 given"),
        (template("pending_one", &[]), "is not approved"),
        (template("nothing", &[]), "does not exist in en"),
    ] {
        let seen = post(&mut mock, &bad);
        let description = seen.json["response"]["error_data"]["description"].as_str().unwrap();
        assert!(seen.status == 400 && description.ends_with(reason), "{description}");
        // What the world has is no matter of form; the page's `policy` is.
        assert!(findings_beyond_shape(&mut mock).iter().all(|finding| finding.contains("language.policy")));
    }
    mock.control("config", &json!({"provider": "exotel", "template_error": "callback"}));
    assert_eq!(post(&mut mock, &template("pending_one", &[])).status, 202);
    assert_eq!(mock.delivered(), 1);
}

#[test]
fn a_paused_template_is_not_approved() {
    let mut mock = Mock::new();
    mock.control("config", &json!({"provider": "exotel", "template": "re_engagement_v1", "status": "paused"}));
    assert_eq!(post(&mut mock, &template("re_engagement_v1", &[])).status, 400);
}

#[test]
fn the_201st_request_in_a_minute_is_refused_with_the_wait() {
    let mut mock = open();
    mock.control("clock", &json!({"freeze": true}));
    for left in (0..200).rev() {
        assert_eq!(post(&mut mock, &text()).header("x-ratelimit-remaining"), left.to_string());
    }
    mock.advance("30s");
    let seen = post(&mut mock, &text());
    assert_eq!((seen.status, seen.header("retry-after"), seen.header("x-ratelimit-limit")), (429, "30", "200"));
    assert_eq!(
        seen.json["RestException"],
        json!({"Status": 429, "Message": "Rate limit exceeded, wait 30 s", "Code": "RATE_LIMIT_EXCEEDED"})
    );
    assert_eq!(mock.delivered(), 200);
}

#[test]
fn an_empty_balance_is_402_for_the_request_and_for_the_item() {
    let mut mock = open();
    mock.control("config", &json!({"provider": "exotel", "balance": 1}));
    let seen = post(&mut mock, &wrapped(&[text(), text()]));
    assert_eq!((seen.status, items(&seen)), (207, vec!["success", "failure"]));
    assert_eq!(post(&mut mock, &text()).status, 402);
}

#[test]
fn an_offline_sender_takes_messages_and_delivers_none() {
    let mut mock = open();
    mock.control("config", &json!({"provider": "exotel", "sender": BUSINESS, "online": false}));
    assert_eq!((post(&mut mock, &text()).status, mock.delivered()), (202, 0));
}

#[test]
fn templates_are_listed_for_a_business_account_and_filtered() {
    let mut mock = Mock::new();
    let mut names = |query: &str| -> (u16, Vec<String>) {
        let request = Request::get(format!("/v2/accounts/acme/templates{query}")).header("authorization", BASIC);
        let seen = mock.step(&request.body(Bytes::new()).unwrap());
        let rows = seen.json["response"]["whatsapp"]["templates"].as_array().cloned().unwrap_or_default();
        (seen.status, rows.iter().filter_map(|row| row["data"]["name"].as_str().map(str::to_owned)).collect())
    };
    assert_eq!(names(""), (400, vec![]));
    assert_eq!(names("?waba_id=8").1.len(), 4);
    assert_eq!(names("?waba_id=8&status=PENDING"), (200, vec!["pending_one".to_owned()]));
}

#[test]
fn a_list_takes_no_picture_above_it() {
    let list = |header: Value| {
        let rows = json!([{"id": "1", "title": "One"}]);
        let action = json!({"button": "Slots", "sections": [{"title": "Mon", "rows": rows}]});
        let body = json!({"text": "When?"});
        message(
            &json!({"type": "interactive", "interactive": {"type": "list", "header": header, "body": body, "action": action}}),
        )
    };
    let picture = json!({"type": "image", "image": {"link": "https://a.example/h.png"}});
    assert_eq!(failed(&post(&mut open(), &list(picture))), (400, &json!(1002)));
    assert_eq!(post(&mut open(), &list(json!({"type": "text", "text": "Up"}))).status, 202);
}
