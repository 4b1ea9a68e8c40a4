//! Gates that hold answers, and calls that wait for what happens.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test; the lint's own exception covers test functions only"
)]

#[cfg(test)]
#[path = "common/socket.rs"]
mod socket;

use std::time::Duration;

use serde_json::json;
use socket::{body_of, connect, control, delivered, exchange, get, header, mock, post, send, status};
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;
use transom_mock_server::MockServer;

/// What does come, comes well within this.
const SOON: Duration = Duration::from_secs(10);

async fn wait(mock: &MockServer, query: &str) -> serde_json::Value {
    timeout(SOON, control(mock, "GET", &format!("wait?{query}"), "")).await.unwrap()
}

#[tokio::test]
async fn gate_holds_response_of_accepted_message_until_release() {
    let mock = mock().await;
    control(&mock, "POST", "faults", r#"{"provider":"autocalls","fault":"gate","gate":"g1","next":1}"#).await;
    let held = async { exchange(&mock, &send()).await.unwrap() };
    let release = async {
        let matches = wait(&mock, "for=gate&gate=g1").await;
        assert_eq!(matches["matches"][0]["provider"], "autocalls");
        assert_eq!(delivered(&mock).await, 1, "the message is taken before its answer is released");
        let other = control(&mock, "POST", "gates", r#"{"release":"g2"}"#).await;
        assert_eq!(other, json!({"released": 0}));
        assert_eq!(control(&mock, "GET", "gates", "").await.as_array().unwrap().len(), 1);
        control(&mock, "POST", "gates", r#"{"release":"g1"}"#).await
    };
    let (answer, released) = timeout(SOON, async { tokio::join!(held, release) }).await.unwrap();
    assert_eq!(released, json!({"released": 1}));
    assert_eq!(status(&answer), 200);
    assert_eq!(header(&answer, "x-mock-cause"), Some("fault 1 (gate)"));
    assert_eq!(control(&mock, "GET", "gates", "").await, json!([]));
}

#[tokio::test]
async fn gates_let_a_test_choose_which_answer_comes_first() {
    let mock = mock().await;
    control(
        &mock,
        "POST",
        "faults",
        r#"[{"provider":"autocalls","fault":"gate","gate":"first","next":1},{"provider":"autocalls","fault":"gate","gate":"second","next":1}]"#,
    )
    .await;
    let order = std::sync::Mutex::new(Vec::new());
    let one = async {
        exchange(&mock, &send()).await.unwrap();
        order.lock().unwrap().push("first");
        control(&mock, "DELETE", "gates", "").await;
    };
    let two = async {
        wait(&mock, "for=gate&gate=first").await;
        exchange(&mock, &send()).await.unwrap();
        order.lock().unwrap().push("second");
        control(&mock, "POST", "gates", r#"{"release":"first","count":1}"#).await;
    };
    let opener = async {
        wait(&mock, "for=gate&gate=second").await;
        control(&mock, "POST", "gates", r#"{"release":"second"}"#).await;
    };
    timeout(SOON, async { tokio::join!(one, two, opener) }).await.unwrap();
    assert_eq!(*order.lock().unwrap(), ["second", "first"]);
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_held_answer_along() {
    let mock = mock().await;
    control(&mock, "POST", "faults", r#"{"provider":"autocalls","fault":"gate","next":1}"#).await;
    let mut stream = connect(&mock).await;
    stream.write_all(send().as_bytes()).await.unwrap();
    wait(&mock, "for=gate&gate=gate").await;
    drop(stream);
    let gone = async { while control(&mock, "GET", "gates", "").await != json!([]) {} };
    timeout(SOON, gone).await.unwrap();
}

#[tokio::test]
async fn a_reset_lets_every_held_answer_go() {
    let mock = mock().await;
    control(&mock, "POST", "faults", r#"{"provider":"autocalls","fault":"gate","always":true}"#).await;
    let reset = async {
        wait(&mock, "for=gate").await;
        control(&mock, "POST", "reset", "").await
    };
    let sent = async { exchange(&mock, &send()).await.unwrap() };
    let (answer, _) = timeout(SOON, async { tokio::join!(sent, reset) }).await.unwrap();
    assert_eq!(status(&answer), 200);
}

#[tokio::test]
async fn a_wait_ends_when_what_it_waits_for_happens() {
    let mock = mock().await;
    let happen = async {
        // Begins after the waits do, in nearly every run; the outcome is the same in all.
        tokio::task::yield_now().await;
        exchange(&mock, &send()).await.unwrap()
    };
    let request = wait(&mock, "for=request&provider=autocalls&method=POST&path=/send&status=200&timeout=1m");
    let message = wait(&mock, "for=message&to=%2B447700900123&timeout=1m");
    let (request, message, _) = tokio::join!(request, message, happen);
    assert_eq!(request["matches"][0]["path"], "/api/user/whatsapp/send");
    assert_eq!((&message["matches"][0]["to"], &message["last"]), (&json!("+447700900123"), &json!(1)));
}

#[tokio::test]
async fn a_wait_finds_what_has_happened_and_goes_on_behind_it() {
    let mock = mock().await;
    for _ in 0..3 {
        exchange(&mock, &send()).await.unwrap();
    }
    let two = wait(&mock, "for=message&count=2").await;
    assert_eq!((two["matches"].as_array().unwrap().len(), &two["last"]), (2, &json!(2)));
    let third = wait(&mock, "for=message&since=2").await;
    assert_eq!(third["last"], 3);
    assert_ne!(third["matches"][0], two["matches"][1]);
}

#[tokio::test]
async fn a_wait_whose_time_is_up_says_how_far_it_got() {
    let mock = mock().await;
    exchange(&mock, &send()).await.unwrap();
    for query in
        ["for=message&count=2&timeout=1ms", "for=message&to=%2B15550000000&timeout=0s", "for=delivery&timeout=1ms"]
    {
        let answer = exchange(&mock, &get(&format!("/_mock/wait?{query}"))).await.unwrap();
        assert_eq!(status(&answer), 504, "{query}: {answer}");
    }
    let answer = exchange(&mock, &get("/_mock/wait?for=message&count=2&timeout=1ms")).await.unwrap();
    assert!(body_of(&answer).contains("1 of 2 came in time"), "{answer}");
}

#[tokio::test]
async fn a_wrong_wait_is_refused_with_what_was_expected() {
    let mock = mock().await;
    for (query, error) in [
        ("?for=miracle", "expected one of `request`, `message`, `delivery`, `gate`"),
        ("?for=message&path=/x", "unknown parameter `path`"),
        ("?for=message&count=0", "`count` is `0`, expected a whole number from 1"),
        ("?for=message&timeout=soon", "expected a duration such as `5s`"),
        ("?for=message&provider=twilio", "`provider` is `twilio`"),
    ] {
        let answer = exchange(&mock, &get(&format!("/_mock/wait{query}"))).await.unwrap();
        assert!(status(&answer) == 400 && body_of(&answer).contains(error), "{query}: {answer}");
    }
}

#[tokio::test]
async fn namespaces_by_path_header_and_credential_are_separate() {
    let mock = mock().await;
    let in_space = |call: &str| format!("/_ns/t1/_mock/{call}");
    let inbound = r#"{"provider":"autocalls","from":"+447700900123","text":"hi"}"#;
    exchange(&mock, &post(&in_space("inbound"), inbound)).await.unwrap();
    exchange(&mock, &post(&in_space("clock"), r#"{"set":"2026-05-11T09:00:00Z","freeze":true}"#)).await.unwrap();
    exchange(&mock, &post(&in_space("inbound"), inbound)).await.unwrap();
    let text = r#"{"sender_id":12,"recipient_phone":"+447700900123","message":"Hi"}"#;
    let path = "/api/user/whatsapp/send-freeform";
    let by_path = exchange(&mock, &post(&format!("/_ns/t1{path}"), text)).await.unwrap();
    let by_header = exchange(&mock, &socket::request("POST", path, "x-mock-namespace: t1\r\n", text)).await.unwrap();
    let by_key = exchange(&mock, &post(path, text).replace("Bearer demo-key", "Bearer ns~t1~demo-key")).await.unwrap();
    for answer in [by_path, by_header, by_key] {
        assert_eq!(status(&answer), 200, "{answer}");
        assert_eq!(header(&answer, "date"), Some("Mon, 11 May 2026 09:00:00 GMT"));
    }
    let outside = exchange(&mock, &post(path, text)).await.unwrap();
    assert_eq!(status(&outside), 403, "the window is open in the namespace alone: {outside}");
    let journal = exchange(&mock, &get(&in_space("requests"))).await.unwrap();
    let journal: serde_json::Value = serde_json::from_str(body_of(&journal)).unwrap();
    assert_eq!(journal.as_array().unwrap().len(), 3);
    assert!(journal.as_array().unwrap().iter().all(|row| row["path"] == path));
    assert_eq!(control(&mock, "GET", "requests", "").await.as_array().unwrap().len(), 1);
    assert_eq!(control(&mock, "GET", "namespaces", "").await, json!(["t1"]));
    assert_eq!(control(&mock, "DELETE", "namespaces?name=t1", "").await, json!([]));
}

#[tokio::test]
async fn a_wait_and_a_gate_are_those_of_their_namespace() {
    let mock = mock().await;
    let fault = r#"{"provider":"autocalls","fault":"gate","next":1}"#;
    exchange(&mock, &post("/_ns/a/_mock/faults", fault)).await.unwrap();
    let held = async { exchange(&mock, &send().replace("/api/", "/_ns/a/api/")).await.unwrap() };
    let release = async {
        let seen = exchange(&mock, &get("/_ns/a/_mock/wait?for=gate&timeout=1m")).await.unwrap();
        assert_eq!(status(&seen), 200);
        let elsewhere = exchange(&mock, &get("/_mock/wait?for=gate&timeout=1ms")).await.unwrap();
        assert_eq!(status(&elsewhere), 504);
        exchange(&mock, &request_delete("/_ns/a/_mock/gates")).await.unwrap()
    };
    let (answer, _) = timeout(SOON, async { tokio::join!(held, release) }).await.unwrap();
    assert_eq!(status(&answer), 200);
}

#[tokio::test]
async fn a_status_that_comes_by_the_running_clock_ends_a_wait_for_it() {
    let mock = mock().await;
    exchange(&mock, &send()).await.unwrap();
    let seen = wait(&mock, "for=status&status=delivered&timeout=1m").await;
    assert_eq!(seen["matches"][0]["provider"], "autocalls");
}

fn request_delete(path: &str) -> String {
    socket::request("DELETE", path, "", "")
}
