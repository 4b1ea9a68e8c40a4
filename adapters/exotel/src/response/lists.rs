//! The list of templates.
//!
//! The query is documented (docs, Templates API); no page shows the answer. The decoder expects the answer of a
//! creation with Meta's fields and cursors, and reads them wherever they stand (inferred).

use std::time::SystemTime;

use bytes::Bytes;
use http::Response;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use transom::Result;
use transom::account::TemplateInfo;
use transom::adapter::{Operation, cloud_api, json};
use transom::message::TemplateDefinition;
use transom::transport::unreadable;

use crate::error::{self, RequestKind};
use crate::types::{Answer, Item};

/// A part of the list.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) templates: Vec<TemplateInfo>,
    /// Where the next part begins, if the answer says so.
    pub(crate) after: Option<String>,
}

/// Returns one page of the list, or an error if a template in it has no name. A list with gaps would look complete.
pub(crate) fn decode_templates(response: &Response<Bytes>, now: SystemTime) -> Result<Page> {
    if !response.status().is_success() {
        return Err(error::refusal(response, now, RequestKind::LIST));
    }
    let malformed = |what: &str| unreadable(response.status(), Operation::Read, what);
    let answer: Answer = json::decode(response, Operation::Read)?;
    // A failure inside a success, as with a send.
    if let Some(refused) = answer.items().into_iter().find(Item::is_refused) {
        return Err(error::of_item(&refused, response, now, RequestKind::LIST));
    }
    let listed = Listed::of(&answer).ok_or_else(|| malformed("there is no list of templates in the answer"))?;
    let mut templates = Vec::with_capacity(listed.entries.len());
    for entry in &listed.entries {
        if let Some(refused) = parse::<Item>(entry).filter(Item::is_refused) {
            return Err(error::of_item(&refused, response, now, RequestKind::LIST));
        }
        templates.push(template(entry).ok_or_else(|| malformed("a template of the list has no name"))?);
    }
    let around: Level = json::decode(response, Operation::Read).unwrap_or_default();
    Ok(Page { templates, after: listed.after.or_else(|| around.after()) })
}

/// The template in an entry: in its `data`, as in the answer of a creation, in its `template`, as in the request of one,
/// or bare, as at Meta.
fn template(entry: &RawValue) -> Option<TemplateInfo> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Entry {
        data: Option<Box<RawValue>>,
        template: Option<Box<RawValue>>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Template {
        #[serde(deserialize_with = "json::text_or_number")]
        id: Option<String>,
        #[serde(deserialize_with = "json::text_or_number")]
        name: Option<String>,
        #[serde(deserialize_with = "json::text_or_number")]
        language: Option<String>,
        #[serde(deserialize_with = "json::text_or_number")]
        status: Option<String>,
        #[serde(deserialize_with = "json::text_or_number")]
        category: Option<String>,
        #[serde(deserialize_with = "json::text_or_number")]
        rejected_reason: Option<String>,
        components: Option<Value>,
    }
    let wrapped: Entry = parse(entry)?;
    let template: Template = parse(wrapped.data.or(wrapped.template).as_deref().unwrap_or(entry))?;
    let name = template.name?;
    let id = template.id.unwrap_or_else(|| name.clone());
    let status = template.status.unwrap_or_default().to_lowercase();
    let mut info = TemplateInfo::new(id, name, template.language.unwrap_or_default(), status);
    info.category = template.category.map(|category| category.to_lowercase());
    info.reason = cloud_api::rejected_reason(template.rejected_reason);
    Some(info.with_definition(template.components.as_ref().and_then(TemplateDefinition::from_components)))
}

/// The entries of the list as received, and the cursor beside them.
struct Listed {
    entries: Vec<Box<RawValue>>,
    after: Option<String>,
}

impl Listed {
    fn of(answer: &Answer) -> Option<Self> {
        let response = answer.response.as_deref()?;
        if response.get().starts_with('[') {
            return Some(Self { entries: serde_json::from_str(response.get()).ok()?, after: None });
        }
        let level: Level = parse(response)?;
        let outer = level.after();
        let level = match level.whatsapp {
            Some(inner) => *inner,
            None => level,
        };
        let after = level.after().or(outer);
        Some(Self { entries: level.templates.or(level.data)?, after })
    }
}

/// A level of the answer, around the list or containing it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Level {
    whatsapp: Option<Box<Self>>,
    templates: Option<Vec<Box<RawValue>>>,
    data: Option<Vec<Box<RawValue>>>,
    paging: Option<Paging>,
    cursors: Option<Cursors>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Paging {
    cursors: Option<Cursors>,
    #[serde(deserialize_with = "json::text_or_number")]
    after: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Cursors {
    #[serde(deserialize_with = "json::text_or_number")]
    after: Option<String>,
}

impl Level {
    fn after(&self) -> Option<String> {
        let paging = self.paging.as_ref();
        let cursors = paging.and_then(|paging| paging.cursors.as_ref()).or(self.cursors.as_ref());
        cursors.and_then(|cursors| cursors.after.clone()).or_else(|| paging?.after.clone())
    }
}

/// The struct that an object holds; a list would be read as its members in order.
fn parse<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    raw.get().starts_with('{').then(|| serde_json::from_str(raw.get()).ok())?
}

