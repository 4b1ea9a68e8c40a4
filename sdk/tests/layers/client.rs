//! What the client itself refuses, names and keys.

use super::*;

#[derive(Debug)]
struct Note(&'static str, Arc<Mutex<Vec<&'static str>>>);

#[async_trait]
impl Layer for Note {
    async fn send(&self, message: &Message, next: Next<'_>) -> Result<Receipt> {
        self.1.lock().unwrap().push(self.0);
        next.send(message).await
    }
}

#[tokio::test]
async fn first_layer_is_outermost_and_clones_have_own_layers() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let note = |name| Note(name, Arc::clone(&seen));
    let base = Client::new(Stub::accepting()).layer(note("outer"));
    let longer = base.clone().layer(note("inner"));
    longer.send(&text()).await.unwrap();
    base.send(&text()).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), ["outer", "inner", "outer"]);
}

#[tokio::test]
async fn what_the_provider_cannot_do_never_reaches_it() {
    let stub = Stub::accepting().with_capabilities(Capabilities::new(&[Capability::Text]));
    let client = Client::new(stub.clone());
    for message in [
        Message::image(to(), "https://x.example/a.png"),
        with_fallback(),
        text().with_reply_to("wamid.1"),
        Message::template(to(), Template::new("t")),
    ] {
        let error = client.send(&message).await.unwrap_err();
        assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::Unsupported, Sent::No, 0));
    }
    assert_eq!(client.session(&to()).await.unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(client.senders().await.unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(stub.sent().len(), 0);
}

#[tokio::test]
async fn a_message_that_no_provider_takes_never_reaches_one() {
    let stub = Stub::accepting();
    let error = Client::new(stub.clone()).send(&Message::text(to(), "")).await.unwrap_err();
    assert_eq!((error.kind(), error.provider()), (ErrorKind::InvalidRequest, Some("stub")));
    assert_eq!(stub.sent().len(), 0);
}

#[tokio::test]
async fn unfit_values_are_refused_or_made_flat_by_the_channel() {
    let template = || Template::new("t").body(["Ana\nRuiz"]);
    for message in [Message::template(to(), template()), text().with_fallback(template())] {
        let (plain, flat) = (Stub::accepting(), Stub::accepting());
        let flattening = Client::builder(flat.clone()).flatten_parameters(true).build();
        let refused = Client::new(plain.clone()).send(&message).await.unwrap_err();
        assert_eq!((refused.kind(), plain.sent().len()), (ErrorKind::InvalidRequest, 0));
        // A client around clients leaves the values to them.
        let around = Client::new(Failover::new("plain", Client::new(plain.clone())));
        assert_eq!(around.send(&message).await.unwrap_err().kind(), ErrorKind::InvalidRequest);
        assert_eq!(plain.sent().len(), 0);
        for client in
            [flattening.clone(), Client::new(flattening.clone()), Client::new(Failover::new("flat", flattening))]
        {
            client.send(&message).await.unwrap();
        }
        assert_eq!(flat.sent().len(), 3);
        for sent in flat.sent() {
            let written = serde_json::to_string(&sent).unwrap();
            assert!(written.contains(r#"["Ana Ruiz"]"#), "{written}");
        }
    }
}

#[tokio::test]
async fn key_is_the_reference_or_its_fixed_hash() {
    let stub = Stub::accepting();
    let client = Client::new(stub.clone());
    for reference in ["order-17", "Größe 3", "Größe 3"] {
        client.send(&text().with_reference(reference)).await.unwrap();
    }
    client.send(&text()).await.unwrap();
    client.send(&text()).await.unwrap();
    let keys: Vec<_> = stub.sent().into_iter().map(|message| message.idempotency_key.unwrap()).collect();
    let [plain, hashed, again, random, other] = keys.as_slice() else { panic!("{keys:?}") };
    assert_eq!(plain, "order-17");
    assert_eq!(hashed, again);
    assert!(hashed.len() == 32 && hashed.bytes().all(|b| b.is_ascii_hexdigit()));
    assert_ne!(random, other, "a message without a reference is a message of its own");
}

#[tokio::test]
async fn address_for_delivery_reports_is_in_no_error() {
    let address = "https://hooks.example.net/sk-4f9a-canary-77";
    let echo = Error::new(ErrorKind::InvalidRequest, format!("cannot call {address} now"));
    let message = text().with_status_callback(address);
    let error = Client::new(Stub::script([Err(echo)])).send(&message).await.unwrap_err();
    let shown = format!("{error} {error:?} {message:?}");
    assert!(shown.contains("cannot call") && !shown.contains("canary"), "{shown}");
}

#[tokio::test]
async fn message_with_an_address_needs_the_capability() {
    let can = Capability::ALL.iter().copied().filter(|can| *can != Capability::StatusCallback).collect();
    let stub = Stub::accepting().with_capabilities(can);
    let client = Client::new(stub.clone());
    let error = client.send(&text().with_status_callback("https://hooks.example.net/a")).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Unsupported, "this provider has no status_callback"));
    assert!(stub.sent().is_empty());
}

#[tokio::test]
async fn fallback_keeps_the_address_for_delivery_reports() {
    let message = with_fallback().with_status_callback("https://hooks.example.net/a");
    assert_eq!(message.as_fallback().unwrap().status_callback, message.status_callback);
    let json = serde_json::to_value(&message).unwrap();
    assert_eq!(json["status_callback"], "https://hooks.example.net/a");
    assert_eq!(serde_json::from_value::<Message>(json).unwrap(), message);
}

#[tokio::test]
async fn the_recipients_number_is_in_no_error() {
    let echo = Error::new(ErrorKind::RecipientInvalid, "34600111222 is not on WhatsApp");
    let error = Client::new(Stub::script([Err(echo)])).send(&text()).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("34600111222"), "{error}");
}

/// Writes down what passes through it on the way back.
#[derive(Clone, Debug, Default)]
struct Spy(Arc<Mutex<Vec<String>>>);

#[async_trait]
impl Layer for Spy {
    async fn send(&self, message: &Message, next: Next<'_>) -> Result<Receipt> {
        let answer = next.send(message).await;
        self.0.lock().unwrap().push(format!("{answer:?}"));
        answer
    }
}

#[tokio::test]
async fn no_layer_sees_a_credential_that_the_provider_echoed() {
    let echoed = Error::new(ErrorKind::InvalidRequest, "the key sk-4f9a-canary-77 is not known");
    let spy = Spy::default();
    let client = Client::builder(Stub::script([Err(echoed)]))
        .redact([Secret::new("sk-4f9a-canary-77")])
        .layer(spy.clone())
        .build();
    client.send(&text()).await.unwrap_err();
    let seen = spy.0.lock().unwrap().concat();
    assert!(seen.contains("is not known") && !seen.contains("canary"), "{seen}");
}
