//! Answers that contradict themselves: status, body and words in every combination, made from the adapters' own tables.

use serde_json::{Value, json};

use crate::faults::answers::answer::Answer;
use crate::faults::answers::case::{AnswerCase, Expect};
use crate::faults::answers::declared;
use crate::faults::answers::documented::{DocumentedRefusal, refusals, successes};
use crate::faults::answers::message_id::{is_named, merged, named, named_once, put, unnamed};
use crate::faults::answers::way::{WAYS, Way};
use crate::faults::profile::FaultProfile;
use crate::faults::row::{Row, answers};

pub(super) const ROWS: &[Row] = &[
    answers("A1", "a documented refusal that names a message", |s| {
        let bodies = |refusal: DocumentedRefusal| {
            named(s, &refusal.body).into_iter().map(move |(body, fits)| {
                // In another form of the body, the code may be out of the adapter's sight.
                let expect = match declared::find(s, &body) {
                    Some(_) => Expect::Declared,
                    None => Expect::Unknown { code: refusal.code.clone().filter(|_| fits) },
                };
                (Answer::json(refusal.status, body), expect)
            })
        };
        let answers = refusals(s).into_iter().flat_map(bodies);
        answers.flat_map(|(answer, expect)| in_every_way(s, &answer, &expect)).collect()
    }),
    answers("A2", "a documented refusal with a value that is no id", |s| {
        let bodies = |refusal: DocumentedRefusal| {
            let plain = Answer::json(refusal.status, &refusal.body);
            unnamed(s, &refusal.body).into_iter().map(move |body| (Answer::json(refusal.status, body), plain.clone()))
        };
        let answers = refusals(s).into_iter().flat_map(bodies);
        // The way on which most could follow.
        answers.map(|(answer, plain)| AnswerCase::new(s, Way::Failover, answer, Expect::As(plain))).collect()
    }),
    answers("A3", "a documented success under a status that refuses", |s| {
        let mut cases = Vec::new();
        for (at, body) in successes(s).into_iter().enumerate() {
            for answer in REFUSING.map(|status| Answer::json(status, &body)) {
                let expect = Expect::Unknown { code: None };
                // The documented success in every way, the others where most could follow.
                match at {
                    0 => cases.extend(in_every_way(s, &answer, &expect)),
                    _ => cases.push(AnswerCase::new(s, Way::Failover, answer, expect)),
                }
            }
        }
        cases
    }),
    answers("A4", "a success with a refusal in its body", |s| {
        let cases = |(body, code): (Value, Option<String>)| {
            let expect = Expect::Unknown { code };
            let others = [201, 202, 207]
                .map(|status| AnswerCase::new(s, Way::Failover, Answer::json(status, &body), expect.clone()));
            in_every_way(s, &Answer::json(200, &body), &expect).into_iter().chain(others)
        };
        contradictions(s).into_iter().flat_map(cases).collect()
    }),
    answers("A5", "every documented refusal that names a message, under every refusing status", |s| {
        let bodies = refusals(s).into_iter().filter_map(|refusal| named_once(s, &refusal.body));
        let bodies = bodies.filter(|body| declared::find(s, body).is_none());
        let answers = bodies.flat_map(|body| REFUSING.map(|status| Answer::json(status, &body)));
        answers.map(|answer| AnswerCase::new(s, Way::Failover, answer, Expect::Unknown { code: None })).collect()
    }),
    answers("A6", "the provider's page says that a named message was not sent", |s| {
        let lines = declared::DECLARED.iter().filter(|line| line.provider == s.name());
        let body = |line: &declared::Declared| {
            let success = successes(s).into_iter().next().unwrap_or_default();
            let (parent, word) = line.place.rsplit_once('/').unwrap_or_default();
            let words = put(&json!({}), parent, &json!({ word: line.word })).unwrap_or_default();
            merged(&success, &words)
        };
        lines.flat_map(|line| in_every_way(s, &Answer::json(200, body(line)), &Expect::Declared)).collect()
    }),
    answers("A7", "a redirect, with and without a place and a body", |s| {
        let id = named_once(s, &json!({})).unwrap_or_default().to_string();
        let refusal = s.no.body.to_owned();
        let bodies = [String::new(), "{}".to_owned(), refusal, id];
        let answers = bodies.iter().flat_map(|body| REDIRECTS.map(|status| Answer::json(status, body)));
        let placed = |answer: Answer| {
            let to = |place| answer.clone().with_header("location", place);
            [answer.clone(), to("/messages/17"), to("https://example.net/done?id=17")]
        };
        answers.flat_map(placed).flat_map(|answer| in_every_way(s, &answer, &Expect::Doubtful)).collect()
    }),
    answers("A8", "any other 4xx without a message is a rejection", |s| {
        let answers = PROOFS.into_iter().flat_map(|status| [Answer::json(status, "{}"), Answer::page(status, "Sorry")]);
        let ways = |answer: Answer| [Way::Alone, Way::Fallback].map(|way| (way, answer.clone()));
        answers.flat_map(ways).map(|(way, answer)| AnswerCase::new(s, way, answer, Expect::Rejected)).collect()
    }),
    answers("A9", "words of a closed window outside of the provider's table send no template", window_words),
    answers("A10", "a documented rejection for the window sends the template once", |s| {
        let closed = refusals(s).into_iter().filter(|refusal| refusal.is_window);
        closed
            .map(|refusal| {
                let answer = Answer::json(refusal.status, refusal.body);
                AnswerCase::new(s, Way::Fallback, answer, Expect::TemplateOnce)
            })
            .collect()
    }),
    answers("A11", "a redirect to the provider's login page is a rejection, unless it names a message", |s| {
        if s.name() != "autocalls" {
            return Vec::new();
        }
        let login = |body: &Value| Answer::json(302, body).with_header("location", "https://app.autocalls.ai/login");
        let plain = login(&json!({}));
        let ways = [Way::Alone, Way::Fallback].map(|way| AnswerCase::new(s, way, plain.clone(), Expect::Rejected));
        let named = named_once(s, &json!({})).map(|body| login(&body));
        let named = named.iter().flat_map(|answer| in_every_way(s, answer, &Expect::Unknown { code: None }));
        ways.into_iter().chain(named).collect()
    }),
    answers("A12", "a refusal that names a message in a body that is no JSON object", |s| {
        let refusals = refusals(s).into_iter().filter_map(|refusal| named_once(s, &refusal.body));
        let bodies: Vec<Value> = successes(s).into_iter().take(1).chain(refusals.step_by(7)).collect();
        let texts = bodies.iter().filter(|body| declared::find(s, body).is_none()).flat_map(disguised);
        let answers = texts.flat_map(|text| REJECTING.map(|status| Answer::json(status, &text)));
        answers.map(|answer| AnswerCase::new(s, Way::Failover, answer, Expect::Unknown { code: None })).collect()
    }),
];

