//! The settings of a GoSendAPI channel.

use transom::adapter::BaseUrl;
use transom::config::{ConfigReader, TemplateMappings};
use transom::{Result, Secret};

/// The provider's name in the configuration.
pub(crate) const NAME: &str = "gosendapi";

/// The one host of the live service and the sandbox [seed].
const HOST: &str = "cloud.gosendapi.com";

/// The settings of a GoSendAPI channel.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// `api_key`: `gsk_live_…`, or `gsk_test_…` for the sandbox, which reaches nobody [docs, Authentication].
    pub api_key: Secret,
    /// `phone_number_id`: Meta's id of the number to send from, never the number itself [docs, Messages].
    pub phone_number_id: String,
    /// `waba_id`: the business account whose templates are listed, by GoSendAPI's id or by Meta's; else those of all.
    pub waba_id: Option<String>,
    /// `base_url`, else the vendor's own host.
    pub base_url: BaseUrl,
    /// `probe`: whether a refusal for the window, or one that may be, may be followed by one look at the conversations.
    pub probe: bool,
    /// `webhook_secret`: the `whsec_…` that webhooks are signed with, the newest first; empty if they are not verified.
    pub webhook_secrets: Vec<Secret>,
    /// `templates`: GoSendAPI's side of the application's template names.
    pub templates: TemplateMappings,
}

impl Config {
    /// Settings with this key and this number, and the default for everything else. The fields can be changed.
    pub fn new(api_key: Secret, phone_number_id: impl Into<String>) -> Self {
        Self {
            api_key,
            phone_number_id: phone_number_id.into(),
            waba_id: None,
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
        let phone_number_id = keys.required_text("phone_number_id", "Meta's id of the number, such as 555123456789");
        let waba_id = keys.text("waba_id");
        let base_url = common.base_url_or(HOST);
        keys.finish(|| {
            Some(Self {
                api_key: api_key?,
                phone_number_id: phone_number_id?,
                waba_id,
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
        Config::read(ChannelConfig::new("latam", "gosendapi", values, Arc::new(|_| None)).reader())
    }

    #[test]
    fn key_and_number_suffice_and_ids_need_no_quotes() {
        for id in ["\"555123456789\"", "555123456789"] {
            let config = read(&format!(r#"{{"api_key":"gsk_test_canary","phone_number_id":{id}}}"#)).unwrap();
            assert_eq!(config.base_url.to_string(), "https://cloud.gosendapi.com");
            assert_eq!(config.phone_number_id, "555123456789");
            assert!(config.probe && config.waba_id.is_none() && !format!("{config:?}").contains("canary"));
        }
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let error = read(r#"{"from":"+1","phone_number_id":""}"#).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let problems = error.problems();
        assert_eq!(problems.len(), 3, "{problems:?}");
        for named in ["api_key: missing", "phone_number_id: expected", "unknown key `from`"] {
            assert!(problems.iter().any(|problem| problem.contains(named)), "{named}: {problems:?}");
        }
    }
}
