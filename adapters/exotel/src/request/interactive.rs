//! Interactive messages that only Exotel documents (docs, Interactive messages and Flows).

use serde_json::{Map, Value, json};
use transom::adapter::over_length;
use transom::message::StatusCallback;
use transom::{Error, ErrorKind, Result};

const BODY_MAX: usize = 1024;
const LINE_MAX: usize = 60;
const LABEL_MAX: usize = 20;

/// An interactive message: a body and one action, with a text header and a footer where they are set.
#[derive(Clone, Debug, PartialEq)]
pub struct Interactive {
    kind: &'static str,
    header: Option<String>,
    body: Option<String>,
    footer: Option<String>,
    action: Value,
    problems: Vec<String>,
}

/// A flow: a form of several screens that the contact fills in (docs, Flows).
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    id: String,
    token: String,
    label: String,
    first_screen: Option<(String, Value)>,
}

impl Flow {
    /// The flow `id`, opened by a button of at most 20 characters. `token` is the application's own name for this use of it.
    /// Its screens come from the provider's `data_exchange`.
    pub fn new(id: impl Into<String>, token: impl Into<String>, label: impl Into<String>) -> Self {
        Self { id: id.into(), token: token.into(), label: label.into(), first_screen: None }
    }

    /// Opens it at `screen` with `data` (`navigate`).
    #[must_use]
    pub fn starting_at(mut self, screen: impl Into<String>, data: Value) -> Self {
        self.first_screen = Some((screen.into(), data));
        self
    }
}

impl Interactive {
    fn new(kind: &'static str, body: Option<String>, action: Value) -> Self {
        let problems = body.iter().filter_map(|body| text("body", body, BODY_MAX)).collect();
        Self { kind, header: None, body, footer: None, action, problems }
    }

    /// A button, labelled `display_text`, that opens `url` (`cta_url`).
    pub fn cta_url(body: impl Into<String>, display_text: impl Into<String>, url: impl Into<String>) -> Self {
        let (label, url) = (display_text.into(), url.into());
        let label_problem = text("display_text", &label, LABEL_MAX);
        let is_url = StatusCallback::new(url.as_str()).is_url();
        let parameters = json!({ "display_text": label, "url": url });
        let mut made = Self::new("cta_url", Some(body.into()), json!({ "name": "cta_url", "parameters": parameters }));
        made.problems.extend(label_problem);
        if !is_url {
            made.problems.push("url: expected an http:// or https:// URL".to_owned());
        }
        made
    }

    /// A button that opens a flow.
    pub fn flow(body: impl Into<String>, flow: Flow) -> Self {
        let problems = [text("flow_id", &flow.id, usize::MAX), text("flow_token", &flow.token, usize::MAX)];
        let label_problem = text("flow_cta", &flow.label, LABEL_MAX);
        let mut parameters = json!({
            "flow_message_version": "3", "flow_token": flow.token, "flow_id": flow.id, "flow_cta": flow.label,
            "flow_action": if flow.first_screen.is_some() { "navigate" } else { "data_exchange" },
        });
        if let (Some((screen, data)), Some(members)) = (flow.first_screen, parameters.as_object_mut()) {
            members.insert("flow_action_payload".to_owned(), json!({ "screen": screen, "data": data }));
        }
        let mut made = Self::new("flow", Some(body.into()), json!({ "name": "flow", "parameters": parameters }));
        made.problems.extend(problems.into_iter().flatten().chain(label_problem));
        made
    }

    /// One product of a catalog.
    pub fn product(catalog_id: impl Into<String>, product_retailer_id: impl Into<String>) -> Self {
        let action = json!({ "catalog_id": catalog_id.into(), "product_retailer_id": product_retailer_id.into() });
        Self::new("product", None, action)
    }

