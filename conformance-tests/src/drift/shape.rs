//! The shape of a JSON value: which members it has, and of which types.

use serde_json::Value;

use super::DriftKind;

/// A place where two shapes differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) kind: DriftKind,
    pub(super) place: String,
    pub(super) documented: String,
    pub(super) observed: String,
}

/// Where `observed` differs from `documented`. `null` in the documented one stands for anything, `null` in the observed one
/// for a value that is not known; of a documented array the last item stands for all that follow.
pub(super) fn differences(documented: &Value, observed: Option<&Value>) -> Vec<Difference> {
    let mut found = Vec::new();
    if let Some(observed) = observed {
        walk("", documented, observed, &mut found);
    }
    found
}

fn walk(place: &str, documented: &Value, observed: &Value, found: &mut Vec<Difference>) {
    match (documented, observed) {
        (Value::Null, _) | (_, Value::Null) => {}
        (Value::Object(documented), Value::Object(observed)) => {
            for (name, value) in documented {
                let place = format!("{place}/{name}");
                match observed.get(name) {
                    Some(other) => walk(&place, value, other, found),
                    None => found.push(difference(DriftKind::MissingMember, place, type_of(value), "nothing")),
                }
            }
            for (name, value) in observed.iter().filter(|(name, _)| !documented.contains_key(*name)) {
                found.push(difference(DriftKind::NewMember, format!("{place}/{name}"), "nothing", type_of(value)));
            }
        }
        (Value::Array(documented), Value::Array(observed)) => {
            for (at, item) in observed.iter().enumerate() {
                if let Some(known) = documented.get(at).or(documented.last()) {
                    walk(&format!("{place}/{at}"), known, item, found);
                }
            }
        }
        (documented, observed) if type_of(documented) == type_of(observed) => {}
        (documented, observed) => {
            found.push(difference(DriftKind::ChangedType, place.to_owned(), type_of(documented), type_of(observed)));
        }
    }
}

/// The same members and types with values that say nothing; of an array, one item.
pub(super) fn without_values(value: &Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::Number(_) => 0.into(),
        Value::String(_) => "…".into(),
        Value::Array(items) => items.iter().take(1).map(without_values).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), without_values(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

/// How many members are null on one side and something on the other.
pub(super) fn one_sided_nulls(documented: &Value, observed: &Value) -> usize {
    match (documented, observed) {
        (Value::Null, Value::Null) => 0,
        (Value::Null, _) | (_, Value::Null) => 1,
        (Value::Object(documented), Value::Object(observed)) => {
            documented.iter().filter_map(|(name, value)| Some(one_sided_nulls(value, observed.get(name)?))).sum()
        }
        (Value::Array(documented), Value::Array(observed)) => observed
            .iter()
            .enumerate()
            .filter_map(|(at, item)| Some(one_sided_nulls(documented.get(at).or(documented.last())?, item)))
            .sum(),
        _ => 0,
    }
}

fn difference(kind: DriftKind, place: String, documented: &str, observed: &str) -> Difference {
    Difference { kind, place, documented: documented.to_owned(), observed: observed.to_owned() }
}

/// Whether `value` has the member at `place`, whichever item of an array that is in.
pub(super) fn has(value: &Value, place: &str) -> bool {
    let Some((head, rest)) =
        place.trim_start_matches('/').split_once('/').or(Some((place.trim_start_matches('/'), "")))
    else {
        return false;
    };
    match value {
        Value::Object(members) => {
            members.get(head).is_some_and(|member| rest.is_empty() || member.is_null() || has(member, rest))
        }
        Value::Array(items) => items.iter().any(|item| rest.is_empty() || has(item, rest)),
        _ => false,
    }
}

const fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(documented: &Value, observed: &Value) -> Vec<(DriftKind, String)> {
        differences(documented, Some(observed)).into_iter().map(|d| (d.kind, d.place)).collect()
    }

    #[test]
    fn the_same_shape_with_other_values_is_no_difference() {
        let documented = json!({ "a": 1, "b": "x", "c": [{ "d": true }], "e": null });
        let observed = json!({ "a": 2, "b": "y", "c": [{ "d": false }, { "d": true }], "e": "anything" });
        assert_eq!(found(&documented, &observed), []);
    }

    #[test]
    fn a_missing_a_new_and_a_changed_member_are_named_by_their_place() {
        let documented = json!({ "a": { "id": 1, "name": "x" }, "list": [{ "id": 1 }] });
        let observed = json!({ "a": { "id": "1", "title": "x" }, "list": [{ "id": 1 }, { "id": "2" }] });
        assert_eq!(
            found(&documented, &observed),
            [
                (DriftKind::ChangedType, "/a/id".into()),
                (DriftKind::MissingMember, "/a/name".into()),
                (DriftKind::NewMember, "/a/title".into()),
                (DriftKind::ChangedType, "/list/1/id".into()),
            ]
        );
    }

    #[test]
    fn without_its_values_a_shape_is_the_same_and_tells_nothing() {
        let value =
            json!({ "id": 17, "name": "Ana", "ok": true, "list": [{ "phone": "+34" }, { "phone": "+35" }], "x": null });
        let bare = without_values(&value);
        assert_eq!(bare, json!({ "id": 0, "name": "…", "ok": true, "list": [{ "phone": "…" }], "x": null }));
        assert_eq!(found(&bare, &value), []);
    }

    #[test]
    fn a_member_is_found_in_any_item_of_a_list() {
        let value = json!({ "data": [{ "id": 1 }, { "id": 2, "note": "x" }], "any": null });
        assert!(has(&value, "/data/7/note") && has(&value, "/any/thing"));
        assert!(!has(&value, "/data/0/other") && !has(&value, "/none"));
    }
}
