//! Namespaces: worlds of their own for tests that share one server, each with its clock, faults, journal and webhooks.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use http::{Request, Uri};

use super::events::{EventBus, NamespaceEvents};
use super::real_time::now;
use crate::core::request::API_KEY;
use crate::core::simulator::Simulator;
use crate::core::webhook::WebhookDelivery;

/// More namespaces than this, or more bytes in all of them, and the one that was used least lately is forgotten.
const MOST: usize = 1_000;
const MOST_BYTES: usize = 256 * 1024 * 1024;
const LONGEST_NAME: usize = 64;
const HEADER: HeaderName = HeaderName::from_static("x-mock-namespace");
const PREFIX: &str = "/_ns/";
/// A credential that starts like this names a namespace, and goes on behind the next such sign.
const SIGN: &str = "ns~";
/// The sign as Basic credentials have it.
const SIGN_IN_BASE64: &str = "bnN+";

/// So many bytes of events are kept for who listens to the one world, and for who listens to a namespace.
const BYTES_OF_EVENTS: usize = 8 * 1024 * 1024;
const BYTES_OF_EVENTS_OF_A_NAMESPACE: usize = 1024 * 1024;
/// Of more namespaces than this, those that nobody listens to any more forget what they told.
const MOST_HUBS: usize = 64;

/// The name of a namespace; none is the one world that every server has.
pub(super) type Name = Option<Arc<str>>;

/// Every world of a server.
pub(super) struct Namespaces {
    default_namespace: Simulator,
    home_hub: Arc<NamespaceEvents>,
    event_bus: Arc<EventBus>,
    others: HashMap<Arc<str>, Namespace>,
    /// About how many bytes the others hold.
    bytes: usize,
    uses: u64,
    hubs: u64,
}

struct Namespace {
    /// In a box, for a table has room for many more than it holds.
    simulator: Box<Simulator>,
    used: u64,
    /// About how many bytes it held after its last use.
    bytes: usize,
    /// Since somebody listened.
    hub: Option<Arc<NamespaceEvents>>,
}

impl Drop for Namespace {
    fn drop(&mut self) {
        if let Some(hub) = &self.hub {
            hub.close();
        }
    }
}

impl Namespaces {
    pub(super) fn new(default_namespace: Simulator, event_bus: Arc<EventBus>) -> Self {
        let home_hub =
            Arc::new(NamespaceEvents::new(&default_namespace, now(), Arc::clone(&event_bus), BYTES_OF_EVENTS, 0));
        Self { default_namespace, home_hub, event_bus, others: HashMap::new(), bytes: 0, uses: 0, hubs: 0 }
    }

    pub(super) fn default_namespace(&mut self) -> &mut Simulator {
        &mut self.default_namespace
    }

    pub(super) fn into_default_namespace(self) -> Simulator {
        self.default_namespace
    }

    /// A world; one that nobody named before is made.
    pub(super) fn of(&mut self, now: SystemTime, name: &Name) -> &mut Simulator {
        let Some(name) = name else { return &mut self.default_namespace };
        self.uses += 1;
        if self.others.len() >= MOST && !self.others.contains_key(name) {
            self.forget_oldest();
        }
        let default_namespace = &self.default_namespace;
        let made = || {
            let simulator = default_namespace.sibling(now).mounted(format!("{PREFIX}{name}"));
            Namespace { simulator: Box::new(simulator), used: 0, bytes: 0, hub: None }
        };
        let space = self.others.entry(Arc::clone(name)).or_insert_with(made);
        space.used = self.uses;
        &mut space.simulator
    }

    fn forget_oldest(&mut self) {
        let oldest = self.others.iter().min_by_key(|(_, space)| space.used).map(|(name, _)| Arc::clone(name));
        if let Some(space) = oldest.and_then(|oldest| self.others.remove(&oldest)) {
            self.bytes = self.bytes.saturating_sub(space.bytes);
        }
    }

