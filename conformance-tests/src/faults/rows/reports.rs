//! What delivery reports settle, and what idempotency keys keep apart.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use transom::reconcile::{DeliveryReportLog, PendingSend, Resolution};
use transom::webhook::{DeliveryStatus, Event, StatusUpdate, WebhookEvents};
use transom::{Error, ErrorKind, Message, PhoneNumber, Sent, Template};

use crate::assertions::{Check, Failure, ensure, equal, unexpected};
use crate::evidence::WebhookFixture;
use crate::faults::canary::Canaries;
use crate::faults::case::FaultCase;
use crate::faults::harness::{CallResult, FaultHarness};
use crate::faults::oracle::described;
use crate::faults::profile::FaultProfile;
use crate::faults::row::{Row, each};
use crate::faults::script::{Step, answer};

pub(super) const ROWS: &[Row] = &[
    each("R1", "reports under our reference: older, about another person, of an unknown message", |s| {
        if !s.adapter.webhook_features.reference {
            return Vec::new();
        }
        HISTORIES.iter().map(|history| reported(s, history, Known::Reference)).collect()
    }),
    each("R2", "reports by id: ours, and another message's", |s| {
        BY_ID.iter().map(|history| reported(s, history, Known::Id)).collect()
    }),
    each("K1", "idempotency keys of two forms and two contacts", |s| {
        if !s.is_keyed() {
            return Vec::new();
        }
        let case = |(name, pair): &(&str, Pair)| {
            let pair = *pair;
            let case = FaultCase::own(s, *name, move |harness| apart(harness, pair));
            case.with(|case| {
                case.setup.is_window_open = false;
                case.setup.repeats_text = true;
            })
        };
        PAIRS.iter().map(case).map(|case| case.plays([Step::Take, answer()])).collect()
    }),
];

/// A report, as a change of the documented one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Report {
    /// Delivered, under our reference and number, with the id that the provider gave our message.
    Delivered,
    /// The same with another spelling of the number.
    DeliveredToVariant,
    /// A failure of our message, by its id.
    Failed,
    /// A failure under our reference and number with the id of another message.
    FailedOther,
    /// The same from long before our send.
    FailedBefore,
    /// The same about another person.
    FailedOtherPerson,
    /// Another message under our reference was delivered, to another person.
    DeliveredOtherPerson,
    /// Another message under our reference was delivered long before our send.
    DeliveredBefore,
}

/// Reports, and what they settle in any order.
struct History {
    reports: &'static [Report],
    settles: Settles,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Settles {
    Nothing,
    Sent,
    NotSent,
}

/// Without a known id, only a delivery to our contact settles a send: a failure under the reference may be one of an
/// earlier message.
const HISTORIES: &[History] = {
    use Report::{
        Delivered, DeliveredBefore, DeliveredOtherPerson, DeliveredToVariant, FailedBefore, FailedOther,
        FailedOtherPerson,
    };
    &[
        History { reports: &[FailedOther], settles: Settles::Nothing },
        History { reports: &[FailedBefore], settles: Settles::Nothing },
        History { reports: &[FailedOtherPerson], settles: Settles::Nothing },
        History { reports: &[DeliveredOtherPerson], settles: Settles::Nothing },
        History { reports: &[DeliveredBefore], settles: Settles::Nothing },
        History { reports: &[Delivered], settles: Settles::Sent },
        History { reports: &[DeliveredToVariant], settles: Settles::Sent },
        History { reports: &[FailedOther, Delivered], settles: Settles::Sent },
        History { reports: &[FailedBefore, Delivered], settles: Settles::Sent },
        History { reports: &[FailedOtherPerson, Delivered], settles: Settles::Sent },
        History { reports: &[DeliveredOtherPerson, Delivered], settles: Settles::Sent },
        History { reports: &[FailedBefore, FailedOther, DeliveredToVariant], settles: Settles::Sent },
    ]
};

const BY_ID: &[History] = {
    use Report::{Delivered, Failed, FailedBefore, FailedOther, FailedOtherPerson};
    &[
        History { reports: &[Failed], settles: Settles::NotSent },
        History { reports: &[Delivered], settles: Settles::Sent },
        History { reports: &[FailedOther], settles: Settles::Nothing },
        History { reports: &[FailedOther, FailedBefore, FailedOtherPerson], settles: Settles::Nothing },
        History { reports: &[FailedOther, Delivered], settles: Settles::Sent },
        History { reports: &[FailedOther, Failed], settles: Settles::NotSent },
    ]
};

/// What is known of a message whose answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Reference,
    Id,
}

