//! A provider's content limits as data, checked before a byte leaves.

use crate::adapter::media_limits::MediaLimit;
use crate::error::{Error, ErrorKind, Result};
use crate::message::Message;
use crate::message::content::Content;
use crate::message::interactive::{Buttons, List};
use crate::message::media::{Header, MediaSource};
use crate::message::validate::{MAX_TEXT_CHARS, over_length};
use crate::phone::{PhoneNumber, variants};

/// The maximum text lengths of a provider, in characters (Unicode scalar values), and its media limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// A free text.
    pub text: usize,
    /// A caption.
    pub caption: usize,
    /// The question above buttons or a list.
    pub body: usize,
    /// A text header.
    pub header: usize,
    /// A footer.
    pub footer: usize,
    /// The title of a reply button.
    pub button_title: usize,
    /// The id of a reply button.
    pub button_id: usize,
    /// The label of the button that opens a list.
    pub list_button: usize,
    /// The heading of a group of rows.
    pub section_title: usize,
    /// The title of a row.
    pub row_title: usize,
    /// The description of a row.
    pub row_description: usize,
    /// The id of a row.
    pub row_id: usize,
    /// The body of a template after substitution.
    pub template_body: usize,
    /// The number of contact cards.
    pub contacts: usize,
    /// Whether links to media must be `https://`.
    pub https_links: bool,
    /// The formats and sizes of media. A kind without a row has no limit.
    pub media: &'static [MediaLimit],
}

impl Limits {
    /// WhatsApp's own limits on texts, for providers that pass content through.
    pub const WHATSAPP: Self = Self {
        text: MAX_TEXT_CHARS,
        caption: 1024,
        body: 1024,
        header: 60,
        footer: 60,
        button_title: 20,
        button_id: 256,
        list_button: 20,
        section_title: 24,
        row_title: 24,
        row_description: 72,
        row_id: 200,
        template_body: 1024,
        contacts: usize::MAX,
        https_links: false,
        media: &[],
    };

    /// Sets the limit of free texts.
    #[must_use]
    pub const fn with_text(mut self, text: usize) -> Self {
        self.text = text;
        self
    }

    /// Removes the limit of a template's body, for a provider that documents none.
    #[must_use]
    pub const fn without_template_body(mut self) -> Self {
        self.template_body = usize::MAX;
        self
    }

    /// Sets the number of contact cards.
    #[must_use]
    pub const fn with_contacts(mut self, contacts: usize) -> Self {
        self.contacts = contacts;
        self
    }

    /// Refuses links to media without `https://`.
    #[must_use]
    pub const fn with_https_links(mut self) -> Self {
        self.https_links = true;
        self
    }

    /// Sets the media limits.
    #[must_use]
    pub const fn with_media(mut self, media: &'static [MediaLimit]) -> Self {
        self.media = media;
        self
    }

    /// Removes the limits of button and row texts, for a provider that documents none.
    #[must_use]
    pub const fn without_titles(mut self) -> Self {
        self.button_title = usize::MAX;
        self.list_button = usize::MAX;
        self.section_title = usize::MAX;
        self.row_title = usize::MAX;
        self.row_description = usize::MAX;
        self
    }

    /// Checks the content of `message`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] with a line for each text that is too long, with field, length and limit; and for each
    /// link to a medium of an excluded format, with field, formats and extension.
    pub fn check(&self, message: &Message) -> Result<()> {
        let problems = self.over(&message.content);
        if problems.is_empty() { Ok(()) } else { Err(Error::invalid(ErrorKind::InvalidRequest, problems)) }
    }

    /// A line for each exceeded limit.
    fn over(&self, content: &Content) -> Vec<String> {
        let mut found = Vec::new();
        let mut check = |field: &str, text: &str, limit: usize| {
            found.extend(over_length(&format!("content.{field}"), text, limit));
        };
        match content {
            Content::Text(text) => check("body", &text.body, self.text),
            Content::Buttons(buttons) => self.over_buttons(buttons, &mut check),
            Content::List(list) => self.over_list(list, &mut check),
            Content::Template(template) => {
                if let Some(Header::Text(line)) = &template.header {
                    check("header.text", &line.text, self.header);
                }
            }
            _ => {}
        }
        for (place, _, media) in content.placed_media() {
            check(&format!("{place}caption"), media.caption.as_deref().unwrap_or_default(), self.caption);
        }
        for (place, kind, media) in content.placed_media() {
            let MediaSource::Link(link) = &media.source else { continue };
            if self.https_links && link.get(..8).is_none_or(|scheme| !scheme.eq_ignore_ascii_case("https://")) {
                let scheme: String = link.chars().take(8).collect();
                found.push(format!("content.{place}link: expected an https:// URL, got `{scheme}…`"));
            }
            if let Some(problem) = MediaLimit::refusing(self.media, kind).and_then(|limit| limit.excludes(link)) {
                found.push(format!("content.{place}link: {problem}"));
            }
        }
        match content {
            Content::Template(template) => {
                let count = template.body.values().map(|value| value.chars().count()).sum();
                found.extend(self.over_template_body("content.body: its values have", count));
            }
            Content::Contacts(cards) if cards.contacts.len() > self.contacts => {
                let count = cards.contacts.len();
                found.push(format!("content.contacts: {count} are over the limit of {}", self.contacts));
            }
            _ => {}
        }
        found
    }

