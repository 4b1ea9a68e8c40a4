//! The namespaces that a server holds besides its own world.

use serde::Deserialize;

use crate::control::read::from_query;
use crate::core::error::ControlError;

/// The holder of several worlds.
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Unknown parameters are refused: a typo in `name` would remove every namespace.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: Option<String>,
}

/// Lists the namespaces.
pub(crate) fn names(query: &str, worlds: &impl NamespaceStore) -> Result<Vec<String>, ControlError> {
    from_query::<Nothing>(query)?;
    let mut names = worlds.names();
    names.sort_unstable();
    Ok(names)
}

/// Removes the namespace that `?name=` names, or all, and lists the others.
pub(crate) fn remove(query: &str, worlds: &mut impl NamespaceStore) -> Result<Vec<String>, ControlError> {
    let Named { name } = from_query(query)?;
    if !worlds.remove(name.as_deref()) {
        let name = name.unwrap_or_default();
        let expected = "one of those that `GET /_mock/namespaces` lists";
        return Err(ControlError::invalid("name", format!("`{name}`"), expected));
    }
    names("", worlds)
}
