//! The document against the real calls: every example is played, and every answer is checked.

use std::time::SystemTime;

use boon::{Compiler, Schemas};
use http::{Method, Request};
use serde_json::{Value, json};

use super::*;
use crate::core::simulator::Simulator;

const METHODS: [&str; 5] = ["get", "post", "put", "delete", "patch"];

fn parsed() -> Value {
    serde_json::from_str(&CALLS.document.0).unwrap()
}

/// `POST /_mock/clock` with its description, for each.
fn operations(document: &Value) -> Vec<(Method, String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, item)| {
        let methods = METHODS.into_iter().filter_map(|method| Some((method, item.get(method)?)));
        methods.map(|(method, operation)| (method.to_uppercase().parse().unwrap(), path.clone(), operation))
    });
    operations.collect()
}

/// A thing that may stand elsewhere in the document.
fn resolved<'a>(document: &'a Value, thing: &'a Value) -> &'a Value {
    match thing.get("$ref").and_then(Value::as_str) {
        Some(place) => document.pointer(place.trim_start_matches('#')).unwrap_or_else(|| panic!("{place} is there")),
        None => thing,
    }
}

fn call(simulator: &mut Simulator, method: &Method, uri: &str, body: &str) -> (u16, String, Value) {
    let request = Request::builder().method(method).uri(uri).body(Bytes::from(body.to_owned())).unwrap();
    let response = control_response(simulator, SystemTime::UNIX_EPOCH, &request).unwrap();
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    (response.status().as_u16(), kind, serde_json::from_slice(response.body()).unwrap_or_default())
}

/// A mock in which something has happened and something is switched on, so that no list is empty.
fn populated(document: &Value) -> Simulator {
    let mut simulator = Simulator::new(SystemTime::UNIX_EPOCH);
    for path in ["/_mock/faults", "/_mock/webhooks", "/_mock/inbound"] {
        for body in bodies(document, &document["paths"][path]["post"]) {
            assert_eq!(call(&mut simulator, &Method::POST, path, &body).0, 200, "{body}");
        }
    }
    let send =
        json!({"from": "+919876500001", "to": "+919876543210", "content": {"type": "text", "text": {"body": "Hi"}}});
    let send = Request::post("/v2/accounts/acme/messages")
        .header("authorization", "Basic ZGVtby1rZXk6ZGVtby10b2tlbg==")
        .header("content-type", "application/json")
        .body(Bytes::from(send.to_string()));
    assert_eq!(simulator.step(SystemTime::UNIX_EPOCH, &send.unwrap()).response.status(), 202);
    let delivery = simulator.due(SystemTime::UNIX_EPOCH).unwrap();
    simulator.delivered(delivery.id, crate::core::webhook::DeliveryOutcome::Unanswered);
    simulator
}

/// The examples of an operation's body; one empty body if it takes none.
fn bodies(document: &Value, operation: &Value) -> Vec<String> {
    let Some(body) = operation.get("requestBody") else { return vec![String::new()] };
    if operation["operationId"] == "put_state" {
        return vec![call(&mut populated(document), &Method::GET, "/_mock/state", "").2.to_string()];
    }
    let examples = body["content"]["application/json"]["examples"].as_object();
    examples.map(|examples| examples.values().map(|example| example["value"].to_string()).collect()).unwrap_or_default()
}

/// The operation's addresses: as it is, and with each parameter's example.
fn addresses(document: &Value, path: &str, operation: &Value) -> Vec<String> {
    // Where parameters are needed together there is one example of all.
    let together = [
        ("remove_templates", "provider=exotel&name=follow_up"),
        ("remove_senders", "provider=autocalls&id=13"),
        // A server alone holds namespaces.
        ("remove_namespaces", ""),
    ];
    if let Some((_, query)) = together.iter().find(|(name, _)| operation["operationId"] == *name) {
        return vec![format!("{path}?{query}")];
    }
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let queries = parameters.map(|parameter| resolved(document, parameter)).filter(|one| one["in"] == "query");
    let with = queries.map(|one| {
        let example =
            one.get("example").unwrap_or_else(|| panic!("{path}: the parameter {} has an example", one["name"]));
        let example = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
        format!("{path}?{}={example}", one["name"].as_str().unwrap())
    });
    std::iter::once(path.to_owned()).chain(with).collect()
}

fn check(document: &Value, schema: &Value, instance: &Value, what: &str) {
    let whole = json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "allOf": [schema], "components": document["components"]});
    let mut compiler = Compiler::new();
    compiler.enable_format_assertions();
    compiler.add_resource("mock:/openapi", whole).unwrap();
    let mut schemas = Schemas::new();
    let index = compiler.compile("mock:/openapi", &mut schemas).unwrap();
    if let Err(error) = schemas.validate(instance, index) {
        panic!("{what} is not as `openapi.json` says:\n{error}\n{instance:#}");
    }
}

#[test]
fn openapi_examples_and_their_answers_match_the_document() {
    let document = parsed();
    for (method, path, operation) in operations(&document) {
        let what = format!("{method} {path}");
        let bodies = bodies(&document, operation);
        assert!(!bodies.is_empty(), "{what}: its body has at least one of `examples`");
        for (address, body) in
            addresses(&document, &path, operation).iter().flat_map(|a| bodies.iter().map(move |b| (a, b)))
        {
            if let Ok(given) = serde_json::from_str::<Value>(body) {
                check(
                    &document,
                    &operation["requestBody"]["content"]["application/json"]["schema"],
                    &given,
                    &format!("{what}: {body}"),
                );
            }
            let (status, kind, answer) = call(&mut populated(&document), &method, address, body);
            assert_eq!(status, 200, "{method} {address} {body}: {answer}");
            let described = &operation["responses"]["200"]["content"][&kind]["schema"];
            assert!(described.is_object(), "{what} answers {kind}");
            if kind == "application/json" {
                check(&document, described, &answer, &format!("the answer to {method} {address}"));
            }
        }
    }
}

#[test]
fn a_refusal_is_as_described() {
    let document = parsed();
    let mut simulator = populated(&document);
    for (method, path, operation) in operations(&document) {
        if operation["responses"].get("400").is_none() {
            continue;
        }
        let (uri, body) = if method == Method::GET || method == Method::DELETE {
            (format!("{path}?unheard-of=1"), "")
        } else {
            (path, r#"{"unheard-of": {"of": 1}}"#)
        };
        let (status, kind, answer) = call(&mut simulator, &method, &uri, body);
        assert_eq!((status, kind.as_str()), (400, "application/json"), "{method} {uri}: {answer}");
        let refused = resolved(&document, &operation["responses"]["400"]);
        check(&document, &refused["content"]["application/json"]["schema"], &answer, &uri);
    }
}

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    fn walk(document: &Value, value: &Value) {
        match value {
            Value::Object(members) => {
                resolved(document, value);
                members.values().for_each(|member| walk(document, member));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(document, item)),
            _ => {}
        }
    }
    let document = parsed();
    walk(&document, &document);
    // The console offers these.
    let kinds = document["components"]["schemas"]["FaultKind"]["enum"].as_array().unwrap();
    assert!(kinds.len() == 12 && kinds.contains(&json!("lose_reply")), "{kinds:?}");
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
}
