//! Rejections, documented or not, and the mock with each undecided detail of the documentation.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::StatusCode;
use transom::Capability;
use transom_conformance::drift::DriftKind;
use transom_conformance::drift::live;
use transom_mock_server::{ConfigChange, Simulator};

use crate::stand_in::{Account, PROVIDERS, SendRecord, StandIn, drifts, permission, run};

/// A rejection in the documented form with an undocumented code; Messangi has status words in place of codes.
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
fn undocumented_code_is_the_only_drift() {
    for ((provider, uri), (status, body)) in PROVIDERS.into_iter().zip(UNKNOWN_CODES) {
        let send = live::plan(Capability::ALL.iter().copied().collect(), &permission(1)).pop().unwrap();
        let stand_in = StandIn::new(provider.name);
        stand_in.distort(move |response| {
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            *response.body_mut() = Bytes::from_static(body.as_bytes());
        });
        let report = Account::of(&stand_in, provider, uri).take(&send);
        let reported: Vec<_> = report.drift.iter().map(|drift| (drift.kind, drift.observed.as_str())).collect();
        let code = if provider.name == "exotel" { "4711" } else { "BRAND_NEW" };
        assert!(
            matches!(reported[..], [(DriftKind::UnknownCode, observed)] if observed.starts_with(code)),
            "{}: {reported:?}",
            provider.name
        );
    }
}

#[test]
fn common_rejection_is_no_drift_undocumented_status_is() {
    const REFUSED: [&str; 4] = [
        r#"{"message":"Unauthenticated."}"#,
        r#"{"request_id":"5b0e","method":"GET","http_code":401,"response":{"code":401,"error_data":{"code":1010,"message":"no","description":"no"},"status":"failure","data":null}}"#,
        r#"{"statusCode":401,"message":"Invalid or missing API key","error":"Unauthorized"}"#,
        r#"{"errors":{"reason":"no"}}"#,
    ];
    for ((provider, uri), body) in PROVIDERS.into_iter().zip(REFUSED) {
        for (status, reported) in [(401, None), (418, Some((DriftKind::OtherStatus, "")))] {
            let stand_in = StandIn::new(provider.name);
            stand_in.distort(move |response| {
                *response.status_mut() = StatusCode::from_u16(status).unwrap();
                *response.body_mut() = Bytes::from_static(body.as_bytes());
            });
            for report in run(&stand_in, provider, uri, &permission(1)) {
                let found = drifts(std::slice::from_ref(&report));
                assert_eq!(found.first().copied(), reported, "{} {status}: {report:#?}", provider.name);
                assert!(found.iter().all(|found| Some(*found) == reported), "{} {status}: {found:?}", provider.name);
            }
        }
    }
}

/// The allowed differences of a provider with switches set. Everything else is as documented.
const SWITCHED: &[(&str, &str, &str, &[SendRecord<'static>])] = {
    use DriftKind::{
        ChangedHeader, ChangedType, MissingHeader, MissingMember, NewHeader, NewMember, NotJson, OtherStatus,
        UnknownCode,
    };
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
        ("autocalls", "never_messaged_expires_at", "null", &[(ChangedType, "/session_status/expires_at")]),
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
        (
            "exotel",
            "success_shape",
            "single",
            &[
                (MissingMember, "/response/whatsapp"),
                (NewMember, "/response/code"),
                (NewMember, "/response/data"),
                (NewMember, "/response/status"),
            ],
        ),
        ("exotel", "success_shape", "array", &[(ChangedType, "/response")]),
        (
            "exotel",
            "symbol_place",
            "code",
            &[(MissingMember, "/response"), (NewMember, "/code"), (NewMember, "/message")],
        ),
        ("exotel", "symbol_place", "error.code", &[(MissingMember, "/response"), (NewMember, "/error")]),
        ("gosendapi", "accepted_status", "200", &[(OtherStatus, "")]),
        ("gosendapi", "accepted_status", "202", &[(OtherStatus, "")]),
        (
            "gosendapi",
            "ids",
            "integer",
            &[(ChangedType, "/data/0/id"), (ChangedType, "/data/0/tenant_id"), (ChangedType, "/data/0/waba_id")],
        ),
        ("gosendapi", "response_shape", "record_without_wamid", &[(ChangedType, "/wamid")]),
        ("gosendapi", "response_shape", "no_id", &[(MissingMember, "/id"), (MissingMember, "/wamid")]),
        (
            "messangi",
            "ratelimit_on",
            "429",
            &[
                (MissingHeader, "ratelimit-limit"),
                (MissingHeader, "ratelimit-policy"),
                (MissingHeader, "ratelimit-remaining"),
                (MissingHeader, "ratelimit-reset"),
            ],
        ),
        (
            "messangi",
            "refusals",
            "ok",
            &[
                (MissingMember, "/data"),
                (MissingMember, "/meta"),
                (NewMember, "/description"),
                (NewMember, "/messageId"),
                (NewMember, "/status"),
            ],
        ),
        (
            "messangi",
            "response_shape",
            "sms",
            &[
                (MissingMember, "/data/channel"),
                (NewMember, "/data/text"),
                (NewMember, "/data/type"),
                (UnknownCode, "/data/status"),
            ],
        ),
        (
            "messangi",
            "response_shape",
            "flat",
            &[
                (MissingMember, "/data"),
                (MissingMember, "/meta"),
                (NewMember, "/description"),
                (NewMember, "/messageId"),
                (NewMember, "/status"),
            ],
        ),
        ("messangi", "window_error", "gone", &[(OtherStatus, "")]),
    ]
};

#[test]
fn drift_names_each_switch_value_that_differs() {
    let mut problems = Vec::new();
    for (provider, uri) in PROVIDERS {
        for (switch, value) in switches(provider.name) {
            let stand_in = StandIn::new(provider.name);
            let change = ConfigChange::switch(provider.name, &switch, &value);
            stand_in.with(|simulator, now| simulator.configure(now, &change)).unwrap();
            let open = run(&stand_in, provider, uri, &permission(1));
            // The same with the window closed, which most switches are about.
            stand_in.with(|simulator, now| simulator.advance(now, Duration::from_secs(25 * 3_600))).unwrap();
            let closed = run(&stand_in, provider, uri, &permission(1));
            let mut found: Vec<_> = drifts(&open).into_iter().chain(drifts(&closed)).collect();
            found.sort_unstable();
            found.dedup();
            let declared =
                SWITCHED.iter().find(|(name, known, at, _)| (*name, *known, *at) == (provider.name, &switch, &value));
            let expected = declared.map_or(&[] as &[_], |(.., reported)| reported);
            if found != expected {
                problems.push(format!("(\"{}\", \"{switch}\", \"{value}\", &{found:?}),", provider.name));
            }
        }
    }
    assert!(problems.is_empty(), "{}\n{}", problems.len(), problems.join("\n"));
}

/// Every switch of a provider with each of its values.
fn switches(provider: &str) -> Vec<(String, String)> {
    let config = Simulator::new(SystemTime::now()).config(Some(provider)).unwrap();
    let mut all = Vec::new();
    for switch in config.switches {
        all.extend(switch.allowed.iter().map(|value| (switch.name.to_owned(), (*value).to_owned())));
    }
    assert!(all.len() >= 6, "{provider}: {all:?}");
    all
}
