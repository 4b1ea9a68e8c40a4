//! GoSendAPI as a messenger.

use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use transom::config::ChannelConfig;
use transom::{
    Capabilities, Capability, Context, Conversation, ConversationFilter, Error, ErrorKind, Events, Message, Messenger,
    PhoneNumber, Receipt, Result, Sender, Session, TemplateInfo, Window,
};

use crate::config::Config;
use crate::wire::lists::{self, CloseReason, Page, Waba};
use crate::wire::{self, session};
use crate::{NAME, error, webhook};

/// What GoSendAPI can do through this adapter.
pub const CAPABILITIES: Capabilities = Capabilities::of(&[
    Capability::Text,
    Capability::Image,
    Capability::Video,
    Capability::Audio,
    Capability::Document,
    Capability::Sticker,
    Capability::Location,
    Capability::Contacts,
    Capability::Buttons,
    Capability::List,
    Capability::Template,
    Capability::Session,
    Capability::Senders,
    Capability::Templates,
    Capability::Conversations,
    Capability::MediaUpload,
    Capability::DeliveryStatus,
    Capability::Inbound,
    Capability::WebhookSignature,
    Capability::Idempotency,
]);

/// How many pages of a list are read at the most, a hundred items on each.
const PAGES_MAX: usize = 20;
/// How many pages of one contact's conversations are read to tell the window.
const SESSION_PAGES_MAX: usize = 2;

/// A GoSendAPI project and one of its numbers.
#[derive(Debug)]
pub struct GoSendApi {
    config: Config,
    context: Context,
}

/// A list, or as much of it as was read.
struct Listed<T> {
    items: Vec<T>,
    is_whole: bool,
    /// When the last part of it was read, by the provider's clock.
    at: SystemTime,
}

impl GoSendApi {
    /// The number of `config`.
    pub const fn new(config: Config, context: Context) -> Self {
        Self { config, context }
    }

    /// The number that a channel's settings name, for callers who need more than [`Messenger`] has.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] with a line for everything that is wrong with the channel.
    pub fn connect(channel: &ChannelConfig, context: Context) -> Result<Self> {
        Ok(Self::new(Config::read(channel)?, context))
    }

    /// Marks a conversation as ended, for billing and reports. It neither closes the 24-hour window nor stops the
    /// contact from writing (seed).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is no such conversation. What closing twice brings is not documented.
    pub async fn close_conversation(&self, id: &str, reason: Option<CloseReason>) -> Result<()> {
        self.read(lists::encode_close(&self.config, id, reason)?, lists::decode_close).await
    }

    async fn send_once(&self, message: &Message) -> Result<Receipt> {
        let request = wire::encode_send(&self.config, message)?;
        let answer = match self.context.transport.send(request).await {
            Ok(response) => wire::decode_send(&response, self.context.now(&response), message),
            Err(error) => Err(error),
        };
        answer.map_err(|error| error.with_attempts(1))
    }

    /// Whether one look at the conversations may tell more about this refusal: whether the contact has ever written,
    /// and, for a 403 that says nothing, whether it is the window at all.
    fn may_ask_back(&self, message: &Message, refused: &Error) -> bool {
        self.config.probe
            && message.content.is_free_form()
            && !refused.may_have_been_sent()
            && (refused.is_window_closed() || error::is_unclear(refused))
    }

    /// The same refusal, with what the conversations say of the window. Where they cannot be asked, it stands.
    async fn tell_apart(&self, refused: Error, message: &Message) -> Error {
        let is_unclear = error::is_unclear(&refused);
        match self.session(&message.to).await {
            Ok(session) => {
                let kind = match session.window {
                    Window::Never => ErrorKind::NoActiveSession,
                    Window::Expired { .. } => ErrorKind::SessionExpired,
                    Window::Open { .. } if is_unclear => ErrorKind::PermissionDenied,
                    Window::Open { .. } | Window::Unknown => refused.kind(),
                };
                refused.with_kind(kind).with_session(session)
            }
            Err(failed) if is_unclear && failed.status() == Some(StatusCode::FORBIDDEN.as_u16()) => {
                refused.with_kind(ErrorKind::PermissionDenied)
            }
            Err(_) => refused,
        }
    }

