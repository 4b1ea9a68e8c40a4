//! Lists: business accounts, their numbers and templates, and conversations.

use std::time::SystemTime;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use transom::account::{Conversation, Sender, TemplateInfo};
use transom::adapter::{Operation, cloud_api, json};
use transom::message::TemplateDefinition;
use transom::transport::unreadable;
use transom::{PhoneNumber, Result};

use super::session::Row;
use crate::error;

/// The largest page [docs, API Reference].
pub(crate) const PER_PAGE: usize = 100;

/// A part of a list.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// How many items there are on all pages, where the answer says so.
    total: Option<usize>,
}

impl<T> Page<T> {
    /// Whether there are more items after `seen`, this page included.
    pub(crate) fn is_followed(&self, seen: usize) -> bool {
        !self.items.is_empty() && self.total.map_or(self.items.len() >= PER_PAGE, |total| seen < total)
    }
}

/// A business account: the id by which paths know it, and Meta's.
#[derive(Debug)]
pub(crate) struct Waba {
    pub(crate) id: String,
    pub(crate) metas: Option<String>,
}

pub(crate) fn decode_wabas(response: &Response<Bytes>, now: SystemTime) -> Result<Page<Waba>> {
    #[derive(Deserialize)]
    struct Item {
        #[serde(default, deserialize_with = "json::text_or_number")]
        id: Option<String>,
        #[serde(default, deserialize_with = "json::text_or_number", alias = "wabaId")]
        waba_id: Option<String>,
    }
    decode(response, now, |item: Item| Some(Waba { id: item.id?, metas: item.waba_id }))
}

/// The id of a sender is Meta's, the one that sends; the vendor's own is of use for setting up webhooks only.
pub(crate) fn decode_senders(response: &Response<Bytes>, now: SystemTime) -> Result<Page<Sender>> {
    #[derive(Deserialize)]
    struct Item {
        #[serde(default, deserialize_with = "json::text_or_number", alias = "phoneNumberId")]
        phone_number_id: Option<String>,
        #[serde(default, deserialize_with = "json::text_or_number", alias = "displayPhoneNumber")]
        display_phone_number: Option<String>,
        #[serde(default, deserialize_with = "json::text_or_number", alias = "displayPhoneNumberNormalized")]
        display_phone_number_normalized: Option<String>,
        #[serde(alias = "displayName")]
        display_name: Option<String>,
        #[serde(alias = "verifiedName")]
        verified_name: Option<String>,
        status: Option<String>,
        #[serde(default, deserialize_with = "json::text_or_number", alias = "qualityRating")]
        quality_rating: Option<String>,
        #[serde(default, deserialize_with = "json::text_or_number", alias = "throughputTier")]
        throughput_tier: Option<String>,
    }
    decode(response, now, |item: Item| {
        let mut sender = Sender::new(item.phone_number_id?, item.status.unwrap_or_default());
        let number = item.display_phone_number_normalized.or(item.display_phone_number);
        sender.phone = number.as_deref().and_then(phone);
        sender.name = item.verified_name.or(item.display_name);
        sender.quality = item.quality_rating.map(|word| word.to_lowercase());
        sender.throughput = item.throughput_tier;
        Some(sender)
    })
}

/// A line's settings.
#[derive(Debug)]
pub(crate) struct Line {
    /// Meta's id.
    pub(crate) id: String,
    /// `inbound_processing_enabled` is false: the vendor ignores what contacts write.
    pub(crate) ignores_inbound: bool,
}

pub(crate) fn decode_lines(response: &Response<Bytes>, now: SystemTime) -> Result<Page<Line>> {
    #[derive(Deserialize)]
    struct Item {
        #[serde(default, deserialize_with = "json::text_or_number", alias = "phoneNumberId")]
        phone_number_id: Option<String>,
        #[serde(default, alias = "inboundProcessingEnabled")]
        inbound_processing_enabled: Value,
    }
    decode(response, now, |item: Item| {
        Some(Line { id: item.phone_number_id?, ignores_inbound: item.inbound_processing_enabled == false })
    })
}

