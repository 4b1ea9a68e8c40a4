//! Asking a live provider, proved on stand-ins: the mock as it is, the mock in other dialects, and one that drifts in a single
//! detail at a time.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use transom::config::{ChannelConfig, process_env};
use transom::{Capability, Context, Messenger as _, Provider, Registry, Transport};
use transom_conformance::drift::{Drift, DriftKind};
use transom_conformance::live::{self, Permission, Recorder, Step, StepReport};
use transom_mock_server::Simulator;

const CONTACT: &str = "+5491155550123";

/// What becomes of an answer on its way.
type Distortion = fn(&mut Response<Bytes>);

/// The mock without a socket, and something that spoils the answers to sends.
#[derive(Debug)]
struct StandIn {
    simulator: Mutex<Simulator>,
    distortion: Mutex<Option<Distortion>>,
}

impl StandIn {
    fn new(provider: &str) -> Arc<Self> {
        let simulator = Mutex::new(Simulator::new(SystemTime::now()));
        let stand_in = Self { simulator, distortion: Mutex::default() };
        stand_in.control("inbound", &json!({ "provider": provider, "from": CONTACT, "text": "hi", "name": "Ana" }));
        Arc::new(stand_in)
    }

    fn control(&self, call: &str, body: &Value) {
        let request = Request::post(format!("/_mock/{call}")).body(Bytes::from(body.to_string())).unwrap();
        let response = self.simulator.lock().unwrap().step(SystemTime::now(), &request).response;
        assert_eq!(response.status(), StatusCode::OK, "{:?}", response.body());
    }
}

#[async_trait]
impl Transport for StandIn {
    async fn send(&self, request: Request<Bytes>) -> transom::Result<Response<Bytes>> {
        let is_send = request.method() == http::Method::POST;
        let mut response = self.simulator.lock().unwrap().step(SystemTime::now(), &request).response;
        if let (Some(distort), true) = (*self.distortion.lock().unwrap(), is_send) {
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
    let registry = Registry::default().with(provider);
    let channel = ChannelConfig::from_uri("c", uri, registry.providers(), process_env()).unwrap();
    let recorder = Recorder::new(Arc::clone(stand_in) as Arc<dyn Transport>);
    let context = Context::new(Arc::clone(&recorder) as Arc<dyn Transport>);
    let client = registry.connect_with(&channel, context).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    live::plan(client.capabilities(), permission)
        .iter()
        .map(|step| runtime.block_on(live::take(&provider, &client, &recorder, step)))
        .collect()
}

fn drifts(reports: &[StepReport]) -> Vec<(DriftKind, &str)> {
    reports.iter().flat_map(|report| &report.drift).map(|drift| (drift.kind, drift.place.as_str())).collect()
}

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
fn a_dialect_that_no_page_shows_is_told_as_drift() {
    let stand_in = StandIn::new("messangi");
    stand_in.control("config", &json!({ "provider": "messangi", "ratelimit_style": "none" }));
    let (provider, uri) = PROVIDERS[3];
    let found = run(&stand_in, provider, uri, &permission(1));
    let found = drifts(&found);
    assert!(found.contains(&(DriftKind::MissingHeader, "ratelimit-limit")), "{found:?}");
}

fn edit(response: &mut Response<Bytes>, change: impl FnOnce(&mut Value)) {
    let mut body: Value = serde_json::from_slice(response.body()).unwrap();
    change(&mut body);
    *response.body_mut() = Bytes::from(body.to_string());
}

fn rename(response: &mut Response<Bytes>, object: &str, from: &str, to: &str) {
    edit(response, |body| {
        let members = body.pointer_mut(object).unwrap().as_object_mut().unwrap();
        let value = members.remove(from).unwrap();
        members.insert(to.to_owned(), value);
    });
}

fn as_text(response: &mut Response<Bytes>, place: &str) {
    edit(response, |body| {
        let value = body.pointer_mut(place).unwrap();
        *value = value.as_str().map_or_else(|| value.to_string().into(), |text| json!(text.len()));
    });
}

/// One wrong detail, and how it is told.
struct Wrong {
    provider: usize,
    distortion: Distortion,
    told: &'static [(DriftKind, &'static str)],
}

const EXOTEL_ITEM: &str = "/response/whatsapp/messages/0/data";