/// Statuses that reject a message, with each remedy: none, a login, a template, another connection, a wait.
const REJECTING: [u16; 8] = [400, 401, 403, 404, 410, 421, 422, 429];

/// The body as scripts, gateways and pages spoil it.
fn disguised(body: &Value) -> [String; 8] {
    [
        format!("<br />\n<b>Warning</b>: Undefined index in /srv/x.php on line 3<br />\n{body}"),
        format!(")]}}',\n{body}"),
        format!("{{\"error\":\"x\"}}\n{body}"),
        format!("[{body}]"),
        Value::from(body.to_string()).to_string(),
        format!("<pre>{}</pre>", body.to_string().replace('"', "&quot;")),
        body.to_string().replacen('{', "{\"balance\":NaN,", 1),
        body.to_string().replacen('{', "{\"text\":\"a\tb\",", 1),
    ]
}

/// Statuses other than a success.
const REFUSING: [u16; 44] = [
    300, 301, 302, 303, 305, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415,
    417, 418, 421, 422, 423, 424, 425, 426, 428, 429, 431, 451, 499, 500, 501, 502, 503, 504, 505, 520, 529,
];
const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];
/// Statuses that prove by themselves that the message was not taken, and that mean no other thing at any provider.
const PROOFS: [u16; 15] = [400, 405, 406, 411, 412, 413, 414, 415, 417, 418, 423, 424, 426, 428, 451];

/// Successes that also hold a documented refusal, or a word of refusal, each with the code that an error keeps.
fn contradictions(s: &'static FaultProfile) -> Vec<(Value, Option<String>)> {
    let successes = successes(s);
    let success = successes.first().cloned().unwrap_or_default();
    let mut all = Vec::new();
    // At Autocalls, a text without the flag and without a code contradicts no success.
    let is_refusal = |body: &Value| s.name() != "autocalls" || body.get("success").is_some();
    for DocumentedRefusal { body, code, .. } in refusals(s).into_iter().filter(|refusal| is_refusal(&refusal.body)) {
        all.push((merged(&success, &body), code));
        // Where both have a member, that of the success counts; the code may be gone with it.
        all.push((merged(&body, &success), None));
    }
    let words = refusing_words(s);
    all.extend(successes.iter().flat_map(|success| words.iter().map(|words| (merged(success, words), None))));
    all.retain(|(body, _)| is_named(s, body) && !successes.contains(body) && declared::find(s, body).is_none());
    all
}

