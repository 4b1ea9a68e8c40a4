//! The definition of an approved template, as far as a send must fit it.

use serde_json::Value;

use crate::message::media::Header;
use crate::message::template::{Parameters, Template, TemplateButton};

/// The parts of an approved template that a send must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TemplateDefinition {
    /// Header, body and buttons of the template itself.
    pub part: PartDefinition,
    /// Whether it has a limited-time offer that ends.
    pub has_expiring_offer: bool,
    /// The cards of its carousel.
    pub cards: Vec<PartDefinition>,
    /// Whether more than a body is known. A list may leave the other components out, so a definition with a body alone says
    /// nothing about them.
    pub is_whole: bool,
}

/// Header, body and buttons of a template, or of a card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartDefinition {
    /// The header.
    pub header: Option<HeaderDefinition>,
    /// The text of the body, with its placeholders.
    pub body: Option<String>,
    /// The buttons, in order.
    pub buttons: Vec<ButtonDefinition>,
}

/// The header of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderDefinition {
    /// A text, with at most one placeholder.
    Text(String),
    /// A medium or something else, by the lower-case word of its format: `image`, `video`, `document`, `location`.
    Other(String),
}

/// A button of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ButtonDefinition {
    /// A reply; its payload is optional.
    QuickReply,
    /// A URL whose end is a placeholder.
    UrlWithPlaceholder,
    /// The code of an authentication template, which is sent like the end of a URL.
    Code,
    /// A coupon's code.
    CopyCode,
    /// A flow.
    Flow,
    /// A button that takes no value, such as a phone number or a whole URL.
    Fixed,
    /// A kind that this library does not know.
    Unknown,
}

impl TemplateDefinition {
    /// Reads `components` in the form of WhatsApp's Cloud API, types in any case; `None` if it is no list or has no part
    /// that is known.
    pub fn from_components(components: &Value) -> Option<Self> {
        let components = components.as_array()?;
        let mut definition = Self { part: PartDefinition::read(components), ..Self::default() };
        for component in components {
            match word(component, "type").as_str() {
                "limited_time_offer" => {
                    let ends = component.pointer("/limited_time_offer/has_expiration");
                    definition.has_expiring_offer = ends.and_then(Value::as_bool).unwrap_or(true);
                }
                "carousel" => {
                    let cards = component.get("cards").and_then(Value::as_array).into_iter().flatten();
                    let parts =
                        cards.filter_map(|card| Some(PartDefinition::read(card.get("components")?.as_array()?)));
                    definition.cards = parts.collect();
                }
                _ => {}
            }
        }
        definition.is_whole =
            components.iter().any(|component| !matches!(word(component, "type").as_str(), "" | "body"));
        (definition.is_whole || definition.part.body.is_some()).then_some(definition)
    }

    /// A line for each value of `template`, apart from those of its own body, that is missing or has no place.
    pub(crate) fn misfits(&self, template: &Template) -> Vec<String> {
        let mut problems = Vec::new();
        if !self.is_whole {
            return problems;
        }
        self.part.misfits("", template.header.as_ref(), &template.buttons, &mut problems);
        match (self.has_expiring_offer, template.limited_time_offer) {
            (true, None) => problems.push("limited_time_offer: expected when the offer ends, got none".to_owned()),
            (false, Some(_)) => {
                problems.push("limited_time_offer: expected none, the template has no offer that ends".to_owned());
            }
            _ => {}
        }
        if self.cards.len() != template.carousel.len() {
            let (expected, got) = (self.cards.len(), template.carousel.len());
            problems.push(format!("carousel: expected {expected} cards, got {got}"));
        }
        for (index, (defined, card)) in self.cards.iter().zip(&template.carousel).enumerate() {
            let at = format!("carousel[{index}].");
            defined.misfits(&at, card.header.as_ref(), &card.buttons, &mut problems);
            if let Some(body) = &defined.body {
                card_body(&at, body, &card.body, &mut problems);
            }
        }
        problems
    }

    /// The name of the header's placeholder, if it has a name and not a place.
    pub(crate) fn header_name(&self) -> Option<String> {
        let Some(HeaderDefinition::Text(text)) = &self.part.header else { return None };
        placeholders(text).into_iter().find(|name| !is_place(name))
    }
}

impl PartDefinition {
    fn read(components: &[Value]) -> Self {
        let mut part = Self::default();
        for component in components {
            let text = || component.get("text").and_then(Value::as_str).map(str::to_owned);
            match word(component, "type").as_str() {
                "header" => {
                    part.header = match word(component, "format").as_str() {
                        "" | "text" => text().map(HeaderDefinition::Text),
                        other => Some(HeaderDefinition::Other(other.to_owned())),
                    };
                }
                "body" if part.body.is_none() => part.body = text(),
                "buttons" => {
                    let buttons = component.get("buttons").and_then(Value::as_array).into_iter().flatten();
                    part.buttons.extend(buttons.map(ButtonDefinition::read));
                }
                _ => {}
            }
        }
        part
    }

