//! Webhooks in an axum application: verified before the handler sees them.

use std::sync::Arc;

use axum_core::extract::{FromRef, FromRequest, Request};
use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::webhook::Seen;
use crate::webhook::event::WebhookEvents;

/// The longest webhook body that is read.
const BODY_MAX: usize = 3 * 1024 * 1024;

/// The events of a webhook call, for a handler whose state gives the channel's [`Client`].
///
/// ```no_run
/// use transom::axum::Webhook;
/// use transom::Client;
///
/// async fn handler(Webhook(events): Webhook) {
///     println!("{} events, verified: {}", events.events.len(), events.verified);
/// }
/// # fn app(client: Client) {
/// // axum::Router::new().route("/hooks/india", axum::routing::post(handler)).with_state(client)
/// # let _ = (handler, client);
/// # }
/// ```
#[derive(Debug)]
pub struct Webhook(pub WebhookEvents);

/// As [`Webhook`], without the events that were handed to a handler before: for a state that also gives a [`Seen`].
///
/// The events are on record when the handler gets them. A handler that fails gives them to
/// [`WebhookEvents::forget`](crate::webhook::WebhookEvents::forget), so that the provider's next attempt brings them again.
///
/// ```no_run
/// use transom::axum::NewEvents;
///
/// async fn handler(NewEvents(events): NewEvents) {
///     println!("{} events for the first time", events.events.len());
/// }
/// # let _ = handler;
/// ```
#[derive(Debug)]
pub struct NewEvents(pub WebhookEvents);

/// Why a webhook call did not reach the handler. Its response carries the status and nothing else.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookRejection {
    /// The body is longer than 3 MiB: 413.
    #[error("the webhook body is longer than 3 MiB")]
    TooLarge,
    /// The body broke off: 400.
    #[error("the webhook body broke off")]
    Broken,
    /// A wrong or missing signature is 401, anything else 400. The error says more, for the log.
    #[error("the webhook call was refused: {0}")]
    Refused(#[source] Error),
    /// The record of events cannot be reached: 503, so that the provider calls again.
    #[error("the record of webhook events cannot be reached: {0}")]
    Unrecorded(#[source] Error),
}

impl IntoResponse for WebhookRejection {
    fn into_response(self) -> Response {
        let status = match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Refused(error) if error.kind() == ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Unrecorded(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Broken | Self::Refused(_) => StatusCode::BAD_REQUEST,
        };
        status.into_response()
    }
}

impl<S> FromRequest<S> for Webhook
where
    Client: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = WebhookRejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let client = Client::from_ref(state);
        let (head, body) = request.into_parts();
        let body = Limited::new(body, BODY_MAX).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() { WebhookRejection::TooLarge } else { WebhookRejection::Broken }
        })?;
        let request = http::Request::from_parts(head, body.to_bytes());
        client.webhook(&request).map(Self).map_err(WebhookRejection::Refused)
    }
}

impl<S> FromRequest<S> for NewEvents
where
    Client: FromRef<S>,
    Arc<dyn Seen>: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = WebhookRejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let Webhook(events) = Webhook::from_request(request, state).await?;
        let seen = <Arc<dyn Seen>>::from_ref(state);
        events.only_new(&*seen).await.map(Self).map_err(WebhookRejection::Unrecorded)
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use async_trait::async_trait;
    use axum_core::body::Body;
    use bytes::Bytes;

    use super::*;
    use crate::account::{Conversation, ConversationFilter, Sender, TemplateInfo};
    use crate::adapter::unsupported;
    use crate::webhook::{Event, MemorySeen};
    use crate::{Capabilities, Capability, Message, Messenger, PhoneNumber, Receipt, Session};

    /// Takes the body `good` and refuses every other.
    #[derive(Debug)]
    struct Picky;

    #[async_trait]
    impl Messenger for Picky {
        fn provider(&self) -> &'static str {
            "picky"
        }
        fn capabilities(&self) -> Capabilities {
            Capabilities::new(&[Capability::Inbound])
        }
        async fn send(&self, _: &Message) -> crate::Result<Receipt> {
            unsupported("picky", Capability::Text)
        }
        async fn session(&self, _: &PhoneNumber) -> crate::Result<Session> {
            unsupported("picky", Capability::Session)
        }
        async fn senders(&self) -> crate::Result<Vec<Sender>> {
            unsupported("picky", Capability::Senders)
        }
        async fn templates(&self) -> crate::Result<Vec<TemplateInfo>> {
            unsupported("picky", Capability::Templates)
        }
        async fn conversations(&self, _: &ConversationFilter) -> crate::Result<Vec<Conversation>> {
            unsupported("picky", Capability::Conversations)
        }
        fn webhook(&self, request: &http::Request<Bytes>, _: SystemTime) -> crate::Result<WebhookEvents> {
            match request.body().as_ref() {
                b"good" => Ok(WebhookEvents::new(true, vec![Event::Challenge("c".into())])),
                b"forged" => Err(Error::new(ErrorKind::Unauthenticated, "no")),
                _ => Err(Error::new(ErrorKind::MalformedResponse, "no")),
            }
        }
    }

    async fn call(body: impl Into<Body>) -> Result<Webhook, StatusCode> {
        let client = Client::new(Arc::new(Picky) as Arc<dyn Messenger>);
        let extracted = Webhook::from_request(Request::new(body.into()), &client).await;
        extracted.map_err(|rejection| rejection.into_response().status())
    }

    #[tokio::test]
    async fn a_handler_sees_only_what_the_adapter_has_accepted() {
        assert!(call("good").await.unwrap().0.verified);
        assert_eq!(call("forged").await.unwrap_err(), StatusCode::UNAUTHORIZED);
        assert_eq!(call("junk").await.unwrap_err(), StatusCode::BAD_REQUEST);
        assert_eq!(call("x".repeat(BODY_MAX + 1)).await.unwrap_err(), StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[derive(Clone)]
    struct App(Client, Arc<dyn Seen>);

    impl FromRef<App> for Client {
        fn from_ref(app: &App) -> Self {
            app.0.clone()
        }
    }

    impl FromRef<App> for Arc<dyn Seen> {
        fn from_ref(app: &App) -> Self {
            Self::clone(&app.1)
        }
    }

    #[tokio::test]
    async fn repeated_call_brings_no_event_until_it_is_forgotten() {
        let app = App(Client::new(Picky), Arc::new(MemorySeen::default()));
        let call = || async { NewEvents::from_request(Request::new(Body::from("good")), &app).await.unwrap().0 };
        let first = call().await;
        assert_eq!((first.events.len(), call().await.events.len()), (1, 0));
        first.forget(&*app.1).await.unwrap();
        assert_eq!(call().await.events.len(), 1);
    }

    #[tokio::test]
    async fn refused_signature_is_counted() {
        let client = Client::new(Picky);
        for (body, refused) in [("good", 0), ("forged", 1), ("junk", 1), ("forged", 2)] {
            let _ = Webhook::from_request(Request::new(Body::from(body)), &client).await;
            assert_eq!(client.refused_webhooks(), refused, "{body}");
        }
    }
}
