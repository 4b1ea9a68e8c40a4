//! What a layer has nothing to say about passes through it.

use transom::account::{Acknowledgement, Conversation, ConversationFilter, Identity, Sender, TemplateInfo};
use transom::layers::Tracing;
use transom::message::MessageId;

use super::*;

/// The innermost layer, which writes down what it is asked.
#[derive(Clone, Debug, Default)]
struct Seen(Arc<Mutex<Vec<&'static str>>>);

impl Seen {
    fn note(&self, call: &'static str) {
        self.0.lock().unwrap().push(call);
    }
}

#[async_trait]
impl Layer for Seen {
    async fn send(&self, message: &Message, next: Next<'_>) -> Result<Receipt> {
        self.note("send");
        next.send(message).await
    }
    async fn session(&self, contact: &PhoneNumber, next: Next<'_>) -> Result<Session> {
        self.note("session");
        next.session(contact).await
    }
    async fn senders(&self, next: Next<'_>) -> Result<Vec<Sender>> {
        self.note("senders");
        next.senders().await
    }
    async fn templates(&self, next: Next<'_>) -> Result<Vec<TemplateInfo>> {
        self.note("templates");
        next.templates().await
    }
    async fn conversations(&self, filter: &ConversationFilter, next: Next<'_>) -> Result<Vec<Conversation>> {
        self.note("conversations");
        next.conversations(filter).await
    }
    async fn acknowledge(&self, id: &MessageId, how: Acknowledgement, next: Next<'_>) -> Result<()> {
        self.note(how.capability().as_str());
        next.acknowledge(id, how).await
    }
    async fn identify(&self, next: Next<'_>) -> Result<Option<Identity>> {
        self.note("identify");
        next.identify().await
    }
}

async fn check(name: &str, client: Client) {
    let seen = Seen::default();
    let client = client.layer(seen.clone());
    client.send(&text()).await.unwrap();
    client.session(&to()).await.unwrap();
    client.senders().await.unwrap();
    client.templates().await.unwrap();
    client.conversations(&ConversationFilter::default()).await.unwrap();
    client.mark_read(&"m1".into()).await.unwrap();
    client.show_typing(&"m1".into()).await.unwrap();
    assert_eq!(client.identify().await.unwrap(), Some(Identity::default()));
    let calls = ["send", "session", "senders", "templates", "conversations", "mark_read", "typing", "identify"];
    assert_eq!(*seen.0.lock().unwrap(), calls, "{name}");
    assert!(format!("{client:?}").contains(name), "{client:?}");
}

#[tokio::test]
async fn every_call_passes_every_layer_and_debug_names_them() {
    let base = || Client::new(Stub::accepting().with_window(Window::Unknown));
    check("Tracing", base().layer(Tracing::default())).await;
    check("WindowGuard", base().layer(WindowGuard::default())).await;
    check("attempts", base().layer(Retry::default())).await;
    check("max_wait", base().layer(RateLimit::per_second(1_000))).await;
    #[cfg(feature = "opentelemetry")]
    {
        let metrics = transom::layers::Metrics::new(&opentelemetry::global::meter("test"));
        check("Metrics", base().layer(metrics.clone())).await;
        check("RequestMetrics", base().layer(metrics.requests())).await;
    }
    check("listeners", base().on_outcome(|_, _| {})).await;
}
