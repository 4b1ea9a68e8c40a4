//! Checks that hold for every provider. Limits of single providers are in their adapters.

use std::collections::BTreeSet;

use unicode_properties::emoji::{UnicodeEmoji as _, is_regional_indicator};

use crate::error::{Error, ErrorKind, Result};
use crate::message::Message;
use crate::message::content::Content;
use crate::message::interactive::{Buttons, List};
use crate::message::media::{Header, Media, MediaSource};
use crate::message::template::{Parameters, Template, TemplateButton};

/// WhatsApp's limit on a text, in characters.
pub const MAX_TEXT_CHARS: usize = 4096;
const BUTTONS_MAX: usize = 3;
const ROWS_MAX: usize = 10;
const CARDS_MAX: usize = 10;

impl Content {
    /// Adds to `problems` a line for each thing that no provider takes; `at` names the place in the message.
    pub(crate) fn check(&self, at: &str, problems: &mut Vec<String>) {
        match self {
            Self::Text(text) => length(at, "body", &text.body, MAX_TEXT_CHARS, problems),
            Self::Image(media) | Self::Video(media) => {
                link(at, media, problems);
                no_filename(at, media, problems);
            }
            Self::Document(media) => link(at, media, problems),
            Self::Audio(media) | Self::Sticker(media) => {
                link(at, media, problems);
                no_filename(at, media, problems);
                if media.caption.is_some() {
                    let kind = self.capability();
                    problems.push(format!("{at}.caption: {kind} has no caption, none is allowed"));
                }
            }
            Self::Location(place) => {
                range(at, "latitude", place.latitude, 90.0, problems);
                range(at, "longitude", place.longitude, 180.0, problems);
            }
            Self::Contacts(cards) => {
                count(at, "contacts", cards.contacts.len(), usize::MAX, problems);
                for (index, card) in cards.contacts.iter().enumerate() {
                    if card.birthday.as_deref().is_some_and(|date| !is_date(date)) {
                        problems.push(format!("{at}.contacts[{index}].birthday: expected a date as YYYY-MM-DD"));
                    }
                    if card.name.formatted_name.trim().is_empty() {
                        problems.push(format!(
                            "{at}.contacts[{index}].name.formatted_name: expected a name, got an empty text"
                        ));
                    }
                }
            }
            Self::Buttons(buttons) => check_buttons(at, buttons, problems),
            Self::List(list) => check_list(at, list, problems),
            Self::Reaction(reaction) => {
                if reaction.message_id.as_str().trim().is_empty() {
                    problems
                        .push(format!("{at}.message_id: expected the id of the message reacted to, got an empty text"));
                }
                if !reaction.emoji.is_empty() && !is_emoji(&reaction.emoji) {
                    let head: String = reaction.emoji.chars().take(20).collect();
                    problems.push(format!(
                        "{at}.emoji: expected one emoji, or an empty text to remove the reaction, got `{head}`"
                    ));
                }
            }
            Self::Template(template) => template.check(at, problems),
        }
    }
}

impl Message {
    /// Checks the rules of every provider, so that a malformed message is refused before a byte leaves. The error names
    /// every problem with field, limit and value.
    pub fn check(&self) -> Result<()> {
        self.check_but_values(|problems| {
            if let Content::Template(template) = &self.content {
                template.check_values("content", problems);
            }
            if let Some(fallback) = &self.fallback {
                fallback.check_values("fallback", problems);
            }
        })
    }

    /// As [`check`](Self::check) without the template values, which a channel's settings may make to fit; `more` adds
    /// problems.
    pub(crate) fn check_but_values(&self, more: impl FnOnce(&mut Vec<String>)) -> Result<()> {
        let mut problems = Vec::new();
        self.content.check("content", &mut problems);
        if let Some(fallback) = &self.fallback {
            fallback.check("fallback", &mut problems);
        }
        if self.reference.as_ref().is_some_and(|reference| !is_header_safe(reference)) {
            problems.push("reference: expected 1 to 256 printable characters without line breaks".to_owned());
        }
        if self.reply_to.as_ref().is_some_and(|id| !is_header_safe(id.as_str())) {
            problems.push("reply_to: expected a message id of 1 to 256 printable characters".to_owned());
        }
        if self.status_callback.as_ref().is_some_and(|url| !url.is_url()) {
            problems.push("status_callback: expected an http:// or https:// URL".to_owned());
        }
        let is_key = |key: &String| (1..=256).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        if !self.idempotency_key.as_ref().is_none_or(is_key) {
            problems.push("idempotency_key: expected 1 to 256 ASCII characters without blanks".to_owned());
        }
        more(&mut problems);
        if problems.is_empty() { Ok(()) } else { Err(Error::invalid(ErrorKind::InvalidRequest, problems)) }
    }
}