/// Members by which the provider, or a provider of its kind, says no.
fn refusing_words(s: &FaultProfile) -> Vec<Value> {
    let item = |members: Value| json!({ "response": { "whatsapp": { "messages": [members] } } });
    match s.name() {
        "autocalls" => vec![json!({ "success": false }), json!({ "success": false, "error_code": "BRAND_NEW" })],
        "exotel" => vec![
            item(json!({ "status": "failure" })),
            item(json!({ "code": 429 })),
            item(json!({ "code": 503 })),
            item(json!({ "error_data": { "code": "SESSION_EXPIRED" } })),
        ],
        "gosendapi" => vec![
            json!({ "success": false }),
            json!({ "success": false, "message": "refused" }),
            json!({ "status": "failed" }),
            json!({ "error": "refused" }),
            json!({ "error": { "message": "(#131026) Undeliverable", "code": 131_026 } }),
        ],
        _ => vec![json!({ "errors": { "reason": "refused" } })],
    }
}

fn in_every_way(s: &'static FaultProfile, answer: &Answer, expect: &Expect) -> Vec<AnswerCase> {
    WAYS.map(|way| AnswerCase::new(s, way, answer.clone(), expect.clone())).into()
}

/// Texts that speak of a closed window. None is a code of any provider.
const WORDS: [&str; 5] = [
    "24-hour session window is closed",
    "More than 24 hours since the last user message",
    "Outside the 24h window: only approved templates can be sent",
    "Session expired. Send a template or wait for customer to reply.",
    "Please open a new window and try again within 24 hours",
];

fn window_words(s: &'static FaultProfile) -> Vec<AnswerCase> {
    let mut cases = Vec::new();
    let mut add = |answer: Answer| cases.push(AnswerCase::new(s, Way::Fallback, answer, Expect::NoTemplate));
    for words in WORDS {
        for status in [401, 402, 429, 500, 503] {
            add(Answer::page(status, words));
            reasons(s, status, words).into_iter().for_each(&mut add);
        }
        for status in own_statuses(s) {
            reasons(s, *status, words).into_iter().for_each(&mut add);
        }
    }
    for status in symbol_statuses(s) {
        for symbol in ["SESSION_EXPIRED", "NO_ACTIVE_SESSION"] {
            reasons(s, *status, symbol).into_iter().for_each(&mut add);
        }
    }
    // A firewall's page, where nothing may be asked.
    let pages = WORDS.iter().chain(&["Forbidden", "SESSION_EXPIRED", "Request blocked"]);
    let pages = pages.map(|words| AnswerCase::new(s, Way::Fallback, Answer::page(403, words), Expect::NoTemplate));
    cases.extend(pages.map(AnswerCase::without_probe));
    cases
}

/// More statuses under which words prove no closed window: at GoSendAPI a 403 may be the window by its page, at Messangi a
/// 400 with such words is the window by our table.
fn own_statuses(s: &FaultProfile) -> &'static [u16] {
    match s.name() {
        "autocalls" | "exotel" => &[400, 403, 404, 409, 422],
        "gosendapi" => &[400, 404, 422],
        _ => &[403],
    }
}

/// Statuses under which the symbols of another provider, or of another status, prove no closed window.
fn symbol_statuses(s: &FaultProfile) -> &'static [u16] {
    match s.name() {
        "exotel" => &[401],
        "messangi" => &[401, 402, 403],
        _ => &[],
    }
}

/// The words where the provider writes a reason.
fn reasons(s: &FaultProfile, status: u16, words: &str) -> Vec<Answer> {
    let bodies = match s.name() {
        "autocalls" => vec![json!({ "success": false, "error": words }), json!({ "message": words })],
        "exotel" => vec![
            json!({ "response": { "code": status, "error_data": { "code": 1002, "message": words, "description": words },
                "status": "failure", "data": null } }),
            json!({ "RestException": { "Status": status, "Message": words } }),
        ],
        "gosendapi" => vec![json!({ "statusCode": status, "message": words, "error": "Refused" })],
        _ => vec![json!({ "errors": { "reason": words } }), json!({ "message": words })],
    };
    bodies.into_iter().map(|body| Answer::json(status, body)).collect()
}
