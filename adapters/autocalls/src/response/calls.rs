//! Answers to the calls that only Autocalls offers.

use std::time::SystemTime;

use bytes::Bytes;
use http::Response;
use serde::Deserialize;
use serde_json::Value;
use transom::adapter::{Operation, json};
use transom::transport::unreadable;
use transom::{Error, ErrorKind, Result};

use crate::error;

/// The user of an API key [docs, Get current user].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct CurrentUser {
    /// The name.
    pub name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The balance in US dollars, as the provider writes the number, such as `12.50`.
    #[serde(default, deserialize_with = "json::text_or_number")]
    pub total_balance: Option<String>,
}

/// One message of a conversation [docs, Get Conversation].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct HistoryEntry {
    /// Who wrote it: `user` is the contact, `assistant` the business.
    pub role: String,
    /// The text. An entry of a function call may have none.
    pub content: Option<String>,
}

pub(crate) fn decode_current_user(response: &Response<Bytes>, now: SystemTime) -> Result<CurrentUser> {
    if response.status().is_success() {
        json::decode(response, Operation::Read)
    } else {
        Err(error::refusal(response, now, Operation::Read, None))
    }
}

/// This group of calls says `"status": false` and `error` for a failure [docs, Get Conversation].
pub(crate) fn decode_history(response: &Response<Bytes>, now: SystemTime) -> Result<Vec<HistoryEntry>> {
    #[derive(Deserialize)]
    struct Body {
        #[serde(default)]
        status: Value,
        history: Option<Vec<HistoryEntry>>,
    }
    if !response.status().is_success() {
        return Err(error::refusal(response, now, Operation::Read, None));
    }
    let body: Body = json::decode(response, Operation::Read)?;
    if body.status == false {
        // The one failure that the page shows.
        let error = Error::new(ErrorKind::NotFound, json::excerpt(response.body()));
        return Err(error.with_status(response.status()));
    }
    body.history.ok_or_else(|| unreadable(response.status(), Operation::Read, "there is no `history` in the answer"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::tests::{answer, config};
    use crate::request::calls::{encode_current_user, encode_history};

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    #[test]
    fn balance_keeps_every_digit() {
        let request = encode_current_user(&config()).unwrap();
        assert_eq!(request.uri(), "https://app.autocalls.ai/api/user/me");
        let body = r#"{"name":"Demo","email":"demo@example.com","total_balance":12.50}"#;
        let user = decode_current_user(&answer(200, body), NOW).unwrap();
        assert_eq!((user.name.as_deref(), user.total_balance.as_deref()), (Some("Demo"), Some("12.50")));
        let refused = decode_current_user(&answer(401, r#"{"message":"Unauthenticated."}"#), NOW).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unauthenticated);
    }

    #[test]
    fn history_has_role_and_text_of_each_entry() {
        let id = "0b7b6a1e-6c1d-4f0e-9d55-3a2f1c9e7d10";
        let request = encode_history(&config(), id).unwrap();
        assert_eq!(request.uri().path(), format!("/api/conversations/{id}"));
        assert_eq!(request.headers()["authorization"], "Bearer 7|key");
        let body = r#"{"status":true,"history":[{"role":"user","content":"Hi"},{"role":"assistant","content":null,"function_calls":[]}],"variables":null}"#;
        let history = decode_history(&answer(200, body), NOW).unwrap();
        let entries = history.iter().map(|entry| (entry.role.as_str(), entry.content.as_deref())).collect::<Vec<_>>();
        assert_eq!(entries, [("user", Some("Hi")), ("assistant", None)]);
    }

    #[test]
    fn missing_conversation_is_not_found_at_any_status() {
        let body = r#"{"status":false,"error":"Conversation not found"}"#;
        for status in [200, 404] {
            let error = decode_history(&answer(status, body), NOW).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{status}");
            assert!(error.message().contains("Conversation not found"), "{error}");
        }
        let error = decode_history(&answer(200, "{}"), NOW).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MalformedResponse);
    }
}
