//! The defects, each by the name that `transom_conformance::defects` lists.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::Value;
use transom::account::{Conversation, ConversationFilter, TemplateInfo};
use transom::transport::Transport;
use transom::webhook::{DeliveryStatus, Event, WebhookEvents};
use transom::{Capabilities, Capability, ErrorKind, Message, Messenger, PhoneNumber, Receipt, Result, Session, Window};
use transom_conformance::{AdapterUnderTest, adapters};

use super::stand_in::{Flaw, adapter};

macro_rules! flaws {
    ($($flaw:ident $name:literal on $adapter:ident { $($hook:item)* })+) => {
        $(
            #[derive(Debug)]
            struct $flaw;

            #[async_trait]
            impl Flaw for $flaw {
                const ADAPTER: AdapterUnderTest = adapters::$adapter;
                $($hook)*
            }
        )+

        /// Each defect's name with its adapter.
        pub(crate) fn all() -> Vec<(&'static str, &'static AdapterUnderTest)> {
            vec![$(($name, adapter::<$flaw>())),+]
        }
    };
}

flaws! {
    RepeatsUnkeyed "unkeyed_send_is_repeated" on EXOTEL {
        async fn send(inner: &dyn Messenger, message: &Message) -> Result<Receipt> {
            match inner.send(message).await {
                Err(error) if error.may_have_been_sent() => inner.send(message).await,
                answer => answer,
            }
        }
    }
    FallsBackAfterUnknown "lost_response_counts_as_closed_window" on EXOTEL {
        async fn send(inner: &dyn Messenger, message: &Message) -> Result<Receipt> {
            inner.send(message).await.map_err(|error| match error.kind() {
                ErrorKind::ProviderUnavailable => error.with_kind(ErrorKind::SessionExpired).mark_unsent(),
                _ => error,
            })
        }
    }
    BelievesUnsent "unknown_outcome_counts_as_not_sent" on MESSANGI {
        async fn send(inner: &dyn Messenger, message: &Message) -> Result<Receipt> {
            inner.send(message).await.map_err(transom::Error::mark_unsent)
        }
    }
    FollowsRedirects "redirect_is_followed" on EXOTEL {
        async fn exchange(transport: &dyn Transport, request: Request<Bytes>) -> Result<Response<Bytes>> {
            let answer = transport.send(request.clone()).await?;
            if answer.status().is_redirection() { transport.send(request).await } else { Ok(answer) }
        }
    }
    AcceptsAnySignature "wrong_signature_is_accepted" on GOSENDAPI {
        fn webhook(inner: &dyn Messenger, request: &Request<Bytes>, received_at: SystemTime) -> Result<WebhookEvents> {
            match inner.webhook(request, received_at) {
                Err(error) if error.kind() == ErrorKind::Unauthenticated => Ok(WebhookEvents::new(true, Vec::new())),
                answer => answer,
            }
        }
    }
    NeedsNoSignature "missing_signature_is_accepted" on EXOTEL {
        fn webhook(inner: &dyn Messenger, request: &Request<Bytes>, received_at: SystemTime) -> Result<WebhookEvents> {
            match inner.webhook(request, received_at) {
                Err(error)
                    if error.kind() == ErrorKind::Unauthenticated
                        && !request.headers().keys().any(|name| name.as_str().contains("signature")) =>
                {
                    Ok(WebhookEvents::new(false, Vec::new()))
                }
                answer => answer,
            }
        }
    }
    TrustsUnsigned "unsigned_call_counts_as_verified" on EXOTEL {
        fn webhook(inner: &dyn Messenger, request: &Request<Bytes>, received_at: SystemTime) -> Result<WebhookEvents> {
            inner.webhook(request, received_at).map(|events| WebhookEvents::new(true, events.events))
        }
    }
    KeyInUrl "credential_is_sent_in_url" on GOSENDAPI {
        async fn exchange(transport: &dyn Transport, mut request: Request<Bytes>) -> Result<Response<Bytes>> {
            if request.method() != http::Method::POST {
                return transport.send(request).await;
            }
            let uri = format!("{}{}key=canary-key", request.uri(), if request.uri().query().is_some() { '&' } else { '?' });
            *request.uri_mut() = uri.parse().unwrap();
            transport.send(request).await
        }
    }
    WrongKind "closed_window_counts_as_missing_permission" on GOSENDAPI {
        async fn send(inner: &dyn Messenger, message: &Message) -> Result<Receipt> {
            inner.send(message).await.map_err(|error| match error.kind() {
                ErrorKind::SessionExpired | ErrorKind::NoActiveSession => error.with_kind(ErrorKind::PermissionDenied),
                _ => error,
            })
        }
    }
    DropsReference "reference_is_dropped" on EXOTEL {
        async fn send(inner: &dyn Messenger, message: &Message) -> Result<Receipt> {
            let mut without = message.clone();
            without.reference = None;
            inner.send(&without).await
        }
    }
    LosesRows "last_template_of_list_is_lost" on EXOTEL {
        async fn templates(inner: &dyn Messenger) -> Result<Vec<TemplateInfo>> {
            let mut listed = inner.templates().await?;
            listed.pop();
            Ok(listed)
        }
    }
    IgnoresFilter "conversation_filter_is_ignored" on GOSENDAPI {
        async fn conversations(inner: &dyn Messenger, _: &ConversationFilter) -> Result<Vec<Conversation>> {
            inner.conversations(&ConversationFilter::default()).await
        }
    }
    ClosesLate "window_closes_a_minute_late" on AUTOCALLS {
        async fn session(inner: &dyn Messenger, contact: &PhoneNumber) -> Result<Session> {
            const LATE: Duration = Duration::from_secs(60);
            let mut session = inner.session(contact).await?;
            session.window = match session.window {
                Window::Open { until } => Window::Open { until: until.map(|until| until + LATE) },
                Window::Expired { since } => Window::Expired { since: since.map(|since| since + LATE) },
                window => window,
            };
            Ok(session)
        }
    }
    OneRecipient "message_goes_to_other_contact" on MESSANGI {
        async fn send(inner: &dyn Messenger, message: &Message) -> Result<Receipt> {
            let mut misdirected = message.clone();
            misdirected.to = "+5491155550123".parse().unwrap();
            inner.send(&misdirected).await
        }
    }
    OtherId "receipt_has_id_of_other_table" on AUTOCALLS {
        async fn exchange(transport: &dyn Transport, request: Request<Bytes>) -> Result<Response<Bytes>> {
            let answer = transport.send(request).await?;
            Ok(answer.map(|body| {
                let Ok(mut json) = serde_json::from_slice::<Value>(&body) else { return body };
                let other = json["message_id"].clone();
                match json.get_mut("whatsapp_message_id") {
                    Some(id) if !other.is_null() => *id = other,
                    _ => return body,
                }
                json.to_string().into()
            }))
        }
    }
    MadeUpId "unreadable_success_is_accepted" on AUTOCALLS {
        async fn send(inner: &dyn Messenger, message: &Message) -> Result<Receipt> {
            match inner.send(message).await {
                Err(error) if error.kind() == ErrorKind::MalformedResponse && error.status() == Some(200) => {
                    Ok(Receipt::new(inner.provider(), "unknown").with_attempts(1))
                }
                answer => answer,
            }
        }
    }
    LosesWait "requested_wait_is_ignored" on AUTOCALLS {
        async fn exchange(transport: &dyn Transport, request: Request<Bytes>) -> Result<Response<Bytes>> {
            let mut answer = transport.send(request).await?;
            if answer.status() == StatusCode::TOO_MANY_REQUESTS {
                let is_about_limits = |name: &str| name.contains("ratelimit") || name == "retry-after";
                let names: Vec<_> = answer.headers().keys().filter(|name| is_about_limits(name.as_str())).cloned().collect();
                for name in &names {
                    answer.headers_mut().remove(name);
                }
                *answer.body_mut() = Bytes::from_static(b"{}");
            }
            Ok(answer)
        }
    }
    ConflictIsSafe "conflict_counts_as_not_sent" on EXOTEL {
        async fn send(inner: &dyn Messenger, message: &Message) -> Result<Receipt> {
            inner.send(message).await.map_err(|error| match error.kind() {
                ErrorKind::Conflict => error.mark_unsent(),
                _ => error,
            })
        }
    }
    SharedKey "idempotency_key_is_reused" on GOSENDAPI {
        async fn exchange(transport: &dyn Transport, mut request: Request<Bytes>) -> Result<Response<Bytes>> {
            if let Some(key) = request.headers_mut().get_mut("idempotency-key") {
                *key = http::HeaderValue::from_static("0123456789abcdef");
            }
            transport.send(request).await
        }
    }
    FallbackUnderSameKey "fallback_has_key_of_message" on GOSENDAPI {
        async fn exchange(transport: &dyn Transport, mut request: Request<Bytes>) -> Result<Response<Bytes>> {
            if let Some(key) = request.headers_mut().get_mut("idempotency-key") {
                let own = key.to_str().unwrap().trim_end_matches("-template").to_owned();
                *key = own.parse().unwrap();
            }
            transport.send(request).await
        }
    }
    LosesCapability "capability_is_lost" on EXOTEL {
        fn capabilities(right: Capabilities) -> Capabilities {
            let left: Vec<Capability> = right.iter().filter(|one| *one != Capability::Location).collect();
            Capabilities::new(&left)
        }
    }
    ReadIsDelivered "read_status_counts_as_delivered" on GOSENDAPI {
        fn webhook(inner: &dyn Messenger, request: &Request<Bytes>, received_at: SystemTime) -> Result<WebhookEvents> {
            let mut events = inner.webhook(request, received_at)?;
            for event in &mut events.events {
                if let Event::Status(update) = event
                    && update.status == DeliveryStatus::Read
                {
                    update.status = DeliveryStatus::Delivered;
                }
            }
            Ok(events)
        }
    }
    SwapsNumbers "inbound_sender_is_our_number" on EXOTEL {
        fn webhook(inner: &dyn Messenger, request: &Request<Bytes>, received_at: SystemTime) -> Result<WebhookEvents> {
            let mut events = inner.webhook(request, received_at)?;
            for event in &mut events.events {
                if let Event::Inbound(inbound) = event {
                    std::mem::swap(&mut inbound.from, &mut inbound.to);
                }
            }
            Ok(events)
        }
    }
    CutsText "long_text_is_cut" on EXOTEL {
        async fn send(inner: &dyn Messenger, message: &Message) -> Result<Receipt> {
            let mut cut = message.clone();
            if let transom::Content::Text(text) = &mut cut.content
                && text.body.chars().count() <= 4_096
            {
                text.body = text.body.chars().take(4_000).collect();
            }
            inner.send(&cut).await
        }
    }
}