/// Whether `text` has the form YYYY-MM-DD, with a month and a day that there may be.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let number = |part: &str, length: usize| {
        (part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse::<u16>().ok())?
    };
    number(year, 4).is_some()
        && number(month, 2).is_some_and(|month| (1..=12).contains(&month))
        && number(day, 2).is_some_and(|day| (1..=31).contains(&day))
}

/// Text that goes into headers and webhooks must not contain control characters.
fn is_header_safe(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= 256 && !text.chars().any(char::is_control)
}

impl Template {
    /// Adds to `problems` a line for each thing that no provider takes.
    pub(crate) fn check(&self, at: &str, problems: &mut Vec<String>) {
        if self.name.trim().is_empty() {
            problems.push(format!("{at}.name: expected the template's name, got an empty text"));
        }
        if self.language.trim().is_empty() {
            problems.push(format!("{at}.language: expected a language such as `en`, got an empty text"));
        }
        if let Parameters::Named(values) = &self.body
            && values.iter().any(|(name, _)| name.trim().is_empty())
        {
            problems.push(format!("{at}.body: a parameter has an empty name"));
        }
        check_template_part(at, self.header.as_ref(), &self.buttons, problems);
        if self.carousel.len() > CARDS_MAX {
            let count = self.carousel.len();
            problems.push(format!("{at}.carousel: {count} cards are over the limit of {CARDS_MAX}"));
        }
        for (index, card) in self.carousel.iter().enumerate() {
            check_template_part(&format!("{at}.carousel[{index}]"), card.header.as_ref(), &card.buttons, problems);
        }
    }
}

fn check_template_part(at: &str, header: Option<&Header>, buttons: &[TemplateButton], problems: &mut Vec<String>) {
    // Of a text header, the value is checked with the other values.
    if let Some(media) = header.and_then(Header::media) {
        link(&format!("{at}.header"), media, problems);
    }
    for (n, button) in buttons.iter().enumerate() {
        let index = button.index();
        if index > 9 {
            problems.push(format!("{at}.buttons: index {index} is over the limit of 9"));
        }
        if buttons.iter().take(n).any(|earlier| earlier.index() == index) {
            problems.push(format!("{at}.buttons[{n}].index: {index} has a value already"));
        }
        if let TemplateButton::Flow { flow_action_data: Some(data), .. } = button
            && !data.is_object()
        {
            problems.push(format!("{at}.buttons[{n}].flow_action_data: expected an object"));
        }
    }
}

fn check_buttons(at: &str, buttons: &Buttons, problems: &mut Vec<String>) {
    filled(at, "body", &buttons.body, problems);
    count(at, "buttons", buttons.buttons.len(), BUTTONS_MAX, problems);
    for (index, button) in buttons.buttons.iter().enumerate() {
        filled(at, &format!("buttons[{index}].id"), &button.id, problems);
        filled(at, &format!("buttons[{index}].title"), &button.title, problems);
        if buttons.buttons.iter().take(index).any(|earlier| earlier.id == button.id || earlier.title == button.title) {
            problems.push(format!("{at}.buttons[{index}]: its id or its title stands on an earlier button, too"));
        }
    }
    if let Some(header) = &buttons.header {
        check_header(at, header, problems);
    }
}

fn check_list(at: &str, list: &List, problems: &mut Vec<String>) {
    filled(at, "body", &list.body, problems);
    filled(at, "button", &list.button, problems);
    let rows: usize = list.sections.iter().map(|section| section.rows.len()).sum();
    count(at, "sections: rows in all", rows, ROWS_MAX, problems);
    let mut ids = BTreeSet::new();
    for (s, section) in list.sections.iter().enumerate() {
        if section.rows.is_empty() {
            problems.push(format!("{at}.sections[{s}].rows: at least 1 is needed, got 0"));
        }
        if list.sections.len() > 1 && section.title.as_deref().is_none_or(|title| title.trim().is_empty()) {
            problems.push(format!("{at}.sections[{s}].title: needed when there is more than one section"));
        }
        for (r, row) in section.rows.iter().enumerate() {
            filled(at, &format!("sections[{s}].rows[{r}].id"), &row.id, problems);
            filled(at, &format!("sections[{s}].rows[{r}].title"), &row.title, problems);
            if !ids.insert(&row.id) {
                problems.push(format!("{at}.sections[{s}].rows[{r}].id: an earlier row has this id, too"));
            }
        }
    }
    match &list.header {
        None | Some(Header::Text(_)) => {}
        Some(_) => problems.push(format!("{at}.header: a list takes a text header only")),
    }
}

