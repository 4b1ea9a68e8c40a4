//! The values of a template's placeholders: which ones WhatsApp refuses, and how they are made to fit.

use crate::message::Message;
use crate::message::media::Header;
use crate::message::template::{Card, Parameters, Template, TemplateButton};

/// The most blanks in a row.
const BLANKS_MAX: usize = 4;

impl Message {
    /// This message with template values that WhatsApp takes: one blank stands in place of a line break, a tab, or more than
    /// four blanks in a row, together with the blanks around it. This is what the key `flatten_parameters` of a channel does.
    #[must_use]
    pub fn with_flat_parameters(mut self) -> Self {
        if let crate::Content::Template(template) = &mut self.content {
            template.flatten();
        }
        if let Some(fallback) = &mut self.fallback {
            fallback.flatten();
        }
        self
    }
}

impl Template {
    /// Adds to `problems` a line for each value that WhatsApp refuses.
    pub(crate) fn check_values(&self, at: &str, problems: &mut Vec<String>) {
        check_part(at, self.header.as_ref(), &self.body, &self.buttons, problems);
        for (index, card) in self.carousel.iter().enumerate() {
            let at = format!("{at}.carousel[{index}]");
            check_part(&at, card.header.as_ref(), &card.body, &card.buttons, problems);
        }
    }

    fn flatten(&mut self) {
        flatten_part(&mut self.header, &mut self.body, &mut self.buttons);
        for Card { header, body, buttons } in &mut self.carousel {
            flatten_part(header, body, buttons);
        }
    }
}

fn check_part(
    at: &str,
    header: Option<&Header>,
    body: &Parameters,
    buttons: &[TemplateButton],
    problems: &mut Vec<String>,
) {
    let mut check = |place: String, value: &str| {
        if let Some(found) = unfit(value) {
            problems.push(format!("{at}.{place}: expected {EXPECTED}, got {found}"));
        }
    };
    if let Some(Header::Text(line)) = header {
        check("header.text".to_owned(), &line.text);
    }
    match body {
        Parameters::Positional(values) => {
            for (index, value) in values.iter().enumerate() {
                check(format!("body[{index}]"), value);
            }
        }
        Parameters::Named(values) => {
            for (name, value) in values {
                check(format!("body.{name}"), value);
            }
        }
    }
    for (index, button) in buttons.iter().enumerate() {
        match button {
            TemplateButton::Url { text, .. } => check(format!("buttons[{index}].text"), text),
            TemplateButton::CopyCode { coupon_code, .. } => check(format!("buttons[{index}].coupon_code"), coupon_code),
            // Nobody reads it, so it may hold anything.
            TemplateButton::QuickReply { payload, .. } if payload.is_empty() => {
                check(format!("buttons[{index}].payload"), payload);
            }
            TemplateButton::QuickReply { .. } | TemplateButton::Flow { .. } => {}
        }
    }
}

const EXPECTED: &str = "a text without line breaks, tabs or more than 4 blanks in a row";

/// What is wrong with a value, if something is.
fn unfit(value: &str) -> Option<String> {
    if value.trim().is_empty() {
        return Some("an empty one".to_owned());
    }
    if let Some(at) = value.find(is_break) {
        let what = if value.get(at..).is_some_and(|rest| rest.starts_with('\t')) { "a tab" } else { "a line break" };
        return Some(format!("{what} after {} characters", value.get(..at).unwrap_or_default().chars().count()));
    }
    let longest = value.split(|c| c != ' ').map(str::len).max().unwrap_or_default();
    (longest > BLANKS_MAX).then(|| format!("{longest} blanks in a row"))
}

const fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\t')
}

fn flatten_part(header: &mut Option<Header>, body: &mut Parameters, buttons: &mut [TemplateButton]) {
    if let Some(Header::Text(line)) = header {
        flatten(&mut line.text);
    }
    match body {
        Parameters::Positional(values) => values.iter_mut().for_each(flatten),
        Parameters::Named(values) => values.iter_mut().for_each(|(_, value)| flatten(value)),
    }
    for button in buttons {
        match button {
            TemplateButton::Url { text, .. } => flatten(text),
            TemplateButton::CopyCode { coupon_code, .. } => flatten(coupon_code),
            TemplateButton::QuickReply { .. } | TemplateButton::Flow { .. } => {}
        }
    }
}

/// Replaces each run of blanks with a break in it, and each run of more than four blanks, by one blank. An empty value
/// stays empty, since nothing could stand for it.
fn flatten(value: &mut String) {
    if unfit(value).is_none() {
        return;
    }
    let mut flat = String::with_capacity(value.len());
    let mut rest = value.as_str();
    while let Some(start) = rest.find(|c| c == ' ' || is_break(c)) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c| c != ' ' && !is_break(c)).unwrap_or(from.len());
        let (run, after) = from.split_at(end);
        flat.push_str(before);
        flat.push_str(if run.contains(is_break) || run.len() > BLANKS_MAX { " " } else { run });
        rest = after;
    }
    flat.push_str(rest);
    *value = flat;
}

