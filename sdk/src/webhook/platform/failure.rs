//! The errors of failed statuses.

use serde_json::value::RawValue;

use crate::adapter::json::{Members, as_it_came};
use crate::adapter::platform_codes;
use crate::error::ErrorKind;
use crate::webhook::status::DeliveryFailure;

/// The most characters of a reason.
const REASON_MAX: usize = 1_000;

/// The failure that the errors in `members`, under the first of `names` that has any, describe: a list, one object, or
/// words. All of them give the reason; the first decides the kind.
///
/// `kind_of` has the provider's own meaning of a code beside these words. Codes that it does not know have WhatsApp's or
/// the carrier's meaning, also if they stand in the words alone. `None` without errors.
pub fn failure(
    members: &Members,
    names: &[&str],
    kind_of: impl Fn(&str, &str) -> Option<ErrorKind>,
) -> Option<DeliveryFailure> {
    let errors =
        names.iter().filter_map(|name| members.raw(&[name])).map(read_errors).find(|found| !found.is_empty())?;
    let (code, words) = errors.first()?;
    let words = words.as_deref().unwrap_or_default();
    let quoted = platform_codes::quoted_in(words);
    let code = code.clone().or_else(|| Some(quoted?.code.to_owned())).unwrap_or_default();
    let kind = kind_of(&code, words).or_else(|| Some(platform_codes::find(&code)?.kind)).or_else(|| Some(quoted?.kind));
    let reasons: Vec<String> = errors.iter().filter_map(|(_, words)| words.clone()).collect();
    let failure = DeliveryFailure::new(kind.unwrap_or(ErrorKind::ProviderUnavailable), code);
    Some(failure.with_reason(joined(reasons, "; ")))
}

/// What the members of an error say in words, in one line: those of [`words`], each once.
pub fn reason(error: &Members) -> Option<String> {
    joined(words(error), ": ")
}

/// What the members of an error say in words: title, message, details and whatever else providers call them.
pub fn words(error: &Members) -> Vec<String> {
    const WORDS: &[&[&str]] = &[
        &["title"],
        &["message", "error_message", "errorMessage"],
        &["error_user_title"],
        &["error_user_msg"],
        &["description", "error_description", "errorDescription"],
        &["reason"],
        &["detail", "details"],
    ];
    let mut found: Vec<String> = WORDS.iter().filter_map(|names| error.text(names)).collect();
    for inner in ["error_data", "errorData", "details"] {
        found.extend(error.object(&[inner]).as_ref().and_then(reason));
    }
    found
}

/// One line of these words, without those that others contain.
fn joined(words: Vec<String>, separator: &str) -> Option<String> {
    let text: String = distinct(words).join(separator).chars().take(REASON_MAX).collect();
    (!text.is_empty()).then_some(text)
}

/// These words, each on one line without control characters, and without those that others contain.
pub(crate) fn distinct(words: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for word in words {
        let word = word.split_whitespace().collect::<Vec<_>>().join(" ");
        let word: String = word.chars().filter(|c| !c.is_control()).collect();
        let has =
            |whole: &str, part: &str| whole.to_lowercase().contains(part.trim_end_matches('.').to_lowercase().as_str());
        if word.is_empty() || kept.iter().any(|earlier| has(earlier, &word)) {
            continue;
        }
        kept.retain(|earlier| !has(&word, earlier));
        kept.push(word);
    }
    kept
}

type CodeAndWords = (Option<String>, Option<String>);

fn read_errors(raw: &RawValue) -> Vec<CodeAndWords> {
    match raw.get().as_bytes() {
        [b'[', ..] => {
            let items: Vec<Box<RawValue>> = serde_json::from_str(raw.get()).unwrap_or_default();
            items.iter().filter_map(|item| read_error(item)).collect()
        }
        _ => read_error(raw).into_iter().collect(),
    }
}

fn read_error(raw: &RawValue) -> Option<CodeAndWords> {
    if let Some(error) = Members::from_raw(raw) {
        let code = error.text(&["code", "error_code", "errorCode"]);
        let words = reason(&error);
        return (code.is_some() || words.is_some()).then_some((code, words));
    }
    match as_it_came(raw) {
        serde_json::Value::String(words) if raw.get() != "null" && !words.trim().is_empty() => {
            Some((None, Some(words)))
        }
        serde_json::Value::Number(code) => Some((Some(code.to_string()), None)),
        _ => None,
    }
}
