//! Numbers as people write them: with `+`, in a channel's country, copied from elsewhere.

use super::support::{Folder, Mock, Run};
use serde_json::{Value, json};

/// The channel `india`, a channel of each other provider, and failovers, at a mock.
fn stage(country: &str) -> (Mock, Folder) {
    let mock = Mock::start();
    let host = &mock.host;
    let folder = Folder::new();
    folder.write(
        "transom.toml",
        &format!(
            r#"default = "india"
[channels.india]
url = "exotel://demo-key:demo-token@{host}/acme?from=919876500001"
{country}
[channels.uri]
url = "gosendapi://gsk_test_demo@{host}?phone_number_id=555123456789&default_country=IN"
[channels.uri2]
url = "gosendapi://gsk_test_demo@{host}?phone_number_id=555123456789"
[channels.mx]
url = "messangi://demo-key@{host}?from=5215500001111"
default_country = "MX"
[channels.same]
failover = ["india", "uri"]
[channels.mixed]
failover = ["india", "mx"]
"#
        ),
    );
    (mock, folder)
}

const INDIA: &str = "default_country = \"IN\"";
const TEMPLATE: [&str; 2] = ["--template", "re_engagement_v1"];

fn send(folder: &Folder, channel: &str, to: &str) -> Run {
    folder.run(&[&["send", "--channel", channel, "--to", to, "--json"], &TEMPLATE[..]].concat(), &[])
}

fn error(run: &Run) -> String {
    let json = run.json();
    assert_eq!((run.code, &json["error"]["sent"]), (2, &json!("no")), "{}", run.stdout);
    json["error"]["message"].as_str().unwrap().to_owned()
}

#[test]
fn number_without_country_code_is_refused_with_the_option() {
    let (mock, folder) = stage("");
    for to in ["9812345670", "919812345670", "098123 45670", "0091 98123 45670"] {
        for command in [
            &["send", "--to", to, "--text", "Hi"][..],
            &["plan", "--to", to, "--text", "Hi"],
            &["session", "--to", to],
            &["conversations", "--channel", "uri2", "--to", to],
        ] {
            let run = folder.run(command, &[]);
            assert_eq!((run.code, run.errors().len()), (2, 1), "{command:?}: {}", run.stderr);
            let is_clear = run.stderr.contains("--to: there is no `+` and country code; expected")
                && run.stderr.contains("or `default_country = \"IN\"` in the channel");
            assert!(is_clear && !run.stderr.contains("98123"), "{command:?}: {}", run.stderr);
        }
    }
    let none = Folder::new();
    let run = none.run(&["send", "--to", "9812345670", "--text", "Hi"], &[]);
    assert!(run.code == 2 && run.stderr.contains("default_country"), "{}", run.stderr);
    assert_eq!(mock.control("requests", ""), json!([]));
}

#[test]
fn channel_with_a_country_reads_national_numbers() {
    let (mock, folder) = stage(INDIA);
    for (channel, provider, to, expected) in [
        ("india", "exotel", "9876543210", "+919876543210"),
        ("india", "exotel", "098765-43211", "+919876543211"),
        ("india", "exotel", "919876543212", "+919876543212"),
        ("india", "exotel", "+44 (0)7700 900123", "+447700900123"),
        ("india", "exotel", "\u{202a}+44\u{a0}7700\u{2011}900124\u{202c}", "+447700900124"),
        ("uri", "gosendapi", "98765 43213", "+919876543213"),
        ("mx", "messangi", "55 1234 5678", "+525512345678"),
        ("same", "exotel", "9876543214", "+919876543214"),
        ("mixed", "exotel", "+919876543215", "+919876543215"),
    ] {
        let run = send(&folder, channel, to);
        assert_eq!(run.code, 0, "{channel} {to:?}: {}", run.stderr);
        let delivered = mock.delivered(provider);
        assert_eq!(delivered.last().unwrap()["to"], expected, "{channel} {to:?}");
    }
    let session = folder.run(&["session", "--to", "9876543210", "--json"], &[]);
    assert_eq!((session.code, &session.json()["contact"]), (0, &json!("+919876543210")), "{}", session.stderr);
}

#[test]
fn number_that_could_be_another_contacts_is_refused() {
    let (mock, folder) = stage(INDIA);
    for (channel, to, reason) in [
        ("india", "98765", "it is no phone number of IN"),
        ("india", "447700900123", "it is no phone number of IN"),
        ("india", "+225 (0)7 07 12 34 56", "the 0 in brackets"),
        ("india", "+44 07700 900123", "the 0 behind the country code 44"),
        ("mixed", "9876543210", "there is no `+` and country code"),
    ] {
        let message = error(&send(&folder, channel, to));
        assert!(message.contains(reason) && message.starts_with("--to: "), "{channel} {to:?}: {message}");
    }
    assert_eq!(mock.control("requests", ""), json!([]));
}

#[test]
fn message_file_is_read_in_the_country_of_the_channel() {
    let content = r#""content":{"type":"template","name":"re_engagement_v1"}"#;
    let send = |folder: &Folder, message: &str| folder.run_with_input(&["send", "--message", "-", "--json"], message);
    let (mock, folder) = stage(INDIA);
    for (to, expected) in [
        ("9876543210", "+919876543210"),
        ("+44 (0)7700 900123", "+447700900123"),
        ("\\u202a98765\\u00a043211", "+919876543211"),
    ] {
        let run = send(&folder, &format!("{{\"reference\":\"r\", \"to\" : \"{to}\" ,{content}}}"));
        assert_eq!(run.code, 0, "{to}: {}", run.stderr);
        assert_eq!(mock.delivered("exotel").last().unwrap()["to"], expected);
    }
    for (message, reason) in [
        (format!("{{\"to\":\"98123\",{content}}}"), "--message -: to: it is no phone number of IN"),
        (format!("{{\"to\":9812345670,{content}}}"), "invalid type: a number, expected"),
        (format!("{{\"to\":\"+919812345670\",\"to\":\"9812345671\",{content}}}"), "duplicate field `to`"),
        (format!("{{\"to\":\"9812345670\",\"more\":1,{content}}}"), "unknown field `more`"),
    ] {
        let shown = error(&send(&folder, &message));
        assert!(shown.contains(reason) && !shown.contains("98123"), "{message}: {shown}");
    }
    assert_eq!(mock.delivered("exotel").len(), 3);

    let (_mock, folder) = stage("");
    let shown = error(&send(&folder, &format!("{{\"to\":\"9876543210\",{content}}}")));
    assert!(shown.contains("to: there is no `+`") && shown.contains("`default_country = \"IN\"`"), "{shown}");
}

#[test]
fn unknown_country_is_a_problem_of_the_configuration() {
    for country in ["\"XX\"", "\"UK\"", "\"India\"", "999", "true", "\"\""] {
        let (_mock, folder) = stage(&format!("default_country = {country}"));
        for to in ["9876543210", "+919876543210"] {
            let run = send(&folder, "india", to);
            assert_eq!((run.code, run.errors().len()), (2, 1), "{country}: {}", run.stderr);
            let expected =
                "channel `india`: default_country: expected an ISO 3166 code such as \"IN\", or a calling code";
            assert!(run.stderr.contains(expected), "{country}: {}", run.stderr);
        }
    }
    for country in ["\"in\"", "\"91\"", "\"+91\"", "91"] {
        let (mock, folder) = stage(&format!("default_country = {country}"));
        let run = send(&folder, "india", "9876543210");
        assert_eq!(run.code, 0, "{country}: {}", run.stderr);
        assert_eq!(mock.delivered("exotel")[0]["to"], Value::from("+919876543210"));
    }
}
