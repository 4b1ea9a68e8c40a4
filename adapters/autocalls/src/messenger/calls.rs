//! The calls that only Autocalls offers.

use transom::{Content, Error, ErrorKind, Message, Receipt, Result};

use super::{Autocalls, RequestedTemplate};
use crate::request::calls;
use crate::response::calls::{CurrentUser, HistoryEntry, decode_current_user, decode_history};

impl Autocalls {
    /// Sends a template as [`send`](transom::Messenger::send) does, and tells Autocalls the contact's name, of 1 to 255
    /// characters [docs, Send Template Message].
    ///
    /// No [`Client`](transom::Client) and no layer stands in between.
    ///
    /// # Errors
    /// Those of a send, and [`ErrorKind::InvalidRequest`] for the name or for content that is no template.
    pub async fn send_template_to(&self, message: &Message, recipient_name: &str) -> Result<Receipt> {
        const NAME_MAX: usize = 255;
        let refused = |line: String| Err(Error::invalid(ErrorKind::InvalidRequest, vec![line]));
        let Content::Template(template) = &message.content else {
            return refused("content: expected a template, which alone can carry the contact's name".to_owned());
        };
        if recipient_name.trim().is_empty() {
            return refused("recipient_name: expected a name, got an empty text".to_owned());
        }
        if let Some(line) = transom::adapter::over_length("recipient_name", recipient_name, NAME_MAX) {
            return refused(line);
        }
        message.check()?;
        let requested = RequestedTemplate {
            recipient_name: Some(recipient_name),
            ..RequestedTemplate::of(&self.config, template)?
        };
        self.send_template(&message.to, &requested).await.map_err(|error| error.without_number(&message.to))
    }

    /// The user of the API key, with the balance (`GET /user/me`) [docs, Get current user].
    ///
    /// # Errors
    /// Those of any call.
    pub async fn current_user(&self) -> Result<CurrentUser> {
        self.read(calls::encode_current_user(&self.config)?, decode_current_user).await
    }

    /// The messages of a conversation in the order of the answer (`GET /conversations/{uuid}`) [docs, Get Conversation]. `id` is a
    /// [`Conversation`](transom::account::Conversation)'s, a UUID.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is no such conversation.
    pub async fn conversation_history(&self, id: &str) -> Result<Vec<HistoryEntry>> {
        self.read(calls::encode_history(&self.config, id)?, decode_history).await
    }
}

#[cfg(test)]
mod tests {
    use transom::Template;

    use super::super::tests::stage;
    use super::*;
    use crate::error::tests::to;

    #[tokio::test]
    async fn recipient_name_goes_with_a_template_only() {
        let template = || Message::template(to(), Template::new("visit").body(["Mara"]));
        for (message, name, line) in [
            (
                Message::text(to(), "Hi"),
                "Mara",
                "content: expected a template, which alone can carry the contact's name",
            ),
            (template(), " ", "recipient_name: expected a name, got an empty text"),
            (template(), &"x".repeat(256), "recipient_name: 256 characters are over the limit of 255"),
        ] {
            let stage = stage([]);
            let error = stage.autocalls.send_template_to(&message, name).await.unwrap_err();
            assert_eq!((error.kind(), error.message()), (ErrorKind::InvalidRequest, line));
        }
        let list = r#"{"data":[{"id":310,"name":"visit","language":"en","status":"approved","variables":["name"]}]}"#;
        let stage = stage([(200, list), (200, r#"{"success":true,"whatsapp_message_id":640077}"#)]);
        let receipt = stage.autocalls.send_template_to(&template(), "Mara Voss").await.unwrap();
        assert_eq!(receipt.message_id.as_str(), "640077");
        assert_eq!(stage.asked(), ["whatsapp/senders/77/templates", "whatsapp/send"]);
    }
}
