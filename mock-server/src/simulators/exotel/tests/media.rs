//! Files by their links, and the values of templates.

use serde_json::{Value, json};

use super::{failed, message, open, post, wrapped};

fn file(kind: &str, link: &str) -> Value {
    message(&json!({"type": kind, kind: {"link": link}}))
}

#[test]
fn link_to_a_wrong_format_is_refused_with_its_symbol() {
    for (kind, link, symbol) in [
        ("image", "http://cdn.example.net/a.png", "INVALID_MEDIA_URL"),
        ("image", "https://cdn.example.net/a.GIF?v=1", "MEDIA_TYPE_NOT_SUPPORTED"),
        ("image", "https://cdn.example.net/a.webp", "MEDIA_TYPE_NOT_SUPPORTED"),
        ("video", "https://cdn.example.net/a.mov", "MEDIA_TYPE_NOT_SUPPORTED"),
        ("audio", "https://cdn.example.net/a.wav", "MEDIA_TYPE_NOT_SUPPORTED"),
        ("sticker", "https://cdn.example.net/a.png", "MEDIA_TYPE_NOT_SUPPORTED"),
        ("document", "https://cdn.example.net/a.jpg", "MEDIA_TYPE_NOT_SUPPORTED"),
        ("image", "https://nowhere.invalid/a.png", "MEDIA_DOWNLOAD_FAILED"),
    ] {
        let mut mock = open();
        assert_eq!(failed(&post(&mut mock, &file(kind, link))), (400, &json!(symbol)), "{link}");
        assert!(
            mock.delivered() == 0 && mock.findings().iter().any(|finding| finding.starts_with("refused")),
            "{link}"
        );
    }
    for (kind, link) in [
        ("image", "https://cdn.example.net/a.JPEG#x"),
        ("video", "https://cdn.example.net/a.3gp"),
        ("document", "https://cdn.example.net/report.php"),
        ("audio", "https://cdn.example.net/v1.mp4/sound"),
        ("image", "https://cdn.example.net"),
    ] {
        assert_eq!(post(&mut open(), &file(kind, link)).status, 202, "{link}");
    }
}

#[test]
fn media_error_refuses_every_file_with_the_symbol() {
    for (value, symbol) in [
        ("download_failed", "MEDIA_DOWNLOAD_FAILED"),
        ("type_not_supported", "MEDIA_TYPE_NOT_SUPPORTED"),
        ("size_exceeded", "MEDIA_SIZE_EXCEEDED"),
        ("processing_error", "MEDIA_PROCESSING_ERROR"),
    ] {
        let mut mock = open();
        mock.control("config", &json!({"provider": "exotel", "media_error": value}));
        let image = json!({"type": "image", "image": {"link": "https://cdn.example.net/h.png"}});
        let buttons = json!([{"type": "reply", "reply": {"id": "y", "title": "Yes"}}]);
        let framed = json!({"type": "button", "header": image, "body": {"text": "?"}, "action": {"buttons": buttons}});
        for content in [image, json!({"type": "interactive", "interactive": framed})] {
            assert_eq!(failed(&post(&mut mock, &message(&content))), (400, &json!(symbol)), "{content}");
        }
        let text = json!({"type": "text", "text": {"body": "Hi"}});
        assert_eq!(post(&mut mock, &message(&text)).status, 202, "{value}");
    }
}

fn template(name: &str, components: &Value) -> Value {
    let language = json!({"code": "en", "policy": "deterministic"});
    let template = json!({"name": name, "language": language, "components": components});
    message(&json!({"type": "template", "template": template}))
}

#[test]
fn header_of_a_template_takes_mp4_and_pdf_alone() {
    let header = |kind: &str, ending: &str| {
        let link = format!("https://cdn.example.net/h.{ending}");
        json!([{"type": "header", "parameters": [{"type": kind, kind: {"link": link}}]}])
    };
    for (kind, ending, good) in [
        ("video", "mp4", true),
        ("video", "3gp", false),
        ("document", "pdf", true),
        ("document", "docx", false),
        ("image", "png", true),
        ("image", "gif", false),
    ] {
        let seen = post(&mut open(), &template("re_engagement_v1", &header(kind, ending)));
        assert_eq!(seen.status, if good { 202 } else { 400 }, "{kind} {ending}: {}", seen.json);
        assert!(good || seen.json.to_string().contains("MEDIA_TYPE_NOT_SUPPORTED"), "{}", seen.json);
    }
}

#[test]
fn template_values_are_empty_named_or_refused_by_the_page() {
    let mut mock = open();
    mock.control("templates", &json!({"provider": "exotel", "name": "hello", "body": "Hi {{customer_name}}"}));
    let body = |parameters: Value| json!([{"type": "body", "parameters": parameters}]);
    assert_eq!(post(&mut mock, &template("re_engagement_v1", &body(json!([])))).status, 202);
    let named = json!([{"type": "text", "parameter_name": "customer_name", "text": "Ana"}]);
    assert_eq!(post(&mut mock, &template("hello", &body(named))).status, 202);
    let ledger = mock.control("messages", &Value::Null);
    assert_eq!(ledger[1]["content"]["body"], json!({"customer_name": "Ana"}));
    for (name, parameters, words) in [
        ("hello", json!([{"type": "text", "text": "Ana"}]), "Parameter name is missing or empty"),
        ("hello", json!([]), "Parameter count mismatch"),
        ("hello", json!([{"type": "sound", "text": "Ana"}]), "Invalid parameter type"),
    ] {
        let seen = post(&mut mock, &template(name, &body(parameters)));
        assert!(seen.status == 400 && seen.json.to_string().contains(words), "{words}: {}", seen.json);
    }
}

#[test]
fn custom_data_may_be_an_object_and_comes_back_as_one() {
    let mut mock = open();
    mock.listen("exotel");
    let mut sent = message(&json!({"type": "text", "text": {"body": "Hi"}}));
    let object = json!({"order": 17});
    sent["custom_data"] = object.clone();
    assert_eq!(post(&mut mock, &wrapped(&[sent.clone()])).status, 202);
    assert_eq!(mock.findings(), ["tolerated: `whatsapp.messages[0]`: `custom_data` is an object, expected a string"]);
    assert_eq!(mock.sent_calls()[0]["whatsapp"]["messages"][0]["custom_data"], object);
    assert_eq!(mock.control("messages", &Value::Null)[0]["reference"], "{\"order\":17}");
    assert_eq!(post(&mut mock, &json!({"custom_data": object, "messages": [sent]})).status, 202);
    sent["custom_data"] = json!(5);
    assert_eq!(post(&mut mock, &wrapped(&[sent])).status, 207);
}