    fn misfits(&self, at: &str, header: Option<&Header>, buttons: &[TemplateButton], problems: &mut Vec<String>) {
        let expected = match &self.header {
            Some(HeaderDefinition::Text(text)) if placeholders(text).is_empty() => None,
            Some(HeaderDefinition::Text(_)) => Some("text"),
            Some(HeaderDefinition::Other(format)) => Some(format.as_str()),
            None => None,
        };
        let got = header.map(Header::kind);
        if expected != got {
            let [expected, got] = [expected, got].map(|kind| kind.unwrap_or("none"));
            problems.push(format!("{at}header: expected {expected}, got {got}"));
        }
        for (index, defined) in self.buttons.iter().enumerate() {
            let given = buttons.iter().find(|button| usize::from(button.index()) == index);
            let problem = match (defined, given) {
                (ButtonDefinition::Unknown, _) | (ButtonDefinition::QuickReply | ButtonDefinition::Fixed, None) => {
                    continue;
                }
                (_, Some(button)) if defined.kind() == Some(button.kind()) => continue,
                (ButtonDefinition::Code, None) => "a url value with the code once more, got none".to_owned(),
                (_, given) => {
                    let got = given.map_or("none", TemplateButton::kind);
                    defined
                        .kind()
                        .map_or_else(|| format!("no value, got {got}"), |kind| format!("a {kind} value, got {got}"))
                }
            };
            problems.push(format!("{at}buttons: the button at index {index}: expected {problem}"));
        }
        for button in buttons.iter().filter(|button| usize::from(button.index()) >= self.buttons.len()) {
            let (index, count) = (button.index(), self.buttons.len());
            problems.push(format!("{at}buttons: there is no button at index {index}, the template has {count}"));
        }
    }
}

fn card_body(at: &str, text: &str, given: &Parameters, problems: &mut Vec<String>) {
    let names = placeholders(text);
    let fits = match given {
        Parameters::Positional(values) => values.len() == names.len() && names.iter().all(|name| is_place(name)),
        Parameters::Named(values) => {
            values.len() == names.len() && names.iter().all(|name| values.iter().any(|(given, _)| given == name))
        }
    };
    if !fits {
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        problems.push(format!("{at}body: expected the values {names}, got {}", given.values().count()));
    }
}

impl ButtonDefinition {
    fn read(button: &Value) -> Self {
        let url = button.get("url").and_then(Value::as_str).unwrap_or_default();
        match word(button, "type").as_str() {
            "quick_reply" => Self::QuickReply,
            "url" if url.contains("{{") => Self::UrlWithPlaceholder,
            "url" | "phone_number" | "voice_call" => Self::Fixed,
            "otp" => Self::Code,
            "copy_code" => Self::CopyCode,
            "flow" => Self::Flow,
            _ => Self::Unknown,
        }
    }

    /// The kind of value that it takes.
    const fn kind(self) -> Option<&'static str> {
        match self {
            Self::QuickReply => Some("quick_reply"),
            Self::UrlWithPlaceholder | Self::Code => Some("url"),
            Self::CopyCode => Some("copy_code"),
            Self::Flow => Some("flow"),
            Self::Fixed | Self::Unknown => None,
        }
    }
}

/// The names of the placeholders in `text`, each once, in their order.
pub(crate) fn placeholders(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (name, _) in text.split("{{").skip(1).filter_map(|part| part.split_once("}}")) {
        let name = name.trim();
        if !name.is_empty() && !found.iter().any(|known| known == name) {
            found.push(name.to_owned());
        }
    }
    found
}

/// `text` with values in place of its placeholders. A placeholder without a value stays.
pub(crate) fn filled(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut parts = text.split("{{");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once("}}").and_then(|(name, rest)| Some((value(name.trim())?, rest))) {
            Some((value, rest)) => filled.extend([value.as_str(), rest]),
            None => filled.extend(["{{", part]),
        }
    }
    filled
}

/// Whether a placeholder's name is a number: `1`, `2`, ….
pub(crate) fn is_place(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit())
}