fn check_header(at: &str, header: &Header, problems: &mut Vec<String>) {
    match header {
        Header::Text(line) => filled(at, "header.text", &line.text, problems),
        Header::Image(media) | Header::Video(media) | Header::Document(media) => {
            link(&format!("{at}.header"), media, problems);
        }
    }
}

/// Whether `text` is one emoji: a flag, a keycap, or pictures that zero-width joiners make one of, with their modifiers.
fn is_emoji(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    match chars.as_slice() {
        [first, second] if is_regional_indicator(*first) => is_regional_indicator(*second),
        [key, rest @ ..] if key.is_ascii() => {
            (key.is_ascii_digit() || matches!(key, '#' | '*'))
                && matches!(rest, ['\u{fe0f}', '\u{20e3}'] | ['\u{20e3}'])
        }
        chars => chars.split(|c| *c == '\u{200d}').all(|part| {
            match part {
            // Unicode adds pictures every year, all of them in this block.
            [picture, marks @ ..] => {
                (picture.is_emoji_char() || ('\u{1f000}'..='\u{1faff}').contains(picture))
                    && !is_regional_indicator(*picture)
                    && marks.iter().all(|mark| {
                        matches!(mark, '\u{fe0e}' | '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0020}'..='\u{e007f}')
                    })
            }
            [] => false,
        }
        }),
    }
}

fn link(at: &str, media: &Media, problems: &mut Vec<String>) {
    match &media.source {
        MediaSource::Link(link) => {
            let host = link
                .split_once("://")
                .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http"));
            let well_formed = host.map(|(_, rest)| rest).is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
                && !link.chars().any(|c| c.is_whitespace() || c.is_control());
            if !well_formed {
                let head: String = link.chars().take(60).collect();
                problems.push(format!("{at}.link: expected an http:// or https:// URL, got `{head}`"));
            }
        }
        MediaSource::Id(id) => filled(at, "id", id, problems),
    }
}

fn no_filename(at: &str, media: &Media, problems: &mut Vec<String>) {
    if media.filename.is_some() {
        problems.push(format!("{at}.filename: only a document has a file name"));
    }
}

fn range(at: &str, field: &str, value: f64, limit: f64, problems: &mut Vec<String>) {
    if !(-limit..=limit).contains(&value) {
        problems.push(format!("{at}.{field}: {value} is outside -{limit} to {limit}"));
    }
}

fn count(at: &str, field: &str, count: usize, limit: usize, problems: &mut Vec<String>) {
    if count == 0 {
        problems.push(format!("{at}.{field}: at least 1 is needed, got 0"));
    } else if count > limit {
        problems.push(format!("{at}.{field}: {count} are over the limit of {limit}"));
    }
}

fn length(at: &str, field: &str, text: &str, limit: usize, problems: &mut Vec<String>) {
    filled(at, field, text, problems);
    problems.extend(over_length(&format!("{at}.{field}"), text, limit));
}

fn filled(at: &str, field: &str, text: &str, problems: &mut Vec<String>) {
    if text.trim().is_empty() {
        problems.push(format!("{at}.{field}: expected a text, got an empty one"));
    }
}

/// The problem text if `text` is longer than `limit` characters (Unicode scalar values), for adapters whose provider
/// allows less than WhatsApp.
pub fn over_length(field: &str, text: &str, limit: usize) -> Option<String> {
    let count = text.chars().count();
    (count > limit).then(|| format!("{field}: {count} characters are over the limit of {limit}"))
}

#[cfg(test)]
mod tests {
    use crate::{Content, ErrorKind, Message};

