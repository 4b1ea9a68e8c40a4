//! Reads a channel's settings and reports all problems at once.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::Value;
use zeroize::Zeroizing;

use super::channel::{ChannelConfig, Lookup, shown_variable};
use super::common::CommonConfig;
use super::problem::{MOST_PROBLEMS, config_error, cut, hint, kind, listed, resolve};
use super::templates::{TemplateMapping, TemplateMappings};
use crate::adapter::request::BaseUrl;
use crate::error::Result;
use crate::layers::WindowPolicy;
use crate::message::StatusCallback;
use crate::phone::{Country, PhoneNumber};
use crate::secret::Secret;
use crate::time::parse_duration;
#[cfg(feature = "reqwest")]
use crate::transport::{PROXY_EXPECTED, Roots, is_proxy_url};

/// The keys of every provider.
const COMMON: &[&str] = &[
    "base_url",
    "default_country",
    "extra_roots",
    "flatten_parameters",
    "insecure",
    "probe",
    "proxy",
    "reuse_connections",
    "templates",
    "timeout",
    "trust_unsigned",
    "webhook_secret",
    "window_policy",
];

/// Reads a channel's settings. Each method names a key. A key that no method names is unknown.
///
/// ```
/// use transom::config::{ChannelConfig, process_env};
///
/// let config = ChannelConfig::new("support", "acme", [("fron".to_owned(), "1".into())].into(), process_env());
/// let mut keys = config.reader();
/// let api_key = keys.required_secret("api_key");
/// let from = keys.phone("from");
/// let error = keys.finish(|| Some((api_key?, from))).unwrap_err();
/// assert_eq!(error.problems().len(), 2);
/// ```
#[derive(Debug)]
pub struct ConfigReader<'a> {
    config: &'a ChannelConfig,
    named: BTreeSet<&'static str>,
    problems: Vec<String>,
    common: CommonConfig,
    /// The problems of the common keys, reported after those of the adapter's keys.
    common_problems: Vec<String>,
}

impl ChannelConfig {
    /// Parses the common keys and starts reading the adapter's. [`ConfigReader::finish`] reports all problems at once.
    pub fn reader(&self) -> ConfigReader<'_> {
        ConfigReader::new(self)
    }
}

impl<'a> ConfigReader<'a> {
    fn new(config: &'a ChannelConfig) -> Self {
        let mut reader = Self {
            config,
            named: COMMON.iter().copied().collect(),
            problems: Vec::new(),
            common: CommonConfig::default(),
            common_problems: Vec::new(),
        };
        let timeout = reader.timeout();
        let window_policy = reader.choice("window_policy", WindowPolicy::NAMES).unwrap_or_default();
        let insecure = reader.flag("insecure").unwrap_or_default();
        reader.common = CommonConfig {
            timeout,
            window_policy,
            insecure,
            probe: reader.flag("probe").unwrap_or(true),
            reuse_connections: reader.flag("reuse_connections").unwrap_or_default(),
            trust_unsigned: reader.flag("trust_unsigned").unwrap_or_default(),
            flatten_parameters: reader.flag("flatten_parameters").unwrap_or_default(),
            base_url: reader.base_url(insecure),
            default_country: reader.country(),
            #[cfg(feature = "reqwest")]
            proxy: reader.proxy(),
            #[cfg(feature = "reqwest")]
            extra_roots: reader.extra_roots(),
            webhook_secrets: reader.webhook_secrets(),
            templates: reader.templates(),
        };
        reader.common_problems = std::mem::take(&mut reader.problems);
        reader
    }

    /// The settings that every provider has. A value that cannot be read counts as absent here, and
    /// [`finish`](Self::finish) reports it.
    pub const fn common(&self) -> &CommonConfig {
        &self.common
    }

