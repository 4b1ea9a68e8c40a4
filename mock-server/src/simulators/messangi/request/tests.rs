use serde_json::to_value;

use super::*;

fn request(members: &Value) -> Value {
    let mut request = json!({"from": "5215500001111", "to": "+5215599992222"});
    for (name, value) in members.as_object().unwrap() {
        request[name] = value.clone();
    }
    json!({"channel": "WHATSAPP", "request": request})
}

/// Looks at what comes of a request with these members.
fn parse<T>(members: &Value, look: impl FnOnce(Result<Notification<'_>, Refusal>) -> T) -> T {
    look(read(&mut FieldReader::default(), &Json::from(&request(members))))
}

fn is_taken(members: &Value) -> bool {
    parse(members, |read| read.is_ok())
}

fn reason(members: &Value) -> String {
    parse(members, |read| read.unwrap_err().reason)
}

#[test]
fn every_documented_type_is_read() {
    let link = "https://files.example.net/a";
    for (members, ledger) in [
        (json!({"type": "text", "message": "Hi"}), json!({"type": "text", "body": "Hi"})),
        (
            json!({"type": "image", "message": link, "caption": "c"}),
            json!({"type": "image", "link": link, "caption": "c"}),
        ),
        (json!({"type": "video", "message": link}), json!({"type": "video", "link": link})),
        (json!({"type": "audio", "message": link}), json!({"type": "audio", "link": link})),
        (
            json!({"type": "document", "message": link, "fileName": "a.pdf"}),
            json!({"type": "document", "link": link, "filename": "a.pdf"}),
        ),
        (
            json!({"type": "location", "location": {"latitude": "1.5", "longitude": 2}}),
            json!({"type": "location", "latitude": 1.5, "longitude": 2.0}),
        ),
    ] {
        assert_eq!(parse(&members, |read| to_value(read.unwrap().content).unwrap()), ledger);
    }
}

#[test]
fn a_sticker_and_a_reaction_are_no_types() {
    for kind in ["sticker", "reaction", "TEXT"] {
        assert!(reason(&json!({"type": kind, "message": "https://a.example/s"})).starts_with("request.type"), "{kind}");
    }
}

#[test]
fn a_text_of_1025_characters_is_refused() {
    assert!(is_taken(&json!({"type": "text", "message": "👍".repeat(1024)})));
    assert!(reason(&json!({"type": "text", "message": "x".repeat(1025)})).contains("1024"));
}

#[test]
fn a_medium_without_a_whole_address_is_refused() {
    for message in ["a.png", "ftp://a.example/a.png", "//a.example/a.png"] {
        assert!(reason(&json!({"type": "image", "message": message})).starts_with("request.message"));
    }
}

#[test]
fn sender_with_plus_is_accepted_with_finding() {
    let mut form = FieldReader::default();
    let body = request(&json!({"from": "+5215500001111", "type": "text", "message": "Hi"}));
    let body = Json::from(&body);
    let read = read(&mut form, &body).unwrap();
    assert_eq!(read.from, "5215500001111");
    assert!(form.sloppy[0].0.contains("request.from") && form.sloppy[0].1.mark == Certainty::Docs);
}

#[test]
fn a_recipient_without_a_plus_is_taken_and_noted() {
    let mut form = FieldReader::default();
    let body = request(&json!({"to": "5215599992222", "type": "text", "message": "Hi"}));
    let body = Json::from(&body);
    let read = read(&mut form, &body).unwrap();
    assert_eq!(read.to_digits, "5215599992222");
    assert!(form.sloppy[0].0.contains("request.to") && form.sloppy[0].1.mark == Certainty::Inferred);
}

#[test]
fn what_is_no_number_is_refused() {
    for to in ["12", "+52 155", "+0215599992222", "ana"] {
        assert_eq!(
            reason(&json!({"to": to, "type": "text", "message": "Hi"})),
            "request.to is not a valid E.164 number"
        );
    }
    assert!(reason(&json!({"from": "clinic", "type": "text", "message": "Hi"})).starts_with("request.from"));
}

#[test]
fn a_template_is_known_by_its_name_and_english_by_default() {
    let members = json!({"templateName": "visit_reminder", "placeholders": {"customer": "Ana"}});
    let (template, content) = parse(&members, |read| {
        let read = read.unwrap();
        (read.template.unwrap(), to_value(read.content).unwrap())
    });
    assert_eq!((template.name.as_str(), template.language.as_str()), ("visit_reminder", "en"));
    assert_eq!(template.placeholders, ["customer"]);
    assert_eq!(content["body"], json!({"customer": "Ana"}));
}

#[test]
fn a_placeholder_that_is_no_text_is_refused() {
    let members = json!({"templateName": "visit_reminder", "placeholders": {"day": 12}});
    assert_eq!(reason(&members), "request.placeholders.day must be a string");
}

#[test]
fn a_template_of_a_session_type_is_refused() {
    assert!(reason(&json!({"templateName": "follow_up", "type": "text"})).starts_with("request.type"));
    assert!(is_taken(&json!({"templateName": "follow_up", "type": "template"})));
}

#[test]
fn the_channel_is_upper_case_and_whatsapp() {
    let mut body = request(&json!({"type": "text", "message": "Hi"}));
    for channel in ["whatsapp", "SMS", "FAX"] {
        body["channel"] = json!(channel);
        assert!(read(&mut FieldReader::default(), &Json::from(&body)).unwrap_err().reason.starts_with("channel"));
    }
}

#[test]
fn callbacks_are_an_array_or_one_text_beside_the_request() {
    let mut body = request(&json!({"type": "text", "message": "Hi"}));
    for callbacks in [json!(["https://a.example/1"]), json!("https://a.example/1,https://a.example/2")] {
        body["callbacks"] = callbacks;
        assert!(read(&mut FieldReader::default(), &Json::from(&body)).is_ok());
    }
    body["callbacks"] = json!({"url": "https://a.example/1"});
    assert!(read(&mut FieldReader::default(), &Json::from(&body)).unwrap_err().reason.starts_with("callbacks"));
}

#[test]
fn members_nobody_knows_are_noted_with_their_path() {
    let mut form = FieldReader::default();
    let body = request(&json!({"type": "text", "message": "Hi", "caption": "c", "callbacks": []}));
    assert!(read(&mut form, &Json::from(&body)).is_ok());
    assert_eq!(form.unknown, ["request.callbacks", "request.caption"]);
}

#[test]
fn a_missing_envelope_is_refused_without_a_panic() {
    for body in [
        json!([]),
        json!(null),
        json!({}),
        json!({"channel": "WHATSAPP"}),
        json!({"channel": "WHATSAPP", "request": 1}),
    ] {
        assert!(read(&mut FieldReader::default(), &Json::from(&body)).is_err());
    }
}