#[cfg(test)]
mod tests {
    use transom::ErrorKind;

    use super::*;
    use crate::error::tests::answer;

    const VISIT: &str = r#"{"id":718200934411,"name":"visit","language":"pt_BR","status":"APPROVED","category":"UTILITY","rejected_reason":"INVALID_FORMAT","components":[{"type":"HEADER","text":"{{9}}"},{"type":"BODY","text":"Hi {{1}}, on {{2}}, {{1}}."}],"new":1}"#;

    fn decode(status: u16, body: &str) -> Result<Page> {
        decode_templates(&answer(status, body), SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn a_template_is_read_in_whichever_form_the_list_has() {
        let result = format!(r#"{{"code":200,"error_data":null,"status":"success","data":{VISIT}}}"#);
        let wrapped = format!(r#"{{"template":{VISIT}}}"#);
        for entry in [&result, &wrapped, VISIT] {
            for body in [
                format!(r#"{{"http_code":200,"response":{{"whatsapp":{{"templates":[{entry}]}}}}}}"#),
                format!(r#"{{"response":{{"templates":[{entry}]}}}}"#),
                format!(r#"{{"response":{{"data":[{entry}]}}}}"#),
                format!(r#"{{"response":[{entry}]}}"#),
            ] {
                let page = decode(200, &body).unwrap();
                let [template] = page.templates.as_slice() else { panic!("{body}") };
                assert_eq!((template.id.as_str(), template.name.as_str()), ("718200934411", "visit"), "{body}");
                assert_eq!((template.language.as_str(), template.status.as_str()), ("pt_BR", "approved"));
                assert_eq!(template.parameters, ["1", "2"]);
                let more = [&template.category, &template.body, &template.reason].map(Option::as_deref);
                assert_eq!(more, [Some("utility"), Some("Hi {{1}}, on {{2}}, {{1}}."), Some("INVALID_FORMAT")]);
            }
        }
        assert!(decode(200, r#"{"response":{"whatsapp":{"templates":[]}}}"#).unwrap().templates.is_empty());
    }

    #[test]
    fn the_cursor_is_found_on_every_level() {
        for body in [
            r#"{"response":{"whatsapp":{"templates":[],"paging":{"cursors":{"before":"a","after":"b"}}}}}"#,
            r#"{"response":{"whatsapp":{"templates":[]},"paging":{"cursors":{"after":"b"}}}}"#,
            r#"{"response":{"whatsapp":{"templates":[],"cursors":{"after":"b"}}}}"#,
            r#"{"response":{"templates":[],"paging":{"after":"b"}}}"#,
            r#"{"response":[],"paging":{"cursors":{"after":"b"}}}"#,
        ] {
            assert_eq!(decode(200, body).unwrap().after.as_deref(), Some("b"), "{body}");
        }
        let last = r#"{"response":{"whatsapp":{"templates":[],"paging":{"cursors":{"before":"a","after":""}}}}}"#;
        assert_eq!(decode(200, last).unwrap().after, None);
    }

    #[test]
    fn a_list_with_a_hole_is_no_list_and_leaves_nothing_in_doubt() {
        for body in [
            "",
            "{}",
            r#"{"response":{}}"#,
            r#"{"response":{"whatsapp":{}}}"#,
            r#"{"response":{"whatsapp":{"templates":[null]}}}"#,
            r#"{"response":{"whatsapp":{"templates":[{"data":{"id":"7"}}]}}}"#,
            r#"{"response":{"whatsapp":{"templates":[["visit"]]}}}"#,
        ] {
            let error = decode(200, body).unwrap_err();
            assert_eq!((error.kind(), error.may_have_been_sent()), (ErrorKind::MalformedResponse, false), "{body}");
        }
    }

    #[test]
    fn a_failure_inside_a_list_is_its_failure() {
        let failure = r#"{"code":403,"error_data":{"code":1003,"message":"Forbidden"},"status":"failure","data":null}"#;
        for body in [
            format!(r#"{{"response":{{"whatsapp":{{"templates":[{failure}]}}}}}}"#),
            format!(r#"{{"response":{failure}}}"#),
            format!(r#"{{"response":[{failure}]}}"#),
        ] {
            let error = decode(207, &body).unwrap_err();
            assert_eq!(
                (error.kind(), error.code(), error.may_have_been_sent()),
                (ErrorKind::PermissionDenied, Some("1003"), false)
            );
        }
    }
}
