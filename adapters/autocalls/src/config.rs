//! The settings of an Autocalls channel.

use transom::adapter::BaseUrl;
use transom::config::{ConfigReader, TemplateMappings};
use transom::{Result, Secret};

/// The provider's name in the configuration.
pub(crate) const NAME: &str = "autocalls";

/// The vendor's own host [seed]. Resellers serve the same API on other hosts.
const HOST: &str = "app.autocalls.ai";

/// The settings of an Autocalls channel.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// `api_key`: the bearer token, as issued: digits, a pipe and a random text [docs, Create API key].
    pub api_key: Secret,
    /// `sender_id`: the id, from the list of senders, of the number to send from.
    pub sender_id: u64,
    /// `base_url`, else the vendor's own host.
    pub base_url: BaseUrl,
    /// `probe`: whether a refusal for the window may be followed by one look at the session's status.
    pub probe: bool,
    /// `webhook_secret`: what read receipts are signed with, the newest first; empty if they are not verified.
    pub webhook_secrets: Vec<Secret>,
    /// `templates`: Autocalls's side of the application's template names.
    pub templates: TemplateMappings,
}

impl Config {
    /// Settings with this key and this sender, and the default for everything else. The fields can be changed.
    pub fn new(api_key: Secret, sender_id: u64) -> Self {
        Self {
            api_key,
            sender_id,
            base_url: BaseUrl::from_host(HOST),
            probe: true,
            webhook_secrets: Vec::new(),
            templates: TemplateMappings::default(),
        }
    }

    /// The credentials in these settings, for [`ClientBuilder::redact`](transom::client::ClientBuilder::redact).
    pub fn secrets(&self) -> Vec<Secret> {
        [self.api_key.clone()].into_iter().chain(self.webhook_secrets.iter().cloned()).collect()
    }

    /// Reads a channel's settings.
    pub(crate) fn read(mut keys: ConfigReader<'_>) -> Result<Self> {
        let common = keys.common().clone();
        let api_key = keys.required_secret("api_key");
        let sender_id = keys.required_integer("sender_id", "the sender's id, a whole number such as 12");
        let base_url = common.base_url_or(HOST);
        keys.finish(|| {
            Some(Self {
                api_key: api_key?,
                sender_id: sender_id?,
                base_url,
                probe: common.probe,
                webhook_secrets: common.webhook_secrets,
                templates: common.templates,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use transom::ErrorKind;
    use transom::config::ChannelConfig;

    use super::*;

    fn read(json: &str) -> Result<Config> {
        let values = serde_json::from_str(json).unwrap();
        Config::read(ChannelConfig::new("support", "autocalls", values, Arc::new(|_| None)).reader())
    }

    #[test]
    fn a_key_and_a_sender_are_enough() {
        for json in [r#"{"api_key":"7|canary","sender_id":12}"#, r#"{"api_key":"7|canary","sender_id":"12"}"#] {
            let config = read(json).unwrap();
            assert_eq!(config.base_url.to_string(), "https://app.autocalls.ai");
            assert_eq!((config.sender_id, config.api_key.expose()), (12, "7|canary"));
            assert!(config.probe && !format!("{config:?}").contains("canary"));
        }
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let error = read(r#"{"sender_id":"twelve","from":"+1"}"#).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let problems = error.problems();
        assert_eq!(problems.len(), 3, "{problems:?}");
        for named in ["api_key: missing", "sender_id: expected", "unknown key `from`"] {
            assert!(problems.iter().any(|problem| problem.contains(named)), "{named}: {problems:?}");
        }
    }
}