    /// The channel that is read.
    pub const fn channel(&self) -> &'a ChannelConfig {
        self.config
    }

    /// Returns the result of `build` if no problem was found.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with a line for each key that is missing, bad or unknown.
    pub fn finish<T>(mut self, build: impl FnOnce() -> Option<T>) -> Result<T> {
        self.problems.append(&mut self.common_problems);
        let known = listed(self.named.iter().copied());
        let unknown = self.config.values.keys().filter(|key| !self.named.contains(key));
        let lines = unknown.enumerate().map(|(number, key)| {
            if number > MOST_PROBLEMS {
                // It is only counted.
                return String::new();
            }
            let hint = hint(key, self.named.iter().copied());
            self.line(&format!("unknown key `{}`{hint}, expected one of {known}", cut(key)))
        });
        let lines: Vec<String> = lines.collect();
        self.problems.extend(lines);
        match build() {
            Some(value) if self.problems.is_empty() => Ok(value),
            _ => Err(config_error(self.problems)),
        }
    }

    /// Adds a problem of `key` that only the adapter can detect.
    pub fn problem(&mut self, key: &'static str, problem: impl AsRef<str>) {
        let line = self.line(&format!("{key}: {}", problem.as_ref()));
        self.problems.push(line);
    }

    /// Adds the problem that `key` is missing.
    pub fn missing(&mut self, key: &'static str, expected: &str) {
        self.problem(key, format!("missing, expected {expected}"));
    }

    /// Whether `key` is present, valid or not.
    pub fn is_set(&mut self, key: &'static str) -> bool {
        self.value(key).is_some()
    }

    /// A required secret: a text, `{ env = "NAME" }` or `{ file = "PATH" }`.
    pub fn required_secret(&mut self, key: &'static str) -> Option<Secret> {
        let before = self.problems.len();
        let secret = self.secret(key);
        if secret.is_none() && self.problems.len() == before {
            self.missing(key, SECRET);
        }
        secret
    }

    /// An optional secret.
    pub fn secret(&mut self, key: &'static str) -> Option<Secret> {
        let value = self.value(key)?;
        match self.resolve(value) {
            Ok(secret) => Some(secret),
            Err(problem) => {
                self.problem(key, problem);
                None
            }
        }
    }

    /// Whether the value of `key` is a reference and this channel is checked without its secrets, so that its form cannot be
    /// checked.
    pub fn is_assumed(&mut self, key: &'static str) -> bool {
        matches!(self.config.lookup, Lookup::Assumed { .. }) && self.value(key).is_some_and(|value| !value.is_string())
    }

    /// An optional address that the provider is to call. Kept like a secret, since it may be all that protects the receiver.
    pub fn callback_url(&mut self, key: &'static str) -> Option<Secret> {
        let mut urls = self.callback_urls(key);
        if urls.len() > 1 {
            self.problem(key, "expected one URL");
        }
        urls.pop()
    }

    /// As [`callback_url`](Self::callback_url), one or more: a list, or a text joined by commas.
    pub fn callback_urls(&mut self, key: &'static str) -> Vec<Secret> {
        const EXPECTED: &str = "an http:// or https:// URL such as \"https://example.com/hook\"";
        let values = match self.value(key) {
            None => return Vec::new(),
            Some(Value::Array(list)) => list.iter().collect(),
            Some(one) => vec![one],
        };
        let mut urls = Vec::new();
        for value in values {
            let is_reference = matches!(self.config.lookup, Lookup::Assumed { .. }) && value.is_object();
            match self.resolve(value) {
                Ok(secret) => {
                    let parts = secret.expose().split(',').map(|part| StatusCallback::new(part.trim()));
                    for url in parts {
                        if !is_reference && !url.is_url() {
                            self.problem(key, format!("expected {EXPECTED}"));
                        }
                        urls.push(Secret::new(url.as_str()));
                    }
                }
                Err(problem) => self.problem(key, problem),
            }
        }
        urls
    }

    /// A required, non-empty text.
    pub fn required_text(&mut self, key: &'static str, expected: &str) -> Option<String> {
        self.required(key, expected, |value| text(value).ok_or_else(|| expected.to_owned()))
    }

    /// An optional, non-empty text.
    pub fn text(&mut self, key: &'static str) -> Option<String> {
        self.optional(key, |value| text(value).ok_or_else(|| "a text that is not empty".to_owned()))
    }

    /// A required whole number from 0.
    pub fn required_integer(&mut self, key: &'static str, expected: &str) -> Option<u64> {
        self.required(key, expected, |value| {
            match value {
                Value::Number(number) => number.as_u64(),
                Value::String(text) => text.trim().parse().ok(),
                _ => None,
            }
            .ok_or_else(|| expected.to_owned())
        })
    }

    /// A required phone number in E.164, with or without its `+`.
    pub fn required_phone(&mut self, key: &'static str) -> Option<PhoneNumber> {
        self.required(key, PHONE, phone)
    }

    /// An optional phone number in E.164, with or without its `+`.
    pub fn phone(&mut self, key: &'static str) -> Option<PhoneNumber> {
        self.optional(key, phone)
    }

    /// The value of one of several words.
    pub fn choice<T: Copy>(&mut self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        self.optional(key, |value| {
            let word = value.as_str().unwrap_or_default();
            let found = words.iter().find(|(known, _)| *known == word).map(|(_, meaning)| *meaning);
            found.ok_or_else(|| format!("one of {}", listed(words.iter().map(|(word, _)| *word))))
        })
    }

    /// True or false.
    pub fn flag(&mut self, key: &'static str) -> Option<bool> {
        self.optional(key, |value| match value {
            Value::Bool(flag) => Ok(*flag),
            Value::String(text) if text == "true" => Ok(true),
            Value::String(text) if text == "false" => Ok(false),
            _ => Err("true or false".to_owned()),
        })
    }

    fn base_url(&mut self, insecure: bool) -> Option<BaseUrl> {
        self.optional("base_url", |value| {
            let text = value.as_str().ok_or("scheme, host and port such as https://api.example.com")?;
            match text.parse::<BaseUrl>() {
                Ok(url) if url.is_insecure() && !insecure => {
                    Err("https:// (or `insecure = true`): http:// off this machine sends the credential in the clear"
                        .to_owned())
                }
                Ok(url) => Ok(url),
                Err(problem) => Err(problem.to_string()),
            }
        })
    }

    fn country(&mut self) -> Option<Country> {
        let value = self.value("default_country")?;
        match text(value).unwrap_or_default().parse() {
            Ok(country) => Some(country),
            Err(error) => {
                self.problem("default_country", error.to_string());
                None
            }
        }
    }

    fn timeout(&mut self) -> Option<Duration> {
        self.duration(
            "timeout",
            Duration::from_millis(1)..=LONGEST_TIMEOUT,
            "a duration from 1ms to 1h such as \"60s\"",
        )
    }

    /// A duration such as `60s` or `1h30m` within `range`. `expected` names the range in a problem.
    pub fn duration(&mut self, key: &'static str, range: RangeInclusive<Duration>, expected: &str) -> Option<Duration> {
        self.optional(key, |value| {
            let wanted = value.as_str().and_then(parse_duration);
            wanted.filter(|wanted| range.contains(wanted)).ok_or_else(|| expected.to_owned())
        })
    }

    #[cfg(feature = "reqwest")]
    fn proxy(&mut self) -> Option<Secret> {
        let proxy = self.secret("proxy")?;
        if matches!(self.config.lookup, Lookup::Assumed { .. }) || is_proxy_url(proxy.expose()) {
            return Some(proxy);
        }
        self.problem("proxy", format!("expected {PROXY_EXPECTED}"));
        None
    }

    #[cfg(feature = "reqwest")]
    fn extra_roots(&mut self) -> Roots {
        let (Lookup::Real { folder, .. } | Lookup::Assumed { folder }) = &self.config.lookup;
        let roots = self.optional("extra_roots", |value| {
            let path = value.as_str().filter(|path| !path.is_empty());
            let path = path.ok_or("the path of a PEM file with certificates of authorities")?;
            let pem = std::fs::read(resolve(folder, path))
                .map_err(|error| format!("a PEM file, but `{path}` cannot be read: {error}"))?;
            Roots::from_pem(&pem).map_err(|error| format!("a PEM file, but `{path}` does not do: {}", error.message()))
        });
        roots.unwrap_or_default()
    }

    /// One secret, or the new and the old one during a rotation.
    fn webhook_secrets(&mut self) -> Vec<Secret> {
        let secrets = match self.value("webhook_secret") {
            None => return Vec::new(),
            Some(Value::Array(list)) if (1..=2).contains(&list.len()) => list.iter().collect(),
            Some(Value::Array(_)) => {
                self.problem("webhook_secret", "expected one secret, or [new, old]");
                return Vec::new();
            }
            Some(one) => vec![one],
        };
        let mut resolved = Vec::new();
        for secret in secrets {
            match self.resolve(secret) {
                Ok(secret) => resolved.push(secret),
                Err(problem) => self.problem("webhook_secret", problem),
            }
        }
        resolved
    }

    fn templates(&mut self) -> TemplateMappings {
        let table = match self.value("templates") {
            None => return TemplateMappings::default(),
            Some(Value::Object(table)) => table,
            Some(other) => {
                self.problem("templates", format!("expected a table, got {}", kind(other)));
                return TemplateMappings::default();
            }
        };
        let mut mappings = TemplateMappings::default();
        for (name, value) in table {
            match TemplateMapping::read(value) {
                Ok(mapping) => mappings.add(name.clone(), mapping),
                Err(problem) => {
                    let line = self.line(&format!("templates.{name}: {problem}"));
                    self.problems.push(line);
                }
            }
        }
        mappings
    }

    fn required<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        read: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Option<T> {
        if self.value(key).is_none() {
            self.missing(key, expected);
        }
        self.optional(key, read)
    }

    /// Reads `key` with `read`, whose error names the expected form.
    fn optional<T>(&mut self, key: &'static str, read: impl FnOnce(&Value) -> Result<T, String>) -> Option<T> {
        let value = self.value(key)?;
        match read(value) {
            Ok(value) => Some(value),
            Err(expected) => {
                self.problem(key, format!("expected {expected}"));
                None
            }
        }
    }

    fn value(&mut self, key: &'static str) -> Option<&'a Value> {
        self.named.insert(key);
        self.config.values.get(key)
    }

    fn resolve(&self, value: &Value) -> Result<Secret, String> {
        let found = match value {
            Value::String(text) => Zeroizing::new(text.clone()),
            Value::Object(_) => referenced(value, &self.config.lookup)?,
            other => return Err(format!("expected {SECRET}, got {}", kind(other))),
        };
        // Files end in a line break; credentials do not.
        let trimmed = found.trim();
        if trimmed.is_empty() {
            return Err(format!("it is empty, expected {SECRET}"));
        }
        if trimmed.chars().any(char::is_control) {
            return Err("it holds a line break or another control character".to_owned());
        }
        Ok(Secret::new(trimmed))
    }

    fn line(&self, problem: &str) -> String {
        format!("channel `{}`: {problem}", self.config.name)
    }
}

