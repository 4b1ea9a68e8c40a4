//! The live check, against stand-ins: the mock, the mock with switches set, and a mock that drifts in one detail at a time.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

mod details;
mod stand_in;
mod switch_values;

use bytes::Bytes;
use transom::Capability;
use transom_conformance::drift::live::{self, Permission, Step};

use crate::stand_in::{CONTACT, PROVIDERS, StandIn, permission, run};

#[test]
fn plan_only_reads_unless_messages_are_allowed() {
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
