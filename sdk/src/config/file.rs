//! `transom.toml`: channels by name, and the default channel.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use zeroize::Zeroizing;

use super::channel::{ChannelConfig, Env, Lookup};
#[cfg(feature = "toml")]
use super::problem::config_error;
use super::problem::{bounded, cut, hint, kind, listed};
use super::{reader, uri};
use crate::config::provider::Provider;
use crate::error::Result;

/// A parsed configuration file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConfigFile {
    /// The default channel.
    pub default: Option<String>,
    /// The provider accounts, by name.
    pub channels: BTreeMap<String, ChannelConfig>,
    /// The failover channels, by name.
    pub failovers: BTreeMap<String, Failover>,
}

/// A channel made of other channels, in the order in which they are tried.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failover {
    /// The members' names with their weights.
    pub members: Vec<(String, u32)>,
}

impl ConfigFile {
    /// Loads the file at `path`, for `providers`. Secrets that name environment variables come from this process.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if the file cannot be read, or with a line for each problem of its
    /// shape.
    #[cfg(feature = "toml")]
    pub fn load(path: impl AsRef<Path>, providers: &[Provider]) -> Result<Self> {
        Self::load_with(path.as_ref(), providers, &super::channel::process_env())
    }

    /// As [`load`](Self::load), with another environment. Each line of an error starts with the path.
    #[cfg(feature = "toml")]
    pub(super) fn load_with(path: &Path, providers: &[Provider], env: &Env) -> Result<Self> {
        let problem = |line: &str| format!("{}: {line}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| {
            let why = if path.is_dir() { "it is a folder, expected a file".to_owned() } else { error.to_string() };
            config_error(vec![problem(&format!("cannot be read: {why}"))])
        })?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        Self::parse(&text, folder, providers, env)
            .map_err(|error| config_error(error.problems().iter().map(|line| problem(line)).collect()))
    }

    /// Reads the text of a `transom.toml`. Relative paths in it are relative to `folder`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with a line for each thing that is wrong with the file's shape.
    /// What is wrong inside a channel is for its provider to say: see [`Registry::check`](crate::Registry::check).
    #[cfg(feature = "toml")]
    pub fn parse(text: &str, folder: &Path, providers: &[Provider], env: &Env) -> Result<Self> {
        let (file, problems) = Self::read(text, folder, providers, env)?;
        if problems.is_empty() { Ok(file) } else { Err(config_error(problems)) }
    }

    /// As [`parse`](Self::parse), but returns problems of the file's structure beside the readable rest, so that they
    /// can be reported together with problems of the channels.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) only if the text is no TOML.
    #[cfg(feature = "toml")]
    pub fn read(text: &str, folder: &Path, providers: &[Provider], env: &Env) -> Result<(Self, Vec<String>)> {
        let root: BTreeMap<String, Value> = toml::from_str(text).map_err(|error| {
            // The error's own text quotes the line, which may hold a literal secret.
            let line = error.span().map(|span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
            let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
            config_error(vec![format!("{place}{}", error.message())])
        })?;
        Ok(Self::from_values(root, folder, providers, env))
    }

    /// Reads configuration in another format than TOML, with the problems of its structure.
    pub fn from_values(
        root: BTreeMap<String, Value>,
        folder: &Path,
        providers: &[Provider],
        env: &Env,
    ) -> (Self, Vec<String>) {
        let mut problems = Vec::new();
        let mut file = Self { default: None, channels: BTreeMap::new(), failovers: BTreeMap::new() };
        let lookup = Lookup::Real { env: Env::clone(env), folder: folder.to_owned() };
        for (key, value) in root {
            match (key.as_str(), value) {
                ("default", Value::String(name)) => file.default = Some(name),
                ("default", other) => {
                    problems.push(format!("default: expected a channel's name, got {}", kind(&other)));
                }
                ("channels", Value::Object(channels)) => {
                    for (name, table) in channels {
                        file.add(&name, table, &lookup, providers, &mut problems);
                    }
                }
                ("channels", other) => {
                    problems
                        .push(format!("channels: expected tables such as [channels.support], got {}", kind(&other)));
                }
                (unknown, _) => {
                    let known = ["channels", "default"];
                    let hint = hint(unknown, known);
                    let unknown = cut(unknown);
                    problems.push(format!("unknown key `{unknown}`{hint}, expected one of {}", listed(known)));
                }
            }
        }
        file.check_names(&mut problems);
        (file, bounded(problems))
    }

    /// The name of the only channel, if the file has a single one.
    pub fn only_channel(&self) -> Option<&str> {
        let mut names = self.channels.keys().chain(self.failovers.keys());
        names.next().filter(|_| names.next().is_none()).map(String::as_str)
    }

    /// The names of all channels, for an error message.
    pub(super) fn names(&self) -> String {
        let names = listed(self.channels.keys().chain(self.failovers.keys()).map(String::as_str));
        if names.is_empty() { "none".to_owned() } else { names }
    }

    fn hint(&self, name: &str) -> String {
        hint(name, self.channels.keys().chain(self.failovers.keys()).map(String::as_str))
    }

    fn add(&mut self, name: &str, table: Value, lookup: &Lookup, providers: &[Provider], problems: &mut Vec<String>) {
        let Value::Object(table) = table else {
            problems.push(format!("channel `{name}`: expected a table, got {}", kind(&table)));
            return;
        };
        let mut values: BTreeMap<String, Value> = table.into_iter().collect();
        if let Some(members) = values.remove("failover") {
            for key in values.keys() {
                problems.push(format!("channel `{name}`: unknown key `{key}`: a failover channel has only `failover`"));
            }
            match read_members(&members) {
                Ok(members) => drop(self.failovers.insert(name.to_owned(), Failover { members })),
                Err(problem) => problems.push(format!("channel `{name}`: failover: {problem}")),
            }
            return;
        }
        let url = match values.remove("url") {
            Some(Value::Object(reference)) => match reader::referenced(&Value::Object(reference), lookup) {
                Ok(url) => Some(Value::String(url.trim().to_owned())),
                Err(problem) => return problems.push(format!("channel `{name}`: url: {problem}")),
            },
            written => written,
        };
        let provider = match (url, values.remove("provider")) {
            (Some(Value::String(text)), None) => match uri::parse(&Zeroizing::new(text), providers) {
                Ok((provider, from_uri)) => {
                    for (key, value) in from_uri {
                        if values.insert(key.clone(), value).is_some() {
                            problems.push(format!("channel `{name}`: {key}: it stands both in `url` and beside it"));
                        }
                    }
                    provider
                }
                Err(problem) => return problems.push(format!("channel `{name}`: url: {problem}")),
            },
            (None, Some(Value::String(provider))) => provider,
            (Some(_), Some(_)) => {
                return problems.push(format!("channel `{name}`: `url` and `provider` exclude each other"));
            }
            (Some(other), None) => {
                return problems.push(format!("channel `{name}`: url: expected a text, got {}", kind(&other)));
            }
            (None, Some(other)) => {
                return problems.push(format!("channel `{name}`: provider: expected a text, got {}", kind(&other)));
            }
            (None, None) => {
                return problems.push(format!(
                    "channel `{name}`: provider: missing, expected one of {}",
                    listed(providers.iter().map(|p| p.name))
                ));
            }
        };
        let channel = ChannelConfig::from_parts(name.to_owned(), provider, values, lookup.clone());
        self.channels.insert(name.to_owned(), channel);
    }

    /// Checks that names of channels exist.
    fn check_names(&self, problems: &mut Vec<String>) {
        // A channel that could not be read is missing here, and its problem is on the list already.
        if !problems.is_empty() {
            return;
        }
        if let Some(default) = &self.default
            && !self.channels.contains_key(default)
            && !self.failovers.contains_key(default)
        {
            problems.push(format!(
                "default: there is no channel `{default}`{}, known: {}",
                self.hint(default),
                self.names()
            ));
        }
        for (name, failover) in &self.failovers {
            for (member, _) in &failover.members {
                if self.failovers.contains_key(member) {
                    problems.push(format!(
                        "channel `{name}`: failover: `{member}` is a failover channel itself, expected a channel with a provider"
                    ));
                } else if !self.channels.contains_key(member) {
                    problems.push(format!(
                        "channel `{name}`: failover: there is no channel `{member}`{}, known: {}",
                        self.hint(member),
                        self.names()
                    ));
                }
            }
        }
    }
}

fn read_members(value: &Value) -> Result<Vec<(String, u32)>, String> {
    let expected = r#"expected a list such as ["india", { channel = "support", weight = 2 }]"#;
    let Value::Array(list) = value else { return Err(format!("{expected}, got {}", kind(value))) };
    let mut members = Vec::new();
    for member in list {
        members.push(match member {
            Value::String(name) => (name.clone(), 1),
            Value::Object(table) => {
                if let Some(unknown) = table.keys().find(|key| !matches!(key.as_str(), "channel" | "weight")) {
                    return Err(format!("unknown key `{unknown}`, expected one of {}", listed(["channel", "weight"])));
                }
                let name = table.get("channel").and_then(Value::as_str).ok_or(expected)?;
                let weight = match table.get("weight") {
                    None => 1,
                    Some(weight) => weight
                        .as_u64()
                        .and_then(|w| u32::try_from(w).ok())
                        .filter(|&w| w > 0)
                        .ok_or("weight: expected a whole number from 1")?,
                };
                (name.to_owned(), weight)
            }
            other => return Err(format!("{expected}, got {} in it", kind(other))),
        });
    }
    if members.is_empty() { Err("at least one channel is needed".to_owned()) } else { Ok(members) }
}
