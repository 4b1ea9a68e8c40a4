//! Asking a live provider, proved on stand-ins: the mock as it is, the mock in other dialects, and one that drifts in a single
//! detail at a time.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use transom::config::{ChannelConfig, process_env};
use transom::{Capability, Client, Context, Messenger as _, Provider, Registry, Transport};
use transom_conformance::drift::DriftKind;
use transom_conformance::live::{self, Permission, Recorder, Step, StepReport};
use transom_mock_server::Simulator;

const CONTACT: &str = "+5491155550123";

/// What becomes of an answer on its way.
type Distortion = Box<dyn Fn(&mut Response<Bytes>) + Send>;

/// The mock without a socket, and something that spoils an answer.
struct StandIn {
    simulator: Mutex<Simulator>,
    distortion: Mutex<Option<Distortion>>,
    /// The answers as they were, with their calls.
    answered: Mutex<Vec<(String, Response<Bytes>)>>,
}

impl StandIn {
    fn new(provider: &str) -> Arc<Self> {
        let simulator = Mutex::new(Simulator::new(SystemTime::now()));
        let stand_in = Self { simulator, distortion: Mutex::default(), answered: Mutex::default() };
        // A contact without a name, of which the pages say that it may have none.
        stand_in.control("inbound", &json!({ "provider": provider, "from": CONTACT, "text": "hi" }));
        Arc::new(stand_in)
    }

    /// Spoils every answer from now on.
    fn distort(&self, distortion: impl Fn(&mut Response<Bytes>) + Send + 'static) {
        *self.distortion.lock().unwrap() = Some(Box::new(distortion));
    }

    fn control(&self, call: &str, body: &Value) {
        let request = Request::post(format!("/_mock/{call}")).body(Bytes::from(body.to_string())).unwrap();
        let response = self.simulator.lock().unwrap().step(SystemTime::now(), &request).response;
        assert_eq!(response.status(), StatusCode::OK, "{:?}", response.body());
    }
}

impl fmt::Debug for StandIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StandIn")
    }
}

#[async_trait]
impl Transport for StandIn {
    async fn send(&self, request: Request<Bytes>) -> transom::Result<Response<Bytes>> {
        let mut response = self.simulator.lock().unwrap().step(SystemTime::now(), &request).response;
        let call = format!("{} {}", request.method(), request.uri().path());
        self.answered.lock().unwrap().push((call, response.clone()));
        if let Some(distort) = &*self.distortion.lock().unwrap() {
            distort(&mut response);
        }
        Ok(response)
    }
}

const PROVIDERS: [(Provider, &str); 4] = [
    (transom_autocalls::PROVIDER, "autocalls://key@127.0.0.1?sender_id=12"),
    (transom_exotel::PROVIDER, "exotel://key:token@127.0.0.1/acme?from=919876500001&waba_id=8"),
    (transom_gosendapi::PROVIDER, "gosendapi://key@127.0.0.1?phone_number_id=555123456789"),
    (transom_messangi::PROVIDER, "messangi://key@127.0.0.1?from=5215500001111"),
];

fn permission(messages: usize) -> Permission {
    let mut permission = Permission::default();
    permission.contacts.push(CONTACT.parse().unwrap());
    permission.messages = messages;
    permission
}

/// Every step of a plan, taken at a stand-in.
fn run(stand_in: &Arc<StandIn>, provider: Provider, uri: &str, permission: &Permission) -> Vec<StepReport> {
    let account = Account::of(stand_in, provider, uri);
    live::plan(account.client.capabilities(), permission).iter().map(|step| account.take(step)).collect()
}

/// An account at a stand-in.
struct Account {
    provider: Provider,
    client: Client,
    recorder: Arc<Recorder>,
    runtime: tokio::runtime::Runtime,
}

impl Account {
    fn of(stand_in: &Arc<StandIn>, provider: Provider, uri: &str) -> Self {
        let registry = Registry::default().with(provider);
        let channel = ChannelConfig::from_uri("c", uri, registry.providers(), process_env()).unwrap();
        let recorder = Recorder::new(Arc::clone(stand_in) as Arc<dyn Transport>);
        let context = Context::new(Arc::clone(&recorder) as Arc<dyn Transport>);
        let client = registry.connect_with(&channel, context).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { provider, client, recorder, runtime }
    }

    fn take(&self, step: &Step) -> StepReport {
        self.runtime.block_on(live::take(&self.provider, &self.client, &self.recorder, step))
    }
}

fn drifts(reports: &[StepReport]) -> Vec<Told<'_>> {
    reports.iter().flat_map(|report| &report.drift).map(|drift| (drift.kind, drift.place.as_str())).collect()
}

