//! Every documented webhook call, and every variant of it with the same meaning, gives its events.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use transom::adapter::{Context, ErrorCode};
use transom::config::{ChannelConfig, process_env};
use transom::time::rfc3339;
use transom::transport::Transport;
use transom::{Client, ErrorKind, Registry};
use transom_conformance::adapters;
use transom_conformance::evidence::{Changes, WebhookFixture, each_object, put};

/// Reading a webhook call makes no request.
#[derive(Debug)]
struct Nobody;

#[async_trait]
impl Transport for Nobody {
    async fn send(&self, _: Request<Bytes>) -> transom::Result<Response<Bytes>> {
        panic!("a webhook is read without a request")
    }
}

/// A client of `provider`, with this webhook secret if there is one.
fn client(provider: &str, secret: Option<&str>) -> Client {
    let settings = match provider {
        "autocalls" => json!({ "api_key": "k", "sender_id": 12 }),
        "exotel" => json!({ "api_key": "k", "api_token": "t", "account_sid": "acme", "from": "+919876500001" }),
        "gosendapi" => json!({ "api_key": "gsk_test_k", "phone_number_id": "555123456789" }),
        _ => json!({ "api_key": "k", "from": "5215500001111" }),
    };
    let mut settings: BTreeMap<String, Value> = serde_json::from_value(settings).unwrap();
    if let Some(secret) = secret {
        settings.insert("webhook_secret".to_owned(), json!(["the-next-secret", secret]));
    }
    let registry =
        adapters::ALL.iter().fold(Registry::default(), |registry, adapter| registry.with_provider(adapter.provider));
    let config = ChannelConfig::new("fixture", provider, settings.into_iter().collect(), process_env());
    Client::new(registry.messenger(&config, Context::new(Arc::new(Nobody))).unwrap())
}

/// Reads fixtures without a secret and collects the differences.
#[derive(Default)]
struct Reader {
    clients: BTreeMap<String, Client>,
    read: usize,
    differences: Vec<String>,
}

impl Reader {
    /// Reads `body` as a call of `fixture`'s provider; the expected events are the fixture's with these changes.
    fn expect(&mut self, fixture: &WebhookFixture, variant: &str, body: String, changes: &Changes) {
        self.expect_after(fixture, variant, body, changes, |_| {});
    }

    /// As [`expect`], after `tidy` on each event.
    fn expect_after(
        &mut self,
        fixture: &WebhookFixture,
        variant: &str,
        body: String,
        changes: &Changes,
        mut tidy: impl FnMut(&mut Value),
    ) {
        let provider = fixture.provider().to_owned();
        let client = self.clients.entry(provider.clone()).or_insert_with(|| client(&provider, None));
        let mut got = match client.webhook_at(&fixture.request(body).unwrap(), WebhookFixture::received_at()) {
            Ok(events) => WebhookFixture::lines(&provider, &events),
            Err(error) => vec![json!({ "error": error.to_string() })],
        };
        got.iter_mut().for_each(&mut tidy);
        let expected = fixture.unverified(changes);
        self.read += 1;
        if got != expected {
            let shown = |events: &[Value]| events.iter().map(Value::to_string).collect::<Vec<_>>().join("\n    ");
            let (got, expected) = (shown(&got), shown(&expected));
            self.differences
                .push(format!("{}: {variant}\n  read\n    {got}\n  expected\n    {expected}", fixture.name));
        }
    }

    /// Fails on any difference, or if fewer than `at_least` calls were read.
    fn finish(self, at_least: usize) {
        let Self { read, differences, .. } = self;
        assert!(differences.is_empty(), "{} of {read} differ\n{}", differences.len(), differences.join("\n"));
        assert!(read >= at_least, "only {read} calls were read, expected {at_least} at the least");
    }
}

fn fixtures() -> Vec<WebhookFixture> {
    WebhookFixture::all().unwrap()
}

#[test]
fn fixtures_and_documented_kinds_correspond() {
    let documented: BTreeSet<(String, String, String)> = WebhookFixture::kinds()
        .unwrap()
        .into_iter()
        .flat_map(|(provider, kinds)| {
            kinds.into_iter().map(move |(kind, page)| (provider.clone(), kind, page)).collect::<Vec<_>>()
        })
        .collect();
    let shown: BTreeSet<(String, String, String)> = fixtures()
        .into_iter()
        .map(|fixture| (fixture.provider().to_owned(), fixture.kind, fixture.source.page))
        .collect();
    let missing: Vec<_> = documented.difference(&shown).collect();
    let unlisted: Vec<_> = shown.difference(&documented).collect();
    assert!(missing.is_empty() && unlisted.is_empty(), "without a fixture: {missing:?}\nnot listed: {unlisted:?}");
}

#[test]
fn every_fixture_has_title_and_source() {
    for fixture in fixtures() {
        let (name, source) = (&fixture.name, &fixture.source);
        assert!(fixture.title.ends_with('.') && fixture.title.len() > 20, "{name}: /title is no sentence");
        assert!(source.url.starts_with("https://"), "{name}: /source/url");
        assert!(matches!(&*source.certainty, "seed" | "docs" | "inferred"), "{name}: /source/certainty");
        assert_eq!(source.date.split('-').map(str::len).collect::<Vec<_>>(), [4, 2, 2], "{name}: /source/date");
        assert_eq!(fixture.secret.is_some(), fixture.signature().is_some(), "{name}: a secret without a signature");
    }
}

