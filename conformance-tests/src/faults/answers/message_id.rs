//! Where providers put the ids of accepted messages, and values that are no ids.

use serde_json::{Value, json};

use crate::faults::profile::FaultProfile;

/// Values at the place of an id that name no message.
pub(crate) fn no_ids() -> [Value; 6] {
    [json!(null), json!(""), json!("   "), json!("\t\n"), json!(0), json!("null")]
}

/// `body` with `value` at this JSON pointer, or `None` if something else is in the way. Missing objects and lists are made;
/// `null` makes room for them.
pub(crate) fn put(body: &Value, pointer: &str, value: &Value) -> Option<Value> {
    let mut body = body.clone();
    let mut place = &mut body;
    for step in pointer.split('/').skip(1) {
        let index: Option<usize> = step.parse().ok();
        if place.is_null() {
            *place = if index.is_some() { json!([]) } else { json!({}) };
        }
        place = match (place, index) {
            (Value::Object(object), None) => object.entry(step).or_insert(Value::Null),
            (Value::Array(list), Some(index)) if index <= list.len() => {
                if index == list.len() {
                    list.push(Value::Null);
                }
                list.get_mut(index)?
            }
            _ => return None,
        };
    }
    *place = value.clone();
    Some(body)
}

/// `body` with an accepted message's id in each place where the provider puts one, one place at a time. True for the
/// places that belong to the form of the body.
pub(crate) fn named(profile: &FaultProfile, body: &Value) -> Vec<(Value, bool)> {
    let id: Value = serde_json::from_str(profile.id).unwrap_or_default();
    let places = profile.id_places.iter();
    places.filter_map(|place| Some((put(body, place, &id)?, fits(body, place)))).collect()
}

/// `body` with an id in the first place that belongs to its form.
pub(crate) fn named_once(profile: &FaultProfile, body: &Value) -> Option<Value> {
    named(profile, body).into_iter().find_map(|(body, fits)| fits.then_some(body))
}

/// Whether the place belongs to the form of `body`. At Exotel, `response` has one of three forms.
pub(crate) fn fits(body: &Value, place: &str) -> bool {
    let mut steps = place.split('/').skip(1);
    let (first, second, third) = (steps.next(), steps.next(), steps.next());
    match (first.and_then(|first| body.get(first)), second, third) {
        (Some(Value::Object(object)), Some(second), Some(_)) => object.contains_key(second),
        _ => true,
    }
}

/// `body` with each value that is no id in each place of its form, and with ids of other things than messages.
pub(crate) fn unnamed(profile: &FaultProfile, body: &Value) -> Vec<Value> {
    let empty = no_ids();
    let places: Vec<_> = profile.id_places.iter().filter(|place| fits(body, place)).collect();
    let empty = empty.iter().flat_map(|value| places.iter().filter_map(|place| put(body, place, value)));
    let others = profile.other_ids.iter().filter_map(|place| put(body, place, &json!("4b1d9c02")));
    empty.chain(others).collect()
}

/// Whether the body holds an id in one of the places.
pub(crate) fn is_named(profile: &FaultProfile, body: &Value) -> bool {
    profile.id_places.iter().filter_map(|place| body.pointer(place)).any(|id| match id {
        Value::String(text) => !text.trim().is_empty() && text != "null",
        Value::Number(number) => number.as_u64() != Some(0),
        _ => false,
    })
}

/// `base` with the members of `over`, objects member by member and the first items of lists likewise.
pub(crate) fn merged(base: &Value, over: &Value) -> Value {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            let mut all = base.clone();
            for (name, value) in over {
                let both = all.get(name).map_or_else(|| value.clone(), |present| merged(present, value));
                all.insert(name.clone(), both);
            }
            all.into()
        }
        (Value::Array(base), Value::Array(over)) => {
            let first = base.first().zip(over.first()).map(|(base, over)| merged(base, over));
            first.into_iter().chain(base.iter().skip(1).cloned()).collect()
        }
        // The empty place of an id in a refusal does not take the id away.
        (present, Value::Null) => present.clone(),
        (present, Value::String(text)) if text.is_empty() => present.clone(),
        (_, other) => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::profile;

    #[test]
    fn id_is_put_where_there_is_room() {
        let put = |body: Value, pointer| put(&body, pointer, &json!("x"));
        assert_eq!(put(json!({ "a": 1 }), "/b/0/c"), Some(json!({ "a": 1, "b": [{ "c": "x" }] })));
        assert_eq!(put(json!({ "data": null }), "/data/id"), Some(json!({ "data": { "id": "x" } })));
        assert_eq!(put(json!({ "data": "text" }), "/data/id"), None);
        assert_eq!(put(json!({ "data": [] }), "/data/id"), None);
    }

    #[test]
    fn place_fits_if_the_container_has_its_form() {
        let single = json!({ "response": { "error_data": {}, "data": null } });
        assert!(fits(&single, "/response/data/sid") && !fits(&single, "/response/whatsapp/messages/0/data/sid"));
        assert!(fits(&json!({ "errors": {} }), "/data/id") && fits(&json!({ "data": { "x": 1 } }), "/data/id"));
    }

    #[test]
    fn documented_success_is_named_and_no_id_is_not() {
        for profile in profile::ALL {
            let yes = |id: &str| serde_json::from_str::<Value>(&(profile.yes)(id)).unwrap();
            assert!(is_named(profile, &yes(profile.id)), "{}", profile.name());
            assert!(unnamed(profile, &json!({})).iter().all(|body| !is_named(profile, body)), "{}", profile.name());
            let named = named(profile, &json!({}));
            assert_eq!(named.len(), profile.id_places.len(), "{}", profile.name());
            assert!(named.iter().all(|(body, fits)| *fits && is_named(profile, body)), "{}", profile.name());
        }
    }

    #[test]
    fn merged_body_keeps_the_id() {
        let base = json!({ "data": { "id": "x", "status": "QUEUE" }, "list": [{ "a": 1 }, 2] });
        let over = json!({ "data": { "id": "", "status": "FAILED" }, "list": [{ "b": 2 }] });
        let both = json!({ "data": { "id": "x", "status": "FAILED" }, "list": [{ "a": 1, "b": 2 }, 2] });
        assert_eq!(merged(&base, &over), both);
    }
}
