//! The window, read from the conversations with a contact. The vendor has no query for it.
//!
//! Its own recipe is to look for an `active` conversation [seed], which is wrong both ways: after half an hour of
//! silence, or once somebody closed it, a conversation is not `active` though the window is open; and one that we began
//! with a template, or answered a day late, is `active` though the window is closed. WhatsApp counts 24 hours from the
//! contact's last message, and each conversation says when that was [inferred].

use std::time::SystemTime;

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use transom::adapter::json;
use transom::session::SessionSource;
use transom::time::rfc3339;
use transom::{PhoneNumber, Session, Window};

/// A conversation in a list. Every field may be missing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Row {
    #[serde(deserialize_with = "json::text_or_number")]
    id: Option<String>,
    /// Meta's id of the line, or the vendor's own: the pages write either [docs].
    #[serde(deserialize_with = "json::text_or_number", alias = "phoneNumberId")]
    phone_number_id: Option<String>,
    #[serde(deserialize_with = "json::text_or_number", alias = "contactPhone")]
    contact_phone: Option<String>,
    status: Option<String>,
    #[serde(alias = "endedReason")]
    ended_reason: Option<String>,
    /// `None` if there is no such member, which is not the same as null.
    #[serde(deserialize_with = "member", alias = "lastInboundAt")]
    last_inbound_at: Option<Value>,
}

impl Row {
    pub(crate) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    pub(crate) fn status(&self) -> Option<&str> {
        self.status.as_deref()
    }

    pub(crate) fn contact(&self) -> Option<PhoneNumber> {
        PhoneNumber::from_e164(self.contact_phone.as_deref()?).ok()
    }

    pub(crate) fn last_inbound_at(&self) -> Option<SystemTime> {
        self.last_inbound_at.as_ref()?.as_str().and_then(rfc3339::parse)
    }

    /// Whether it is a conversation with `contact`, in any spelling of the number. The query's filter is trusted for a row
    /// without a contact.
    pub(crate) fn is_with(&self, contact: &PhoneNumber) -> bool {
        self.contact_phone.as_deref().is_none_or(|phone| {
            let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
            PhoneNumber::from_e164(&digits).is_ok_and(|listed| listed.is_same_contact(contact))
        })
    }

    fn is_of_line(&self, line: &str) -> bool {
        self.phone_number_id.as_deref() == Some(line)
    }
}

/// The window to `contact` from the `line`, by `rows` and at `now`. Not `is_whole` if there are rows that were not read.
pub(crate) fn session(rows: &[Row], is_whole: bool, line: &str, contact: &PhoneNumber, now: SystemTime) -> Session {
    let mut rows: Vec<&Row> = rows.iter().filter(|row| row.is_with(contact)).collect();
    // Rows that name this line show that rows name lines by this id. Else the ids are the vendor's own, which are not
    // known here, and the filter of the query is trusted.
    if rows.iter().any(|row| row.is_of_line(line)) {
        rows.retain(|row| row.is_of_line(line));
    }
    let last = rows.iter().filter_map(|row| row.last_inbound_at()).max();
    let window = match last {
        Some(last) => Window::after(last, now),
        None => without_times(&rows),
    };
    // A row that was not read may hold a later message.
    let window = if is_whole || window.is_open() { window } else { Window::Unknown };
    Session::new(contact.clone(), window, SessionSource::Provider).with_last_inbound_at(last)
}

/// The window where no row says when the contact wrote.
fn without_times(rows: &[&Row]) -> Window {
    if rows.iter().any(|row| row.last_inbound_at.as_ref().is_some_and(|value| !value.is_null())) {
        // They wrote, at a time that cannot be read.
        return Window::Unknown;
    }
    let silent: Vec<&Row> = rows.iter().copied().filter(|row| row.last_inbound_at.is_none()).collect();
    if silent.is_empty() {
        // No row at all, or only rows that say that the contact has not written.
        return Window::Never;
    }
    let any = |states: &[&str]| silent.iter().any(|row| row.status.as_deref().is_some_and(|s| states.contains(&s)));
    // `inactive` is still inside the 24 hours [seed].
    if any(&["active", "inactive"]) {
        return Window::Open { until: None };
    }
    let has_timed_out =
        |row: &&Row| row.status.as_deref() == Some("ended") && row.ended_reason.as_deref() == Some("timeout");
    // A conversation that an agent closed proves nothing: closing is bookkeeping [seed].
    if silent.iter().all(has_timed_out) { Window::Expired { since: None } } else { Window::Unknown }
}