/// What kind of difference, and where.
type Told<'d> = (DriftKind, &'d str);

#[test]
fn a_plan_only_reads_unless_messages_are_asked_for_and_keeps_to_the_allowed_numbers() {
    let all = Capability::ALL.iter().copied().collect();
    assert_eq!(live::plan(all, &Permission::default()), [Step::Senders, Step::Templates, Step::Conversations]);
    assert!(live::plan(all, &permission(0)).iter().all(|step| !matches!(step, Step::Send(_))));
    let sends = |permission: &Permission| {
        live::plan(all, permission).into_iter().filter(|step| matches!(step, Step::Send(_))).count()
    };
    assert_eq!((sends(&permission(1)), sends(&permission(9))), (1, 1), "one text for each number, up to the cap");
    let mut anybody = permission(9);
    anybody.contacts.clear();
    assert_eq!(sends(&anybody), 0);
}

#[test]
fn the_mock_answers_every_step_as_documented() {
    for (provider, uri) in PROVIDERS {
        let stand_in = StandIn::new(provider.name);
        let reports = run(&stand_in, provider, uri, &permission(1));
        assert!(!reports.is_empty());
        for report in reports {
            assert!(report.is_as_documented() && report.outcome == "ok", "{}: {report:?}", provider.name);
        }
    }
}

#[test]
fn no_report_shows_a_number_or_a_credential() {
    for (provider, uri) in PROVIDERS {
        let stand_in = StandIn::new(provider.name);
        stand_in.distort(|response| *response.body_mut() = Bytes::from(format!(r#"{{"error":"{CONTACT}"}}"#)));
        let shown = serde_json::to_string(&run(&stand_in, provider, uri, &permission(1))).unwrap();
        assert!(!shown.contains("5491155550123"), "{shown}");
    }
}

// ---- One wrong detail at a time: each member, each type, each header, on each answer of each provider.

/// The places that the pages say may be missing or null.
const OPTIONAL: &[(&str, &str)] = &[
    ("autocalls", "/last_customer_message_at"),
    ("autocalls", "/message_sid"),
    ("autocalls", "/data/0/customer/name"),
    ("autocalls", "/data/0/quality_rating"),
    ("autocalls", "/data/0/messaging_limit"),
    ("gosendapi", "/data/0/contact_name"),
    ("gosendapi", "/data/0/contact_bsuid"),
    ("messangi", "/data/externalId"),
];

/// The places that a page shows as null, so that null is nothing new there.
const NULLABLE: &[(&str, &str)] = &[("gosendapi", "/data/0/last_inbound_at")];

/// The one answer whose body no page shows.
const NOT_SHOWN: (&str, &str) = ("exotel", "GET /v2/accounts/*/templates");

/// Every place in a value, the outermost first.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    let mut visit = |name: &str, member: &Value| {
        let place = format!("{at}/{name}");
        found.push(place.clone());
        places(member, &place, found);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, member)| visit(name, member)),
        // The items of a list are alike, and one is as good as another.
        Value::Array(items) => items.iter().take(1).for_each(|item| visit("0", item)),
        _ => {}
    }
}

/// A wrong detail, and how it has to be told.
struct Detail {
    what: String,
    body: Value,
    told: Vec<(DriftKind, String)>,
}

/// `body` with each of its details wrong in turn.
fn details(provider: &str, body: &Value) -> Vec<Detail> {
    let mut all = Vec::new();
    places(body, "", &mut all);
    let mut details = Vec::new();
    for place in all {
        let (object, name) = place.rsplit_once('/').unwrap();
        let value = body.pointer(&place).unwrap().clone();
        let is_optional = OPTIONAL.contains(&(provider, &place));
        let is_nullable = is_optional || NULLABLE.contains(&(provider, &place));
        let mut with = |what: &str, told: Vec<(DriftKind, String)>, change: &dyn Fn(&mut Value)| {
            let mut body = body.clone();
            change(&mut body);
            details.push(Detail { what: format!("{place} {what}"), body, told });
        };
        let changed = || vec![(DriftKind::ChangedType, place.clone())];
        if let Some(Value::Object(_)) = body.pointer(object) {
            let renamed = format!("{name}_renamed");
            let mut told = vec![(DriftKind::NewMember, format!("{object}/{renamed}"))];
            if !is_optional {
                told.insert(0, (DriftKind::MissingMember, place.clone()));
            }
            with("renamed", told, &|body| {
                let members = body.pointer_mut(object).unwrap().as_object_mut().unwrap();
                let value = members.remove(name).unwrap();
                members.insert(renamed.clone(), value);
            });
        }
        if value.is_null() {
            continue;
        }
        if value.is_number() || value.is_string() {
            let other = value.as_str().map_or_else(|| value.to_string().into(), |text| json!(text.len()));
            with("as another type", changed(), &|body| *body.pointer_mut(&place).unwrap() = other.clone());
        }
        let told = if is_nullable { Vec::new() } else { changed() };
        with("as null", told, &|body| *body.pointer_mut(&place).unwrap() = Value::Null);
    }
    details
}