    /// Weighs a world that has changed. Beyond the bound the namespaces used least lately are forgotten, in the end this one.
    pub(super) fn weigh(&mut self, name: &Name) {
        let Some(space) = name.as_ref().and_then(|name| self.others.get_mut(name)) else { return };
        let before = std::mem::replace(&mut space.bytes, space.simulator.bytes());
        self.bytes = self.bytes.saturating_sub(before).saturating_add(space.bytes);
        while self.bytes > MOST_BYTES && !self.others.is_empty() {
            self.forget_oldest();
        }
    }

    /// A world that is there.
    pub(super) fn find(&mut self, name: &Name) -> Option<&mut Simulator> {
        match name {
            None => Some(&mut self.default_namespace),
            Some(name) => self.others.get_mut(name).map(|space| &mut *space.simulator),
        }
    }

    /// What happens in a world, for who wants to listen; the world is made if it is not there.
    pub(super) fn hub(&mut self, now: SystemTime, name: &Name) -> (Arc<NamespaceEvents>, &Simulator) {
        self.of(now, name);
        let hubs = self.others.values().filter(|space| space.hub.is_some()).count();
        if hubs >= MOST_HUBS {
            for space in self.others.values_mut() {
                space.hub = space.hub.take().filter(|hub| hub.is_heard());
            }
        }
        let Some(space) = name.as_ref().and_then(|name| self.others.get_mut(name)) else {
            return (Arc::clone(&self.home_hub), &self.default_namespace);
        };
        let Namespace { simulator, hub, .. } = space;
        let hub = hub.get_or_insert_with(|| {
            self.hubs += 1;
            let event_bus = Arc::clone(&self.event_bus);
            Arc::new(NamespaceEvents::new(simulator, now, event_bus, BYTES_OF_EVENTS_OF_A_NAMESPACE, self.hubs))
        });
        (Arc::clone(hub), simulator)
    }

    /// Tells who listens to a world what has happened in it. Returns the id of the newest event if anybody does.
    pub(super) fn tell(&self, now: SystemTime, name: &Name) -> Option<String> {
        match name {
            None => self.home_hub.tell(&self.default_namespace, now),
            Some(name) => {
                let space = self.others.get(name)?;
                space.hub.as_ref()?.tell(&space.simulator, now)
            }
        }
    }

    /// Tells who listens to any world what has fallen due in it, and says how long until something does again.
    pub(super) fn tell_due(&self, now: SystemTime) -> Option<Duration> {
        let others = self.others.values().filter_map(|space| Some((space.hub.as_ref()?, &*space.simulator)));
        let all = std::iter::once((&self.home_hub, &self.default_namespace)).chain(others);
        all.filter_map(|(hub, simulator)| hub.tell_due(simulator, now)).min()
    }

    /// The next webhook call of any world that is due and whose target `is_free`, and whose it is.
    pub(super) fn due(
        &mut self,
        now: SystemTime,
        is_free: impl Fn(&Name, SocketAddr) -> bool,
    ) -> Option<(Name, WebhookDelivery)> {
        if let Some(delivery) = self.default_namespace.due_at(now, |target| is_free(&None, target)) {
            return Some((None, delivery));
        }
        self.others.iter_mut().find_map(|(name, space)| {
            let name = Some(Arc::clone(name));
            let delivery = space.simulator.due_at(now, |target| is_free(&name, target))?;
            Some((name, delivery))
        })
    }

    /// How long until the next webhook call of any world is due whose target `is_free`.
    pub(super) fn next_due_in(&self, now: SystemTime, is_free: impl Fn(&Name, SocketAddr) -> bool) -> Option<Duration> {
        let others = self.others.iter().map(|(name, space)| (Some(Arc::clone(name)), &*space.simulator));
        let all = std::iter::once((None, &self.default_namespace)).chain(others);
        all.filter_map(|(name, simulator)| simulator.next_due_at(now, |target| is_free(&name, target))).min()
    }