/// The fields are Meta's [inferred].
pub(crate) fn decode_templates(response: &Response<Bytes>, now: SystemTime) -> Result<Page<TemplateInfo>> {
    #[derive(Deserialize)]
    struct Item {
        #[serde(default, deserialize_with = "json::text_or_number")]
        id: Option<String>,
        name: Option<String>,
        language: Option<String>,
        status: Option<String>,
        category: Option<String>,
        #[serde(default, deserialize_with = "json::text_or_number", alias = "rejectedReason")]
        rejected_reason: Option<String>,
        components: Option<Value>,
    }
    decode(response, now, |item: Item| {
        let status = item.status.unwrap_or_default().to_lowercase();
        let name = item.name?;
        let id = item.id.unwrap_or_else(|| name.clone());
        let mut template = TemplateInfo::new(id, name, item.language.unwrap_or_default(), status);
        template.category = item.category.map(|word| word.to_lowercase());
        template.reason = cloud_api::rejected_reason(item.rejected_reason);
        Some(template.with_definition(item.components.as_ref().and_then(TemplateDefinition::from_components)))
    })
}

pub(crate) fn decode_conversations(response: &Response<Bytes>, now: SystemTime) -> Result<Page<Row>> {
    decode(response, now, Some)
}

/// The conversations in `rows`, without those of other contacts than the one asked for.
///
/// # Errors
/// [`MalformedResponse`](transom::ErrorKind::MalformedResponse) if one of them has no id.
pub(crate) fn conversations(rows: Vec<Row>, contact: Option<&PhoneNumber>) -> Result<Vec<Conversation>> {
    let wanted = rows.into_iter().filter(|row| contact.is_none_or(|contact| row.is_with(contact)));
    let conversation = |row: Row| {
        let mut conversation = Conversation::new(row.id()?, row.status().unwrap_or_default());
        conversation.contact = row.contact();
        conversation.last_inbound_at = row.last_inbound_at();
        Some(conversation)
    };
    let all: Option<Vec<Conversation>> = wanted.map(conversation).collect();
    all.ok_or_else(|| unreadable(StatusCode::OK, Operation::Read, "a conversation of the list has no id"))
}

/// Any 2xx is a yes; no page shows its body.
pub(crate) fn decode_close(response: &Response<Bytes>, now: SystemTime) -> Result<()> {
    if response.status().is_success() { Ok(()) } else { Err(error::of_read(response, now)) }
}

/// Returns the items of a page, or an error if an item has no id or name. A list with gaps would look complete.
pub(super) fn decode<I: DeserializeOwned, T>(
    response: &Response<Bytes>,
    now: SystemTime,
    read: impl Fn(I) -> Option<T>,
) -> Result<Page<T>> {
    #[derive(Deserialize)]
    struct Body<I> {
        data: Vec<I>,
    }
    if !response.status().is_success() {
        return Err(error::of_read(response, now));
    }
    let body: Body<I> = json::decode(response, Operation::Read)?;
    let items: Option<Vec<T>> = body.data.into_iter().map(read).collect();
    let without = || unreadable(response.status(), Operation::Read, "an item of the list has no id or no name");
    let total = json::header(response.headers(), "x-total-count").and_then(|text| text.parse().ok());
    Ok(Page { items: items.ok_or_else(without)?, total })
}

