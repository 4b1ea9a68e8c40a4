use super::*;

fn pending(attempt: u32) -> QueuedCall {
    let route = Destination::Own(Target::parse("http://127.0.0.1:9000/", &IpNetworks::default()).unwrap());
    let (body, due) = (Bytes::from_static(b"{}"), SystemTime::UNIX_EPOCH);
    QueuedCall { provider: "exotel", topic: Topic::Status, route, body, due, attempt, copy: 1, lost: false }
}

#[test]
fn call_beyond_100_000_queued_is_dropped_and_logged_unattempted() {
    let mut webhooks = WebhookQueue::new();
    for _ in 0..MOST_PENDING {
        webhooks.put(pending(1));
    }
    assert_eq!(webhooks.tries(None).count(), 0);
    webhooks.put(pending(1));
    let given_up: Vec<(u32, Option<u16>)> = webhooks.tries(None).map(|tried| (tried.attempt, tried.status)).collect();
    assert_eq!((given_up, webhooks.pending.len()), (vec![(0, None)], MOST_PENDING));
}

#[test]
fn queue_drops_calls_beyond_64_mib_until_one_is_taken() {
    let mut webhooks = WebhookQueue::new();
    let large = |webhooks: &mut WebhookQueue| {
        let body = Bytes::from(vec![b'1'; MOST_PENDING_BYTES / 4]);
        webhooks.put(QueuedCall { body, ..pending(1) });
        webhooks.tries(None).count()
    };
    assert_eq!([(); 5].map(|()| large(&mut webhooks)), [0, 0, 0, 0, 1]);
    webhooks.take_due(SystemTime::UNIX_EPOCH, |_| true).unwrap();
    assert_eq!(large(&mut webhooks), 1);
    assert_eq!(large(&mut webhooks), 2);
}

#[test]
fn tries_whose_outcome_is_never_told_are_forgotten() {
    let mut webhooks = WebhookQueue::new();
    let first = webhooks.depart(pending(1), Sent::default());
    for _ in 0..MOST_IN_FLIGHT {
        webhooks.depart(pending(1), Sent::default());
    }
    assert!(webhooks.arrive(first).is_none());
    assert_eq!(webhooks.in_flight.len(), MOST_IN_FLIGHT);
}

#[test]
fn a_message_has_at_most_ten_callbacks_each_once() {
    let webhooks = WebhookQueue::new();
    let twice = ["http://127.0.0.1:9000/a".to_owned(), " http://127.0.0.1:9000/a".to_owned()];
    assert_eq!(webhooks.routes("messangi", Topic::Status, &Phone::nobody(), &twice).len(), 1);
    let many: Vec<String> = (0..50).map(|number| format!("http://127.0.0.1:9000/{number}")).collect();
    assert_eq!(webhooks.routes("messangi", Topic::Status, &Phone::nobody(), &many).len(), MOST_CALLBACKS);
    assert!(webhooks.routes("messangi", Topic::Status, &Phone::nobody(), &["http://10.0.0.1/".to_owned()]).is_empty());
}