const OURS: &str = "640077";
const OTHERS: &str = "640099";
/// A Mexican mobile number as it is dialled, and as WhatsApp writes it.
const NUMBER: &str = "+525599992222";
const VARIANT: &str = "+5215599992222";
const OTHER_NUMBER: &str = "+525588887777";

fn reported(s: &'static FaultProfile, history: &'static History, known: Known) -> FaultCase {
    FaultCase::own(s, format!("{:?}", history.reports), move |harness| async move {
        let documented = documented(&harness)?;
        let Some(at) = documented.iter().find_map(|update| update.at) else {
            return Err("the documented report has no time".into());
        };
        for order in orders(history.reports) {
            let updates: Vec<_> = order.iter().map(|report| report.of(&documented, at)).collect::<Result<_, _>>()?;
            let one_by_one = updates.iter().map(|update| WebhookEvents::new(true, vec![Event::Status(update.clone())]));
            let log = DeliveryReportLog::default();
            let mut pending = lost(at, known)?;
            for events in one_by_one {
                log.record(&events, false);
                pending.record_events(&events, false);
            }
            settled(&pending.resolution(), history.settles).map_err(|failure| failure.at(format!("{order:?}")))?;
            let resolution = lost(at, known)?.check_log(&log);
            settled(&resolution, history.settles).map_err(|failure| failure.at(format!("{order:?} in the log")))?;
        }
        Ok(())
    })
}

/// A send that began a second before the documented report.
fn lost(at: SystemTime, known: Known) -> Result<PendingSend, Failure> {
    let message = Message::text(NUMBER.parse().map_err(unexpected)?, "Your table is ready").with_reference("order-17");
    let error = Error::new(ErrorKind::ProviderUnavailable, "the answer was lost").maybe_sent();
    let pending =
        PendingSend::new(&message, &error, at - Duration::from_secs(1)).ok_or("the outcome is not unknown")?;
    Ok(if known == Known::Id { pending.with_message_id(OURS) } else { pending })
}

fn settled(resolution: &Resolution, expected: Settles) -> Check {
    let settles = match resolution {
        Resolution::Sent { message_id, .. } => {
            equal("the id", &message_id.as_str(), &OURS)?;
            Settles::Sent
        }
        Resolution::NotSent { .. } => Settles::NotSent,
        _ => Settles::Nothing,
    };
    equal("what the reports settle", &settles, &expected)
}

/// The reports of the provider's pages, as the adapter reads them.
fn documented(harness: &FaultHarness) -> Result<Vec<StatusUpdate>, Failure> {
    let mut updates = Vec::new();
    for fixture in WebhookFixture::for_adapter(harness.profile.adapter)? {
        let request = fixture.request(fixture.body.get().to_owned())?;
        let events = harness.client.webhook(&request).map_err(unexpected)?.events;
        updates.extend(events.into_iter().filter_map(|event| match event {
            Event::Status(update) if update.at.is_some() && update.to.is_some() => Some(update),
            _ => None,
        }));
    }
    Ok(updates)
}

