//! Invalid messages are refused locally, with one line and no request.

use serde_json::{Value, json};

use crate::support::{Folder, Mock};

const CONTACT: &str = "+919876543210";

/// A channel for each provider at a mock, with an open window.
fn stage() -> (Mock, Folder) {
    let mock = Mock::start();
    let host = &mock.host;
    let folder = Folder::new();
    let url = |name: &str, rest: &str| format!("[channels.{name}]\nurl = \"{name}://{rest}\"\n");
    folder.write(
        "transom.toml",
        &[
            url("autocalls", &format!("demo-key@{host}?sender_id=12")),
            url("exotel", &format!("demo-key:demo-token@{host}/acme?from=919876500001&waba_id=8")),
            url("gosendapi", &format!("gsk_test_demo@{host}?phone_number_id=555123456789")),
            url("messangi", &format!("demo-key@{host}?from=5215500001111")),
            "templates = { visit_reminder = { params = [\"customer\", \"day\"] } }\n".to_owned(),
        ]
        .concat(),
    );
    for provider in ["autocalls", "exotel", "gosendapi", "messangi"] {
        mock.inbound(provider, CONTACT);
    }
    (mock, folder)
}

fn rows(count: usize) -> Value {
    (0..count).map(|n| json!({ "id": n.to_string(), "title": format!("Row {n}") })).collect()
}

/// Invalid contents, with the expected error. Autocalls supports only texts and templates.
fn bad_contents() -> Vec<(Value, String)> {
    let buttons = |count: usize, title: &str| {
        let buttons: Vec<_> =
            (0..count).map(|n| json!({ "id": n.to_string(), "title": format!("{title}{n}") })).collect();
        json!({ "type": "buttons", "body": "?", "buttons": buttons })
    };
    let list = json!({ "type": "list", "body": "?", "button": "b", "sections": [{ "rows": rows(11) }] });
    let template = |body: &[&str]| json!({ "type": "template", "name": "visit_reminder", "body": body });
    let (twenty_one, audio) = ("x".repeat(20), "https://files.example.net/c.mp3");
    [
        (json!({ "type": "text", "body": "" }), "content.body: expected a text, got an empty one"),
        (json!({ "type": "text", "body": "x".repeat(4097) }), "content.body: 4097 characters are over the limit of "),
        (buttons(4, "A"), "content.buttons: 4 are over the limit of 3"),
        (list, "content.sections: rows in all: 11 are over the limit of 10"),
        (buttons(1, &twenty_one), "content.buttons[0].title: 21 characters are over the limit of 20"),
        (
            json!({ "type": "audio", "link": audio, "caption": "c" }),
            "content.caption: audio has no caption, none is allowed",
        ),
        (
            json!({ "type": "image", "link": "ftp://x.example/a.png" }),
            "content.link: expected an http:// or https:// URL",
        ),
        (
            json!({ "type": "image", "link": "https://x.example/a.gif" }),
            "content.link: expected image as jpg, png, got gif",
        ),
        (json!({ "type": "document", "link": "https://x.example/a.zip" }), "content.link: expected document as pdf"),
        (json!({ "type": "location", "latitude": 91, "longitude": 0 }), "content.latitude: 91 is outside -90 to 90"),
        (template(&["Ana"]), "2 parameters"),
        (template(&["Ana", "12/02", "more"]), "got 3"),
    ]
    .map(|(content, line)| (content, line.to_owned()))
    .to_vec()
}

#[test]
fn invalid_content_is_refused_with_one_line_and_no_request() {
    let (mock, folder) = stage();
    for provider in ["autocalls", "exotel", "gosendapi", "messangi"] {
        for (content, line) in bad_contents() {
            let kind = content["type"].as_str().unwrap();
            let is_lacking = provider == "autocalls" && !matches!(kind, "text" | "template");
            // Messangi documents no limit for titles, so that a long title is only a warning.
            if provider == "messangi" && line.contains("title") {
                continue;
            }
            let message = json!({ "to": CONTACT, "content": content }).to_string();
            let run = folder.run_with_input(&["send", "--channel", provider, "--message", "-"], &message);
            let shown = format!("{provider}: {content}\n{}", run.stderr);
            assert_eq!(run.code, 1, "{shown}");
            assert_eq!(run.errors().len(), 1, "{shown}");
            let is_clear = if is_lacking { run.stderr.contains("unsupported") } else { run.stderr.contains(&line) };
            assert!(is_clear, "{shown}");
            let json = folder.run_with_input(&["send", "--json", "--channel", provider, "--message", "-"], &message);
            let error = &json.json()["error"];
            let expected = if is_lacking { "unsupported" } else { "invalid_request" };
            assert_eq!((&error["kind"], &error["sent"]), (&json!(expected), &json!("no")), "{shown}");
        }
        assert_eq!(mock.delivered(provider), Vec::<Value>::new());
        let requests = mock.control(&format!("requests?provider={provider}"), "");
        let sends = requests.as_array().unwrap().iter().filter(|request| request["method"] == "POST").count();
        assert_eq!(sends, 0, "{requests}");
    }
}

#[test]
fn template_parameters_must_have_the_right_form() {
    let (_mock, folder) = stage();
    let named = json!({ "to": CONTACT, "content": { "type": "template", "name": "visit_reminder", "body": { "customer": "Ana", "day": "12/02" } } });
    for provider in ["exotel", "gosendapi"] {
        let run = folder.run_with_input(&["send", "--channel", provider, "--message", "-"], named.to_string());
        assert_eq!((run.code, run.errors().len()), (1, 1), "{}", run.stderr);
        assert!(run.stderr.contains("params"), "{}", run.stderr);
    }
    let unknown = named.to_string().replace("customer", "stranger");
    let run = folder.run_with_input(&["send", "--channel", "messangi", "--message", "-"], unknown);
    assert_eq!((run.code, run.errors().len()), (1, 1), "{}", run.stderr);
}
