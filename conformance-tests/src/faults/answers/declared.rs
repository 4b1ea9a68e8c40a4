//! The rows in which a provider's page says that a message was not sent although the answer names it.

use serde_json::Value;

use crate::faults::profile::FaultProfile;

/// A word of a provider's page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Declared {
    pub(crate) provider: &'static str,
    /// The JSON pointer to the word.
    pub(crate) place: &'static str,
    pub(crate) word: &'static str,
    /// What the page says of it.
    pub(crate) says: &'static str,
    pub(crate) source: &'static str,
}

const WHATSAPP_STATUS: &str = "Messangi, WhatsApp Status, docs.messangi.com/docs/whatsapp-status [docs]";

/// Every exception. `QUOTA_EXCEEDED` is none: the page says to wait, and nothing of this message.
pub(crate) const DECLARED: &[Declared] = &[
    Declared {
        provider: "messangi",
        place: "/data/status",
        word: "BLACKLISTED",
        says: "the recipient is blocked, and the message is not sent",
        source: WHATSAPP_STATUS,
    },
    Declared {
        provider: "messangi",
        place: "/data/status",
        word: "CODE_NOT_ALLOWED",
        says: "the sender is inactive or cannot message this recipient",
        source: WHATSAPP_STATUS,
    },
    Declared {
        provider: "messangi",
        place: "/data/status",
        word: "INCOMPLETE",
        says: "data for the placeholders is missing",
        source: WHATSAPP_STATUS,
    },
];

/// The line about this body.
pub(crate) fn find(profile: &FaultProfile, body: &Value) -> Option<&'static Declared> {
    DECLARED.iter().find(|line| {
        let word = body.pointer(line.place).and_then(Value::as_str);
        line.provider == profile.name() && word.is_some_and(|word| word.eq_ignore_ascii_case(line.word))
    })
}