    fn problems(content: &str) -> Vec<String> {
        let content: Content = serde_json::from_str(content).unwrap();
        let message = Message::new("+34600111222".parse().unwrap(), content);
        match message.check() {
            Ok(()) => Vec::new(),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::InvalidRequest);
                error.problems().to_vec()
            }
        }
    }

    #[test]
    fn a_text_holds_1_to_4096_characters_not_bytes() {
        let text = |n: usize| format!(r#"{{"type":"text","body":"{}"}}"#, "ñ".repeat(n));
        assert_eq!(problems(&text(1)), [""; 0]);
        assert_eq!(problems(&text(4096)), [""; 0]);
        assert_eq!(problems(&text(4097)), ["content.body: 4097 characters are over the limit of 4096"]);
        assert_eq!(problems(r#"{"type":"text","body":" \n"}"#), ["content.body: expected a text, got an empty one"]);
    }

    #[test]
    fn what_no_provider_takes_is_named_with_field_limit_and_value() {
        let button = r#"{"id":"a","title":"A"}"#;
        let row = r#"{"id":"a","title":"A"}"#;
        for (content, named) in [
            (
                format!(r#"{{"type":"buttons","body":"?","buttons":[{}]}}"#, [button; 4].join(",")),
                "content.buttons: 4 are over the limit of 3",
            ),
            (r#"{"type":"buttons","body":"?","buttons":[]}"#.into(), "content.buttons: at least 1 is needed, got 0"),
            (
                format!(
                    r#"{{"type":"list","body":"?","button":"b","sections":[{{"rows":[{}]}}]}}"#,
                    [row; 11].join(",")
                ),
                "rows in all: 11 are over the limit of 10",
            ),
            (
                r#"{"type":"audio","link":"https://x.example/a.mp3","caption":"c"}"#.into(),
                "content.caption: audio has no caption",
            ),
            (r#"{"type":"image","link":"ftp://x.example/a.png"}"#.into(), "content.link: expected an http"),
            (r#"{"type":"image","link":"https://x.example/a.png","filename":"a"}"#.into(), "only a document"),
            (
                r#"{"type":"location","latitude":90.5,"longitude":-181}"#.into(),
                "content.latitude: 90.5 is outside -90 to 90",
            ),
            (r#"{"type":"location","latitude":1,"longitude":-181}"#.into(), "content.longitude: -181 is outside"),
            (r#"{"type":"template","name":" "}"#.into(), "content.name"),
            (
                r#"{"type":"list","body":"?","button":"b","sections":[{"title":"A","rows":[]},{"title":"B","rows":[{"id":"a","title":"A"}]}]}"#.into(),
                "content.sections[0].rows: at least 1 is needed, got 0",
            ),
            (
                r#"{"type":"list","body":"?","button":"b","sections":[{"title":"A","rows":[{"id":"a","title":"A"}]},{"title":"B","rows":[{"id":"a","title":"B"}]}]}"#.into(),
                "content.sections[1].rows[0].id: an earlier row has this id, too",
            ),
            (
                r#"{"type":"template","name":"t","buttons":[{"type":"url","index":0,"text":"a"},{"type":"quick_reply","index":0,"payload":"a"}]}"#.into(),
                "content.buttons[1].index: 0 has a value already",
            ),
            (
                r#"{"type":"template","name":"t","buttons":[{"type":"flow","index":0,"flow_action_data":[]}]}"#.into(),
                "content.buttons[0].flow_action_data: expected an object",
            ),
            (
                format!(r#"{{"type":"template","name":"t","carousel":[{}]}}"#, ["{}"; 11].join(",")),
                "content.carousel: 11 cards are over the limit of 10",
            ),
        ] {
            let found = problems(&content);
            assert!(found.iter().any(|line| line.contains(named)), "{content}: {found:?}");
        }
    }

    #[test]
    fn reaction_is_one_emoji_or_none() {
        let reaction = |emoji: &str| problems(&format!(r#"{{"type":"reaction","message_id":"m","emoji":"{emoji}"}}"#));
        for emoji in ["", "👍", "👍🏽", "❤", "❤️", "👨‍👩‍👧", "🇪🇸", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1️⃣", "#⃣", "🏳️‍🌈", "\u{1fae8}", "©"]
        {
            assert_eq!(reaction(emoji), [""; 0], "{emoji}");
        }
        for text in ["ok", "1", "#", "👍👍", "👍 ", "a👍", "🇪", "+1", ":)", "ñ", "\u{200d}"] {
            let line =
                format!("content.emoji: expected one emoji, or an empty text to remove the reaction, got `{text}`");
            assert_eq!(reaction(text), [line], "{text}");
        }
    }

    #[test]
    fn several_problems_are_reported_at_once() {
        assert_eq!(problems(r#"{"type":"location","latitude":91,"longitude":181}"#).len(), 2);
    }
}
