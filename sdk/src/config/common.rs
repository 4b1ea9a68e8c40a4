//! The settings that a channel of any provider may have.

use std::time::Duration;

use super::templates::TemplateMappings;
use crate::adapter::request::BaseUrl;
use crate::layers::WindowPolicy;
use crate::phone::Country;
use crate::secret::Secret;
#[cfg(feature = "reqwest")]
use crate::transport::{HttpOptions, Roots};

/// The settings that a channel of any provider may have. [`ConfigReader`](super::ConfigReader) parses them once, for the transport, the
/// window guard and the adapter.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "each is a key of the file")]
pub struct CommonConfig {
    /// `base_url`: replaces the provider's own host.
    pub base_url: Option<BaseUrl>,
    /// `default_country`: the country of numbers that are written without `+`. Without it, such a number is refused.
    pub default_country: Option<Country>,
    /// `timeout`: the time limit of a request, from 1 ms to 1 h.
    pub timeout: Option<Duration>,
    /// `window_policy`: the treatment of a free-form message outside the session window.
    pub window_policy: WindowPolicy,
    /// `probe`: whether the adapter may make extra requests after an ambiguous answer. The default is true.
    pub probe: bool,
    /// `reuse_connections`: whether sends may use a pooled connection.
    pub reuse_connections: bool,
    /// `insecure`: whether `http://` is allowed to hosts other than this machine.
    pub insecure: bool,
    /// `proxy`: the URL of a proxy for all requests; it may hold credentials.
    #[cfg(feature = "reqwest")]
    pub proxy: Option<Secret>,
    /// `extra_roots`: certificate authorities to trust besides the machine's.
    #[cfg(feature = "reqwest")]
    pub extra_roots: Roots,
    /// `webhook_secret`: the signing secrets of webhooks, newest first. Empty if they are not verified.
    pub webhook_secrets: Vec<Secret>,
    /// `trust_unsigned`: whether unverified webhook events count.
    pub trust_unsigned: bool,
    /// `flatten_parameters`: whether one blank goes in place of what WhatsApp refuses in the values of templates: line breaks,
    /// tabs, and more than four blanks in a row.
    pub flatten_parameters: bool,
    /// `templates`: the provider's names for the application's templates.
    pub templates: TemplateMappings,
}

impl Default for CommonConfig {
    fn default() -> Self {
        Self {
            base_url: None,
            default_country: None,
            timeout: None,
            window_policy: WindowPolicy::default(),
            probe: true,
            reuse_connections: false,
            insecure: false,
            #[cfg(feature = "reqwest")]
            proxy: None,
            #[cfg(feature = "reqwest")]
            extra_roots: Roots::default(),
            webhook_secrets: Vec::new(),
            trust_unsigned: false,
            flatten_parameters: false,
            templates: TemplateMappings::default(),
        }
    }
}

impl CommonConfig {
    /// `base_url`, or else `host`, by https.
    pub fn base_url_or(&self, host: &'static str) -> BaseUrl {
        self.base_url.clone().unwrap_or_else(|| BaseUrl::from_host(host))
    }

    /// The secrets in these settings.
    pub fn secrets(&self) -> Vec<Secret> {
        let secrets = self.webhook_secrets.iter().cloned();
        #[cfg(feature = "reqwest")]
        let secrets = secrets.chain(self.proxy.clone());
        secrets.collect()
    }
}

#[cfg(feature = "reqwest")]
impl From<&CommonConfig> for HttpOptions {
    fn from(common: &CommonConfig) -> Self {
        Self {
            timeout: common.timeout,
            reuse_connections: common.reuse_connections,
            insecure: common.insecure,
            proxy: common.proxy.clone(),
            extra_roots: common.extra_roots.clone(),
            resolver: None,
        }
    }
}
