//! Requests to paths that no provider has: nearly always a base URL or a path that is a little off.

use std::cmp::Reverse;

use http::Method;

use crate::core::finding::{Certainty, Finding, Level, Source};
use crate::core::provider_simulator::ProviderSimulator;

const PATHS: Source = Source::new("The paths of the providers, as this mock's README has them", Certainty::Docs);

/// The words on a call of a provider that its simulator does not have. `paths` are the simulator's, of which the nearest is
/// named.
pub(crate) fn not_simulated(paths: &[&'static str], method: &Method, path: &str) -> String {
    let known = paths.iter().map(|known| ((), *known));
    match best(known, path).filter(|((), meant)| !is_same(meant, path)) {
        Some(((), meant)) => format!("`{method} {path}` is not simulated by this mock; did you mean `{meant}`?"),
        None => format!("`{method} {path}` is not simulated by this mock"),
    }
}

/// Says that no provider has the path, and names the nearest path.
pub(crate) fn finding(simulators: &[Box<dyn ProviderSimulator>], path: &str) -> Finding {
    let text = match nearest(simulators, path) {
        Some((provider, meant)) => {
            format!("no provider has the path `{path}`; did you mean `{meant}` of {provider}?")
        }
        None => format!("no provider has the path `{path}`"),
    };
    Finding { level: Level::Refused, text: text.into(), source: PATHS }
}

/// The path that has the most of the last parts of this one, and among those the one whose length is nearest.
fn nearest(simulators: &[Box<dyn ProviderSimulator>], path: &str) -> Option<(&'static str, &'static str)> {
    best(simulators.iter().flat_map(|simulator| simulator.paths().iter().map(|path| (simulator.name(), *path))), path)
}

fn best<T>(all: impl Iterator<Item = (T, &'static str)>, path: &str) -> Option<(T, &'static str)> {
    let given = parts(path);
    let scored = all.filter_map(|(provider, known)| {
        let known_parts = parts(known);
        let pairs = given.iter().rev().zip(known_parts.iter().rev());
        // Only a part that is written out says that the path is meant; a placeholder fits anything.
        let same = pairs.take_while(|(given, known)| is_placeholder(known) || given.eq_ignore_ascii_case(known));
        let written = same.filter(|(_, known)| !is_placeholder(known)).count();
        (written > 0).then_some(((written, Reverse(given.len().abs_diff(known_parts.len()))), provider, known))
    });
    let best = scored.reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.map(|(_, provider, known)| (provider, known))
}

/// Whether a path is `known`, whose placeholders stand for any part.
fn is_same(known: &str, path: &str) -> bool {
    let (known, given) = (parts(known), parts(path));
    known.len() == given.len() && known.iter().zip(&given).all(|(known, given)| is_placeholder(known) || known == given)
}

fn parts(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !part.is_empty()).collect()
}

fn is_placeholder(part: &str) -> bool {
    part.starts_with('{')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulators;

    #[test]
    fn a_path_that_is_a_little_off_is_told_which_one_may_be_meant() {
        let simulators = simulators::all();
        for (path, meant) in [
            ("/whatsapp/send-freeform", "`/api/user/whatsapp/send-freeform` of autocalls"),
            ("/whatsapp/Session-Status/", "`/api/user/whatsapp/session-status` of autocalls"),
            ("/v4/v3/messages", "`/balerion/v3/messages` of messangi"),
            ("/messages", "`/v1/messages` of gosendapi"),
            ("/v1/accounts/acme/messages", "`/v2/accounts/{sid}/messages` of exotel"),
            ("/v2/notification", "`/oberyn/v2/notification` of messangi"),
            ("/login", "`/kingslanding/login` of messangi"),
        ] {
            let text = finding(&simulators, path).text;
            assert_eq!(text, format!("no provider has the path `{path}`; did you mean {meant}?"));
        }
        assert_eq!(finding(&simulators, "/metrics").text, "no provider has the path `/metrics`");
    }
}