/// The value of a member that is there, null included.
fn member<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "109876543210987";

    fn contact() -> PhoneNumber {
        "+34611222333".parse().unwrap()
    }

    fn at(text: &str) -> SystemTime {
        rfc3339::parse(text).unwrap()
    }

    fn read(rows: &str, is_whole: bool) -> Session {
        let rows: Vec<Row> = serde_json::from_str(rows).unwrap();
        session(&rows, is_whole, LINE, &contact(), at("2026-02-04T09:00:00Z"))
    }

    fn check(rows: &str, window: Window) {
        assert_eq!(read(rows, true).window, window, "{rows}");
    }

    #[test]
    fn last_inbound_of_all_conversations_opens_window_24_hours() {
        let rows = r#"[
            {"id":"1","contact_phone":"34611222333","status":"active","last_inbound_at":"2026-01-01T00:00:00Z"},
            {"id":"2","contact_phone":"+34 611-222-333","status":"ended","ended_reason":"manual_close","last_inbound_at":"2026-02-03T09:15:00.500Z"},
            {"id":"3","contact_phone":"34611222333","status":"inactive","last_inbound_at":null}]"#;
        let session = read(rows, true);
        assert_eq!(session.window, Window::Open { until: Some(at("2026-02-04T09:15:00.500Z")) });
        assert_eq!(session.last_inbound_at, Some(at("2026-02-03T09:15:00.500Z")));
    }

    #[test]
    fn window_expires_after_24_hours_despite_active_conversation() {
        let since = Some(at("2026-02-04T09:00:00Z"));
        check(
            r#"[{"status":"active","last_inbound_at":"2026-02-03T09:00:00Z","last_outbound_at":"2026-02-04T08:59:00Z"}]"#,
            Window::Expired { since },
        );
    }

    #[test]
    fn silent_contact_never_wrote_despite_active_conversation() {
        check("[]", Window::Never);
        check(
            r#"[{"status":"active","last_inbound_at":null},{"status":"ended","last_inbound_at":null}]"#,
            Window::Never,
        );
    }

    #[test]
    fn conversations_with_others_do_not_count() {
        check(
            r#"[{"contact_phone":"34611222334","last_inbound_at":"2026-02-04T08:00:00Z"},{"contact_phone":"34611222333","last_inbound_at":null}]"#,
            Window::Never,
        );
    }

    #[test]
    fn the_other_spelling_of_the_number_counts() {
        for (row, asked) in [
            ("5491145678901", "+541145678901"),
            ("541145678901", "+5491145678901"),
            ("525512345678", "+5215512345678"),
            ("551187654321", "+5511987654321"),
        ] {
            let row = format!(r#"[{{"contact_phone":"{row}","last_inbound_at":"2026-02-04T08:00:00Z"}}]"#);
            let rows: Vec<Row> = serde_json::from_str(&row).unwrap();
            let session = session(&rows, true, LINE, &asked.parse().unwrap(), at("2026-02-04T09:00:00Z"));
            assert!(session.window.is_open(), "{asked}");
        }
    }

    #[test]
    fn conversations_of_another_line_do_not_count() {
        let other = r#"{"phone_number_id":"999","last_inbound_at":"2026-02-04T08:00:00Z"}"#;
        let ours = r#"{"phone_number_id":109876543210987,"last_inbound_at":null}"#;
        check(&format!("[{other},{ours}]"), Window::Never);
        // By the vendor's own id, which is not known here, the query's filter is trusted.
        check(&format!("[{other}]"), Window::Open { until: Some(at("2026-02-05T08:00:00Z")) });
    }

    #[test]
    fn where_no_row_has_the_time_the_state_decides() {
        check(r#"[{"status":"ended","ended_reason":"timeout"},{"status":"inactive"}]"#, Window::Open { until: None });
        check(r#"[{"status":"active"}]"#, Window::Open { until: None });
        check(r#"[{"status":"ended","ended_reason":"timeout"}]"#, Window::Expired { since: None });
        for unclear in [
            r#"[{"status":"ended","ended_reason":"agent_close"}]"#,
            r#"[{"status":"ended"}]"#,
            r#"[{"status":"new"}]"#,
            "[{}]",
            r#"[{"status":"active","last_inbound_at":"yesterday"}]"#,
        ] {
            check(unclear, Window::Unknown);
        }
    }

    #[test]
    fn camel_case_is_read_too() {
        check(
            r#"[{"contactPhone":34611222333,"lastInboundAt":"2026-02-04T08:00:00Z"}]"#,
            Window::Open { until: Some(at("2026-02-05T08:00:00Z")) },
        );
    }

    #[test]
    fn unread_rows_make_closed_window_unknown_and_keep_open_one() {
        let old = r#"[{"last_inbound_at":"2026-01-01T00:00:00Z"}]"#;
        assert_eq!(read(old, false).window, Window::Unknown);
        assert_eq!(read(r#"[{"last_inbound_at":null}]"#, false).window, Window::Unknown);
        assert!(read(r#"[{"last_inbound_at":"2026-02-04T08:00:00Z"}]"#, false).window.is_open());
    }
}
