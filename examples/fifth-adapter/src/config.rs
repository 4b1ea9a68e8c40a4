//! The settings of a Larkwire channel.

use transom::adapter::BaseUrl;
use transom::config::{ConfigReader, TemplateMappings};
use transom::{Result, Secret};

/// The provider's name in the configuration.
pub(crate) const NAME: &str = "larkwire";

/// The provider's own host [docs, larkwire.example/docs/send].
const HOST: &str = "api.larkwire.example";

/// The settings of a Larkwire channel.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// `api_key`.
    pub api_key: Secret,
    /// `line`: the id of the line to send from.
    pub line: u64,
    /// `base_url`, else the provider's own host.
    pub base_url: BaseUrl,
    /// `webhook_secret`: what events are signed with, the newest first; empty if they are not verified.
    pub webhook_secrets: Vec<Secret>,
    /// `templates`: the provider's side of the application's template names.
    pub templates: TemplateMappings,
}

impl Config {
    /// Settings with this key and this line, and the default for everything else. The fields can be changed.
    pub fn new(api_key: Secret, line: u64) -> Self {
        let (base_url, templates) = (BaseUrl::from_host(HOST), TemplateMappings::default());
        Self { api_key, line, base_url, webhook_secrets: Vec::new(), templates }
    }

    /// The credentials in these settings, for [`ClientBuilder::redact`](transom::client::ClientBuilder::redact).
    pub fn secrets(&self) -> Vec<Secret> {
        [self.api_key.clone()].into_iter().chain(self.webhook_secrets.iter().cloned()).collect()
    }

    /// Reads a channel's settings, and reports all problems at once.
    pub(crate) fn read(mut keys: ConfigReader<'_>) -> Result<Self> {
        let common = keys.common().clone();
        let api_key = keys.required_secret("api_key");
        let line = keys.required_integer("line", "the line's id, a whole number such as 7001");
        let base_url = common.base_url_or(HOST);
        keys.finish(|| {
            Some(Self {
                api_key: api_key?,
                line: line?,
                base_url,
                webhook_secrets: common.webhook_secrets,
                templates: common.templates,
            })
        })
    }
}
