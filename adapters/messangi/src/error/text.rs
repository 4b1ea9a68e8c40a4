//! The meaning of a rejection's text. All of it is a judgement: only the 429's text is documented.

use serde_json::Value;
use transom::ErrorKind;
use transom::adapter::json;

/// The kind of `text` under an HTTP status; `None` if the text has no known meaning. `is_template` is `None` if the
/// type of the message is unknown.
pub(super) fn kind(status: u16, text: &str, is_template: Option<bool>) -> Option<ErrorKind> {
    REASONS.iter().find(|rule| rule.fits(status, text, is_template)).map(|rule| rule.kind)
}

/// The meaning of a text with one of these phrases or fields.
struct Reason {
    /// Phrases, each as whole words in lower case.
    phrases: &'static [&'static str],
    /// Names of fields that are everyday words too, and count only where they stand as a name.
    fields: &'static [&'static str],
    statuses: &'static [u16],
    of: Sends,
    kind: ErrorKind,
}

/// The sends that a text can be about. No window refuses a template, whatever its name has in common with the words for
/// one; and a free text cannot be refused for a template.
#[derive(Clone, Copy)]
enum Sends {
    All,
    Templates,
    FreeForm,
}

/// The statuses under which a text is read at all. The others are clear, or, like a gateway's 5xx, no refusal.
const READ: &[u16] = &[400, 402, 403, 404, 410, 422];

/// The statuses that a closed window may have. A key or a login expires as well: under a 401, a 402 or a 403 such words are
/// about something else.
const WINDOW: &[u16] = &[400, 410, 422];

/// Whether a text is read under this status.
pub(super) fn is_read(status: u16) -> bool {
    READ.contains(&status)
}

/// Whether a code of this kind can be the reason of an answer with this status. No window refuses a template.
pub(super) fn allows(status: u16, kind: ErrorKind, is_template: Option<bool>) -> bool {
    match kind {
        ErrorKind::SessionExpired => WINDOW.contains(&status) && is_template != Some(true),
        // A 402 is clear by itself.
        kind => status != 402 || kind == ErrorKind::InsufficientBalance,
    }
}

/// The first rule that fits wins; the window comes first, since it decides whether a template goes instead.
const REASONS: &[Reason] = &[
    Reason {
        phrases: &["24 hours", "24 hour", "re engagement", "reengagement", "session window", "session expired"],
        fields: &[],
        statuses: WINDOW,
        of: Sends::FreeForm,
        kind: ErrorKind::SessionExpired,
    },
    Reason {
        phrases: &["balance", "credit", "credits"],
        fields: &[],
        statuses: READ,
        of: Sends::All,
        kind: ErrorKind::InsufficientBalance,
    },
    Reason {
        phrases: &["template", "templates", "placeholder", "placeholders", "templatename", "templatelanguage"],
        fields: &[],
        statuses: &[400, 404, 422],
        of: Sends::Templates,
        kind: ErrorKind::TemplateRejected,
    },
    Reason {
        phrases: &["sender"],
        fields: &["from"],
        statuses: &[400, 403, 422],
        of: Sends::All,
        kind: ErrorKind::SenderNotFound,
    },
    Reason { phrases: &[], fields: &["type"], statuses: &[400, 422], of: Sends::All, kind: ErrorKind::Unsupported },
    Reason {
        phrases: &["recipient"],
        fields: &["to", "number"],
        statuses: &[400, 422],
        of: Sends::All,
        kind: ErrorKind::RecipientInvalid,
    },
];

impl Reason {
    fn fits(&self, status: u16, text: &str, is_template: Option<bool>) -> bool {
        self.statuses.contains(&status)
            && match self.of {
                Sends::All => true,
                Sends::Templates => is_template != Some(false),
                Sends::FreeForm => is_template != Some(true),
            }
            && (self.phrases.iter().any(|phrase| has_phrase(text, phrase))
                || self.fields.iter().any(|field| names_field(text, field)))
    }
}

/// The words of a text in lower case: `24-hour` is two.
pub(super) fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// Whether the words of `phrase`, which are in lower case, stand side by side in the text.
pub(super) fn has_phrase(text: &str, phrase: &str) -> bool {
    let text: Vec<String> = words(text).collect();
    let phrase: Vec<&str> = phrase.split(' ').collect();
    text.windows(phrase.len()).any(|window| window.iter().eq(phrase.iter()))
}

/// Whether the text names a field: the word begins or ends it, is quoted or part of a path (`request.to`), or is said
/// something of (`to is`). "Failed to send" names no field.
fn names_field(text: &str, field: &str) -> bool {
    const SAID_OF: &[&str] =
        &["is", "must", "field", "parameter", "number", "missing", "required", "cannot", "should", "has", "invalid"];
    let text = text.to_ascii_lowercase();
    text.match_indices(field).any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default();
        let after = text.get(at + field.len()..).unwrap_or_default();
        let (last, next) = (before.chars().next_back(), after.chars().next());
        if last.is_some_and(char::is_alphanumeric) || next.is_some_and(char::is_alphanumeric) {
            return false;
        }
        let marked = last.is_some_and(|c| ".'\"`[".contains(c)) || next.is_some_and(|c| "'\"`]:=".contains(c));
        match words(after).next().as_deref() {
            None => true,
            Some("of") => false,
            Some(word) => marked || before.trim().is_empty() || SAID_OF.contains(&word),
        }
    })
}

/// The text of a rejection. Only the 429's place is documented [seed]; the other places are those of the provider's
/// other services and of its gateways [inferred].
pub(crate) fn reason(body: &[u8]) -> Option<String> {
    const PLACES: &[&str] = &[
        "/errors/reason",
        "/errors/0/reason",
        "/errors/0/message",
        "/errors",
        "/error/message",
        "/error",
        "/data/reason",
        "/data/description",
        "/message",
        "/description",
        "/reason",
        // A problem in HTTP's own form, whose other members are words of no meaning here.
        "/detail",
        "/title",
    ];
    let body: Value = serde_json::from_slice(body).ok()?;
    let text = PLACES.iter().find_map(|place| body.pointer(place)?.as_str().filter(|text| !text.trim().is_empty()))?;
    Some(json::excerpt(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_everyday_word_names_no_field() {
        for reason in [
            "failed to send",
            "not allowed to use this channel",
            "received from client",
            "Tomorrow is closed",
            "number of buttons is over 3",
            "1240 hours",
            "accreditation",
            "toto",
        ] {
            assert_eq!(kind(400, reason, Some(true)), None, "{reason}");
        }
    }

    #[test]
    fn the_reason_is_found_wherever_it_stands() {
        for body in [
            r#"{"errors":{"reason":"why"}}"#,
            r#"{"errors":[{"reason":"why"}]}"#,
            r#"{"errors":[{"message":"why"}]}"#,
            r#"{"errors":"why"}"#,
            r#"{"error":{"message":"why"}}"#,
            r#"{"error":"why"}"#,
            r#"{"message":"why","errors":{}}"#,
            r#"{"description":"why"}"#,
            r#"{"reason":"why","message":" "}"#,
        ] {
            assert_eq!(reason(body.as_bytes()).as_deref(), Some("why"), "{body}");
        }
        for body in ["", "why", "{}", r#"{"errors":{"reason":7}}"#] {
            assert_eq!(reason(body.as_bytes()), None, "{body}");
        }
    }
}