const WRONG: &[Wrong] = &[
    Wrong {
        provider: 0,
        distortion: |response| rename(response, "", "whatsapp_message_id", "wa_message_id"),
        told: &[(DriftKind::MissingMember, "/whatsapp_message_id"), (DriftKind::NewMember, "/wa_message_id")],
    },
    Wrong {
        provider: 0,
        distortion: |response| as_text(response, "/message_id"),
        told: &[(DriftKind::ChangedType, "/message_id")],
    },
    Wrong {
        provider: 0,
        distortion: |response| *response.status_mut() = StatusCode::CREATED,
        told: &[(DriftKind::OtherStatus, "")],
    },
    Wrong {
        provider: 1,
        distortion: |response| rename(response, EXOTEL_ITEM, "sid", "message_sid"),
        told: &[
            (DriftKind::MissingMember, "/response/whatsapp/messages/0/data/sid"),
            (DriftKind::NewMember, "/response/whatsapp/messages/0/data/message_sid"),
        ],
    },
    Wrong {
        provider: 1,
        distortion: |response| as_text(response, "/http_code"),
        told: &[(DriftKind::ChangedType, "/http_code")],
    },
    Wrong {
        provider: 1,
        distortion: |response| *response.status_mut() = StatusCode::OK,
        told: &[(DriftKind::OtherStatus, "")],
    },
    Wrong {
        provider: 2,
        distortion: |response| drop(response.headers_mut().remove("x-ratelimit-remaining")),
        told: &[(DriftKind::MissingHeader, "x-ratelimit-remaining")],
    },
    Wrong {
        provider: 2,
        distortion: |response| drop(response.headers_mut().insert("x-quota-class", "gold".parse().unwrap())),
        told: &[(DriftKind::NewHeader, "x-quota-class")],
    },
    Wrong {
        provider: 2,
        distortion: |response| *response.status_mut() = StatusCode::ACCEPTED,
        told: &[(DriftKind::OtherStatus, "")],
    },
    Wrong {
        provider: 3,
        distortion: |response| drop(response.headers_mut().remove("ratelimit-policy")),
        told: &[(DriftKind::MissingHeader, "ratelimit-policy")],
    },
    Wrong {
        provider: 3,
        distortion: |response| *response.status_mut() = StatusCode::ACCEPTED,
        told: &[(DriftKind::OtherStatus, "")],
    },
    Wrong {
        provider: 3,
        distortion: |response| *response.body_mut() = Bytes::from_static(b"<html>ok</html>"),
        told: &[(DriftKind::NotJson, "")],
    },
];

#[test]
fn each_wrong_detail_is_told_and_nothing_else() {
    for wrong in WRONG {
        let (provider, uri) = PROVIDERS[wrong.provider];
        let stand_in = StandIn::new(provider.name);
        *stand_in.distortion.lock().unwrap() = Some(wrong.distortion);
        let reports = run(&stand_in, provider, uri, &permission(1));
        assert_eq!(drifts(&reports), wrong.told, "{}: {reports:#?}", provider.name);
    }
}

#[test]
fn a_code_that_no_table_has_is_told() {
    const REFUSALS: [(&str, &str); 3] = [
        ("autocalls", r#"{"success":false,"error_code":"BRAND_NEW_CODE","message":"no"}"#),
        ("exotel", r#"{"RestException":{"Status":400,"Code":"BRAND_NEW_CODE","Message":"no"}}"#),
        ("gosendapi", r#"{"statusCode":400,"error":"Bad Request","code":"BRAND_NEW_CODE","message":"no"}"#),
    ];
    for ((provider, uri), (name, body)) in PROVIDERS.into_iter().zip(REFUSALS) {
        let stand_in = StandIn::new(name);
        let body: Value = serde_json::from_str(body).unwrap();
        let fault = json!([{ "provider": name, "fault": "status", "status": 400, "body": body, "always": true }]);
        stand_in.control("faults", &fault);
        let reports = run(&stand_in, provider, uri, &permission(1));
        let last: &StepReport = reports.last().unwrap();
        let told = last.drift.iter().find(|drift: &&Drift| drift.kind == DriftKind::UnknownCode);
        assert_eq!(told.map(|drift| drift.observed.as_str()), Some("BRAND_NEW_CODE"), "{name}: {last:?}");
    }
}

#[test]
fn no_report_shows_a_number_or_a_credential() {
    for (provider, uri) in PROVIDERS {
        let stand_in = StandIn::new(provider.name);
        *stand_in.distortion.lock().unwrap() =
            Some(|response| *response.body_mut() = Bytes::from(format!(r#"{{"error":"{CONTACT}"}}"#)));
        let shown = serde_json::to_string(&run(&stand_in, provider, uri, &permission(1))).unwrap();
        assert!(!shown.contains("5491155550123"), "{shown}");
    }
}