#[test]
fn each_wrong_member_of_each_answer_is_told_and_nothing_else() {
    let mut problems = Vec::new();
    let mut tried = 0;
    each_answer(|provider, uri, step, call, answer| {
        let body: Value = serde_json::from_slice(answer.body()).unwrap();
        for Detail { what, body, told } in details(provider.name, &body) {
            let found = distorted(provider, uri, step, call, move |response| {
                *response.body_mut() = Bytes::from(body.to_string());
            });
            tried += 1;
            if found != told {
                problems.push(format!("{} {call}: {what}\n    told {found:?}\n    not  {told:?}", provider.name));
            }
        }
    });
    assert!(tried > 300, "{tried} details");
    assert!(problems.is_empty(), "{} of {tried}:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn each_wrong_status_and_each_missing_or_strange_header_of_each_answer_is_told_and_nothing_else() {
    let mut problems = Vec::new();
    let mut headers = std::collections::BTreeMap::<String, usize>::new();
    each_answer(|provider, uri, step, call, answer| {
        let mut expect =
            |what: &str, told: Vec<(DriftKind, String)>, change: Box<dyn Fn(&mut Response<Bytes>) + Send>| {
                let found = distorted(provider, uri, step, call, change);
                if found != told {
                    problems.push(format!("{} {call}: {what}\n    told {found:?}\n    not  {told:?}", provider.name));
                }
            };
        let status = vec![(DriftKind::OtherStatus, String::new())];
        expect("another status", status, Box::new(|response| *response.status_mut() = StatusCode::PARTIAL_CONTENT));
        let strange = vec![(DriftKind::NewHeader, "x-quota-class".to_owned())];
        expect(
            "a new header",
            strange,
            Box::new(|response| {
                response.headers_mut().insert("x-quota-class", "gold".parse().unwrap());
            }),
        );
        let page = vec![(DriftKind::ChangedHeader, "content-type".to_owned())];
        expect(
            "another media type",
            page,
            Box::new(|response| {
                response.headers_mut().insert("content-type", "text/html".parse().unwrap());
            }),
        );
        let no_json = vec![(DriftKind::NotJson, String::new())];
        expect("no JSON", no_json, Box::new(|response| *response.body_mut() = Bytes::from_static(b"<html>ok</html>")));
        for name in answer.headers().keys().filter(|name| name.as_str() != "date") {
            let name = name.clone();
            *headers.entry(provider.name.to_owned()).or_default() += 1;
            let told = MAY_LACK.iter().all(|(known, header)| *known != provider.name || *header != name.as_str());
            let told = if told { vec![(DriftKind::MissingHeader, name.to_string())] } else { Vec::new() };
            let what = format!("without {name}");
            expect(&what, told, Box::new(move |response| drop(response.headers_mut().remove(&name))));
        }
    });
    assert_eq!(headers.len(), PROVIDERS.len(), "{headers:?}");
    assert!(problems.is_empty(), "{}:\n{}", problems.len(), problems.join("\n"));
}

/// The headers that the pages say an answer may have, and none that it has to.
const MAY_LACK: &[(&str, &str)] = &[
    ("autocalls", "x-ratelimit-limit"),
    ("autocalls", "x-ratelimit-remaining"),
    ("exotel", "x-ratelimit-limit"),
    ("exotel", "x-ratelimit-remaining"),
    ("exotel", "x-ratelimit-reset"),
];

/// Calls `visit` with every answer of every step of every provider that a page shows.
fn each_answer(mut visit: impl FnMut(Provider, &'static str, &Step, &str, &Response<Bytes>)) {
    for (provider, uri) in PROVIDERS {
        let stand_in = StandIn::new(provider.name);
        let account = Account::of(&stand_in, provider, uri);
        for step in live::plan(account.client.capabilities(), &permission(1)) {
            stand_in.answered.lock().unwrap().clear();
            let report = account.take(&step);
            if !report.not_shown.is_empty() {
                assert_eq!((provider.name, report.not_shown[0].as_str()), NOT_SHOWN);
                continue;
            }
            let mut answered = std::mem::take(&mut *stand_in.answered.lock().unwrap());
            answered.dedup_by(|(a, _), (b, _)| a == b);
            for (call, answer) in answered {
                visit(provider, uri, &step, &call, &answer);
            }
        }
    }
}

/// What is told of a step in which the answer to `call` is spoilt.
fn distorted(
    provider: Provider,
    uri: &str,
    step: &Step,
    call: &str,
    distortion: impl Fn(&mut Response<Bytes>) + Send + 'static,
) -> Vec<(DriftKind, String)> {
    let stand_in = StandIn::new(provider.name);
    let account = Account::of(&stand_in, provider, uri);
    let asked = Arc::clone(&stand_in);
    let call = call.to_owned();
    stand_in.distort(move |response| {
        if asked.answered.lock().unwrap().last().is_some_and(|(answered, _)| *answered == call) {
            distortion(response);
        }
    });
    let report = account.take(step);
    // A cycle of references, which would keep the stand-in for ever.
    *stand_in.distortion.lock().unwrap() = None;
    let found = report.drift.into_iter().filter(|drift| drift.kind != DriftKind::UnknownCode || drift.place.is_empty());
    found.map(|drift| (drift.kind, drift.place)).collect()
}

// ---- Refusals: a code that no table has, statuses that any call may get, and those that none does.

/// A refusal in the provider's documented form, with a code that no page has; Messangi has words for states in place of codes.
const UNKNOWN_CODES: [(u16, &str); 4] = [
    (422, r#"{"success":false,"error":"no","error_code":"BRAND_NEW_CODE"}"#),
    (
        400,
        r#"{"request_id":"5b0e","method":"POST","http_code":400,"response":{"code":400,"error_data":{"code":4711,"message":"no","description":"no"},"status":"failure","data":null}}"#,
    ),
    (400, r#"{"statusCode":400,"error":"Bad Request","code":"BRAND_NEW_CODE","message":"no"}"#),
    (
        200,
        r#"{"meta":{"timestamp":1767225600123,"transactionId":"0b6f"},"data":{"id":"6c1e","channel":"WHATSAPP","from":"5215500001111","to":"+5491155550123","status":"BRAND_NEW","date":"2026-01-01T00:00:00Z"}}"#,
    ),
];

#[test]
fn an_undocumented_code_is_told_and_nothing_else() {
    for ((provider, uri), (status, body)) in PROVIDERS.into_iter().zip(UNKNOWN_CODES) {
        let send = live::plan(Capability::ALL.iter().copied().collect(), &permission(1)).pop().unwrap();
        let stand_in = StandIn::new(provider.name);
        stand_in.distort(move |response| {
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            *response.body_mut() = Bytes::from_static(body.as_bytes());
        });
        let report = Account::of(&stand_in, provider, uri).take(&send);
        let told: Vec<_> = report.drift.iter().map(|drift| (drift.kind, drift.observed.as_str())).collect();
        let code = if provider.name == "exotel" { "4711" } else { "BRAND_NEW" };
        assert!(
            matches!(told[..], [(DriftKind::UnknownCode, observed)] if observed.starts_with(code)),
            "{}: {told:?}",
            provider.name
        );
    }
}

#[test]
fn a_refusal_that_any_call_may_get_is_no_drift_and_a_status_of_no_page_is_told_alone() {
    const REFUSED: [&str; 4] = [
        r#"{"message":"Unauthenticated."}"#,
        r#"{"request_id":"5b0e","method":"GET","http_code":401,"response":{"code":401,"error_data":{"code":1010,"message":"no","description":"no"},"status":"failure","data":null}}"#,
        r#"{"statusCode":401,"message":"Invalid or missing API key","error":"Unauthorized"}"#,
        r#"{"errors":{"reason":"no"}}"#,
    ];
    for ((provider, uri), body) in PROVIDERS.into_iter().zip(REFUSED) {
        for (status, told) in [(401, None), (418, Some((DriftKind::OtherStatus, "")))] {
            let stand_in = StandIn::new(provider.name);
            stand_in.distort(move |response| {
                *response.status_mut() = StatusCode::from_u16(status).unwrap();
                *response.body_mut() = Bytes::from_static(body.as_bytes());
            });
            for report in run(&stand_in, provider, uri, &permission(1)) {
                let found = drifts(std::slice::from_ref(&report));
                assert_eq!(found.first().copied(), told, "{} {status}: {report:#?}", provider.name);
                assert!(found.iter().all(|found| Some(*found) == told), "{} {status}: {found:?}", provider.name);
            }
        }
    }
}

// ---- The mock in other dialects.

/// What may be told of a provider in another dialect than its pages show. All others are as documented.
const SWITCHED: &[(&str, &str, &str, &[Told<'static>])] = {
    use DriftKind::{ChangedHeader, MissingHeader, MissingMember, NewHeader, NewMember, NotJson, OtherStatus};
    &[
        (
            "autocalls",
            "refusals",
            "ok",
            &[
                (MissingMember, "/conversation_id"),
                (MissingMember, "/message_id"),
                (MissingMember, "/session_status/expires_at"),
                (MissingMember, "/session_status/minutes_remaining"),
                (MissingMember, "/whatsapp_message_id"),
                (NewMember, "/error"),
                (NewMember, "/error_code"),
                (NewMember, "/session_status/expired_at"),
            ],
        ),
        ("exotel", "accepted_status", "200", &[(OtherStatus, "")]),
        ("messangi", "error_body", "verbatim", &[(NotJson, "")]),
        ("messangi", "error_body", "empty", &[(NotJson, "")]),
        ("messangi", "error_body", "html", &[(NotJson, ""), (ChangedHeader, "content-type")]),
        ("messangi", "ratelimit_style", "ietf06", &[(ChangedHeader, "ratelimit-reset")]),
        (
            "messangi",
            "ratelimit_style",
            "ietf07",
            &[
                (MissingHeader, "ratelimit-limit"),
                (MissingHeader, "ratelimit-remaining"),
                (MissingHeader, "ratelimit-reset"),
                (NewHeader, "ratelimit"),
            ],
        ),
        (
            "messangi",
            "ratelimit_style",
            "ietf10",
            &[
                (MissingHeader, "ratelimit-limit"),
                (MissingHeader, "ratelimit-remaining"),
                (MissingHeader, "ratelimit-reset"),
                (NewHeader, "ratelimit"),
                (ChangedHeader, "ratelimit-policy"),
            ],
        ),
        (
            "messangi",
            "ratelimit_style",
            "none",
            &[
                (MissingHeader, "ratelimit-limit"),
                (MissingHeader, "ratelimit-policy"),
                (MissingHeader, "ratelimit-remaining"),
                (MissingHeader, "ratelimit-reset"),
            ],
        ),
        (
            "messangi",
            "ratelimit_style",
            "garbage",
            &[
                (ChangedHeader, "ratelimit-limit"),
                (ChangedHeader, "ratelimit-policy"),
                (ChangedHeader, "ratelimit-remaining"),
                (ChangedHeader, "ratelimit-reset"),
            ],
        ),
    ]
};

#[test]
fn every_dialect_of_the_mock_is_told_for_what_it_is() {
    let mut problems = Vec::new();
    for (provider, uri) in PROVIDERS {
        for (switch, value) in switches(provider.name) {
            let stand_in = StandIn::new(provider.name);
            stand_in.control("config", &json!({ "provider": provider.name, &switch: value }));
            let open = run(&stand_in, provider, uri, &permission(1));
            // And with the window closed, where the dialects differ most.
            stand_in.control("clock", &json!({ "advance": "25h" }));
            let closed = run(&stand_in, provider, uri, &permission(1));
            let mut found: Vec<_> = drifts(&open).into_iter().chain(drifts(&closed)).collect();
            found.sort_unstable();
            found.dedup();
            let declared =
                SWITCHED.iter().find(|(name, known, at, _)| (*name, *known, *at) == (provider.name, &switch, &value));
            let expected = declared.map_or(&[] as &[_], |(.., told)| told);
            if found != expected {
                problems.push(format!("(\"{}\", \"{switch}\", \"{value}\", &{found:?}),", provider.name));
            }
        }
    }
    assert!(problems.is_empty(), "{}\n{}", problems.len(), problems.join("\n"));
}

/// Every switch of a provider with each of its values.
fn switches(provider: &str) -> Vec<(String, String)> {
    let request = Request::get(format!("/_mock/config?provider={provider}")).body(Bytes::new()).unwrap();
    let response = Simulator::new(SystemTime::now()).step(SystemTime::now(), &request).response;
    let shown: Value = serde_json::from_slice(response.body()).unwrap();
    let mut all = Vec::new();
    for switch in shown["switches"].as_array().unwrap() {
        for value in switch["allowed"].as_array().unwrap() {
            all.push((switch["name"].as_str().unwrap().to_owned(), value.as_str().unwrap().to_owned()));
        }
    }
    assert!(all.len() >= 6, "{provider}: {all:?}");
    all
}