    /// Products of a catalog in titled sections. WhatsApp shows the header above them.
    pub fn product_list<'p, P: IntoIterator<Item = &'p str>>(
        header: impl Into<String>,
        body: impl Into<String>,
        catalog_id: impl Into<String>,
        sections: impl IntoIterator<Item = (&'p str, P)>,
    ) -> Self {
        let section = |(title, products): (&str, P)| {
            let items: Vec<Value> =
                products.into_iter().map(|product| json!({ "product_retailer_id": product })).collect();
            json!({ "title": title, "product_items": items })
        };
        let sections: Vec<Value> = sections.into_iter().map(section).collect();
        let action = json!({ "catalog_id": catalog_id.into(), "sections": sections });
        Self::new("product_list", Some(body.into()), action).header(header)
    }

    /// Sets the body of a product.
    #[must_use]
    pub fn body(mut self, body: impl Into<String>) -> Self {
        let body = body.into();
        self.problems.extend(text("body", &body, BODY_MAX));
        self.body = Some(body);
        self
    }

    /// Sets a text header of at most 60 characters.
    #[must_use]
    pub fn header(mut self, header: impl Into<String>) -> Self {
        let header = header.into();
        self.problems.extend(text("header.text", &header, LINE_MAX));
        self.header = Some(header);
        self
    }

    /// Sets a footer of at most 60 characters.
    #[must_use]
    pub fn footer(mut self, footer: impl Into<String>) -> Self {
        let footer = footer.into();
        self.problems.extend(text("footer", &footer, LINE_MAX));
        self.footer = Some(footer);
        self
    }

    /// The object that is sent.
    pub(crate) fn object(&self) -> Result<Value> {
        if !self.problems.is_empty() {
            return Err(Error::invalid(ErrorKind::InvalidRequest, self.problems.clone()));
        }
        let mut object = Map::new();
        object.insert("type".into(), self.kind.into());
        if let Some(header) = &self.header {
            object.insert("header".into(), json!({ "type": "text", "text": header }));
        }
        for (name, line) in [("body", &self.body), ("footer", &self.footer)] {
            if let Some(line) = line {
                object.insert(name.into(), json!({ "text": line }));
            }
        }
        object.insert("action".into(), self.action.clone());
        Ok(object.into())
    }
}

/// The problem of a text that is empty or too long.
fn text(field: &str, text: &str, most: usize) -> Option<String> {
    if text.trim().is_empty() {
        return Some(format!("{field}: expected a text, got an empty one"));
    }
    over_length(field, text, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_goes_in_its_documented_form() {
        let flow = Flow::new("718200934411", "tok-1", "Book");
        for (interactive, form) in [
            (
                Interactive::cta_url("Track it", "Track", "https://example.net/t/88").footer("Acme"),
                json!({ "type": "cta_url", "body": { "text": "Track it" }, "footer": { "text": "Acme" }, "action": {
                    "name": "cta_url",
                    "parameters": { "display_text": "Track", "url": "https://example.net/t/88" } } }),
            ),
            (
                Interactive::flow("Book a visit", flow.clone().starting_at("FIRST", json!({ "day": "Fri" }))),
                json!({ "type": "flow", "body": { "text": "Book a visit" }, "action": { "name": "flow", "parameters": {
                    "flow_message_version": "3", "flow_token": "tok-1", "flow_id": "718200934411", "flow_cta": "Book",
                    "flow_action": "navigate",
                    "flow_action_payload": { "screen": "FIRST", "data": { "day": "Fri" } } } } }),
            ),
            (
                Interactive::flow("Book a visit", flow),
                json!({ "type": "flow", "body": { "text": "Book a visit" }, "action": { "name": "flow", "parameters": {
                    "flow_message_version": "3", "flow_token": "tok-1", "flow_id": "718200934411", "flow_cta": "Book",
                    "flow_action": "data_exchange" } } }),
            ),
            (
                Interactive::product("cat-1", "sku-1").body("New"),
                json!({ "type": "product", "body": { "text": "New" },
                    "action": { "catalog_id": "cat-1", "product_retailer_id": "sku-1" } }),
            ),
            (
                Interactive::product_list("Shop", "Pick", "cat-1", [("Shoes", ["sku-1", "sku-2"])]),
                json!({ "type": "product_list", "header": { "type": "text", "text": "Shop" }, "body": { "text": "Pick" },
                    "action": { "catalog_id": "cat-1", "sections": [{ "title": "Shoes", "product_items": [
                        { "product_retailer_id": "sku-1" }, { "product_retailer_id": "sku-2" }] }] } }),
            ),
        ] {
            assert_eq!(interactive.object().unwrap(), form);
        }
    }

    #[test]
    fn what_is_over_a_limit_or_empty_is_refused_by_name() {
        let long = |length: usize| "x".repeat(length);
        let url = "https://example.net";
        for (interactive, line) in [
            (Interactive::cta_url("", "Go", url), "body: expected a text, got an empty one"),
            (Interactive::cta_url(long(1025), "Go", url), "body: 1025 characters are over the limit of 1024"),
            (Interactive::cta_url("?", long(21), url), "display_text: 21 characters are over the limit of 20"),
            (Interactive::cta_url("?", "Go", "ftp://x"), "url: expected an http:// or https:// URL"),
            (Interactive::flow("?", Flow::new("1", "t", long(21))), "flow_cta: 21 characters are over the limit of 20"),
            (Interactive::flow("?", Flow::new("", "t", "Go")), "flow_id: expected a text, got an empty one"),
            (Interactive::product("c", "p").footer(long(61)), "footer: 61 characters are over the limit of 60"),
            (Interactive::product("c", "p").header(long(61)), "header.text: 61 characters are over the limit of 60"),
        ] {
            let error = interactive.object().unwrap_err();
            assert_eq!((error.kind(), error.message()), (ErrorKind::InvalidRequest, line));
        }
    }
}
