//! Compares a template message with the definition of its template, by Meta's rules.

use serde_json::Value;

use super::definition::{has_placeholder, kind_of};
use crate::core::world::Template;

/// The longest body after substitution, in characters (Meta, templates; the pages of Exotel and Messangi agree).
const BODY_LIMIT: usize = 1024;

/// What is wrong with a template message, in Meta's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TemplateFlaw {
    /// Meta's number.
    pub(crate) code: u32,
    /// Meta's title of the number.
    pub(crate) title: &'static str,
    /// Which part is wrong.
    pub(crate) details: String,
}

/// A value of the body. The name is that of `parameter_name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BodyValue {
    pub(crate) name: Option<String>,
    pub(crate) text: String,
}

/// The parts of a template message besides the body, in the form of the ledger.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SentParts<'a> {
    pub(crate) header: Option<&'a Value>,
    /// Objects with `type` and `index`.
    pub(crate) buttons: &'a [Value],
    pub(crate) cards: Option<&'a Value>,
    pub(crate) has_offer: bool,
}

impl TemplateFlaw {
    fn missing(details: impl Into<String>) -> Self {
        Self { code: 131_008, title: "Required parameter is missing", details: details.into() }
    }

    fn format(details: impl Into<String>) -> Self {
        let title = "Parameter format does not match format in the created template";
        Self { code: 132_012, title, details: details.into() }
    }

    fn count(part: &str, given: usize, expected: usize) -> Self {
        let title = "Number of parameters does not match the expected number of params";
        let details = format!(
            "{part}: number of localizable_params ({given}) does not match the expected number of params ({expected})"
        );
        Self { code: 132_000, title, details }
    }
}

/// The values of the body in the order of the placeholders. A template with named placeholders wants each value to carry
/// its name (Meta, templates); the text on a missing name is from reports.
///
/// # Errors
///
/// There are more or fewer values than placeholders, or a value has no name of a placeholder.
pub(crate) fn ordered<'v>(template: &Template, values: &'v [BodyValue]) -> Result<Vec<&'v str>, TemplateFlaw> {
    let placeholders = &template.parameters;
    if placeholders.len() != values.len() {
        return Err(TemplateFlaw::count("body", values.len(), placeholders.len()));
    }
    if !is_named(template) {
        return Ok(values.iter().map(|value| value.text.as_str()).collect());
    }
    let of = |name: &String| values.iter().find(|value| value.name.as_ref() == Some(name));
    let unnamed =
        || TemplateFlaw { code: 100, title: "Invalid parameter", details: "Parameter name is missing or empty".into() };
    placeholders.iter().map(|name| of(name).map(|value| value.text.as_str()).ok_or_else(unnamed)).collect()
}

