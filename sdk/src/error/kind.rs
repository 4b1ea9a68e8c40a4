//! The kinds of failure, and what each is for.

use std::fmt;

/// What kind of failure it is. A kind exists where a caller would do something different about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A 24-hour window existed and has closed: send a template.
    SessionExpired,
    /// This contact has never written to this number: send a template.
    NoActiveSession,
    /// The number is bad, not on WhatsApp, has blocked us or opted out: drop the contact.
    RecipientInvalid,
    /// Our sending number is not on this account.
    SenderNotFound,
    /// Our sending number is offline, suspended or not set up.
    SenderUnavailable,
    /// The template is unknown, paused, not approved, or its parameters do not fit.
    TemplateRejected,
    /// This provider cannot do that. Refused before a byte leaves where that is known.
    Unsupported,
    /// The request is wrong and will stay wrong.
    InvalidRequest,
    /// The credential is wrong.
    Unauthenticated,
    /// The credential is right, the act is not allowed.
    PermissionDenied,
    /// No money, or the plan is exhausted.
    InsufficientBalance,
    /// Too fast: wait, then ask again.
    RateLimited,
    /// A resource, or the endpoint itself, does not exist.
    NotFound,
    /// The idempotency key was used with another body, or the provider calls it a duplicate.
    Conflict,
    /// Network or provider trouble.
    ProviderUnavailable,
    /// An answer that cannot be read.
    MalformedResponse,
    /// Wrong or missing configuration, found before any call.
    Config,
}

impl ErrorKind {
    /// Every kind, in the order in which reports list them.
    pub const ALL: &'static [Self] = &[
        Self::SessionExpired,
        Self::NoActiveSession,
        Self::RecipientInvalid,
        Self::SenderNotFound,
        Self::SenderUnavailable,
        Self::TemplateRejected,
        Self::Unsupported,
        Self::InvalidRequest,
        Self::Unauthenticated,
        Self::PermissionDenied,
        Self::InsufficientBalance,
        Self::RateLimited,
        Self::NotFound,
        Self::Conflict,
        Self::ProviderUnavailable,
        Self::MalformedResponse,
        Self::Config,
    ];

    /// The name used in JSON, metrics and reports: `session_expired`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SessionExpired => "session_expired",
            Self::NoActiveSession => "no_active_session",
            Self::RecipientInvalid => "recipient_invalid",
            Self::SenderNotFound => "sender_not_found",
            Self::SenderUnavailable => "sender_unavailable",
            Self::TemplateRejected => "template_rejected",
            Self::Unsupported => "unsupported",
            Self::InvalidRequest => "invalid_request",
            Self::Unauthenticated => "unauthenticated",
            Self::PermissionDenied => "permission_denied",
            Self::InsufficientBalance => "insufficient_balance",
            Self::RateLimited => "rate_limited",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::ProviderUnavailable => "provider_unavailable",
            Self::MalformedResponse => "malformed_response",
            Self::Config => "config",
        }
    }

    /// Whether the 24-hour window is what stands in the way, so that a template is the remedy.
    pub const fn is_window_closed(self) -> bool {
        matches!(self, Self::SessionExpired | Self::NoActiveSession)
    }

    /// What a caller does about it, in a sentence.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::SessionExpired => "send an approved template; a free text goes again once the contact writes",
            Self::NoActiveSession => "open with an approved template; the contact has never written to this number",
            Self::RecipientInvalid => {
                "stop writing to this contact: the number is wrong, not on WhatsApp, or blocks us"
            }
            Self::SenderNotFound => "check the sending number in the configuration: this account does not have it",
            Self::SenderUnavailable => "send from another number, or set this one right in the provider's dashboard",
            Self::TemplateRejected => "look at the template: its name, language, approval and parameters",
            Self::Unsupported => "send it in another form, or through another provider",
            Self::InvalidRequest => "correct the message; the same one is refused again",
            Self::Unauthenticated => "check the credential, and the region it belongs to",
            Self::PermissionDenied => "ask the provider for the permission; the credential itself is right",
            Self::InsufficientBalance => "top the account up; until then every send is refused",
            Self::RateLimited => "wait as long as the answer asks, then send the same message again",
            Self::NotFound => "check the base URL and the ids in the configuration",
            Self::Conflict => "do not repeat it: the provider has something else under this key already",
            Self::ProviderUnavailable => "wait; repeat it only if it is proved that nothing was sent",
            Self::MalformedResponse => {
                "do not repeat it unasked: the message may be out; show the answer to the provider"
            }
            Self::Config => "correct the configuration",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = ErrorKind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(names.len(), ErrorKind::ALL.len());
    }
}