    /// The names of all namespaces, in order.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.others.keys().map(|name| (**name).to_owned()).collect();
        names.sort_unstable();
        names
    }

    /// Forgets a namespace, or all; false if there is none of that name.
    pub(super) fn remove(&mut self, name: Option<&str>) -> bool {
        match name {
            None => {
                self.others.clear();
                self.bytes = 0;
                true
            }
            Some(name) => {
                let removed = self.others.remove(name);
                self.bytes = self.bytes.saturating_sub(removed.as_ref().map_or(0, |space| space.bytes));
                removed.is_some()
            }
        }
    }
}

impl fmt::Debug for Namespaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Namespaces").field("others", &self.others.len()).finish_non_exhaustive()
    }
}

/// The namespace that a request names: by the start of its path, by its header, or by its credential, the first of the three
/// that does. The request is then one without it.
///
/// # Errors
///
/// What is wrong with the name.
pub(super) fn take_name<B>(request: &mut Request<B>) -> Result<Name, String> {
    if let Some(rest) = request.uri().path_and_query().and_then(|path| path.as_str().strip_prefix(PREFIX)) {
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (name, rest) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let name = checked(name)?;
        let path = if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") };
        *request.uri_mut() = path.parse::<Uri>().map_err(|error| format!("the path behind the namespace: {error}"))?;
        return Ok(Some(name));
    }
    // There are few headers, and to look at each costs less than to look for one that is hardly ever there.
    if request.headers().keys().any(|name| name == HEADER) {
        let value = request.headers_mut().remove(HEADER);
        return checked(value.as_ref().and_then(|value| value.to_str().ok()).unwrap_or_default()).map(Some);
    }
    for header in [AUTHORIZATION, API_KEY] {
        let text = request.headers().get(&header).and_then(|value| value.to_str().ok());
        let Some((name, rest)) = text.and_then(of_credential) else { continue };
        let name = checked(&name)?;
        let rest = HeaderValue::try_from(rest).map_err(|_| "the credential behind the namespace".to_owned())?;
        request.headers_mut().insert(header, rest);
        return Ok(Some(name));
    }
    Ok(None)
}

/// The namespace in the value of a credential header, and the value without it.
fn of_credential(value: &str) -> Option<(String, String)> {
    let (scheme, credential) = value.split_once(' ').map_or(("", value), |(scheme, rest)| (scheme, rest.trim()));
    let joined = |rest: &str| if scheme.is_empty() { rest.to_owned() } else { format!("{scheme} {rest}") };
    if let Some((name, rest)) = credential.strip_prefix(SIGN).and_then(|rest| rest.split_once('~')) {
        return Some((name.to_owned(), joined(rest)));
    }
    if !scheme.eq_ignore_ascii_case("basic") || !credential.starts_with(SIGN_IN_BASE64) {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(credential).ok()?).ok()?;
    let (name, rest) = decoded.strip_prefix(SIGN)?.split_once('~')?;
    Some((name.to_owned(), joined(&STANDARD.encode(rest))))
}

