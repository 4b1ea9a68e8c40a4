//! The settings of a GoSendAPI channel.

use std::time::Duration;

use transom::adapter::{BaseUrl, Certainty, Rate, Scope};
use transom::config::{ConfigReader, TemplateMappings};
use transom::{Result, Secret};

/// The provider's name in the configuration.
pub(crate) const NAME: &str = "gosendapi";

/// The one host of the live service and the sandbox [seed].
const HOST: &str = "cloud.gosendapi.com";

/// How keys begin: those of the live service, and those of the sandbox [docs, Authentication].
const LIVE: &str = "gsk_live_";
const SANDBOX: &str = "gsk_test_";

/// The limits of a key for the live service.
pub(crate) const LIVE_RATES: &[Rate] = &[
    Rate::per_second(100).with_source("Rate limits: a standard live key, 100 requests per second", Certainty::Docs),
    PAIR,
];
/// The limits of a key for the sandbox.
const SANDBOX_RATES: &[Rate] = &[
    Rate::per_second(10).with_source("Rate limits: a sandbox key, 10 requests per second", Certainty::Docs),
    Rate::new(1_000, Duration::from_secs(24 * 60 * 60))
        .with_source("Rate limits: a sandbox key, 1,000 requests per day", Certainty::Docs),
    PAIR,
];
/// One message every six seconds, of which a few may come at once.
const PAIR: Rate = Rate::per_minute(10)
    .with_scope(Scope::Pair)
    .with_codes(&["131056"])
    .with_source("WhatsApp's pair rate limit, as its error 131056 is reported", Certainty::Inferred);

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

    /// The limits of this key.
    pub fn rates(&self) -> &'static [Rate] {
        if self.api_key.expose().starts_with(SANDBOX) { SANDBOX_RATES } else { LIVE_RATES }
    }

    /// Reads a channel's settings.
    pub(crate) fn read(mut keys: ConfigReader<'_>) -> Result<Self> {
        let common = keys.common().clone();
        let api_key = keys.required_secret("api_key");
        let phone_number_id = keys.required_text("phone_number_id", "Meta's id of the number, such as 555123456789");
        let waba_id = keys.text("waba_id");
        // Another host, such as the mock server, may take other keys.
        let is_own_host = common.base_url.is_none();
        let is_key = |key: &Secret| [LIVE, SANDBOX].iter().any(|prefix| key.expose().starts_with(prefix));
        if is_own_host && api_key.as_ref().is_some_and(|key| !is_key(key)) && !keys.is_assumed("api_key") {
            keys.problem("api_key", format!("expected a key that begins with `{LIVE}` or `{SANDBOX}`"));
        }
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
    fn key_of_another_form_is_refused_for_own_host_only() {
        let expected = "channel `latam`: api_key: expected a key that begins with `gsk_live_` or `gsk_test_`";
        for (key, is) in [("gsk_live_1", true), ("gsk_test_1", true), ("whatever", false), ("GSK_LIVE_1", false)] {
            let own = read(&format!(r#"{{"api_key":"{key}","phone_number_id":"5"}}"#));
            assert_eq!(own.is_ok(), is, "{key}");
            if let Err(error) = own {
                assert_eq!(error.problems(), [expected]);
            }
            let json = format!(r#"{{"api_key":"{key}","phone_number_id":"5","base_url":"http://127.0.0.1:4010"}}"#);
            assert!(read(&json).is_ok(), "{key}");
        }
        let values = serde_json::from_str(r#"{"api_key":{"env":"UNSET"},"phone_number_id":"5"}"#).unwrap();
        let channel = ChannelConfig::new("latam", "gosendapi", values, Arc::new(|_| None)).assuming_secrets();
        assert!(Config::read(channel.reader()).is_ok(), "the form of a key that is not read is not checked");
    }

    #[test]
    fn sandbox_key_has_limits_of_its_own() {
        for (key, quotas) in [("gsk_live_1", &[100, 10][..]), ("gsk_test_1", &[10, 1_000, 10])] {
            let config = Config::new(Secret::new(key), "5");
            assert_eq!(config.rates().iter().map(|rate| rate.quota).collect::<Vec<_>>(), quotas, "{key}");
            let values = [("api_key".to_owned(), key.into()), ("phone_number_id".to_owned(), "5".into())].into();
            let channel = ChannelConfig::new("latam", "gosendapi", values, Arc::new(|_| None));
            assert_eq!(crate::PROVIDER.rates_for(&channel), config.rates());
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
