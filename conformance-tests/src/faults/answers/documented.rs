//! The documented answers of a provider to a send, from its tables, its documented rejections and its fixtures.

use serde_json::{Value, json};

use super::declared;
use super::message_id::{is_named, named};
use crate::adapters::CodeChannel;
use crate::evidence::facts;
use crate::faults::profile::FaultProfile;

/// A documented answer that refuses the message.
#[derive(Clone, Debug)]
pub(crate) struct DocumentedRefusal {
    pub(crate) status: u16,
    pub(crate) body: Value,
    /// The code that an error keeps, if the record says it.
    pub(crate) code: Option<String>,
    /// Whether it is a rejection because of the session window.
    pub(crate) is_window: bool,
}

/// Every documented refusal with a JSON body and no message in it, each once.
pub(crate) fn refusals(profile: &FaultProfile) -> Vec<DocumentedRefusal> {
    let mut all: Vec<DocumentedRefusal> = Vec::new();
    for (table, fact) in facts::rows(profile.adapter) {
        for sample in (table.samples)(fact) {
            if let CodeChannel::Answer { status, body, .. } = sample.by {
                all.push(DocumentedRefusal { status, body, code: sample.code, is_window: is_window(sample.kind) });
            }
        }
    }
    for refusal in profile.adapter.refusals {
        // The 429 of Messangi's page is no JSON, so nothing can be put beside it.
        if let Ok(body) = serde_json::from_str(refusal.body) {
            let code = refusal.code.map(str::to_owned);
            all.push(DocumentedRefusal { status: refusal.status, body, code, is_window: is_window(refusal.kind) });
        }
    }
    all.extend(exchanges(profile).filter(|(status, _)| *status >= 300).map(|(status, body)| DocumentedRefusal {
        status,
        body,
        code: None,
        is_window: false,
    }));
    let items: Vec<_> = all.iter().filter_map(as_item).collect();
    let mut unique: Vec<DocumentedRefusal> = Vec::new();
    for refusal in all.into_iter().chain(items) {
        let is_known = unique.iter().any(|known| (known.status, &known.body) == (refusal.status, &refusal.body));
        if !is_known && !is_named(profile, &refusal.body) {
            unique.push(refusal);
        }
    }
    unique
}

/// At Exotel, the one result of a request as the item of a list, which has the same members.
fn as_item(refusal: &DocumentedRefusal) -> Option<DocumentedRefusal> {
    let result = refusal.body.get("response").filter(|result| result.get("error_data").is_some())?;
    let body = json!({ "response": { "whatsapp": { "messages": [result] } } });
    Some(DocumentedRefusal { status: 207, body, ..refusal.clone() })
}

/// Every documented success, and the smallest body with an id in each place, each once.
pub(crate) fn successes(profile: &FaultProfile) -> Vec<Value> {
    let yes = serde_json::from_str((profile.yes)(profile.id).as_str()).ok();
    let documented = exchanges(profile).filter(|(status, _)| *status < 300).map(|(_, body)| body);
    let mut unique: Vec<Value> = Vec::new();
    let smallest = named(profile, &json!({})).into_iter().map(|(body, _)| body);
    for body in documented.chain(yes).chain(smallest) {
        // Fixtures of several contents have the same answer.
        if !unique.contains(&body) && is_named(profile, &body) && declared::find(profile, &body).is_none() {
            unique.push(body);
        }
    }
    unique
}

/// Status and body of every fixture of a send.
fn exchanges(profile: &FaultProfile) -> impl Iterator<Item = (u16, Value)> {
    facts::documented(profile.adapter).into_iter().filter_map(|fixture| {
        let path = fixture.json.pointer("/request/path")?.as_str()?;
        let is_send = profile.adapter.send_paths.contains(&path);
        let status = fixture.json.pointer("/response/status")?.as_u64()?;
        let body = fixture.json.pointer("/response/body").filter(|body| body.is_object())?;
        is_send.then(|| Some((u16::try_from(status).ok()?, body.clone())))?
    })
}

const fn is_window(kind: transom::ErrorKind) -> bool {
    matches!(kind, transom::ErrorKind::SessionExpired | transom::ErrorKind::NoActiveSession)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::profile;

    #[test]
    fn every_provider_has_documented_answers() {
        for profile in profile::ALL {
            let (refusals, successes) = (refusals(profile), successes(profile));
            assert!(refusals.len() >= 20, "{}: {}", profile.name(), refusals.len());
            assert!(refusals.iter().any(|refusal| refusal.is_window), "{}", profile.name());
            assert!(successes.len() > profile.id_places.len(), "{}: {}", profile.name(), successes.len());
        }
    }
}