/// Whether the placeholders have names instead of numbers.
fn is_named(template: &Template) -> bool {
    template.parameters.iter().any(|name| !name.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether the values of the body may stand in it. `values` are in the order of the placeholders.
///
/// # Errors
///
/// A value is empty or has forbidden blanks, or the filled body is too long.
pub(crate) fn check_body(template: &Template, values: &[&str]) -> Result<(), TemplateFlaw> {
    values.iter().enumerate().try_for_each(|(index, value)| check_text(&format!("body parameter {index}"), value))?;
    let placeholders: usize = template.parameters.iter().map(|name| name.chars().count() + "{{}}".len()).sum();
    let given: usize = values.iter().map(|value| value.chars().count()).sum();
    let filled = (template.body.chars().count() + given).saturating_sub(placeholders);
    if filled > BODY_LIMIT {
        let details = format!("body: {filled} characters after substitution, at most {BODY_LIMIT} are allowed");
        return Err(TemplateFlaw { code: 132_005, title: "Translated text too long", details });
    }
    Ok(())
}

/// A text that goes into a template: not empty, no line break, no tab, at most four blanks in a row (from many reports).
fn check_text(place: &str, text: &str) -> Result<(), TemplateFlaw> {
    if text.trim().is_empty() {
        return Err(TemplateFlaw::missing(format!("{place}: the text is empty")));
    }
    if text.contains(['\n', '\r', '\t']) || text.contains("     ") {
        let rule = "Param text cannot have new-line/tab characters or more than 4 consecutive spaces";
        return Err(TemplateFlaw {
            code: 132_018,
            title: "Template validation error",
            details: format!("{place}: {rule}"),
        });
    }
    Ok(())
}

/// Compares the other parts with the definition. A template of which only the body is known allows any.
///
/// # Errors
///
/// A part is missing, has another format, or is not in the definition.
pub(crate) fn check_parts(template: &Template, sent: SentParts<'_>) -> Result<(), TemplateFlaw> {
    let texts = sent.header.into_iter().chain(sent.buttons).filter_map(|part| part["text"].as_str());
    texts.into_iter().try_for_each(|text| check_text("header or button", text))?;
    if template.components.is_empty() {
        return Ok(());
    }
    let component = |kind: &str| template.components.iter().find(|component| kind_of(component) == kind);
    check_header(component("HEADER"), sent.header)?;
    check_buttons(component("BUTTONS"), sent.buttons)?;
    let cards =
        |value: Option<&Value>| value.and_then(|value| value["cards"].as_array().or(value.as_array()).map(Vec::len));
    let (expected, given) = (cards(component("CAROUSEL")), cards(sent.cards));
    if expected != given {
        let (given, expected) = (given.unwrap_or_default(), expected.unwrap_or_default());
        let details =
            format!("carousel: number of cards ({given}) does not match the expected number of cards ({expected})");
        return Err(if given == 0 { TemplateFlaw::missing(details) } else { TemplateFlaw::format(details) });
    }
    let offer = component("LIMITED_TIME_OFFER");
    let has_expiration =
        |offer: &Value| offer.pointer("/limited_time_offer/has_expiration") != Some(&Value::Bool(false));
    let expires = offer.is_some_and(has_expiration);
    match (expires, sent.has_offer) {
        (true, false) => Err(TemplateFlaw::missing("limited_time_offer: expiration_time_ms is required")),
        (false, true) if offer.is_none() => Err(TemplateFlaw::format("limited_time_offer: the template has none")),
        _ => Ok(()),
    }
}

fn check_header(defined: Option<&Value>, sent: Option<&Value>) -> Result<(), TemplateFlaw> {
    let format = defined.map(|header| header["format"].as_str().unwrap_or("TEXT").to_ascii_uppercase());
    let received = sent.map(|header| header["type"].as_str().unwrap_or_default().to_ascii_uppercase());
    let is_text = |kind: &Option<String>| kind.as_deref().is_none_or(|kind| kind == "TEXT");
    if is_text(&format) && is_text(&received) {
        let expected = usize::from(defined.is_some_and(|header| has_placeholder(&header["text"])));
        let given = usize::from(received.is_some());
        return if expected == given { Ok(()) } else { Err(TemplateFlaw::count("header", given, expected)) };
    }
    if format == received {
        return Ok(());
    }
    let name = |kind: Option<String>| kind.unwrap_or_else(|| "UNKNOWN".to_owned());
    let (expected, received) = (name(format), name(received));
    Err(TemplateFlaw::format(format!("header: Format mismatch, expected {expected}, received {received}")))
}

fn check_buttons(defined: Option<&Value>, sent: &[Value]) -> Result<(), TemplateFlaw> {
    let none = Vec::new();
    let defined = defined.and_then(|buttons| buttons["buttons"].as_array()).unwrap_or(&none);
    let index_of = |button: &Value| button["index"].as_u64().and_then(|index| usize::try_from(index).ok());
    for (index, button) in defined.iter().enumerate() {
        let kind = kind_of(button);
        let needs_value = match kind.as_str() {
            "URL" => has_placeholder(&button["url"]),
            "COPY_CODE" | "OTP" | "FLOW" => true,
            _ => false,
        };
        if needs_value && !sent.iter().any(|sent| index_of(sent) == Some(index)) {
            return Err(TemplateFlaw::missing(format!(
                "buttons: Button at index {index} of type {kind} requires a parameter"
            )));
        }
    }
    for button in sent {
        let received = kind_of(button);
        let index = index_of(button).unwrap_or(usize::MAX);
        let expected = defined.get(index).map_or_else(|| "UNKNOWN".to_owned(), kind_of);
        let fits = match received.as_str() {
            "URL" => expected == "OTP" || defined.get(index).is_some_and(|button| has_placeholder(&button["url"])),
            other => other == expected,
        };
        if !fits {
            return Err(TemplateFlaw::format(format!(
                "buttons: Format mismatch at index {}, expected {expected}, received {received}",
                button["index"]
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn template(components: Value) -> Template {
        let Value::Array(components) = components else { panic!("a list") };
        Template::of_components(1, "t", "en", components).unwrap()
    }

    fn code(result: Result<(), TemplateFlaw>) -> (u32, String) {
        result.map_or_else(|flaw| (flaw.code, flaw.details), |()| (0, String::new()))
    }

    #[test]
    fn header_of_another_format_is_132012() {
        let image = json!({"type": "image", "link": "https://a"});
        let document = json!({"type": "document", "link": "https://a"});
        let text = json!({"type": "text", "text": "Ana"});
        let header = |format: &str, text: &str| json!({"type": "HEADER", "format": format, "text": text});
        let mismatch = |expected, received| {
            (132_012, format!("header: Format mismatch, expected {expected}, received {received}"))
        };
        let count = |given, expected| {
            let TemplateFlaw { code, details, .. } = TemplateFlaw::count("header", given, expected);
            (code, details)
        };
        for (defined, sent, expected) in [
            (Some(header("IMAGE", "")), None, mismatch("IMAGE", "UNKNOWN")),
            (Some(header("IMAGE", "")), Some(&document), mismatch("IMAGE", "DOCUMENT")),
            (Some(header("IMAGE", "")), Some(&text), mismatch("IMAGE", "TEXT")),
            (Some(header("IMAGE", "")), Some(&image), (0, String::new())),
            (Some(header("TEXT", "Hi {{1}}")), None, count(0, 1)),
            (Some(header("TEXT", "Hi {{1}}")), Some(&text), (0, String::new())),
            (Some(header("TEXT", "Hi {{1}}")), Some(&image), mismatch("TEXT", "IMAGE")),
            (Some(header("TEXT", "Hi")), Some(&text), count(1, 0)),
            (None, Some(&image), mismatch("UNKNOWN", "IMAGE")),
            (None, None, (0, String::new())),
        ] {
            let mut components = vec![json!({"type": "BODY", "text": "Hello"})];
            components.extend(defined);
            let parts = SentParts { header: sent, ..SentParts::default() };
            assert_eq!(code(check_parts(&template(components.into()), parts)), expected);
        }
    }

    #[test]
    fn button_without_its_value_is_131008() {
        let buttons = json!([
            {"type": "QUICK_REPLY", "text": "Yes"},
            {"type": "URL", "text": "Track", "url": "https://a/{{1}}"},
            {"type": "URL", "text": "Home", "url": "https://a"},
            {"type": "COPY_CODE", "example": "X"},
        ]);
        let template = template(json!([{"type": "BODY", "text": "Hi"}, {"type": "BUTTONS", "buttons": buttons}]));
        let (url, copy) =
            (json!({"type": "url", "index": 1, "text": "8"}), json!({"type": "copy_code", "index": 3, "code": "X"}));
        for (sent, expected) in [
            (vec![], (131_008, "at index 1 of type URL requires")),
            (vec![url.clone()], (131_008, "at index 3 of type COPY_CODE requires")),
            (vec![url.clone(), copy.clone()], (0, "")),
            (vec![url.clone(), copy.clone(), json!({"type": "url", "index": 2, "text": "8"})], (132_012, "at index 2")),
            (
                vec![url.clone(), copy.clone(), json!({"type": "url", "index": 0, "text": "8"})],
                (132_012, "QUICK_REPLY"),
            ),
            (vec![url, copy, json!({"type": "quick_reply", "index": 9, "payload": "x"})], (132_012, "UNKNOWN")),
        ] {
            let (code, details) = code(check_parts(&template, SentParts { buttons: &sent, ..SentParts::default() }));
            assert!(code == expected.0 && details.contains(expected.1), "{code} {details}");
        }
    }

    #[test]
    fn code_flow_carousel_and_offer_need_their_parts() {
        let body = json!({"type": "BODY", "text": "Hi"});
        let button = |kind: &str| json!({"type": "BUTTONS", "buttons": [{"type": kind, "text": "Go"}]});
        let card = json!({"components": []});
        let sent = |kind: &str| vec![json!({"type": kind, "index": 0, "text": "8"})];
        for (part, parts, good) in [
            (button("OTP"), SentParts::default(), false),
            (button("OTP"), SentParts { buttons: &sent("url"), ..SentParts::default() }, true),
            (button("FLOW"), SentParts::default(), false),
            (button("FLOW"), SentParts { buttons: &sent("flow"), ..SentParts::default() }, true),
            (json!({"type": "CAROUSEL", "cards": [card, card]}), SentParts::default(), false),
            (
                json!({"type": "CAROUSEL", "cards": [card, card]}),
                SentParts { cards: Some(&json!([1])), ..SentParts::default() },
                false,
            ),
            (
                json!({"type": "CAROUSEL", "cards": [card, card]}),
                SentParts { cards: Some(&json!([1, 2])), ..SentParts::default() },
                true,
            ),
            (
                json!({"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "x", "has_expiration": true}}),
                SentParts::default(),
                false,
            ),
            (
                json!({"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "x"}}),
                SentParts { has_offer: true, ..SentParts::default() },
                true,
            ),
        ] {
            let found = check_parts(&template(json!([body, part])), parts);
            assert_eq!(found.is_ok(), good, "{part}: {found:?}");
        }
    }

    #[test]
    fn named_placeholders_need_parameter_names() {
        let template = Template::new(1, "t", "en", "Hi {{first_name}}, {{day}}");
        let value = |name: Option<&str>, text: &str| BodyValue { name: name.map(str::to_owned), text: text.to_owned() };
        let values = [value(Some("day"), "Monday"), value(Some("first_name"), "Ana")];
        assert_eq!(ordered(&template, &values).unwrap(), ["Ana", "Monday"]);
        let flaw = ordered(&template, &[value(None, "Ana"), value(None, "Monday")]).unwrap_err();
        assert_eq!((flaw.code, flaw.details.as_str()), (100, "Parameter name is missing or empty"));
        assert_eq!(ordered(&template, &values[..1]).unwrap_err().code, 132_000);
        let numbered = Template::new(1, "t", "en", "Hi {{1}}");
        assert_eq!(ordered(&numbered, &[value(None, "Ana")]).unwrap(), ["Ana"]);
    }

    #[test]
    fn value_with_line_break_tab_blanks_or_nothing_is_refused() {
        let template = Template::new(1, "t", "en", "Hi {{1}}");
        for (text, code) in [("a\nb", 132_018), ("a\tb", 132_018), ("a     b", 132_018), ("", 131_008), (" ", 131_008)]
        {
            assert_eq!(check_body(&template, &[text]).unwrap_err().code, code, "{text:?}");
        }
        assert!(check_body(&template, &["a    b"]).is_ok());
        let header = json!({"type": "text", "text": "a\nb"});
        let parts = SentParts { header: Some(&header), ..SentParts::default() };
        assert_eq!(check_parts(&template, parts).unwrap_err().code, 132_018);
    }

    #[test]
    fn filled_body_of_1025_characters_is_132005() {
        let template = Template::new(1, "t", "en", "Hi {{1}}");
        assert!(check_body(&template, &["é".repeat(1021).as_str()]).is_ok());
        assert_eq!(check_body(&template, &["é".repeat(1022).as_str()]).unwrap_err().code, 132_005);
    }
}