#[test]
fn documented_calls_are_verified_by_second_secret() {
    let mut signed = 0;
    for fixture in fixtures() {
        let provider = fixture.provider();
        let call = fixture.request(fixture.body.get().to_owned()).unwrap();
        let events = client(provider, fixture.secret.as_deref()).webhook_at(&call, WebhookFixture::received_at());
        assert_eq!(WebhookFixture::lines(provider, &events.unwrap()), fixture.events, "{}", fixture.name);
        signed += usize::from(fixture.secret.is_some());
    }
    assert!(signed > 50, "only {signed} fixtures are signed");
}

#[test]
fn unsigned_call_is_refused_with_secret() {
    for fixture in fixtures().iter().filter(|fixture| fixture.secret.is_none()) {
        let call = fixture.request(fixture.body.get().to_owned()).unwrap();
        let error = client(fixture.provider(), Some("secret")).webhook(&call).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{}", fixture.name);
    }
}

#[test]
fn events_without_secret_are_unverified() {
    let mut reader = Reader::default();
    for fixture in fixtures() {
        reader.expect(&fixture, "without a secret", fixture.body.get().to_owned(), &Changes::new());
    }
    reader.finish(130);
}

#[test]
fn documented_variants_give_their_events() {
    let mut reader = Reader::default();
    for fixture in fixtures() {
        for row in &fixture.rows {
            let mut body = fixture.tree().unwrap();
            for (place, value) in &row.body {
                assert!(put(&mut body, place, Some(value.clone())), "{}: /rows: no place {place}", fixture.name);
            }
            reader.expect(&fixture, &format!("{:?}", row.body), body.to_string(), &row.events);
        }
    }
    reader.finish(200);
}

/// The name of the members that the test adds.
const ADDED: &str = "x_unknown";

#[test]
fn members_that_nobody_knows_change_no_event() {
    let mut reader = Reader::default();
    for fixture in fixtures() {
        let mut body = fixture.tree().unwrap();
        let mut objects = 0;
        each_object(&mut body, &mut |object| {
            object.insert(ADDED.to_owned(), json!({ "a": [1, null, { "type": "text", "status": "read" }] }));
            objects += 1;
        });
        assert!(objects > 0, "{}", fixture.name);
        // Raw events and contact cards contain them, too; nothing else does.
        reader.expect_after(&fixture, "unknown members", body.to_string(), &Changes::new(), |event| {
            for kept in ["/raw", "/content/raw", "/content/contacts"] {
                if let Some(raw) = event.pointer_mut(kept) {
                    each_object(raw, &mut |object| drop(object.remove(ADDED)));
                }
            }
        });
    }
    reader.finish(130);
}

#[test]
fn missing_optional_member_changes_no_other() {
    let mut reader = Reader::default();
    for fixture in fixtures() {
        for (place, changes) in &fixture.optional {
            let mut body = fixture.tree().unwrap();
            assert!(put(&mut body, place, None), "{}: /optional: there is no {place}", fixture.name);
            reader.expect(&fixture, &format!("without {place}"), body.to_string(), changes);
            put(&mut body, place, Some(Value::Null));
            reader.expect(&fixture, &format!("{place} is null"), body.to_string(), changes);
        }
    }
    reader.finish(1_000);
}

#[test]
fn id_keeps_every_digit_as_text_or_number() {
    /// Stands for a number that the tree cannot hold.
    const MARK: &str = "@id@";
    let mut reader = Reader::default();
    for fixture in fixtures() {
        for (place, shown) in &fixture.ids {
            for id in ["7", "9007199254740993", "18446744073709551616"] {
                let mut body = fixture.tree().unwrap();
                assert!(body.pointer(place).is_some(), "{}: /ids: there is no {place}", fixture.name);
                put(&mut body, place, Some(MARK.into()));
                let changes = shown.iter().map(|place| (place.clone(), json!(id))).collect();
                for (form, written) in [("a number", id.to_owned()), ("a text", format!("\"{id}\""))] {
                    let body = body.to_string().replace(&format!("\"{MARK}\""), &written);
                    reader.expect(&fixture, &format!("{place} is {id}, {form}"), body, &changes);
                }
            }
        }
    }
    reader.finish(500);
}

#[test]
fn what_is_kept_as_it_came_keeps_every_digit_too() {
    for adapter in adapters::ALL {
        let provider = adapter.provider.name;
        let body = r#"{"new":{"id":9007199254740993,"other":18446744073709551616,"amount":1.5}}"#;
        let events = client(provider, None).webhook(&Request::new(Bytes::from_static(body.as_bytes()))).unwrap();
        let raw = json!({ "new": { "id": 9_007_199_254_740_993_u64, "other": "18446744073709551616", "amount": 1.5 } });
        assert_eq!(
            WebhookFixture::lines(provider, &events),
            [json!({ "type": "unknown", "provider": provider, "verified": false, "raw": raw })]
        );
    }
}