fn phone(text: &str) -> Option<PhoneNumber> {
    PhoneNumber::from_e164(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::tests::{answer, config, to};
    use crate::request::lists::{CloseReason, encode_close, encode_conversations};

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    #[test]
    fn conversations_of_a_contact_are_queried_in_every_state() {
        let uri = |contact: Option<&PhoneNumber>, page| {
            encode_conversations(&config(), contact, page).unwrap().uri().to_string()
        };
        let base = "https://cloud.gosendapi.com/v1/conversations";
        assert_eq!(
            uri(Some(&to()), 1),
            format!("{base}?contact_phone=34611222333&phone_number_id=109876543210987&per_page=100")
        );
        assert_eq!(uri(None, 2), format!("{base}?phone_number_id=109876543210987&per_page=100&page=2"));
    }

    #[test]
    fn a_page_is_followed_by_what_the_count_says_else_if_it_is_full() {
        let page = |items: usize, total: Option<&str>| {
            let rows = vec!["{}"; items].join(",");
            let mut response = answer(200, &format!(r#"{{"data":[{rows}]}}"#));
            if let Some(total) = total {
                response.headers_mut().insert("x-total-count", total.parse().unwrap());
            }
            decode_conversations(&response, NOW).unwrap()
        };
        assert!(page(20, Some("21")).is_followed(20));
        assert!(!page(1, Some("21")).is_followed(21));
        assert!(page(100, None).is_followed(100));
        assert!(page(100, Some("many")).is_followed(100));
        assert!(!page(99, None).is_followed(99));
        // An empty page is the last one, whatever the count says.
        assert!(!page(0, Some("21")).is_followed(20));
    }

    #[test]
    fn a_sender_is_known_by_the_id_that_sends() {
        let camel = r#"{"data":[{"phoneNumberId":"109876543210987","displayPhoneNumberNormalized":34611000000,"displayName":"Acme Help","status":"active"}]}"#;
        assert_eq!(
            decode_senders(&answer(200, camel), NOW).unwrap().items[0].phone.as_ref().unwrap().as_str(),
            "+34611000000"
        );
        let body = r#"{"data":[{"id":"31","waba_id":"8","phone_number_id":109876543210987,"display_phone_number":"+34 611 00 00 00","display_phone_number_normalized":"34611000000","display_name":"Acme Help","verified_name":null,"status":"active"}]}"#;
        let page = decode_senders(&answer(200, body), NOW).unwrap();
        let [sender] = page.items.as_slice() else { panic!("{page:?}") };
        assert_eq!((sender.id.as_str(), sender.status.as_str()), ("109876543210987", "active"));
        assert_eq!(sender.phone.as_ref().unwrap().as_str(), "+34611000000");
        assert_eq!(sender.name.as_deref(), Some("Acme Help"));
    }

    #[test]
    fn a_templates_parameters_are_the_placeholders_of_its_body() {
        let body = r#"{"data":[{"id":"512","name":"visit","language":"es_ES","status":"APPROVED","components":[{"type":"HEADER","text":"{{9}}"},{"type":"BODY","text":"Hi {{1}}, see you on {{2}}, {{1}}. {{ day }} {{"}]},{"name":"again"}]}"#;
        let templates = decode_templates(&answer(200, body), NOW).unwrap().items;
        assert_eq!(templates[0].parameters, ["1", "2", "day"]);
        assert_eq!((templates[0].id.as_str(), templates[0].status.as_str()), ("512", "approved"));
        assert!(templates[0].parameters_known && !templates[1].parameters_known);
    }

    #[test]
    fn conversations_keep_ids_and_omit_other_contacts() {
        let body = r#"{"data":[{"id":7312,"contact_phone":"34611222333","status":"inactive","last_inbound_at":"2026-02-03T09:15:00Z"},{"id":"42","contact_phone":"5491140123456","status":"ended","last_inbound_at":null}]}"#;
        let rows = || decode_conversations(&answer(200, body), NOW).unwrap().items;
        let all = conversations(rows(), None).unwrap();
        assert_eq!((all[0].id.as_str(), all[0].state.as_str()), ("7312", "inactive"));
        assert_eq!(all[0].contact, Some(to()));
        assert!(all[0].last_inbound_at.is_some() && all[1].last_inbound_at.is_none());
        let one = conversations(rows(), Some(&to())).unwrap();
        assert_eq!(one, all[..1]);
    }

    #[test]
    fn a_list_with_a_hole_is_no_list() {
        for body in ["", "{}", r#"{"data":{}}"#, r#"{"data":[{"id":null}]}"#] {
            for error in [
                decode_wabas(&answer(200, body), NOW).unwrap_err(),
                decode_senders(&answer(200, body), NOW).unwrap_err(),
                decode_templates(&answer(200, body), NOW).unwrap_err(),
            ] {
                let expected = (transom::ErrorKind::MalformedResponse, false);
                assert_eq!((error.kind(), error.may_have_been_sent()), expected, "{body}");
            }
        }
        let nameless = decode_conversations(&answer(200, r#"{"data":[{"status":"active"}]}"#), NOW).unwrap();
        assert!(conversations(nameless.items, None).is_err());
    }

    #[test]
    fn close_request_always_has_a_body() {
        for (reason, body) in [
            (Some(CloseReason::Agent), r#"{"reason":"agent_close"}"#),
            (Some(CloseReason::Manual), r#"{"reason":"manual_close"}"#),
            (None, "{}"),
        ] {
            let request = encode_close(&config(), "42", reason).unwrap();
            assert_eq!(request.uri(), "https://cloud.gosendapi.com/v1/conversations/42/close");
            assert_eq!(request.body(), body);
            assert_eq!(request.headers()["content-type"], "application/json");
        }
        assert!(encode_close(&config(), "..", None).is_err());
        assert!(decode_close(&answer(204, ""), NOW).is_ok());
        assert_eq!(decode_close(&answer(404, ""), NOW).unwrap_err().kind(), transom::ErrorKind::NotFound);
    }
}