    async fn read<T>(
        &self,
        request: Request<Bytes>,
        decode: impl FnOnce(&Response<Bytes>, SystemTime) -> Result<T> + Send,
    ) -> Result<T> {
        let response = self.context.transport.send(request).await.map_err(Error::unsent)?;
        decode(&response, self.context.now(&response))
    }

    /// The items of up to `pages` pages.
    async fn read_all<T: Send>(
        &self,
        pages: usize,
        encode: impl Fn(usize) -> Result<Request<Bytes>> + Send + Sync,
        decode: impl Fn(&Response<Bytes>, SystemTime) -> Result<Page<T>> + Send + Sync,
    ) -> Result<Listed<T>> {
        let mut listed = Listed { items: Vec::new(), is_whole: false, at: self.context.clock.now() };
        for number in 1..=pages {
            let (page, at) = self.read(encode(number)?, |response, now| Ok((decode(response, now)?, now))).await?;
            listed.at = at;
            listed.is_whole = !page.is_followed(listed.items.len().saturating_add(page.items.len()));
            listed.items.extend(page.items);
            if listed.is_whole {
                break;
            }
        }
        Ok(listed)
    }

    async fn wabas(&self) -> Result<Vec<Waba>> {
        let encode = |page| lists::encode_wabas(&self.config, page);
        Ok(self.read_all(PAGES_MAX, encode, lists::decode_wabas).await?.items)
    }
}