    /// The problem text if a template's body, or its values alone, have more characters than the limit.
    pub(crate) fn over_template_body(&self, what: &str, count: usize) -> Option<String> {
        let limit = self.template_body;
        (count > limit).then(|| format!("{what} {count} characters, over the limit of {limit} for the filled body"))
    }

    fn over_buttons(&self, buttons: &Buttons, check: &mut impl FnMut(&str, &str, usize)) {
        check("body", &buttons.body, self.body);
        self.over_frame(buttons.header.as_ref(), buttons.footer.as_deref(), check);
        for (at, button) in buttons.buttons.iter().enumerate() {
            check(&format!("buttons[{at}].title"), &button.title, self.button_title);
            check(&format!("buttons[{at}].id"), &button.id, self.button_id);
        }
    }

    fn over_list(&self, list: &List, check: &mut impl FnMut(&str, &str, usize)) {
        check("body", &list.body, self.body);
        check("button", &list.button, self.list_button);
        self.over_frame(list.header.as_ref(), list.footer.as_deref(), check);
        for (s, section) in list.sections.iter().enumerate() {
            check(&format!("sections[{s}].title"), section.title.as_deref().unwrap_or_default(), self.section_title);
            for (r, row) in section.rows.iter().enumerate() {
                let at = format!("sections[{s}].rows[{r}]");
                check(&format!("{at}.title"), &row.title, self.row_title);
                check(&format!("{at}.id"), &row.id, self.row_id);
                check(
                    &format!("{at}.description"),
                    row.description.as_deref().unwrap_or_default(),
                    self.row_description,
                );
            }
        }
    }

    fn over_frame(&self, header: Option<&Header>, footer: Option<&str>, check: &mut impl FnMut(&str, &str, usize)) {
        if let Some(Header::Text(line)) = header {
            check("header.text", &line.text, self.header);
        }
        check("footer", footer.unwrap_or_default(), self.footer);
    }
}

