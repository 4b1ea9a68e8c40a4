//! The settings of an Exotel channel.

use transom::adapter::BaseUrl;
use transom::config::{ConfigReader, TemplateMappings};
use transom::{PhoneNumber, Result, Secret};

/// The provider's name in the configuration.
pub(crate) const NAME: &str = "exotel";

/// The settings of an Exotel channel.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// `api_key`: the user of the Basic credential.
    pub api_key: Secret,
    /// `api_token`: its password.
    pub api_token: Secret,
    /// `account_sid`: the account in the path.
    pub account_sid: String,
    /// `from`: the WhatsApp number to send from.
    pub from: PhoneNumber,
    /// `base_url`, else the host of `region`.
    pub base_url: BaseUrl,
    /// `request_shape`: which of the two documented bodies to send.
    pub request_shape: RequestShape,
    /// `probe`: whether an ambiguous refusal may be followed by one more request.
    pub probe: bool,
    /// `webhook_secret`: what callbacks are signed with, the newest first; empty if they are not verified.
    pub webhook_secrets: Vec<Secret>,
    /// `flatten_parameters`: whether the values of templates in a batch are made to fit. A client does it for the other sends.
    pub flatten_parameters: bool,
    /// `templates`: Exotel's side of the application's template names.
    pub templates: TemplateMappings,
    /// `waba_id`: the WhatsApp Business Account whose templates are listed.
    pub waba_id: Option<String>,
    /// `status_callback`: the address for delivery reports and replies, in place of the account's. Kept like a secret, since it
    /// may be all that protects the receiver.
    pub status_callback: Option<Secret>,
}

/// The data centre of the account. A credential of one is refused by the other (docs, Authentication).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Region {
    /// Mumbai: `api.in.exotel.com`, the host of the session-messages page (seed).
    #[default]
    India,
    /// Singapore: `api.exotel.com` (docs, WhatsApp API overview).
    Singapore,
}

/// The body of a send. The session-messages page shows the flat one (seed); integrations report that the live endpoint
/// refuses it with code 1001 and wants the wrapped one (field).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequestShape {
    /// Flat; on exactly that refusal, which sends nothing, wrapped from then on.
    #[default]
    Auto,
    /// `{"from", "to", "content"}`.
    Flat,
    /// `{"whatsapp": {"messages": [{"from", "to", "content"}]}}`.
    Wrapped,
}

impl Config {
    /// Settings of an account in India, with the default for everything else. The fields can be changed.
    pub fn new(api_key: Secret, api_token: Secret, account_sid: impl Into<String>, from: PhoneNumber) -> Self {
        Self {
            api_key,
            api_token,
            account_sid: account_sid.into(),
            from,
            base_url: BaseUrl::from_host(Region::India.host()),
            request_shape: RequestShape::Auto,
            probe: true,
            webhook_secrets: Vec::new(),
            flatten_parameters: false,
            templates: TemplateMappings::default(),
            waba_id: None,
            status_callback: None,
        }
    }

    /// The same settings with the host of `region`.
    #[must_use]
    pub fn with_region(mut self, region: Region) -> Self {
        self.base_url = BaseUrl::from_host(region.host());
        self
    }

    /// The credentials in these settings, for [`ClientBuilder::redact`](transom::client::ClientBuilder::redact).
    pub fn secrets(&self) -> Vec<Secret> {
        let credentials = [self.api_key.clone(), self.api_token.clone()];
        credentials.into_iter().chain(self.webhook_secrets.iter().chain(&self.status_callback).cloned()).collect()
    }

    /// Whether the definitions of templates can be read before a send.
    pub(crate) const fn reads_definitions(&self) -> bool {
        self.waba_id.is_some() && self.probe
    }

    /// Reads a channel's settings.
    pub(crate) fn read(mut keys: ConfigReader<'_>) -> Result<Self> {
        let common = keys.common().clone();
        let api_key = keys.required_secret("api_key");
        let api_token = keys.required_secret("api_token");
        let account_sid = keys.required_text("account_sid", "the account's sid, from Exotel's dashboard");
        let from = keys.required_phone("from");
        let region = keys.choice("region", &[("in", Region::India), ("sg", Region::Singapore)]).unwrap_or_default();
        let base_url = common.base_url_or(region.host());
        let shapes = [("auto", RequestShape::Auto), ("flat", RequestShape::Flat), ("wrapped", RequestShape::Wrapped)];
        let request_shape = keys.choice("request_shape", &shapes).unwrap_or_default();
        let waba_id = keys.text("waba_id");
        let status_callback = keys.callback_url("status_callback");
        keys.finish(|| {
            Some(Self {
                api_key: api_key?,
                api_token: api_token?,
                account_sid: account_sid?,
                from: from?,
                base_url,
                request_shape,
                probe: common.probe,
                webhook_secrets: common.webhook_secrets,
                flatten_parameters: common.flatten_parameters,
                templates: common.templates,
                waba_id,
                status_callback,
            })
        })
    }
}

impl Region {
    const fn host(self) -> &'static str {
        match self {
            Self::India => "api.in.exotel.com",
            Self::Singapore => "api.exotel.com",
        }
    }
}
