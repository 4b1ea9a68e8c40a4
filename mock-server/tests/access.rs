//! Who may call, over the wire: web pages that mean no good, and people with a token and a browser.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test; the lint's own exception covers test functions only"
)]

#[cfg(test)]
#[path = "common/socket.rs"]
mod socket;

use std::time::{Duration, SystemTime};

use socket::{body_of, control, exchange, header, mock, status};
use tokio::net::TcpListener;
use tokio::time::timeout;
use transom_mock_server::{MockServer, Simulator};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// Whoever is called is called well within this.
const SOON: Duration = Duration::from_secs(10);

/// A request with these header lines, each with its end.
fn request(method: &str, path: &str, headers: &str, body: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\n{headers}connection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// A template with an address of its own for its statuses.
fn send_with_callback(url: &str) -> String {
    format!(
        r#"{{"from":"+919876500001","to":"+919876543210","status_callback":"{url}","content":{{"type":"template","template":{{"name":"re_engagement_v1","language":{{"code":"en","policy":"deterministic"}}}}}}}}"#
    )
}

#[tokio::test]
async fn rebound_host_name_reaches_no_provider_and_no_webhook() {
    let mock = mock().await;
    let victim = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let body = send_with_callback(&format!("http://{}/x", victim.local_addr().unwrap()));
    let headers = |host: &str, page: &str| {
        format!(
            "host: {host}\r\nauthorization: Basic ZGVtby1rZXk6ZGVtby10b2tlbg==\r\ncontent-type: application/json\r\n{page}"
        )
    };
    let origin = "origin: http://evil.example:4010\r\nsec-fetch-site: same-origin\r\n";
    for path in ["/v2/accounts/acme/messages", "/_ns/n1/v2/accounts/acme/messages"] {
        for page in [origin, "origin: http://evil.example:4010\r\n", "sec-fetch-site: none\r\n"] {
            let answer =
                exchange(&mock, &request("POST", path, &headers("evil.example:4010", page), &body)).await.unwrap();
            assert_eq!(status(&answer), 403, "{path} {page}: {answer}");
        }
    }
    assert!(control(&mock, "GET", "messages", "").await.as_array().unwrap().is_empty());
    assert_eq!(control(&mock, "GET", "namespaces", "").await, serde_json::json!([]));
    // A program may call it by any name, and a page on this machine by this machine's.
    for (host, page) in [("mock.internal:4010", ""), ("localhost:4010", "origin: http://localhost:3000\r\n")] {
        let path = "/v2/accounts/acme/messages";
        let answer = exchange(&mock, &request("POST", path, &headers(host, page), &body)).await.unwrap();
        assert_eq!(status(&answer), 202, "{host} {page}: {answer}");
        timeout(SOON, victim.accept()).await.unwrap().unwrap();
    }
}

async fn guarded() -> MockServer {
    let simulator = Simulator::new(SystemTime::now()).with_token(TOKEN).unwrap();
    MockServer::start_with(simulator.allow_host("mock.test").unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_browser_signs_in_with_the_token_and_then_uses_the_console() {
    let mock = guarded().await;
    let browser = "host: mock.test:4010\r\naccept: text/html,*/*\r\nsec-fetch-site: none\r\n";
    for path in ["/", "/_ns/t1/"] {
        let page = exchange(&mock, &request("GET", path, browser, "")).await.unwrap();
        assert!(status(&page) == 401 && body_of(&page).contains("<form method=\"post\">"), "{page}");
        let policy = header(&page, "content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && policy.contains("form-action 'self'"));
    }
    let form =
        "host: mock.test:4010\r\norigin: http://mock.test:4010\r\ncontent-type: application/x-www-form-urlencoded\r\n";
    let wrong = exchange(&mock, &request("POST", "/", form, "token=0123")).await.unwrap();
    assert!(status(&wrong) == 401 && wrong.contains("another token") && header(&wrong, "set-cookie").is_none());
    let elsewhere = form.replace("origin: http://mock.test", "origin: http://evil.example");
    let refused = exchange(&mock, &request("POST", "/", &elsewhere, &format!("token={TOKEN}"))).await.unwrap();
    assert!(status(&refused) == 403 && header(&refused, "set-cookie").is_none(), "{refused}");
    let right = exchange(&mock, &request("POST", "/", form, &format!("token={TOKEN}"))).await.unwrap();
    assert_eq!((status(&right), header(&right, "location")), (303, Some("?")));
    let cookie = header(&right, "set-cookie").unwrap();
    assert!(cookie.ends_with("; HttpOnly; SameSite=Strict; Path=/") && !cookie.contains(TOKEN), "{cookie}");

    let cookie = format!("host: mock.test:4010\r\ncookie: {}\r\n", cookie.split(';').next().unwrap());
    for path in ["/", "/_mock/console/app.js", "/_mock/clock", "/_ns/t1/_mock/clock", "/_mock/namespaces"] {
        assert_eq!(status(&exchange(&mock, &request("GET", path, &cookie, "")).await.unwrap()), 200, "{path}");
    }
    let own = format!("{cookie}origin: http://mock.test:4010\r\n");
    let another = format!("{cookie}origin: http://mock.test:3000\r\n");
    for (headers, expected) in [(&own, 200), (&another, 403), (&cookie, 401)] {
        let reset = exchange(&mock, &request("POST", "/_mock/reset", headers, "")).await.unwrap();
        assert_eq!(status(&reset), expected, "{headers}: {reset}");
    }
}

#[tokio::test]
async fn missing_token_and_unlisted_host_get_json_errors() {
    let mock = guarded().await;
    let plain = exchange(&mock, &request("GET", "/", "host: mock.test\r\naccept: */*\r\n", "")).await.unwrap();
    assert!(status(&plain) == 401 && body_of(&plain).starts_with("{\"error\":\"there is no token"), "{plain}");
    for (host, expected) in [("mock.test", 200), ("192.168.7.9:4010", 200), ("evil.example", 403)] {
        let headers = format!("host: {host}\r\nx-mock-token: {TOKEN}\r\n");
        let answer = exchange(&mock, &request("GET", "/_mock/clock", &headers, "")).await.unwrap();
        assert_eq!(status(&answer), expected, "{host}: {answer}");
    }
}

/// Everything that callers without the token may not cause: a webhook call, and a namespace.
#[tokio::test]
async fn without_token_a_callback_is_not_called() {
    let mock = guarded().await;
    let (victim, own) =
        (TcpListener::bind(("127.0.0.1", 0)).await.unwrap(), TcpListener::bind(("127.0.0.1", 0)).await.unwrap());
    let hook = format!("http://{}/hook", own.local_addr().unwrap());
    let admin = format!("host: mock.test\r\nx-mock-token: {TOKEN}\r\n");
    let register = format!(r#"{{"provider":"exotel","url":"{hook}","secret":"s3cret"}}"#);
    let registered = exchange(&mock, &request("POST", "/_mock/webhooks", &admin, &register)).await.unwrap();
    assert_eq!(status(&registered), 200, "{registered}");
    let headers =
        "host: mock.test\r\nauthorization: Basic ZGVtby1rZXk6ZGVtby10b2tlbg==\r\ncontent-type: application/json\r\n";
    let send = async |headers: &str, url: &str| {
        let body = send_with_callback(url);
        let answer = exchange(&mock, &request("POST", "/v2/accounts/acme/messages", headers, &body)).await.unwrap();
        assert_eq!(status(&answer), 202, "{answer}");
    };
    let elsewhere = format!("http://{}/x", victim.local_addr().unwrap());
    // In place of the address that is passed over, the registered webhook is called.
    send(headers, &elsewhere).await;
    drop(timeout(SOON, own.accept()).await.unwrap().unwrap());
    send(headers, &hook).await;
    drop(timeout(SOON, own.accept()).await.unwrap().unwrap());
    assert!(timeout(Duration::from_millis(1), victim.accept()).await.is_err());
    let journal = exchange(&mock, &request("GET", "/_mock/requests", &admin, "")).await.unwrap();
    assert_eq!(journal.matches("the request has no `X-Mock-Token`").count(), 1, "{journal}");
    assert!(!journal.contains(TOKEN));
    send(&format!("{headers}x-mock-token: {TOKEN}\r\n"), &elsewhere).await;
    timeout(SOON, victim.accept()).await.unwrap().unwrap();
}

#[tokio::test]
async fn without_token_no_namespace_is_made() {
    let mock = guarded().await;
    let admin = format!("host: mock.test\r\nx-mock-token: {TOKEN}\r\n");
    let plain = "host: mock.test\r\nauthorization: Bearer demo-key\r\n";
    for path in ["/_ns/t1/api/user/me", "/_ns/t1/_mock/clock", "/_ns/t1/_mock/wait", "/_ns/t1/_mock/events"] {
        let answer = exchange(&mock, &request("GET", path, plain, "")).await.unwrap();
        assert!(status(&answer) == 401 && body_of(&answer).starts_with("{\"error\":"), "{path}: {answer}");
    }
    let names = exchange(&mock, &request("GET", "/_mock/namespaces", &admin, "")).await.unwrap();
    assert_eq!(body_of(&names), "[]");
    // Once the holder of the token has made it, the namespace serves everybody.
    for headers in [&*format!("{admin}authorization: Bearer demo-key\r\n"), plain] {
        let answer = exchange(&mock, &request("GET", "/_ns/t1/api/user/me", headers, "")).await.unwrap();
        assert_eq!(status(&answer), 200, "{answer}");
    }
}