#[async_trait]
impl Messenger for GoSendApi {
    fn provider(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    async fn send(&self, message: &Message) -> Result<Receipt> {
        match self.send_once(message).await {
            Err(refused) if self.may_ask_back(message, &refused) => Err(self.tell_apart(refused, message).await),
            other => other,
        }
    }

    async fn session(&self, contact: &PhoneNumber) -> Result<Session> {
        let encode = |page| lists::encode_conversations(&self.config, Some(contact), page);
        let listed = self.read_all(SESSION_PAGES_MAX, encode, lists::decode_conversations).await?;
        let line = &self.config.phone_number_id;
        Ok(session::session(&listed.items, listed.is_whole, line, contact, listed.at))
    }

    async fn senders(&self) -> Result<Vec<Sender>> {
        let mut senders = Vec::new();
        for waba in self.wabas().await? {
            let encode = |page| lists::encode_senders(&self.config, &waba, page);
            senders.extend(self.read_all(PAGES_MAX, encode, lists::decode_senders).await?.items);
        }
        Ok(senders)
    }

    async fn templates(&self) -> Result<Vec<TemplateInfo>> {
        let mut wabas = self.wabas().await?;
        if let Some(wanted) = &self.config.waba_id {
            wabas.retain(|waba| waba.id == *wanted || waba.metas.as_ref() == Some(wanted));
            if wabas.is_empty() {
                let why = "the project has no business account with the id in `waba_id`";
                return Err(Error::new(ErrorKind::NotFound, why));
            }
        }
        let mut templates = Vec::new();
        for waba in &wabas {
            let encode = |page| lists::encode_templates(&self.config, waba, page);
            templates.extend(self.read_all(PAGES_MAX, encode, lists::decode_templates).await?.items);
        }
        Ok(templates)
    }

    async fn conversations(&self, filter: &ConversationFilter) -> Result<Vec<Conversation>> {
        let contact = filter.contact.as_ref();
        let encode = |page| lists::encode_conversations(&self.config, contact, page);
        let listed = self.read_all(PAGES_MAX, encode, lists::decode_conversations).await?;
        Ok(lists::conversations(listed.items, contact))
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
    use crate::error::tests::{answer, config, text, to};

    /// Answers in the order of the script, and remembers the paths and queries that were asked for.
    #[derive(Debug)]
    struct Script {
        answers: std::sync::Mutex<VecDeque<Response<Bytes>>>,
        asked: std::sync::Mutex<Vec<String>>,
    }

    #[async_trait]
    impl Transport for Script {
        async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
            let path = request.uri().path_and_query().unwrap().as_str().trim_start_matches("/v1/").to_owned();
            self.asked.lock().unwrap().push(path);
            Ok(self.answers.lock().unwrap().pop_front().expect("one request more than the script answers"))
        }
    }

    struct Stage {
        gosendapi: GoSendApi,
        script: Arc<Script>,
    }

    impl Stage {
        fn asked(&self) -> Vec<String> {
            self.script.asked.lock().unwrap().clone()
        }
    }

    /// Every answer is given at 2026-02-04T09:00:00Z by the provider's clock.
    fn stage<const N: usize>(answers: [(u16, &str); N]) -> Stage {
        let answers = answers.into_iter().map(|(status, body)| {
            let mut answer = answer(status, body);
            answer.headers_mut().insert("date", "Wed, 04 Feb 2026 09:00:00 GMT".parse().unwrap());
            answer
        });
        let script =
            Arc::new(Script { answers: std::sync::Mutex::new(answers.collect()), asked: std::sync::Mutex::default() });
        let transport = Arc::clone(&script);
        Stage { gosendapi: GoSendApi::new(config(), Context::new(transport)), script }
    }

    const TAKEN: (u16, &str) = (201, r#"{"messages":[{"id":"wamid.A"}]}"#);
    const BARE: (u16, &str) = (403, r#"{"statusCode":403,"message":"Forbidden"}"#);
    const SAID: (u16, &str) = (403, r#"{"statusCode":403,"message":"Outside the 24h window","error":"Forbidden"}"#);
    const METAS: (u16, &str) = (400, r#"{"statusCode":400,"details":{"meta_code":131047}}"#);
    const NONE: (u16, &str) = (200, r#"{"data":[]}"#);
    const OLD: (u16, &str) = (200, r#"{"data":[{"last_inbound_at":"2026-02-03T09:00:00Z"}]}"#);
    const NEW: (u16, &str) = (200, r#"{"data":[{"last_inbound_at":"2026-02-03T09:00:01Z"}]}"#);
    const FORBIDDEN: (u16, &str) = (403, "");
    const BROKEN: (u16, &str) = (500, "");
    const LOOK: &str = "conversations?contact_phone=34611222333&phone_number_id=109876543210987&per_page=100";

    #[tokio::test]
    async fn one_look_at_the_conversations_tells_what_a_refusal_means() {
        use ErrorKind::{NoActiveSession, PermissionDenied, SessionExpired};
        for (refusal, look, kind) in [
            (BARE, NONE, NoActiveSession),
            (BARE, OLD, SessionExpired),
            (BARE, NEW, PermissionDenied),
            (BARE, FORBIDDEN, PermissionDenied),
            (BARE, BROKEN, SessionExpired),
            (SAID, NONE, NoActiveSession),
            (SAID, OLD, SessionExpired),
            (SAID, NEW, SessionExpired),
            (SAID, FORBIDDEN, SessionExpired),
            (METAS, NONE, NoActiveSession),
            (METAS, BROKEN, SessionExpired),
        ] {
            let stage = stage([refusal, look]);
            let error = stage.gosendapi.send(&text()).await.unwrap_err();
            assert_eq!((error.kind(), error.sent(), error.attempts()), (kind, Sent::No, 1), "{refusal:?} {look:?}");
            assert_eq!(error.status(), Some(refusal.0));
            assert_eq!(error.session().is_some(), look.0 == 200);
            assert_eq!(stage.asked(), ["messages", LOOK]);
        }
    }

    #[tokio::test]
    async fn nothing_is_asked_after_a_template_or_a_clear_answer_or_without_probe() {
        let template = Message::template(to(), Template::new("visit", "en"));
        for refusal in [BARE, SAID] {
            let stage = stage([refusal]);
            assert_eq!(stage.gosendapi.send(&template).await.unwrap_err().kind(), ErrorKind::PermissionDenied);
            assert_eq!(stage.asked().len(), 1);
        }
        for clear in [(401, ""), (403, r#"{"code":"WABA_NOT_IN_TENANT"}"#), (500, METAS.1), (201, "{}")] {
            let stage = stage([clear]);
            stage.gosendapi.send(&text()).await.unwrap_err();
            assert_eq!(stage.asked().len(), 1, "{clear:?}");
        }
        for refusal in [BARE, SAID, METAS] {
            let mut stage = stage([refusal]);
            stage.gosendapi.config.probe = false;
            assert_eq!(stage.gosendapi.send(&text()).await.unwrap_err().kind(), ErrorKind::SessionExpired);
            assert_eq!(stage.asked().len(), 1);
        }
    }

    #[tokio::test]
    async fn a_message_that_is_taken_is_one_attempt() {
        let receipt = stage([TAKEN]).gosendapi.send(&text()).await.unwrap();
        assert_eq!((receipt.message_id.as_str(), receipt.attempts), ("wamid.A", 1));
    }

    #[tokio::test]
    async fn the_window_is_read_by_the_providers_clock() {
        let session = stage([NEW]).gosendapi.session(&to()).await.unwrap();
        assert!(session.window.is_open());
        let session = stage([OLD]).gosendapi.session(&to()).await.unwrap();
        assert!(session.window.is_known_closed());
        let error = stage([BROKEN]).gosendapi.session(&to()).await.unwrap_err();
        assert!(!error.may_have_been_sent());
    }

    #[tokio::test]
    async fn two_pages_of_conversations_are_read_for_the_window_and_no_third() {
        let full = format!(r#"{{"data":[{}]}}"#, vec![r#"{"last_inbound_at":null}"#; lists::PER_PAGE].join(","));
        let two = stage([(200, &full), NEW]);
        assert!(two.gosendapi.session(&to()).await.unwrap().window.is_open());
        assert_eq!(two.asked(), [LOOK.to_owned(), format!("{LOOK}&page=2")]);
        let more = stage([(200, &full), (200, &full)]);
        assert_eq!(more.gosendapi.session(&to()).await.unwrap().window, Window::Unknown);
    }

    const WABAS: (u16, &str) = (200, r#"{"data":[{"id":"8","waba_id":"100200"},{"id":9,"waba_id":"100300"}]}"#);

    #[tokio::test]
    async fn senders_are_listed_account_by_account() {
        let one = (200, r#"{"data":[{"phone_number_id":"555","status":"active"}]}"#);
        let stage = stage([WABAS, one, one]);
        assert_eq!(stage.gosendapi.senders().await.unwrap().len(), 2);
        let numbers =
            ["wabas", "wabas/8/phone-numbers", "wabas/9/phone-numbers"].map(|path| format!("{path}?per_page=100"));
        assert_eq!(stage.asked(), numbers);
    }

    #[tokio::test]
    async fn templates_are_those_of_all_accounts_or_of_the_one_that_the_channel_names() {
        let one = (200, r#"{"data":[{"name":"visit"}]}"#);
        let all = stage([WABAS, one, one]);
        assert_eq!(all.gosendapi.templates().await.unwrap().len(), 2);
        for id in ["9", "100300"] {
            let mut named = stage([WABAS, one]);
            named.gosendapi.config.waba_id = Some(id.into());
            assert_eq!(named.gosendapi.templates().await.unwrap().len(), 1);
            assert_eq!(named.asked()[1], "wabas/9/templates?per_page=100");
        }
        let mut unknown = stage([WABAS]);
        unknown.gosendapi.config.waba_id = Some("7".into());
        assert_eq!(unknown.gosendapi.templates().await.unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[tokio::test]
    async fn a_conversation_is_closed_by_its_id() {
        let stage = stage([(200, ""), (404, r#"{"statusCode":404,"message":"Not found"}"#)]);
        stage.gosendapi.close_conversation("42", Some(CloseReason::Agent)).await.unwrap();
        let error = stage.gosendapi.close_conversation("43", None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(stage.asked(), ["conversations/42/close", "conversations/43/close"]);
    }
}