#[cfg(test)]
mod tests {
    use crate::{ErrorKind, Message};

    fn message(json: &str) -> Message {
        serde_json::from_str(&format!(r#"{{"to":"+34600111222",{json}}}"#)).unwrap()
    }

    #[test]
    fn unfit_values_are_refused_with_field_and_reason() {
        for (members, line) in [
            (r#""body":["Ana","a\nb"]"#, "body[1]: expected {}, got a line break after 1 characters"),
            (r#""body":["\r\nAna"]"#, "body[0]: expected {}, got a line break after 0 characters"),
            (r#""body":{"day":"12\t02"}"#, "body.day: expected {}, got a tab after 2 characters"),
            (r#""body":["a     b"]"#, "body[0]: expected {}, got 5 blanks in a row"),
            (r#""body":["Ana",""]"#, "body[1]: expected {}, got an empty one"),
            (r#""body":{"day":" "}"#, "body.day: expected {}, got an empty one"),
            (
                r#""header":{"type":"text","text":"a\nb"}"#,
                "header.text: expected {}, got a line break after 1 characters",
            ),
            (
                r#""buttons":[{"type":"url","index":0,"text":"a\tb"}]"#,
                "buttons[0].text: expected {}, got a tab after 1 characters",
            ),
            (r#""buttons":[{"type":"url","index":0,"text":""}]"#, "buttons[0].text: expected {}, got an empty one"),
            (
                r#""buttons":[{"type":"quick_reply","index":0,"payload":""}]"#,
                "buttons[0].payload: expected {}, got an empty one",
            ),
            (
                r#""buttons":[{"type":"copy_code","index":0,"coupon_code":"A\nB"}]"#,
                "buttons[0].coupon_code: expected {}, got a line break after 1 characters",
            ),
            (
                r#""carousel":[{"body":["a"]},{"body":["a\n"]}]"#,
                "carousel[1].body[0]: expected {}, got a line break after 1 characters",
            ),
        ] {
            let line = line.replace("{}", super::EXPECTED);
            let template = format!(r#"{{"type":"template","name":"t",{members}}}"#);
            let content = message(&format!(r#""content":{template}"#));
            let fallback = message(&format!(r#""content":{{"type":"text","body":"Hi"}},"fallback":{template}"#));
            for (message, at) in [(content, "content"), (fallback, "fallback")] {
                let error = message.check().unwrap_err();
                assert_eq!(error.kind(), ErrorKind::InvalidRequest);
                assert_eq!(error.problems(), [format!("{at}.{line}")], "{members}");
            }
        }
    }

    #[test]
    fn values_that_fit_pass() {
        for value in ["Ana", "a    b", " Ana", "a\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}b", "ñ"] {
            let message = message(&format!(r#""content":{{"type":"template","name":"t","body":["{value}"]}}"#));
            assert!(message.check().is_ok(), "{value:?}");
            assert_eq!(message.clone().with_flat_parameters(), message);
        }
        let payload =
            r#""content":{"type":"template","name":"t","buttons":[{"type":"quick_reply","index":0,"payload":"a\nb"}]}"#;
        assert!(message(payload).check().is_ok());
    }

    #[test]
    fn flat_values_have_one_blank_for_each_break() {
        for (value, flat) in [
            (r"a\nb", "a b"),
            (r"a \r\n\tb  c\n", "a b  c "),
            (r"a     b    c", "a b    c"),
            (r"\na\u00f1     \n\nz", " añ z"),
        ] {
            let template = format!(
                r#"{{"type":"template","name":"t","language":"en","body":["{value}"],"header":{{"type":"text","text":"{value}"}},"buttons":[{{"type":"url","index":0,"text":"{value}"}}],"carousel":[{{"body":{{"day":"{value}"}}}}]}}"#
            );
            let given = message(&format!(r#""content":{template},"fallback":{template}"#));
            let made = given.with_flat_parameters();
            assert!(made.check().is_ok(), "{value}");
            let written = serde_json::to_string(&made).unwrap();
            assert_eq!(written.matches(&format!("\"{flat}\"")).count(), 8, "{written}");
            assert_eq!(made.clone().with_flat_parameters(), made);
        }
        // Nothing stands for an empty value.
        let empty = message(r#""content":{"type":"template","name":"t","body":[""]}"#).with_flat_parameters();
        assert!(empty.check().is_err());
    }
}
