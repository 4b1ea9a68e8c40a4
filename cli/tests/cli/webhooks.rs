//! `transom webhook` reads every documented call, and refuses a call that differs from what was signed.

use serde_json::Value;
use transom_conformance::evidence::WebhookFixture;

use crate::support::{Folder, Run};

/// A channel for each provider with the secret of its fixtures, and a channel without a secret.
const CONFIG: &str = r#"
[channels.autocalls]
provider = "autocalls"
api_key = "k"
sender_id = 12
webhook_secret = "SECRET-autocalls"
[channels.autocalls-open]
url = "autocalls://k@default?sender_id=12"

[channels.exotel]
provider = "exotel"
api_key = "k"
api_token = "t"
account_sid = "acme"
from = "+919876500001"
webhook_secret = "SECRET-exotel"
[channels.exotel-open]
url = "exotel://k:t@default/acme?from=919876500001"

[channels.gosendapi]
provider = "gosendapi"
api_key = "gsk_test_k"
phone_number_id = "555123456789"
webhook_secret = "SECRET-gosendapi"
[channels.gosendapi-open]
url = "gosendapi://gsk_test_k@default?phone_number_id=555123456789"

[channels.messangi]
provider = "messangi"
api_key = "k"
from = "5215500001111"
webhook_secret = "SECRET-messangi"
[channels.messangi-open]
url = "messangi://k@default?from=5215500001111"
"#;

/// The folder with the configuration, and the fixtures.
fn start() -> (Folder, Vec<WebhookFixture>) {
    let fixtures = WebhookFixture::all().unwrap();
    let secrets: Vec<_> =
        fixtures.iter().filter_map(|fixture| Some((fixture.provider(), fixture.secret.as_deref()?))).collect();
    let config = secrets
        .iter()
        .fold(CONFIG.to_owned(), |config, (provider, secret)| config.replace(&format!("SECRET-{provider}"), secret));
    let folder = Folder::new();
    folder.write("transom.toml", &config);
    (folder, fixtures)
}

/// Runs `transom webhook` on `channel` with these headers and this body.
fn webhook<'h>(
    folder: &Folder,
    channel: &str,
    headers: impl IntoIterator<Item = (&'h String, &'h String)>,
    body: &[u8],
) -> Run {
    let headers: Vec<String> = headers.into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let mut arguments = vec!["webhook", "--json", "--channel", channel];
    arguments.extend(headers.iter().flat_map(|header| ["--header", header]));
    folder.run_with_input(&arguments, body)
}

fn lines(run: &Run) -> Vec<Value> {
    run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_documented_call_is_printed_as_events() {
    let (folder, fixtures) = start();
    assert!(fixtures.len() > 130, "{} fixtures", fixtures.len());
    for fixture in fixtures {
        let channel = match &fixture.secret {
            Some(_) => fixture.provider().to_owned(),
            None => format!("{}-open", fixture.provider()),
        };
        let run = webhook(&folder, &channel, &fixture.headers, fixture.body.get().as_bytes());
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", fixture.name);
        let (mut printed, mut expected) = (lines(&run), fixture.events.clone());
        for event in printed.iter_mut().chain(&mut expected) {
            let members = event.as_object_mut().unwrap();
            // The key has tests of its own, and so has the time of receipt.
            members.remove("dedupe_key");
            if members.get("at_source").is_some_and(|source| source == "receipt") {
                members.remove("at");
            }
        }
        assert_eq!(printed, expected, "{}", fixture.name);
    }
}

#[test]
fn changed_or_unsigned_call_is_refused() {
    let (folder, fixtures) = start();
    for (index, fixture) in fixtures.iter().enumerate() {
        let body = fixture.body.get().as_bytes();
        let mut calls = Vec::new();
        let mut without = fixture.headers.clone();
        if let Some((name, signature)) = fixture.signature() {
            // Flips another bit in each fixture.
            let mut other_body = body.to_vec();
            let at = index * 37;
            let length = other_body.len();
            other_body[at % length] ^= 1;
            calls.push(("a bit of the body", fixture.headers.clone(), other_body));
            let mut other_signature = signature.as_bytes().to_vec();
            let at = signature.len() - 1 - at % 64;
            other_signature[at] ^= 1;
            let mut headers = fixture.headers.clone();
            headers.insert(name.to_owned(), String::from_utf8(other_signature).unwrap());
            calls.push(("a bit of the signature", headers, body.to_vec()));
            without.remove(name);
        }
        calls.push(("no signature", without, body.to_vec()));
        for (what, headers, body) in calls {
            let run = webhook(&folder, fixture.provider(), &headers, &body);
            assert_eq!(run.code, 1, "{}: {what}: {}", fixture.name, run.stdout);
            let answer = run.json();
            assert_eq!(answer["error"]["kind"], "unauthenticated", "{}: {what}: {answer}", fixture.name);
        }
    }
}
