//! Webhook registrations, the log of attempts, and the calls that wait.

use std::time::{Duration, SystemTime};

use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::journal::newest;
use super::read::{Span, whole_number};
use crate::core::error::ControlError;
use crate::core::simulator::Simulator;
use crate::core::time::exact_duration;
use crate::core::webhook::{DeliveryAttempt, DeliveryFaults, Registration, Secret, Signature, Target, Waiting};

/// A day, after which every provider has given up.
const LONGEST_DELAY: Duration = Duration::from_secs(86_400);

/// A webhook to register in place of the provider's former one. It needs `url`, or `sink`.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[non_exhaustive]
pub struct NewWebhook {
    /// The provider.
    pub provider: String,
    /// Where its calls go.
    pub url: Option<String>,
    /// Whether the calls are only logged.
    pub sink: Option<bool>,
    /// The secret that calls are signed with.
    #[schema(value_type = Option<String>)]
    #[serde(default, deserialize_with = "secret")]
    pub(crate) secret: Option<Secret>,
    /// Whether conversations and templates are announced, too; by default as the provider's switch `announcements` says.
    pub announcements: Option<bool>,
    /// How often each call is made.
    #[schema(minimum = 1, maximum = 10)]
    pub copies: Option<u32>,
    /// Whether the statuses of a message come newest first.
    pub reorder: Option<bool>,
    /// The signature that calls carry.
    pub signature: Option<WebhookSignature>,
    /// Each so-manieth call never arrives.
    #[schema(minimum = 1)]
    pub lose_every: Option<u64>,
    /// How much later each call is made, at most a day.
    pub delay: Option<Span>,
}

/// The signature that webhook calls carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookSignature {
    /// The right one.
    #[default]
    Good,
    /// That of another secret.
    Wrong,
    /// None, although there is a secret.
    Missing,
}

impl NewWebhook {
    /// A webhook at `url`.
    pub fn new(provider: &str, url: &str) -> Self {
        Self { provider: provider.to_owned(), url: Some(url.to_owned()), ..Self::default() }
    }

    /// A webhook whose calls are only logged.
    pub fn sink(provider: &str) -> Self {
        Self { provider: provider.to_owned(), sink: Some(true), ..Self::default() }
    }

    /// The same webhook, signed. An empty secret is none.
    #[must_use]
    pub fn secret(self, secret: &str) -> Self {
        Self { secret: Secret::new(secret.to_owned()), ..self }
    }
}

/// A registered webhook, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[allow(clippy::struct_excessive_bools, reason = "the members of a JSON object")]
pub struct Webhook {
    /// The provider.
    pub provider: &'static str,
    /// Where its calls go; none if they are only logged.
    pub url: Option<String>,
    /// Whether the calls are only logged.
    pub sink: bool,
    /// Whether calls are signed.
    pub signed: bool,
    /// Whether conversations and templates are announced, too.
    pub announcements: bool,
    /// How often each call is made.
    pub copies: u32,
    /// Whether the statuses of a message come newest first.
    pub reorder: bool,
    /// The signature that calls carry.
    pub signature: WebhookSignature,
    /// Each so-manieth call never arrives.
    pub lose_every: Option<u64>,
    /// How much later each call is made.
    pub delay: String,
}

/// Which attempts or waiting calls to list.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DeliveryFilter {
    /// Of this provider only.
    #[param(example = "exotel")]
    pub provider: Option<String>,
    /// The newest so many.
    #[serde(default, deserialize_with = "whole_number")]
    #[param(value_type = u64, required = false, example = 20)]
    pub last: Option<u64>,
}

impl DeliveryFilter {
    /// Those of one provider.
    pub fn of(provider: &str) -> Self {
        Self { provider: Some(provider.to_owned()), last: None }
    }
}

/// The error does not repeat the value: it may be a secret all the same.
fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    let secret = match Value::deserialize(deserializer)? {
        Value::Null => return Ok(None),
        Value::String(text) => Secret::new(text),
        _ => None,
    };
    secret.map(Some).ok_or_else(|| {
        D::Error::custom("`secret` is not a string of at least one character, expected one, or none at all")
    })
}