/// Why an environment variable has no value.
fn missing_variable(name: &str) -> String {
    match std::env::var(name) {
        Err(std::env::VarError::NotUnicode(_)) => {
            format!("the environment variable {} is not UTF-8", shown_variable(name))
        }
        _ => format!("the environment variable {} is not set", shown_variable(name)),
    }
}

/// The value of `{ env = "NAME" }` or `{ file = "PATH" }`.
pub(super) fn referenced(value: &Value, lookup: &Lookup) -> Result<Zeroizing<String>, String> {
    let table = value.as_object().filter(|table| table.len() == 1);
    let reference = |name: &str| table?.get(name).and_then(Value::as_str);
    match (reference("env"), reference("file"), lookup) {
        (None, None, _) => Err(format!("expected {SECRET}")),
        (_, _, Lookup::Assumed { .. }) => Ok(Zeroizing::new("assumed".to_owned())),
        (Some(name), _, Lookup::Real { env, .. }) => {
            let found = env(name).ok_or_else(|| missing_variable(name))?;
            Ok(Zeroizing::new(found))
        }
        (_, Some(path), Lookup::Real { folder, .. }) => {
            let text = std::fs::read_to_string(resolve(folder, path)).map_err(|error| {
                // A text without a folder or an extension may be the secret itself.
                let is_path = path.contains('.') || path.starts_with('/');
                let shown = if is_path { path } else { "…" };
                format!("the file `{shown}` cannot be read: {error}")
            })?;
            // A byte order mark belongs to the file and not to the secret.
            Ok(Zeroizing::new(text.trim_start_matches('\u{feff}').to_owned()))
        }
    }
}

const SECRET: &str = r#"a text, { env = "NAME" } or { file = "PATH" }"#;
const PHONE: &str = "a phone number with its country code, such as \"+919876543210\"";
const LONGEST_TIMEOUT: Duration = Duration::from_secs(3_600);

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        // Ids of digits are often written without quotes.
        Value::Number(number) if number.is_u64() => Some(number.to_string()),
        _ => None,
    }
}

fn phone(value: &Value) -> Result<PhoneNumber, String> {
    let text = text(value).ok_or(PHONE)?;
    PhoneNumber::from_e164(&text).map_err(|_| PHONE.to_owned())
}