/// Checks that `message` is not to `sender`, the channel's own number, in any of its spellings.
///
/// # Errors
/// [`ErrorKind::RecipientInvalid`], as WhatsApp's own code 131021 for it.
pub fn check_recipient(sender: &PhoneNumber, message: &Message) -> Result<()> {
    if variants(sender).contains(&message.to) {
        let problem = "to: expected a contact's number, got the channel's own".to_owned();
        return Err(Error::invalid(ErrorKind::RecipientInvalid, vec![problem]));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::error_code::Certainty;
    use crate::capability::Capability;

    fn check(limits: Limits, content: &str) -> Result<()> {
        let content = serde_json::from_str(content).unwrap();
        limits.check(&Message::new("+34600111222".parse().unwrap(), content))
    }

    #[test]
    fn too_long_text_is_refused_with_field_limit_and_value() {
        let limits = Limits::WHATSAPP.with_text(1024);
        let text = |n: usize| format!(r#"{{"type":"text","body":"{}"}}"#, "é".repeat(n));
        assert!(check(limits, &text(1024)).is_ok());
        let error = check(limits, &text(1025)).unwrap_err();
        assert_eq!(error.message(), "content.body: 1025 characters are over the limit of 1024");
    }

    #[test]
    fn link_to_excluded_format_is_refused_but_an_id_is_not() {
        const IMAGES: MediaLimit = MediaLimit {
            kind: Capability::Image,
            types: &["image/png"],
            bytes: 5,
            source: "",
            certainty: Certainty::Docs,
        };
        let limits = Limits::WHATSAPP.with_media(&[IMAGES]);
        for (content, place) in [
            (r#"{"type":"image","link":"https://x.example/a.gif"}"#, "content.link"),
            (
                r#"{"type":"buttons","body":"?","header":{"type":"image","link":"https://x.example/a.gif"},"buttons":[{"id":"a","title":"A"}]}"#,
                "content.header.link",
            ),
            (
                r#"{"type":"template","name":"t","header":{"type":"image","link":"https://x.example/a.gif"}}"#,
                "content.header.link",
            ),
        ] {
            let error = check(limits, content).unwrap_err();
            assert_eq!(error.message(), format!("{place}: expected image as png, got gif"));
            assert_eq!(error.kind(), ErrorKind::InvalidRequest);
            assert!(check(limits, &content.replace("gif", "png")).is_ok());
            assert!(check(limits, &content.replace(r#""link":"https://x.example/a.gif""#, r#""id":"7.gif""#)).is_ok());
            assert!(check(Limits::WHATSAPP, content).is_ok(), "no list, no refusal");
        }
        // A kind without a row has no limit.
        assert!(check(limits, r#"{"type":"video","link":"https://x.example/a.gif"}"#).is_ok());
    }

    #[test]
    fn template_body_cards_and_links_have_limits() {
        let template = |n: usize| format!(r#"{{"type":"template","name":"t","body":["{}","b"]}}"#, "é".repeat(n));
        assert!(check(Limits::WHATSAPP, &template(1023)).is_ok());
        let error = check(Limits::WHATSAPP, &template(1024)).unwrap_err();
        let line = "content.body: its values have 1025 characters, over the limit of 1024 for the filled body";
        assert_eq!((error.kind(), error.message()), (ErrorKind::InvalidRequest, line));
        assert!(check(Limits::WHATSAPP.without_template_body(), &template(1024)).is_ok());

        let cards = |n: usize| {
            format!(r#"{{"type":"contacts","contacts":[{}]}}"#, vec![r#"{"name":{"formatted_name":"A"}}"#; n].join(","))
        };
        assert!(
            check(Limits::WHATSAPP, &cards(6)).is_ok() && check(Limits::WHATSAPP.with_contacts(5), &cards(5)).is_ok()
        );
        let error = check(Limits::WHATSAPP.with_contacts(5), &cards(6)).unwrap_err();
        assert_eq!(error.message(), "content.contacts: 6 are over the limit of 5");

        for (content, place) in [
            (r#"{"type":"image","link":"http://x.example/a"}"#, "content.link"),
            (
                r#"{"type":"template","name":"t","carousel":[{"header":{"type":"image","link":"http://x.example/a"}}]}"#,
                "content.carousel[0].header.link",
            ),
        ] {
            let error = check(Limits::WHATSAPP.with_https_links(), content).unwrap_err();
            assert_eq!(error.message(), format!("{place}: expected an https:// URL, got `http://x…`"));
            assert!(check(Limits::WHATSAPP, content).is_ok());
            assert!(check(Limits::WHATSAPP.with_https_links(), &content.replace("http:", "HTTPS:")).is_ok());
        }
    }

    #[test]
    fn own_number_in_either_spelling_is_no_recipient() {
        let to = |text: &str| Message::text(text.parse().unwrap(), "Hi");
        let sender = "+5215500001111".parse().unwrap();
        for own in ["+5215500001111", "+525500001111"] {
            let error = check_recipient(&sender, &to(own)).unwrap_err();
            assert_eq!((error.kind(), error.may_have_been_sent()), (ErrorKind::RecipientInvalid, false));
            assert!(error.message().starts_with("to: ") && !error.to_string().contains(own), "{error}");
        }
        assert!(check_recipient(&sender, &to("+5215500001112")).is_ok());
    }

    #[test]
    fn titles_have_a_limit_unless_the_provider_gives_none() {
        let button =
            format!(r#"{{"type":"buttons","body":"?","buttons":[{{"id":"a","title":"{}"}}]}}"#, "x".repeat(21));
        let row = format!(
            r#"{{"type":"list","body":"?","button":"b","sections":[{{"rows":[{{"id":"a","title":"{}"}}]}}]}}"#,
            "x".repeat(25)
        );
        for (content, line) in [(&button, "buttons[0].title: 21"), (&row, "sections[0].rows[0].title: 25")] {
            let error = check(Limits::WHATSAPP, content).unwrap_err();
            assert!(error.message().contains(line), "{error}");
            assert!(check(Limits::WHATSAPP.without_titles(), content).is_ok());
        }
    }
}