impl Simulator {
    /// Registers a webhook.
    ///
    /// # Errors
    ///
    /// A member cannot be.
    pub fn register_webhook(&mut self, new: NewWebhook) -> Result<Webhook, ControlError> {
        let provider = self.provider(&new.provider)?;
        let target = match (new.sink == Some(true), &new.url) {
            (true, Some(_)) => {
                return Err(ControlError::refused("there are `sink` and `url`, expected one of them"));
            }
            (true, None) => None,
            (false, None) => {
                let expected = "a loopback URL such as \"http://127.0.0.1:9000/hook\", or `sink`";
                return Err(ControlError::missing("url", expected));
            }
            (false, Some(url)) => {
                let target = Target::parse(url, self.webhooks.nets());
                Some(target.map_err(|error| ControlError::refused(format!("`url` {error}")))?)
            }
        };
        let trouble = trouble(&new)?;
        let announcements = new.announcements;
        let dialect = self.simulators.iter().find(|dialect| dialect.name() == provider);
        if announcements == Some(true) && !dialect.is_some_and(|dialect| dialect.has_account_events()) {
            let problem = format!("`announcements` is true, expected false: {provider} tells of messages alone");
            return Err(ControlError::refused(problem));
        }
        let registration = Registration::new(target, new.secret, trouble, announcements);
        let webhook = self.webhook(provider, &registration);
        self.webhooks.register(provider, registration);
        self.note("webhooks");
        Ok(webhook)
    }

    /// The registered webhooks.
    ///
    /// # Errors
    ///
    /// There is no such provider.
    pub fn webhooks(&self, provider: Option<&str>) -> Result<Vec<Webhook>, ControlError> {
        let only = provider.map(|name| self.provider(name)).transpose()?;
        let kept = self.webhooks.registrations().filter(|(provider, _)| only.is_none_or(|only| only == *provider));
        Ok(kept.map(|(provider, registration)| self.webhook(provider, registration)).collect())
    }

    /// Removes a provider's webhook, or every one. Returns the others.
    ///
    /// # Errors
    ///
    /// There is no such provider.
    pub fn remove_webhooks(&mut self, provider: Option<&str>) -> Result<Vec<Webhook>, ControlError> {
        let only = provider.map(|name| self.provider(name)).transpose()?;
        self.webhooks.remove(only);
        self.note("webhooks");
        self.webhooks(None)
    }

    /// The attempts to deliver, oldest first.
    ///
    /// # Errors
    ///
    /// There is no such provider.
    pub fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<&DeliveryAttempt>, ControlError> {
        let only = filter.provider.as_deref().map(|name| self.provider(name)).transpose()?;
        Ok(newest(self.webhooks.tries(only).collect(), filter.last))
    }

    /// The calls that are still to be made, in the order in which they fall due.
    ///
    /// # Errors
    ///
    /// There is no such provider.
    pub fn waiting_webhooks(&self, filter: &DeliveryFilter) -> Result<Vec<Waiting<'_>>, ControlError> {
        let only = filter.provider.as_deref().map(|name| self.provider(name)).transpose()?;
        Ok(newest(self.webhooks.waiting_calls(only).collect(), filter.last))
    }

    /// Makes the call of the attempt of this number once more.
    ///
    /// # Errors
    ///
    /// There is no such attempt, or its webhook was removed.
    pub fn redeliver(&mut self, real_now: SystemTime, number: u64) -> Result<(), ControlError> {
        let now = self.clock.now(real_now);
        let refuse = |why| ControlError::refused(format!("`number` is {number}, {why}"));
        self.webhooks.redeliver(number, now).map_err(refuse)?;
        self.note("webhooks/redeliver");
        Ok(())
    }

    fn webhook(&self, provider: &'static str, registration: &Registration) -> Webhook {
        let signs = self.webhook_rules(provider).signature_header.is_some();
        let DeliveryFaults { copies, reorder, signature, lose_every, delay } = registration.trouble;
        Webhook {
            provider,
            url: registration.target.as_ref().map(Target::masked),
            sink: registration.target.is_none(),
            signed: signs && registration.secret.is_some(),
            announcements: registration.announces(provider, &self.world),
            copies,
            reorder,
            signature: match signature {
                Signature::Good => WebhookSignature::Good,
                Signature::Wrong => WebhookSignature::Wrong,
                Signature::Missing => WebhookSignature::Missing,
            },
            lose_every,
            delay: exact_duration(delay),
        }
    }
}

/// The faults of the way to the webhook.
fn trouble(new: &NewWebhook) -> Result<DeliveryFaults, ControlError> {
    let copies = new.copies.unwrap_or(1);
    if !(1..=10).contains(&copies) {
        return Err(ControlError::invalid("copies", copies, "a whole number from 1 to 10"));
    }
    if new.lose_every == Some(0) {
        return Err(ControlError::invalid("lose_every", 0, "a whole number from 1"));
    }
    let delay = new.delay.map_or(Duration::ZERO, |Span(delay)| delay);
    if delay > LONGEST_DELAY {
        return Err(ControlError::invalid_text("delay", &exact_duration(delay), "a duration of at most 24h"));
    }
    let signature = match new.signature.unwrap_or_default() {
        WebhookSignature::Good => Signature::Good,
        WebhookSignature::Wrong => Signature::Wrong,
        WebhookSignature::Missing => Signature::Missing,
    };
    Ok(DeliveryFaults { copies, reorder: new.reorder.unwrap_or(false), signature, lose_every: new.lose_every, delay })
}
