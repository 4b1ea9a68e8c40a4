//! Answers that no honest provider gives: a typed error, never a panic, a hang or a false yes.

use serde_json::json;
use transom::{ErrorKind, Messenger as _, Sent};

use crate::check::{Check, ensure, failed};
use crate::stage::{Stage, peer, text};

scenarios! { "hostile":
    a_success_of_any_other_shape_is_in_doubt needs Text;
    a_refusal_of_any_shape_is_a_refusal needs Text;
    a_body_without_end_is_cut_off needs Text;
    an_odd_status_is_in_doubt needs Text;
    random_bytes_are_never_a_success_and_a_refusal_stays_one needs Text;
}

/// Bodies of the wrong shape: none of them holds an id where a provider puts one.
fn bodies() -> Vec<String> {
    let deep = format!("{}{}", "[".repeat(2_000), "]".repeat(2_000));
    let deep_object = format!("{}1{}", "{\"response\":".repeat(500), "}".repeat(500));
    let mut bodies: Vec<String> = [
        "",
        " ",
        "null",
        "true",
        "7",
        "\"ok\"",
        "[]",
        "{}",
        "[[]]",
        "{\"",
        "{\"success\":tr",
        "{} trailing",
        "NaN",
        "{\"success\":true,\"success\":false}",
        "{\"success\":\"true\"}",
        "{\"success\":null,\"whatsapp_message_id\":null}",
        "{\"success\":true,\"whatsapp_message_id\":{}}",
        "{\"response\":{\"whatsapp\":{\"messages\":{}}}}",
        "{\"response\":{\"whatsapp\":{\"messages\":[null]}}}",
        "{\"response\":{\"whatsapp\":{\"messages\":[{\"status\":\"success\",\"data\":[]}]}}}",
        "{\"messages\":[]}",
        "{\"messages\":[{}]}",
        "{\"messages\":{\"id\":\"x\"}}",
        "{\"messages\":[{\"id\":null}]}",
        "{\"data\":[]}",
        "{\"data\":null}",
        "{\"data\":{\"id\":\"\"}}",
        "{\"data\":{\"id\":{}}}",
        "{\"meta\":{}}",
        "\u{feff}",
        "\u{0}\u{1}\u{2}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":1e400}",
    ]
    .map(str::to_owned)
    .to_vec();
    bodies.extend([deep, deep_object, "x".repeat(100_000)]);
    bodies
}

async fn a_success_of_any_other_shape_is_in_doubt(stage: &Stage) -> Check {
    stage.control.limit(stage.provider(), 10_000, 1).await?;
    for body in bodies() {
        for status in [200, 202] {
            let fault = json!({ "fault": "status", "status": status, "body": body, "next": 1 });
            stage.control.fault(stage.provider(), fault).await?;
            let head: String = body.chars().take(80).collect();
            failed(stage.send(&text()).await, ErrorKind::MalformedResponse, Sent::Maybe)
                .map_err(|broken| broken.at(format_args!("{status} {head:?}")))?;
        }
    }
    Ok(())
}

async fn a_refusal_of_any_shape_is_a_refusal(stage: &Stage) -> Check {
    stage.control.limit(stage.provider(), 10_000, 1).await?;
    for body in bodies() {
        let fault = json!({ "fault": "status", "status": 400, "body": body, "next": 1 });
        stage.control.fault(stage.provider(), fault).await?;
        let error = stage.send(&text()).await.err().ok_or("expected a refusal")?;
        let head: String = body.chars().take(80).collect();
        ensure(error.sent() == Sent::No, format_args!("{head:?}: {error:?}"))?;
        ensure(
            error.to_string().len() < 2_000,
            format_args!("{head:?}: the error is {} bytes long", error.to_string().len()),
        )?;
    }
    Ok(())
}

async fn a_body_without_end_is_cut_off(stage: &Stage) -> Check {
    for (status, sent) in [(200, Sent::Maybe), (400, Sent::No)] {
        let body = "x".repeat(3 * 1024 * 1024);
        let client =
            stage.elsewhere(&peer(format!("HTTP/1.1 {status} ?\r\ncontent-length: 99999999\r\n\r\n{body}")).await?)?;
        let error = client.send(&text()).await.err().ok_or("expected an error")?;
        ensure(error.sent() == sent, format_args!("{status}: {error:?}"))?;
        ensure(error.to_string().len() < 2_000, format_args!("the error is {} bytes long", error.to_string().len()))?;
    }
    Ok(())
}

async fn an_odd_status_is_in_doubt(stage: &Stage) -> Check {
    stage.control.limit(stage.provider(), 1_000, 1).await?;
    for status in [299, 599, 999] {
        stage
            .control
            .fault(stage.provider(), json!({ "fault": "status", "status": status, "body": "?", "next": 1 }))
            .await?;
        let error = stage.send(&text()).await.err().ok_or("expected an error")?;
        ensure(error.may_have_been_sent(), format_args!("{status}: {error:?}"))?;
    }
    Ok(())
}

/// How many bodies of each status are made from the seed.
const RANDOM_BODIES: u64 = 60;

async fn random_bytes_are_never_a_success_and_a_refusal_stays_one(stage: &Stage) -> Check {
    stage.control.limit(stage.provider(), 10_000, 1).await?;
    let mut random = Random(stage.seed);
    for _ in 0..RANDOM_BODIES {
        let body = random.body();
        for status in [200, 400] {
            let fault = json!({ "fault": "status", "status": status, "body": body, "next": 1 });
            stage.control.fault(stage.provider(), fault).await?;
            let error =
                stage.send(&text()).await.err().ok_or_else(|| format!("{body:?}: it was taken for a success"))?;
            let expected = if status == 200 { Sent::Maybe } else { Sent::No };
            ensure(error.sent() == expected, format_args!("{status} {body:?}: {error:?}"))?;
            ensure(error.to_string().len() < 2_000, format_args!("{body:?}: a long error"))?;
        }
    }
    Ok(())
}

/// Numbers that follow from a seed (splitmix64): the same seed makes the same bodies.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Up to 400 characters: half the time of anything, else of what JSON is made of.
    fn body(&mut self) -> String {
        const JSON: &[u8] = b"{}[]\",:0123456789.eE+-truefalsn \\u";
        let length = self.next() % 400;
        let is_json = self.next().is_multiple_of(2);
        let mut next = || {
            let number = self.next();
            if is_json {
                let at = usize::try_from(number % JSON.len() as u64).unwrap_or_default();
                char::from(JSON.get(at).copied().unwrap_or(b' '))
            } else {
                char::from_u32(u32::try_from(number % 0x11_0000).unwrap_or_default()).unwrap_or('\u{fffd}')
            }
        };
        (0..length).map(|_| next()).collect()
    }
}