fn checked(name: &str) -> Result<Arc<str>, String> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(legal) {
        Ok(name.into())
    } else {
        Err(format!("the namespace has to be 1 to {LONGEST_NAME} letters, digits, dots, dashes and underscores"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(path: &str, headers: &[(&str, &str)]) -> Result<(Name, Request<()>), String> {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(()).unwrap();
        take_name(&mut request).map(|name| (name, request))
    }

    #[test]
    fn namespace_is_read_from_path_header_or_key_and_removed() {
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        for (path, headers, expected, left) in [
            ("/_ns/t1/api/user/me?x=1", vec![], "/api/user/me?x=1", None),
            ("/_ns/t1", vec![], "/", None),
            ("/_ns/t1?x=1", vec![], "/?x=1", None),
            ("/v1/messages", vec![("x-mock-namespace", "t1".to_owned())], "/v1/messages", None),
            (
                "/v1/messages",
                vec![("x-api-key", "ns~t1~gsk_test_demo".to_owned())],
                "/v1/messages",
                Some("gsk_test_demo".to_owned()),
            ),
            ("/x", vec![("authorization", "Bearer ns~t1~a~b".to_owned())], "/x", Some("Bearer a~b".to_owned())),
            ("/x", vec![("authorization", basic("ns~t1~key:token"))], "/x", Some(basic("key:token"))),
        ] {
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let (name, request) = taken(path, &headers).unwrap();
            assert_eq!(name.as_deref(), Some("t1"), "{path} {headers:?}");
            assert_eq!(request.uri().path_and_query().unwrap().as_str(), expected);
            assert!(!request.headers().contains_key("x-mock-namespace"));
            let credential = request.headers().get("authorization").or(request.headers().get("x-api-key"));
            assert_eq!(credential.map(|value| value.to_str().unwrap().to_owned()), left);
        }
    }

    #[test]
    fn other_requests_are_for_the_one_world_and_stay_as_they_are() {
        for (path, name, value) in [
            ("/_nsx/t1/x", "accept", "*/*"),
            ("/x", "authorization", "Bearer ns~t1"),
            ("/x", "authorization", "Basic bnN+!!"),
            ("/x", "x-api-key", "key"),
        ] {
            let (found, request) = taken(path, &[(name, value)]).unwrap();
            assert!(found.is_none() && request.uri().path() == path && request.headers()[name] == value, "{path}");
        }
    }

    #[test]
    fn a_name_that_cannot_be_is_refused() {
        for path in ["/_ns/", "/_ns//x", "/_ns/a%20b/x", &format!("/_ns/{}/x", "n".repeat(65))] {
            assert!(taken(path, &[]).is_err(), "{path}");
        }
        assert!(taken("/x", &[("x-mock-namespace", "")]).is_err());
        assert!(taken("/x", &[("authorization", "Bearer ns~a/b~key")]).is_err());
    }

    #[test]
    fn namespaces_together_stay_under_the_bound_in_bytes() {
        let now = SystemTime::UNIX_EPOCH;
        let mut namespaces = Namespaces::new(Simulator::new(now), Arc::default());
        let name = |number: usize| Some(Arc::from(format!("n{number}")));
        let fault = |text: &str| crate::control::NewFault {
            status: Some(500),
            body: Some(text.into()),
            ..crate::control::NewFault::new("exotel", crate::control::FaultKind::Status)
        };
        let text = "x".repeat(3_000_000);
        for number in 0..40 {
            let simulator = namespaces.of(now, &name(number));
            for _ in 0..3 {
                simulator.add_faults(&[fault(&text)]).unwrap();
            }
            namespaces.weigh(&name(number));
            let held: usize = namespaces.others.values().map(|space| space.simulator.bytes()).sum();
            assert!(namespaces.bytes == held && held <= MOST_BYTES, "{number}: {held}");
        }
        assert_eq!(namespaces.others.len(), MOST_BYTES / 9_000_000);
        assert!(namespaces.find(&name(0)).is_none() && namespaces.find(&name(39)).is_some());
        assert!(namespaces.remove(Some("n39")) && namespaces.remove(None));
        assert_eq!(namespaces.bytes, 0);
    }

    #[test]
    fn the_least_used_namespace_is_forgotten_beyond_the_bound() {
        let now = SystemTime::UNIX_EPOCH;
        let mut namespaces = Namespaces::new(Simulator::new(now).with_seed(7), Arc::default());
        let name = |number: usize| Some(Arc::from(format!("n{number}")));
        for number in 0..MOST {
            assert!(!namespaces.of(now, &name(number)).world().strict());
        }
        namespaces.of(now, &name(0));
        namespaces.of(now, &name(MOST));
        assert!(
            namespaces.find(&name(0)).is_some()
                && namespaces.find(&name(1)).is_none()
                && namespaces.find(&name(MOST)).is_some()
        );
        assert_eq!(namespaces.others.len(), MOST);
    }
}
