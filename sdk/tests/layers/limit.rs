//! Pacing on a clock that only waits move.

use transom::adapter::RateLimitInfo;

use super::*;

/// A provider that takes everything and says `limits` with it.
#[derive(Clone, Debug)]
struct Saying {
    stub: Stub,
    limits: RateLimitInfo,
}

#[async_trait]
impl Layer for Saying {
    async fn send(&self, message: &Message, _: Next<'_>) -> Result<Receipt> {
        Ok(self.stub.send(message).await?.with_limits(self.limits.clone()))
    }
}

fn rate(scope: Scope, quota: u32, seconds: u64) -> Rate {
    let codes: &[&str] = if scope == Scope::Pair { &["131056"] } else { &[] };
    Rate::new(quota, S(seconds)).with_scope(scope).with_codes(codes)
}

fn limited(stub: &Stub, rates: &[Rate]) -> (Client, RateLimit, Arc<TestClock>) {
    let clock = Arc::new(TestClock::default());
    let limit = RateLimit::new(rates).with_clock(Arc::clone(&clock) as Arc<dyn Clock>);
    (Client::new(stub.clone()).layer(limit.clone()), limit, clock)
}

fn headers(pairs: &[(&'static str, &str)]) -> RateLimitInfo {
    let mut headers = http::HeaderMap::new();
    for (name, value) in pairs {
        headers.insert(*name, value.parse().unwrap());
    }
    RateLimitInfo::from_headers(&headers, SystemTime::UNIX_EPOCH)
}

#[tokio::test]
async fn a_burst_goes_at_once_and_what_is_over_it_waits() {
    let (client, _, clock) = limited(&Stub::accepting(), &[rate(Scope::Account, 5, 1)]);
    for _ in 0..11 {
        client.send(&text()).await.unwrap();
    }
    assert_eq!(clock.waits(), [Duration::from_millis(1_010); 2]);
}

#[tokio::test]
async fn two_clients_that_share_a_limiter_stay_within_it_together() {
    let (first, limit, clock) = limited(&Stub::accepting(), &[rate(Scope::Account, 4, 1)]);
    let second = Client::new(Stub::accepting()).layer(limit.with_sender("another number"));
    for _ in 0..4 {
        first.send(&text()).await.unwrap();
        second.send(&text()).await.unwrap();
    }
    assert_eq!(clock.waits(), [Duration::from_millis(1_010)]);
}

#[tokio::test]
async fn a_limit_per_sender_counts_each_number_for_itself() {
    let (first, limit, clock) = limited(&Stub::accepting(), &[rate(Scope::Sender, 2, 1)]);
    let second = Client::new(Stub::accepting()).layer(limit.with_sender("another number"));
    for _ in 0..2 {
        first.send(&text()).await.unwrap();
        second.send(&text()).await.unwrap();
    }
    assert_eq!(clock.waits(), []);
    second.send(&text()).await.unwrap();
    assert_eq!(clock.waits(), [Duration::from_millis(1_010)]);
}

#[tokio::test]
async fn a_limit_per_pair_holds_up_one_person_and_nobody_else() {
    let (client, _, clock) = limited(&Stub::accepting(), &[rate(Scope::Pair, 1, 6)]);
    client.send(&text()).await.unwrap();
    client.send(&Message::text("+34600111333".parse().unwrap(), "Hi")).await.unwrap();
    assert_eq!(clock.waits(), []);
    client.send(&text()).await.unwrap();
    assert_eq!(clock.waits(), [Duration::from_millis(6_060)]);
}

#[tokio::test]
async fn a_refusal_for_going_too_fast_pauses_what_it_was_about() {
    let wait = |code: &str| failed(ErrorKind::RateLimited).with_code(code).with_retry_after(S(9));
    let other = || Message::text("+34600111333".parse().unwrap(), "Hi");

    let stub = Stub::script([Err(wait("131056")), Ok("m2".into()), Ok("m3".into())]);
    let (client, _, clock) = limited(&stub, &[rate(Scope::Pair, 10, 60)]);
    assert!(client.send(&text()).await.is_err());
    client.send(&other()).await.unwrap();
    assert_eq!(clock.waits(), [], "the pause is the pair's");
    client.send(&text()).await.unwrap();
    assert_eq!(clock.waits(), [S(9)]);

    let stub = Stub::script([Err(wait("")), Ok("m2".into())]);
    let (client, _, clock) = limited(&stub, &[rate(Scope::Pair, 10, 60)]);
    assert!(client.send(&text()).await.is_err());
    client.send(&other()).await.unwrap();
    assert_eq!(clock.waits(), [S(9)], "a refusal without a code is about the account");

    // What the adapter says of the scope goes before.
    let told = wait("").with_limit_scope(Scope::Pair);
    let (client, _, clock) = limited(&Stub::script([Err(told), Ok("m2".into())]), &[rate(Scope::Account, 10, 60)]);
    assert!(client.send(&text()).await.is_err());
    client.send(&other()).await.unwrap();
    assert_eq!(clock.waits(), [], "the pause is the pair's");
}

#[tokio::test]
async fn a_policy_in_an_answer_becomes_the_accounts_limit() {
    let stub = Stub::accepting();
    let limits = headers(&[("ratelimit-policy", "2;w= 20"), ("ratelimit-remaining", "1")]);
    let (client, _, clock) = limited(&stub, &[]);
    let client = client.layer(Saying { stub, limits });
    for _ in 0..4 {
        client.send(&text()).await.unwrap();
    }
    assert_eq!(clock.waits(), [Duration::from_millis(20_200)], "two at once, and two after the window");
}

#[tokio::test]
async fn none_left_pauses_the_account_until_the_window_starts_anew() {
    let stub = Stub::accepting();
    let limits = headers(&[("ratelimit-remaining", "0"), ("ratelimit-reset", "0m7s")]);
    let (client, _, clock) = limited(&stub, &[rate(Scope::Account, 100, 1)]);
    let client = client.layer(Saying { stub, limits });
    client.send(&text()).await.unwrap();
    client.send(&text()).await.unwrap();
    assert_eq!(clock.waits(), [S(7)]);
}

#[tokio::test]
async fn a_policy_of_nothing_at_all_is_no_limit() {
    let stub = Stub::accepting();
    let limits = headers(&[("ratelimit-policy", "0;w=60")]);
    let (client, _, clock) = limited(&stub, &[rate(Scope::Account, 100, 1)]);
    let client = client.layer(Saying { stub, limits });
    for _ in 0..3 {
        client.send(&text()).await.unwrap();
    }
    assert_eq!(clock.waits(), []);
}

#[tokio::test]
async fn remaining_zero_pauses_unless_own_count_explains_it() {
    for (reset, waited) in [("1", 1_010), ("2", 1_010), ("30", 30_000)] {
        let stub = Stub::accepting();
        let limits = headers(&[("ratelimit-remaining", "0"), ("ratelimit-reset", reset)]);
        let (client, _, clock) = limited(&stub, &[rate(Scope::Account, 5, 1)]);
        let last = client.clone().layer(Saying { stub, limits });
        for _ in 0..4 {
            client.send(&text()).await.unwrap();
        }
        last.send(&text()).await.unwrap();
        client.send(&text()).await.unwrap();
        assert_eq!(clock.waits(), [Duration::from_millis(waited)], "{reset}");
    }
}

#[tokio::test]
async fn remaining_zero_without_reset_pauses_for_known_window() {
    for (stated, window) in [(None, 20), (Some(("ratelimit-limit", "9")), 25)] {
        let stub = Stub::accepting();
        let lines: Vec<_> = [("ratelimit-remaining", "0")].into_iter().chain(stated).collect();
        let (client, _, clock) = limited(&stub, &[rate(Scope::Account, 5, 20), rate(Scope::Account, 9, 25)]);
        client.clone().layer(Saying { stub, limits: headers(&lines) }).send(&text()).await.unwrap();
        client.send(&text()).await.unwrap();
        assert_eq!(clock.waits(), [S(window)], "{stated:?}");
    }
}

#[tokio::test]
async fn remaining_zero_without_reset_keeps_used_up_count() {
    let stub = Stub::accepting();
    let limits = headers(&[("ratelimit-remaining", "0")]);
    let (client, _, clock) = limited(&stub, &[rate(Scope::Account, 2, 20)]);
    client.send(&text()).await.unwrap();
    clock.advance(S(19));
    client.clone().layer(Saying { stub, limits }).send(&text()).await.unwrap();
    client.send(&text()).await.unwrap();
    assert_eq!(clock.waits(), [Duration::from_millis(1_200)]);
}

#[tokio::test]
async fn throttle_without_wait_pauses_for_limit_window_or_a_second() {
    for (code, pause) in [("131056", S(60)), ("", S(1))] {
        let refusal = failed(ErrorKind::RateLimited).with_code(code).with_retry_after(Duration::ZERO);
        let (client, limit, clock) = limited(&Stub::script([Err(refusal)]), &[rate(Scope::Pair, 10, 60)]);
        assert!(client.send(&text()).await.is_err());
        Client::new(Stub::accepting()).layer(limit.with_max_wait(S(60))).send(&text()).await.unwrap();
        assert_eq!(clock.waits(), [pause], "{code}");
    }
}

#[tokio::test]
async fn one_absurd_wait_does_not_silence_the_account_for_good() {
    let refusal = failed(ErrorKind::RateLimited).with_retry_after(Duration::MAX);
    let absurd = headers(&[("ratelimit-remaining", "0"), ("ratelimit-reset", &"9".repeat(40))]);
    for (answer, limits) in [(Err(refusal), RateLimitInfo::default()), (Ok("m1".to_owned()), absurd)] {
        let stub = Stub::script([answer, Ok("m2".into())]);
        let (client, _, clock) = limited(&stub, &[]);
        let client = client.layer(Saying { stub, limits });
        let _ = client.send(&text()).await;
        let error = client.send(&text()).await.unwrap_err();
        assert_eq!(error.retry_after(), Some(S(7 * 86_400)));
        clock.advance(S(7 * 86_400));
        client.send(&text()).await.unwrap();
    }
}

#[tokio::test]
async fn a_wait_beyond_patience_is_refused_at_once_and_costs_no_place() {
    let stub = Stub::accepting();
    let (client, _, clock) = limited(&stub, &[rate(Scope::Account, 1, 300)]);
    client.send(&text()).await.unwrap();
    for _ in 0..2 {
        let error = client.send(&text()).await.unwrap_err();
        assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::RateLimited, Sent::No, 0));
        assert_eq!(error.retry_at(), Some(clock.now() + S(303)));
    }
    assert_eq!((stub.sent().len(), clock.waits()), (1, vec![]));
    clock.advance(S(303));
    client.send(&text()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_go_in_the_order_in_which_they_came() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let client = Client::new(Stub::accepting()).layer(RateLimit::per_second(2).with_max_wait(S(600)));
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..40 {
        let (client, order) = (client.clone(), Arc::clone(&order));
        tasks.spawn(async move {
            client.send(&text()).await.unwrap();
            order.lock().unwrap().push(number);
        });
        tokio::task::yield_now().await;
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), (0..40).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_wait_of_exactly_the_patience_is_waited() {
    let (client, limit, clock) = limited(&Stub::accepting(), &[rate(Scope::Account, 1, 100)]);
    let patient = Client::new(Stub::accepting()).layer(limit.with_max_wait(S(101)));
    client.send(&text()).await.unwrap();
    patient.send(&text()).await.unwrap();
    assert_eq!(clock.waits(), [S(101)]);
}

#[tokio::test]
async fn a_policy_that_allows_nothing_is_no_policy() {
    let stub = Stub::accepting();
    let limits = headers(&[("ratelimit-policy", "0;w=20")]);
    let (client, _, clock) = limited(&stub, &[]);
    let client = client.layer(Saying { stub, limits });
    for _ in 0..3 {
        client.send(&text()).await.unwrap();
    }
    assert_eq!(clock.waits(), []);
}

#[tokio::test(start_paused = true)]
async fn one_that_waits_already_heeds_a_pause_that_comes_meanwhile() {
    /// Refuses the first send half a second after it came, and takes the others.
    #[derive(Debug, Default)]
    struct Slow(Mutex<Vec<tokio::time::Instant>>);

    #[async_trait]
    impl Layer for Slow {
        async fn send(&self, message: &Message, next: Next<'_>) -> Result<Receipt> {
            let is_first = {
                let mut times = self.0.lock().unwrap();
                times.push(tokio::time::Instant::now());
                times.len() == 1
            };
            if !is_first {
                return next.send(message).await;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
            Err(failed(ErrorKind::RateLimited).with_retry_after(S(5)))
        }
    }

    let slow = Arc::new(Slow::default());
    let client = Client::new(Stub::accepting()).layer(RateLimit::per_second(1)).layer(Shared(Arc::clone(&slow)));
    let message = text();
    let (first, second) = tokio::join!(client.send(&message), client.send(&message));
    assert!(first.is_err() && second.is_ok());
    let times = slow.0.lock().unwrap().clone();
    assert!(times[1] - times[0] >= Duration::from_millis(5_500), "{:?}", times[1] - times[0]);
}

/// Takes everything, and writes down who was written to when; the first send to `slow` takes five seconds, and is refused for
/// going too fast with that person.
#[derive(Debug)]
struct Noting {
    begun: tokio::time::Instant,
    went: Mutex<Vec<(PhoneNumber, u128)>>,
    slow: Option<PhoneNumber>,
}

impl Noting {
    fn new(slow: Option<PhoneNumber>) -> Arc<Self> {
        Arc::new(Self { begun: tokio::time::Instant::now(), went: Mutex::default(), slow })
    }

    /// When `person` was written to, in milliseconds.
    fn times(&self, person: &PhoneNumber) -> Vec<u128> {
        self.went.lock().unwrap().iter().filter(|(to, _)| to == person).map(|&(_, at)| at).collect()
    }
}

#[async_trait]
impl Layer for Noting {
    async fn send(&self, message: &Message, next: Next<'_>) -> Result<Receipt> {
        self.went.lock().unwrap().push((message.to.clone(), self.begun.elapsed().as_millis()));
        if self.slow.as_ref() == Some(&message.to) && self.times(&message.to).len() == 1 {
            tokio::time::sleep(S(5)).await;
            return Err(failed(ErrorKind::RateLimited).with_code("131056").with_retry_after(S(12)));
        }
        next.send(message).await
    }
}

/// Sends to each of `people` at once, and waits until all are through.
async fn send_together(client: &Client, people: impl IntoIterator<Item = PhoneNumber>) {
    let mut tasks = tokio::task::JoinSet::new();
    for person in people {
        let client = client.clone();
        tasks.spawn(async move { client.send(&Message::text(person, "Hi")).await });
        tokio::task::yield_now().await;
    }
    while let Some(done) = tasks.join_next().await {
        let _ = done.unwrap();
    }
}

fn person(digit: u8) -> PhoneNumber {
    format!("+3460011100{digit}").parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn contact_limit_counts_while_account_is_waited_for() {
    let noting = Noting::new(None);
    let limit = RateLimit::new(&[rate(Scope::Account, 2, 10), rate(Scope::Pair, 1, 6)]);
    let client = Client::new(Stub::accepting()).layer(limit).layer(Shared(Arc::clone(&noting)));
    // The two others take the account's quota; both messages to the third could go with the next one.
    send_together(&client, [person(1), person(2), person(3), person(3)]).await;
    let times = noting.times(&person(3));
    assert!(times[1] - times[0] >= 6_000, "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn contact_pause_is_kept_while_account_is_waited_for() {
    let noting = Noting::new(Some(person(3)));
    let limit = RateLimit::new(&[rate(Scope::Account, 2, 10), rate(Scope::Pair, 10, 60)]);
    let client = Client::new(Stub::accepting()).layer(limit).layer(Shared(Arc::clone(&noting)));
    // The refusal comes after five seconds, when the second message to the same person waits for the account.
    send_together(&client, [person(1), person(3), person(3), person(2)]).await;
    let times = noting.times(&person(3));
    assert_eq!(times[0], 0);
    assert!(times[1] >= 17_000, "{times:?}");
    assert!(noting.times(&person(2))[0] < 11_000, "nobody else is held up");
}

/// A layer that the test keeps a hand on.
#[derive(Debug)]
struct Shared<L>(Arc<L>);

#[async_trait]
impl<L: Layer> Layer for Shared<L> {
    async fn send(&self, message: &Message, next: Next<'_>) -> Result<Receipt> {
        self.0.send(message, next).await
    }
}
