//! Autocalls as a messenger.

use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use tokio::sync::Mutex;
use transom::{
    Capabilities, Capability, Content, Context, Conversation, ConversationFilter, Error, ErrorKind, Events, Message,
    Messenger, PhoneNumber, Receipt, Result, Sender, Session, TemplateInfo, Window, unsupported,
};

use crate::config::Config;
use crate::wire::{self, Wanted, lists};
use crate::{NAME, webhook};

/// What Autocalls can do through this adapter.
pub const CAPABILITIES: Capabilities = Capabilities::of(&[
    Capability::Text,
    Capability::Template,
    Capability::Session,
    Capability::Senders,
    Capability::Templates,
    Capability::Conversations,
    Capability::DeliveryStatus,
    Capability::WebhookSignature,
]);

/// How many pages of conversations are read at the most, a hundred on each.
const PAGES_MAX: usize = 20;

/// An Autocalls account.
#[derive(Debug)]
pub struct Autocalls {
    config: Config,
    context: Context,
    /// The sender's templates as last listed. Locked while they are being listed, so that however many sends need an
    /// id, one of them asks.
    listed: Mutex<Vec<TemplateInfo>>,
}

impl Autocalls {
    /// The account of `config`.
    pub fn new(config: Config, context: Context) -> Self {
        Self { config, context, listed: Mutex::default() }
    }

    async fn send_once(&self, request: Request<Bytes>, to: &PhoneNumber) -> Result<Receipt> {
        let answer = match self.context.transport.send(request).await {
            Ok(response) => wire::decode_send(&response, self.context.now(&response), to),
            Err(error) => Err(error),
        };
        answer.map_err(|error| error.with_attempts(1))
    }

    async fn send_text(&self, message: &Message, request: Request<Bytes>) -> Result<Receipt> {
        match self.send_once(request, &message.to).await {
            Err(refused) if self.config.probe && is_ambiguous(&refused) => Err(self.tell_apart(refused, message).await),
            other => other,
        }
    }

    /// A closed window and one that never was open are refused alike; the session query tells them apart. Where it
    /// fails, the refusal stands.
    async fn tell_apart(&self, refused: Error, message: &Message) -> Error {
        match self.session(&message.to).await {
            Ok(session) if session.window == Window::Never => {
                refused.with_kind(ErrorKind::NoActiveSession).with_session(session)
            }
            Ok(session) => refused.with_session(session),
            Err(_) => refused,
        }
    }

    async fn send_template(&self, to: &PhoneNumber, wanted: &Wanted<'_>) -> Result<Receipt> {
        let id = match wanted.id {
            Some(id) => id,
            None => self.id_of(wanted).await?,
        };
        let answer = self.send_once(wire::encode_template(&self.config, to, wanted, id)?, to).await;
        if matches!(&answer, Err(refused) if refused.code() == Some("TEMPLATE_NOT_FOUND")) {
            // It may have been made anew under another id since it was listed.
            self.listed.lock().await.clear();
        }
        answer
    }

    /// The id of a template that the channel gives none for. The list is read again for a name that is not on it, since
    /// the template may be new.
    async fn id_of(&self, wanted: &Wanted<'_>) -> Result<u64> {
        let mut listed = self.listed.lock().await;
        if let Ok(id) = lists::id_of(&listed, wanted) {
            return Ok(id);
        }
        *listed = self.templates().await?;
        lists::id_of(&listed, wanted)
    }

    async fn read<T>(
        &self,
        request: Request<Bytes>,
        decode: impl FnOnce(&Response<Bytes>, SystemTime) -> Result<T> + Send,
    ) -> Result<T> {
        let response = self.context.transport.send(request).await.map_err(Error::unsent)?;
        decode(&response, self.context.now(&response))
    }
}

/// Whether this refusal leaves open if the contact has ever written. One that tells when the window closed does not.
fn is_ambiguous(refused: &Error) -> bool {
    refused.is_window_closed() && !refused.may_have_been_sent() && refused.session().is_none()
}