impl Report {
    fn of(self, documented: &[StatusUpdate], at: SystemTime) -> Result<StatusUpdate, Failure> {
        const HOUR: Duration = Duration::from_secs(3_600);
        let is_failure =
            matches!(self, Self::Failed | Self::FailedOther | Self::FailedBefore | Self::FailedOtherPerson);
        let status = if is_failure { DeliveryStatus::Failed } else { DeliveryStatus::Delivered };
        let update = documented.iter().find(|update| update.status == status).ok_or("no page shows such a report")?;
        let mut update = update.clone();
        let is_ours = matches!(self, Self::Delivered | Self::DeliveredToVariant | Self::Failed);
        update.message_id = if is_ours { OURS } else { OTHERS }.into();
        let to: PhoneNumber = match self {
            Self::DeliveredToVariant => VARIANT,
            Self::FailedOtherPerson | Self::DeliveredOtherPerson => OTHER_NUMBER,
            _ => NUMBER,
        }
        .parse()
        .map_err(unexpected)?;
        update.to = Some(to);
        update.reference = Some("order-17".to_owned());
        let is_older = matches!(self, Self::FailedBefore | Self::DeliveredBefore);
        update.at = Some(if is_older { at - HOUR } else { at });
        Ok(update)
    }
}

/// Every order of the reports.
fn orders(reports: &[Report]) -> Vec<Vec<Report>> {
    let Some((first, rest)) = reports.split_first() else { return vec![Vec::new()] };
    let insert = |order: Vec<Report>| {
        (0..=order.len()).map(move |at| {
            let (before, after) = order.split_at(at);
            [before, &[*first], after].concat()
        })
    };
    orders(rest).into_iter().flat_map(insert).collect()
}

/// Two messages that no key may make one.
type Pair = fn(&Canaries) -> Result<[Message; 2], Failure>;

const PAIRS: &[(&str, Pair)] = &[
    ("a fallback, then its template under the key of the fallback", |c| {
        Ok([text(&c.to, "order-1")?, template(&c.to, "order-1-template")?])
    }),
    ("the template under the key of the fallback, then the fallback", |c| {
        Ok([template(&c.to, "order-1-template")?, text(&c.to, "order-1")?])
    }),
    ("a fallback, then its template under the same reference", |c| {
        Ok([text(&c.to, "order-1")?, template(&c.to, "order-1")?])
    }),
    ("one template to two contacts", |c| Ok([template(&c.to, "order-1")?, template(&c.other(), "order-1")?])),
    ("one fallback to two contacts", |c| Ok([text(&c.to, "order-1")?, text(&c.other(), "order-1")?])),
    ("one template under two references that are too long for a key", |c| {
        let long = "o".repeat(70);
        Ok([template(&c.to, &format!("{long}-1"))?, template(&c.to, &format!("{long}-2"))?])
    }),
];

fn approved() -> Template {
    Template::new("re_engagement_v1")
}

fn template(to: &str, reference: &str) -> Result<Message, Failure> {
    Ok(Message::template(PhoneNumber::from_e164(to).map_err(unexpected)?, approved()).with_reference(reference))
}

/// A text that falls back to the template, since its window is closed.
fn text(to: &str, reference: &str) -> Result<Message, Failure> {
    let text = Message::text(PhoneNumber::from_e164(to).map_err(unexpected)?, "Your parcel leaves today.");
    Ok(text.with_fallback(approved()).with_reference(reference))
}

/// Each accepted message arrives. The second may be rejected as a conflict, which sends nothing.
async fn apart(harness: Arc<FaultHarness>, pair: Pair) -> Check {
    let mut accepted = Vec::new();
    for message in pair(&harness.canaries)? {
        match harness.send(&message).await? {
            CallResult::Answered(Some((id, _))) => accepted.push(id),
            CallResult::Failed(error) if !accepted.is_empty() && error.kind() == ErrorKind::Conflict => {
                ensure(error.sent() == Sent::No, format_args!("{error:?}"))?;
            }
            other => return Err(format!("expected an accepted message, got {}", described(&other)).into()),
        }
    }
    let arrived: Vec<_> = harness.provider.ledger().into_iter().map(|line| line.message_id).collect();
    equal("the messages that arrived", &arrived, &accepted)
}