/// The same instant in other forms: India's offset, a later hour on the next day, and Unix time in both forms.
fn other_times(written: &Value) -> Vec<Value> {
    const OFFSET: std::time::Duration = std::time::Duration::from_secs(5 * 3_600 + 30 * 60);
    let text = written.as_str().unwrap_or_default();
    let (at, unix) = match text.parse::<u64>() {
        Ok(seconds) => (std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds), Some(seconds)),
        Err(_) => (rfc3339::parse(text).unwrap(), None),
    };
    let indian = rfc3339::format(at + OFFSET).replace('Z', "+05:30");
    let mut others = vec![json!(indian), json!(rfc3339::format(at)), json!(rfc3339::format(at).replace('Z', "+00:00"))];
    others.extend(unix.map(Value::from));
    others
}

#[test]
fn an_instant_is_the_same_in_every_offset() {
    let mut reader = Reader::default();
    for fixture in fixtures() {
        for place in &fixture.times {
            let written = fixture.tree().unwrap().pointer(place).cloned();
            let written = written.unwrap_or_else(|| panic!("{}: /times: there is no {place}", fixture.name));
            for other in other_times(&written) {
                let mut body = fixture.tree().unwrap();
                put(&mut body, place, Some(other.clone()));
                reader.expect(&fixture, &format!("{place} is {other}"), body.to_string(), &Changes::new());
            }
        }
    }
    reader.finish(400);
}

#[test]
fn phone_number_is_read_with_and_without_plus() {
    let mut reader = Reader::default();
    for fixture in fixtures() {
        for place in &fixture.phones {
            let tree = fixture.tree().unwrap();
            let written = tree.pointer(place).and_then(Value::as_str);
            let written = written.unwrap_or_else(|| panic!("{}: /phones: there is no {place}", fixture.name));
            let digits = written.trim_start_matches('+');
            for other in [json!(digits), json!(format!("+{digits}")), json!(digits.parse::<u64>().unwrap())] {
                let mut body = tree.clone();
                put(&mut body, place, Some(other.clone()));
                reader.expect(&fixture, &format!("{place} is {other}"), body.to_string(), &Changes::new());
            }
        }
    }
    reader.finish(500);
}

/// The code tables of a provider's callbacks.
fn callback_codes(provider: &str) -> Vec<&'static ErrorCode> {
    let adapter = adapters::ALL.iter().find(|adapter| adapter.provider.name == provider).unwrap();
    let tables: &[usize] = match provider {
        "autocalls" | "gosendapi" => &[1],
        "exotel" => &[1, 3],
        _ => &[1, 3, 4],
    };
    let codes = tables.iter().flat_map(|table| adapter.provider.codes[*table]);
    // Messangi quotes WhatsApp's codes in words alone, where a number of fewer than five digits may be anything.
    let is_short = |code: &str| code.len() < 5 || code.contains('-');
    codes
        .filter(|fact| provider != "messangi" || !fact.code.starts_with(char::is_numeric) || !is_short(fact.code))
        .collect()
}

/// The codes and kinds of the failed statuses in these lines.
fn failures(lines: &[Value]) -> Vec<(String, String)> {
    let text = |line: &Value, name: &str| line["error"][name].as_str().map(str::to_owned);
    lines.iter().filter_map(|line| text(line, "code").zip(text(line, "kind"))).collect()
}

/// Pages show few of the codes that a provider passes on. The others are put in the place of a shown one.
#[test]
fn every_callback_code_has_its_kind() {
    for adapter in adapters::ALL {
        let provider = adapter.provider.name;
        let client = client(provider, None);
        let fixtures: Vec<_> = fixtures().into_iter().filter(|fixture| fixture.provider() == provider).collect();
        let (mut shown, mut places) = (Vec::new(), Vec::new());
        for fixture in &fixtures {
            let own = failures(&fixture.unverified(&Changes::new()));
            places.extend(own.iter().map(|(code, _)| (fixture, code.clone())));
            shown.extend(own);
            shown.extend(fixture.rows.iter().flat_map(|row| failures(&fixture.unverified(&row.events))));
        }
        let given = |code: &str, (fixture, shown): &(&WebhookFixture, String)| {
            let call = fixture.request(fixture.body.get().replace(shown, code)).unwrap();
            let events = client.webhook_at(&call, WebhookFixture::received_at()).unwrap();
            failures(&WebhookFixture::lines(provider, &events))
        };
        let is = |fact: &ErrorCode, (code, kind): &(String, String)| fact.matches(code) && fact.kind.as_str() == kind;
        let wrong: Vec<_> = callback_codes(provider)
            .into_iter()
            .filter(|fact| !shown.iter().any(|found| is(fact, found)))
            .filter(|fact| !places.iter().any(|place| given(fact.code, place).iter().any(|found| is(fact, found))))
            .map(|fact| format!("{} as {}", fact.code, fact.kind))
            .collect();
        assert!(wrong.is_empty(), "{provider}: no failed status shows {wrong:?}");
    }
}