#[async_trait]
impl Messenger for Autocalls {
    fn provider(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    async fn send(&self, message: &Message) -> Result<Receipt> {
        match &message.content {
            Content::Text(text) => self.send_text(message, wire::encode_text(&self.config, message, text)?).await,
            Content::Template(template) => self.send_template(&message.to, &Wanted::of(&self.config, template)?).await,
            other => unsupported(NAME, other.capability()),
        }
    }

    async fn session(&self, contact: &PhoneNumber) -> Result<Session> {
        let request = wire::encode_session(&self.config, contact)?;
        self.read(request, |response, now| wire::decode_session(response, now, contact)).await
    }

    async fn senders(&self) -> Result<Vec<Sender>> {
        self.read(lists::encode_senders(&self.config)?, lists::decode_senders).await
    }

    async fn templates(&self) -> Result<Vec<TemplateInfo>> {
        self.read(lists::encode_templates(&self.config)?, lists::decode_templates).await
    }

    async fn conversations(&self, filter: &ConversationFilter) -> Result<Vec<Conversation>> {
        let mut conversations = Vec::new();
        let mut cursor = None;
        for _ in 0..PAGES_MAX {
            let request = lists::encode_conversations(&self.config, filter, cursor.as_deref())?;
            let (page, next) = self.read(request, lists::decode_conversations).await?;
            conversations.extend(page);
            // A cursor that leads to itself would lead there for ever.
            if next.is_none() || next == cursor {
                break;
            }
            cursor = next;
        }
        Ok(conversations)
    }

    fn webhook(&self, request: &Request<Bytes>) -> Result<Events> {
        webhook::read(&self.config.webhook_secrets, request)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Arc;

    use transom::{Sent, Template, Transport};

    use super::*;
    use crate::error::tests::{answer, config, to};

    /// Answers in the order of the script, and remembers the paths that were asked for.
    #[derive(Debug)]
    struct Script {
        answers: std::sync::Mutex<VecDeque<Result<Response<Bytes>>>>,
        asked: std::sync::Mutex<Vec<String>>,
    }

    #[async_trait]
    impl Transport for Script {
        async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
            // Other callers get their turn while a request is under way.
            tokio::task::yield_now().await;
            let path = request.uri().path().trim_start_matches("/api/user/").to_owned();
            self.asked.lock().unwrap().push(path);
            self.answers.lock().unwrap().pop_front().expect("one request more than the script answers")
        }
    }

    struct Stage {
        autocalls: Autocalls,
        script: Arc<Script>,
    }

    impl Stage {
        fn asked(&self) -> Vec<String> {
            self.script.asked.lock().unwrap().clone()
        }
    }

    fn stage<const N: usize>(answers: [(u16, &str); N]) -> Stage {
        let answers = answers.into_iter().map(|(status, body)| Ok(answer(status, body)));
        let script =
            Arc::new(Script { answers: std::sync::Mutex::new(answers.collect()), asked: std::sync::Mutex::default() });
        let transport = Arc::clone(&script);
        Stage { autocalls: Autocalls::new(config(), Context::new(transport)), script }
    }

    const TAKEN: (u16, &str) = (200, r#"{"success":true,"whatsapp_message_id":640077}"#);
    const CLOSED: (u16, &str) = (403, r#"{"success":false,"error":"x","error_code":"SESSION_EXPIRED"}"#);
    const NEVER: (u16, &str) = (200, r#"{"has_conversation":false,"session_status":{"can_send_freeform":false}}"#);
    const EXPIRED: (u16, &str) = (
        200,
        r#"{"has_conversation":true,"last_customer_message_at":"2026-05-08T17:05:00+00:00","session_status":{"can_send_freeform":false}}"#,
    );
    const TEMPLATES: (u16, &str) = (
        200,
        r#"{"data":[{"id":310,"name":"visit","language":"en"},{"id":311,"name":"visit","language":"es"},{"id":320,"name":"twin","language":"en"},{"id":321,"name":"twin","language":"en"}]}"#,
    );
    const LIST: &str = "whatsapp/senders/77/templates";

    async fn text(stage: &Stage) -> Result<Receipt> {
        stage.autocalls.send(&Message::text(to(), "Hi")).await
    }

    async fn template(stage: &Stage, name: &str, language: &str) -> Result<Receipt> {
        stage.autocalls.send(&Message::template(to(), Template::new(name, language))).await
    }

    #[tokio::test]
    async fn a_refusal_for_the_window_is_followed_by_one_look_that_is_no_attempt() {
        for (look, kind) in [(NEVER, ErrorKind::NoActiveSession), (EXPIRED, ErrorKind::SessionExpired)] {
            let stage = stage([CLOSED, look]);
            let error = text(&stage).await.unwrap_err();
            assert_eq!((error.kind(), error.sent(), error.attempts()), (kind, Sent::No, 1));
            assert!(error.session().is_some());
            assert_eq!((error.code(), error.status()), (Some("SESSION_EXPIRED"), Some(403)));
            assert_eq!(stage.asked(), ["whatsapp/send-freeform", "whatsapp/session-status"]);
        }
    }

    #[tokio::test]
    async fn a_look_that_fails_leaves_the_refusal_as_it_was() {
        for look in [(500, ""), (200, "<html>"), (403, "")] {
            let error = text(&stage([CLOSED, look])).await.unwrap_err();
            assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::SessionExpired, Sent::No, 1));
            assert_eq!(error.status(), Some(403));
        }
    }

    #[tokio::test]
    async fn nothing_is_asked_where_nothing_is_unclear() {
        let told = r#"{"error_code":"SESSION_EXPIRED","session_status":{"can_send_freeform":false,"expired_at":"2026-05-09T17:05:00Z"}}"#;
        for refusal in [(403, told), (403, ""), (402, r#"{"error_code":"INSUFFICIENT_BALANCE"}"#), (500, CLOSED.1)] {
            let stage = stage([refusal]);
            text(&stage).await.unwrap_err();
            assert_eq!(stage.asked().len(), 1, "{refusal:?}");
        }
    }

    #[tokio::test]
    async fn without_probe_and_after_templates_the_refusal_is_the_answer() {
        let mut without = stage([CLOSED]);
        without.autocalls.config.probe = false;
        assert_eq!(text(&without).await.unwrap_err().kind(), ErrorKind::SessionExpired);
        let stage = stage([TEMPLATES, (422, r#"{"error_code":"TWILIO_ERROR_63016"}"#)]);
        assert_eq!(template(&stage, "visit", "en").await.unwrap_err().kind(), ErrorKind::SessionExpired);
        assert_eq!(stage.asked(), [LIST, "whatsapp/send"]);
    }

    #[tokio::test]
    async fn a_templates_name_is_looked_up_once_for_all_templates() {
        let stage = stage([TEMPLATES, TAKEN, TAKEN]);
        assert_eq!(template(&stage, "visit", "en").await.unwrap().attempts, 1);
        template(&stage, "visit", "es").await.unwrap();
        assert_eq!(stage.asked(), [LIST, "whatsapp/send", "whatsapp/send"]);
    }

    #[tokio::test]
    async fn many_callers_share_one_look_up() {
        let stage = stage([TEMPLATES, TAKEN, TAKEN, TAKEN]);
        let send = || template(&stage, "visit", "en");
        let (a, b, c) = tokio::join!(send(), send(), send());
        assert!(a.is_ok() && b.is_ok() && c.is_ok());
        assert_eq!(stage.asked().iter().filter(|path| *path == LIST).count(), 1);
    }

    #[tokio::test]
    async fn a_name_that_stands_for_none_or_several_is_a_matter_of_configuration_and_sends_nothing() {
        for (name, language, named) in
            [("nope", "en", "is not among"), ("visit", "fr", "is not among"), ("twin", "en", "stands for 2")]
        {
            let stage = stage([TEMPLATES]);
            let error = template(&stage, name, language).await.unwrap_err();
            assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::Config, Sent::No, 0));
            assert!(error.message().contains(named), "{error}");
            assert_eq!(stage.asked(), [LIST]);
        }
    }

    #[tokio::test]
    async fn a_new_template_is_found_without_a_restart() {
        let stage = stage([(200, r#"{"data":[]}"#), TEMPLATES, TAKEN]);
        assert_eq!(template(&stage, "visit", "en").await.unwrap_err().kind(), ErrorKind::Config);
        assert!(template(&stage, "visit", "en").await.is_ok());
    }

    #[tokio::test]
    async fn an_id_that_is_no_longer_known_is_looked_up_anew_by_the_next_send() {
        let gone = (404, r#"{"error_code":"TEMPLATE_NOT_FOUND"}"#);
        let stage = stage([TEMPLATES, gone, TEMPLATES, TAKEN]);
        assert_eq!(template(&stage, "visit", "en").await.unwrap_err().kind(), ErrorKind::TemplateRejected);
        assert!(template(&stage, "visit", "en").await.is_ok());
        assert_eq!(stage.asked(), [LIST, "whatsapp/send", LIST, "whatsapp/send"]);
    }

    #[tokio::test]
    async fn a_look_up_that_fails_sent_nothing() {
        for look_up in [(401, ""), (500, ""), (200, "<html>")] {
            let error = template(&stage([look_up]), "visit", "en").await.unwrap_err();
            assert_eq!((error.sent(), error.attempts()), (Sent::No, 0), "{look_up:?}");
        }
    }

    #[tokio::test]
    async fn a_template_that_cannot_go_is_not_even_looked_up() {
        let stage = stage([]);
        let message = Message::template(to(), Template::new("visit", "en").body([""]));
        let error = stage.autocalls.send(&message).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::InvalidRequest, 0));
        let image = Message::image(to(), "https://example.com/a.png");
        assert_eq!(stage.autocalls.send(&image).await.unwrap_err().kind(), ErrorKind::Unsupported);
        assert!(stage.asked().is_empty());
    }

    #[tokio::test]
    async fn conversations_are_read_page_by_page_and_not_for_ever() {
        let page = |cursor: &str| format!(r#"{{"data":[{{"id":"a"}}],"next_cursor":{cursor}}}"#);
        let (first, last) = (page("\"2\""), page("null"));
        let all = stage([(200, &first), (200, &last)]).autocalls.conversations(&ConversationFilter::default()).await;
        assert_eq!(all.unwrap().len(), 2);
        let circle =
            stage([(200, &first), (200, &first)]).autocalls.conversations(&ConversationFilter::default()).await;
        assert_eq!(circle.unwrap().len(), 2);
        let pages: Vec<String> = (0..PAGES_MAX).map(|at| page(&format!("\"{at}\""))).collect();
        let answers: [(u16, &str); PAGES_MAX] = std::array::from_fn(|at| (200, pages[at].as_str()));
        let endless = stage(answers).autocalls.conversations(&ConversationFilter::default()).await;
        assert_eq!(endless.unwrap().len(), PAGES_MAX);
    }
}