fn word(value: &Value, member: &str) -> String {
    value.get(member).and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn misfits(components: &Value, template: Value) -> Vec<String> {
        let definition = TemplateDefinition::from_components(components).unwrap();
        definition.misfits(&serde_json::from_value(template).unwrap())
    }

    #[test]
    fn values_must_fit_header_and_buttons() {
        let image = json!({ "type": "HEADER", "format": "IMAGE" });
        let text = json!({ "type": "HEADER", "format": "TEXT", "text": "Hi {{1}}" });
        let plain = json!({ "type": "HEADER", "format": "TEXT", "text": "Hi" });
        let place = json!({ "type": "HEADER", "format": "LOCATION" });
        let button =
            |button: Value| json!({ "type": "BUTTONS", "buttons": [{ "type": "QUICK_REPLY", "text": "A" }, button] });
        let url = button(json!({ "type": "URL", "url": "https://x.example/{{1}}" }));
        let whole_url = button(json!({ "type": "URL", "url": "https://x.example/" }));
        let code = button(json!({ "type": "OTP", "otp_type": "COPY_CODE" }));
        let copy = button(json!({ "type": "COPY_CODE" }));
        let flow = button(json!({ "type": "FLOW" }));
        let odd = button(json!({ "type": "SOMETHING" }));
        let (an_image, a_document) =
            (json!({ "type": "image", "link": "https://x.example/a.png" }), json!({ "type": "document", "id": "7" }));
        let value = |value: Value| json!({ "buttons": [value] });
        let (a_url, a_copy) = (
            value(json!({ "type": "url", "index": 1, "text": "88" })),
            value(json!({ "type": "copy_code", "index": 1, "coupon_code": "A" })),
        );
        let header = |header: &Value| json!({ "header": header });
        for (component, given, expected) in [
            (&image, header(&an_image), ""),
            (&image, json!({}), "header: expected image, got none"),
            (&image, header(&a_document), "header: expected image, got document"),
            (&text, header(&json!({ "type": "text", "text": "x" })), ""),
            (&text, json!({}), "header: expected text, got none"),
            (&plain, json!({}), ""),
            (&plain, header(&an_image), "header: expected none, got image"),
            (&place, json!({}), "header: expected location, got none"),
            (&url, a_url.clone(), ""),
            (&url, json!({}), "buttons: the button at index 1: expected a url value, got none"),
            (&url, a_copy.clone(), "buttons: the button at index 1: expected a url value, got copy_code"),
            (&whole_url, json!({}), ""),
            (&whole_url, a_url.clone(), "buttons: the button at index 1: expected no value, got url"),
            (&code, a_url.clone(), ""),
            (
                &code,
                json!({}),
                "buttons: the button at index 1: expected a url value with the code once more, got none",
            ),
            (&copy, a_copy, ""),
            (&copy, json!({}), "buttons: the button at index 1: expected a copy_code value, got none"),
            (&flow, value(json!({ "type": "flow", "index": 1 })), ""),
            (&flow, json!({}), "buttons: the button at index 1: expected a flow value, got none"),
            (&odd, a_url, ""),
            (&odd, value(json!({ "type": "quick_reply", "index": 0, "payload": "A" })), ""),
            (
                &odd,
                value(json!({ "type": "url", "index": 2, "text": "88" })),
                "buttons: there is no button at index 2, the template has 2",
            ),
        ] {
            let mut template = given.clone();
            template["name"] = json!("t");
            let components = json!([{ "type": "BODY", "text": "Hi" }, component]);
            let expected: Vec<&str> = Some(expected).into_iter().filter(|line| !line.is_empty()).collect();
            assert_eq!(misfits(&components, template), expected, "{component} {given}");
        }
    }

    #[test]
    fn offer_and_cards_must_fit() {
        let card =
            json!({ "components": [{ "type": "header", "format": "image" }, { "type": "body", "text": "{{1}} off" }] });
        let components = json!([
            { "type": "BODY", "text": "Hi" }, { "type": "LIMITED_TIME_OFFER", "limited_time_offer": { "has_expiration": true } },
            { "type": "CAROUSEL", "cards": [card, card] },
        ]);
        let image = json!({ "type": "image", "id": "7" });
        let fit = json!({ "header": image, "body": ["5"] });
        let at = json!({ "expires_at": "2026-05-12T08:20:00Z" });
        let template = |cards: Value| json!({ "name": "t", "limited_time_offer": at, "carousel": cards });
        assert_eq!(misfits(&components, template(json!([fit, fit]))), [""; 0]);
        assert_eq!(misfits(&components, template(json!([fit]))), ["carousel: expected 2 cards, got 1"]);
        assert_eq!(
            misfits(&components, template(json!([fit, { "body": { "a": "5" } }]))),
            ["carousel[1].header: expected image, got none", "carousel[1].body: expected the values 1, got 1"]
        );
        assert_eq!(
            misfits(&components, json!({ "name": "t", "carousel": [fit, fit] })),
            ["limited_time_offer: expected when the offer ends, got none"]
        );
        let without = json!([{ "type": "BODY", "text": "Hi" }, { "type": "FOOTER", "text": "x" }]);
        assert_eq!(misfits(&without, json!({ "name": "t", "limited_time_offer": at })).len(), 1);
    }

    #[test]
    fn body_alone_says_nothing_about_other_parts() {
        let image = json!({ "name": "t", "header": { "type": "image", "id": "7" } });
        assert_eq!(misfits(&json!([{ "type": "BODY", "text": "Hi" }]), image), [""; 0]);
        for none in [json!(null), json!([]), json!([{ "type": "BODY" }]), json!({})] {
            assert_eq!(TemplateDefinition::from_components(&none), None, "{none}");
        }
    }

    #[test]
    fn placeholders_are_unique_and_filled_in_text_order() {
        let text = "Hi {{ name }}, {{day}} and {{name}} {{";
        assert_eq!(placeholders(text), ["name", "day"]);
        assert_eq!(filled(text, |name| (name == "name").then(|| "Ana".into())), "Hi Ana, {{day}} and Ana {{");
    }
}
