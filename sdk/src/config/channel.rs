//! The settings of one channel.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use super::values::Values;

/// The settings of a channel: the provider's name and the adapter's keys.
///
/// The values are kept as written, and wiped when the last copy is dropped. A secret that is a reference (`{ env = "…"
/// }`) is resolved when an adapter reads it.
#[derive(Clone)]
pub struct ChannelConfig {
    pub(super) name: String,
    pub(super) provider: String,
    pub(super) values: Values,
    pub(super) lookup: Lookup,
}

/// The source of referenced secrets.
#[derive(Clone)]
pub(super) enum Lookup {
    /// The environment, and files relative to this folder.
    Real { env: Env, folder: PathBuf },
    /// No source: every reference counts as valid. For checking a file on a machine without its secrets.
    Assumed { folder: PathBuf },
}

/// Reads an environment variable: the process's, or a test's.
pub type Env = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// The name of an environment variable as a problem shows it. A text that is not written like such a name is not shown: it
/// may be the secret itself, written in the wrong place.
pub fn shown_variable(name: &str) -> String {
    let is_upper = |c: char| c.is_ascii_uppercase() || c == '_';
    let is_plain = name.starts_with(is_upper) && name.chars().all(|c| is_upper(c) || c.is_ascii_digit());
    // A name with digits has words, too; a key need not.
    let is_name = is_plain && name.len() <= 64 && (name.contains('_') || !name.contains(|c: char| c.is_ascii_digit()));
    if is_name { format!("`{name}`") } else { "(its name is not shown, since it may be the secret itself)".to_owned() }
}

/// The environment of this process.
pub fn process_env() -> Env {
    Arc::new(|name| std::env::var(name).ok())
}

impl ChannelConfig {
    /// Makes a channel from its settings, for callers with a configuration format of their own.
    pub fn new(
        name: impl Into<String>,
        provider: impl Into<String>,
        values: BTreeMap<String, Value>,
        env: Env,
    ) -> Self {
        let lookup = Lookup::Real { env, folder: PathBuf::new() };
        Self::from_parts(name.into(), provider.into(), values, lookup)
    }

    pub(super) fn from_parts(name: String, provider: String, values: BTreeMap<String, Value>, lookup: Lookup) -> Self {
        Self { name, provider, values: Values::new(values), lookup }
    }

    /// The channel's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The provider's name.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// Sets another name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets `key` to `value`, replacing its old value.
    #[must_use]
    pub fn with_value(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.values.set(key.into(), value.into());
        self
    }

    /// Treats every secret reference as valid, so that the other keys can be checked without the secrets.
    #[must_use]
    pub fn assuming_secrets(mut self) -> Self {
        let (Lookup::Real { folder, .. } | Lookup::Assumed { folder }) = self.lookup;
        self.lookup = Lookup::Assumed { folder };
        self
    }
}

impl fmt::Debug for ChannelConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Only the adapter knows which values are secret, so none is shown.
        f.debug_struct("ChannelConfig")
            .field("name", &self.name)
            .field("provider", &self.provider)
            .field("keys", &self.values.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
