//! `namespaces`: the worlds that a server holds besides the one that every simulator is.

use bytes::Bytes;
use http::{Method, Request};

use super::{Refusal, wrong_method};
use crate::core::request::Query;

/// Whoever holds several worlds.
pub(crate) trait NamespaceStore {
    /// Their names.
    fn names(&self) -> Vec<String>;

    /// Forgets one, or all; false if there is none of that name.
    fn remove(&mut self, name: Option<&str>) -> bool;
}

/// A simulator by itself is one world, and holds no other.
pub(crate) struct SingleNamespace;

impl NamespaceStore for SingleNamespace {
    fn names(&self) -> Vec<String> {
        Vec::new()
    }

    fn remove(&mut self, name: Option<&str>) -> bool {
        name.is_none()
    }
}

/// Lists the worlds, or removes the one that `?name=` names, or all; what is left is the answer. A parameter that is not known
/// is refused: read as none it would remove everybody's.
pub(crate) fn answer(request: &Request<Bytes>, worlds: &mut impl NamespaceStore) -> Result<Vec<String>, Refusal> {
    let known: &[&str] = match *request.method() {
        Method::GET => &[],
        Method::DELETE => &["name"],
        _ => return Err(wrong_method(request, &["GET", "DELETE"])),
    };
    let query = Query::of(request);
    if let Some(unknown) = query.names().find(|name| !known.contains(name)) {
        let expected = if known.is_empty() { "none" } else { "`name`" };
        return Err(Refusal::bad(format!("unknown parameter `{unknown}`, expected {expected}")));
    }
    if *request.method() == Method::DELETE && !worlds.remove(query.get("name")) {
        let name = query.get("name").unwrap_or_default();
        return Err(Refusal::bad(format!(
            "`name` is `{name}`, expected one of those that `GET /_mock/namespaces` lists"
        )));
    }
    let mut names = worlds.names();
    names.sort_unstable();
    Ok(names)
}
