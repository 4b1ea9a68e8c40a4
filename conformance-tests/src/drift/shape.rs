//! The shape of a JSON value: its members, their types, and their allowed words if those are listed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::difference::DriftKind;

/// A place where two shapes differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) kind: DriftKind,
    pub(super) place: String,
    pub(super) documented: String,
    pub(super) observed: String,
}

/// Additional statements of a page. Places are pointers in which `*` is any item of a list.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    /// Members that may be missing or null.
    pub(super) optional: BTreeSet<String>,
    /// Lists that may be empty.
    pub(super) may_be_empty: BTreeSet<String>,
    /// The allowed words of a text.
    pub(super) words: BTreeMap<String, Vec<String>>,
}

impl Rules {
    /// Both sets of rules.
    pub(super) fn and(mut self, more: &Self) -> Self {
        self.optional.extend(more.optional.iter().cloned());
        self.may_be_empty.extend(more.may_be_empty.iter().cloned());
        for (place, words) in &more.words {
            self.words.entry(place.clone()).or_default().extend(words.iter().cloned());
        }
        self
    }
}

/// The differences between `observed` and `documented`. A member is new only if none of the `others` has it, and a type
/// shown by another of them is allowed. `null` in all of them stands for any value. A difference in several items of a list
/// is reported for the first.
pub(super) fn differences(documented: &Value, others: &[&Value], observed: &Value, rules: &Rules) -> Vec<Difference> {
    let mut walk = Walk { rules, found: Vec::new(), told: BTreeSet::new() };
    walk.value(&CodeTable::default(), documented, others, observed);
    walk.found
}

/// A pointer, and the same pointer with `*` for the items of lists.
#[derive(Clone, Debug, Default)]
struct CodeTable {
    exact: String,
    general: String,
}

impl CodeTable {
    fn member(&self, name: &str) -> Self {
        Self { exact: format!("{}/{name}", self.exact), general: format!("{}/{name}", self.general) }
    }

    fn item(&self, at: usize) -> Self {
        Self { exact: format!("{}/{at}", self.exact), general: format!("{}/*", self.general) }
    }
}

struct Walk<'r> {
    rules: &'r Rules,
    found: Vec<Difference>,
    told: BTreeSet<(DriftKind, String)>,
}

impl Walk<'_> {
    fn tell(&mut self, kind: DriftKind, place: &CodeTable, documented: impl Into<String>, observed: impl Into<String>) {
        if self.told.insert((kind, place.general.clone())) {
            let (documented, observed) = (documented.into(), observed.into());
            self.found.push(Difference { kind, place: place.exact.clone(), documented, observed });
        }
    }

    fn value(&mut self, place: &CodeTable, documented: &Value, others: &[&Value], observed: &Value) {
        let shown = || [documented].into_iter().chain(others.iter().copied());
        let Some(typed) = shown().find(|value| !value.is_null()) else { return };
        if observed.is_null() {
            let may_be_null = shown().any(Value::is_null) || self.rules.optional.contains(&place.general);
            if !may_be_null {
                self.tell(DriftKind::ChangedType, place, type_of(typed), "null");
            }
            return;
        }
        // This page's type comes first; another page's type is allowed, too.
        let Some(like) = shown().find(|value| is_of_type(observed, value)) else {
            return self.tell(DriftKind::ChangedType, place, type_of(typed), type_of(observed));
        };
        match (like, observed) {
            (Value::Object(members), Value::Object(observed)) => self.members(place, members, others, observed),
            (Value::Array(items), Value::Array(observed)) => self.items(place, items, others, observed),
            (_, Value::String(word)) => self.word(place, word),
            _ => {}
        }
    }

    fn members(
        &mut self,
        place: &CodeTable,
        documented: &Map<String, Value>,
        others: &[&Value],
        observed: &Map<String, Value>,
    ) {
        let others: Vec<&Map<String, Value>> = others.iter().filter_map(|other| other.as_object()).collect();
        for (name, value) in documented {
            let place = place.member(name);
            match observed.get(name) {
                Some(observed) => {
                    let others: Vec<&Value> = others.iter().filter_map(|other| other.get(name)).collect();
                    self.value(&place, value, &others, observed);
                }
                None if self.rules.optional.contains(&place.general) => {}
                None => self.tell(DriftKind::MissingMember, &place, type_of(value), "nothing"),
            }
        }
        for (name, value) in observed.iter().filter(|(name, _)| !documented.contains_key(*name)) {
            let place = place.member(name);
            let elsewhere: Vec<&Value> = others.iter().filter_map(|other| other.get(name)).collect();
            match elsewhere.split_first() {
                Some((first, others)) => self.value(&place, first, others, value),
                None => self.tell(DriftKind::NewMember, &place, "nothing", type_of(value)),
            }
        }
    }

    fn items(&mut self, place: &CodeTable, documented: &[Value], others: &[&Value], observed: &[Value]) {
        let lists: Vec<&Vec<Value>> = others.iter().filter_map(|other| other.as_array()).collect();
        let elsewhere: Vec<&Value> = lists.iter().flat_map(|list| list.iter()).collect();
        if observed.is_empty() {
            let may_be_empty = documented.is_empty()
                || lists.iter().any(|list| list.is_empty())
                || self.rules.may_be_empty.contains(&place.general);
            if !may_be_empty {
                self.tell(DriftKind::ChangedType, place, "a list with items", "an empty list");
            }
        }
        let own: Vec<&Value> = if documented.is_empty() { elsewhere.clone() } else { documented.iter().collect() };
        let others: Vec<&Value> = own.iter().copied().chain(elsewhere).collect();
        let Some(item) = in_common(&own) else { return };
        for (at, observed) in observed.iter().enumerate() {
            self.value(&place.item(at), &item, &others, observed);
        }
    }

    fn word(&mut self, place: &CodeTable, word: &str) {
        let Some(words) = self.rules.words.get(&place.general) else { return };
        if !words.iter().any(|known| known == word) {
            self.tell(DriftKind::UnknownCode, place, words.join(", "), word);
        }
    }
}

/// The first item, without the members that another item lacks.
fn in_common(items: &[&Value]) -> Option<Value> {
    let mut item = (*items.first()?).clone();
    if let Value::Object(members) = &mut item {
        members.retain(|name, _| items.iter().all(|other| other.get(name).is_some()));
    }
    Some(item)
}

/// The same members and types without values; of an array, one item.
pub(super) fn without_values(value: &Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::Number(_) => 0.into(),
        Value::String(_) => "…".into(),
        Value::Array(items) => items.iter().take(1).map(without_values).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), without_values(value))).collect::<Map<_, _>>().into()
        }
    }
}

/// How many members are null on one side only.
pub(super) fn one_sided_nulls(documented: &Value, observed: &Value) -> usize {
    match (documented, observed) {
        (Value::Null, Value::Null) => 0,
        (Value::Null, _) | (_, Value::Null) => 1,
        (Value::Object(documented), Value::Object(observed)) => {
            documented.iter().filter_map(|(name, value)| Some(one_sided_nulls(value, observed.get(name)?))).sum()
        }
        _ => 0,
    }
}

/// How many lists are empty on one side only.
pub(super) fn one_sided_lists(documented: &Value, observed: &Value) -> usize {
    match (documented, observed) {
        (Value::Array(documented), Value::Array(observed)) => usize::from(documented.is_empty() != observed.is_empty()),
        (Value::Object(documented), Value::Object(observed)) => {
            documented.iter().filter_map(|(name, value)| Some(one_sided_lists(value, observed.get(name)?))).sum()
        }
        _ => 0,
    }
}

/// Whether a value may replace the documented one: a fraction may be whole, but not the other way round.
fn is_of_type(observed: &Value, documented: &Value) -> bool {
    type_of(observed) == type_of(documented) || (documented.is_f64() && observed.is_number())
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_f64() => "a number with a fraction",
        Value::Number(_) => "a whole number",
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
        beside(documented, &[], observed, &Rules::default())
    }

    fn beside(documented: &Value, others: &[&Value], observed: &Value, rules: &Rules) -> Vec<(DriftKind, String)> {
        differences(documented, others, observed, rules).into_iter().map(|d| (d.kind, d.place)).collect()
    }

    #[test]
    fn the_same_shape_with_other_values_is_no_difference() {
        let documented = json!({ "a": 1, "b": "x", "c": [{ "d": true }], "e": null, "f": 0.5 });
        let observed = json!({ "a": 2, "b": "y", "c": [{ "d": false }, { "d": true }], "e": "anything", "f": 2 });
        assert_eq!(found(&documented, &observed), []);
    }

    #[test]
    fn changed_members_are_reported_by_place_once_per_list() {
        let documented = json!({ "a": { "id": 1, "name": "x" }, "list": [{ "id": 1 }], "n": 202 });
        let observed = json!({ "a": { "id": "1", "title": "x" }, "list": [{ "id": 1 }, { "id": "2" }, { "id": "3" }], "n": 202.5 });
        assert_eq!(
            found(&documented, &observed),
            [
                (DriftKind::ChangedType, "/a/id".into()),
                (DriftKind::MissingMember, "/a/name".into()),
                (DriftKind::NewMember, "/a/title".into()),
                (DriftKind::ChangedType, "/list/1/id".into()),
                (DriftKind::ChangedType, "/n".into()),
            ]
        );
    }

    #[test]
    fn new_null_or_empty_list_is_reported_unless_documented() {
        let documented = json!({ "id": 1, "list": [{ "id": 1 }] });
        let observed = json!({ "id": null, "list": [] });
        let both = [(DriftKind::ChangedType, "/id".to_owned()), (DriftKind::ChangedType, "/list".to_owned())];
        assert_eq!(found(&documented, &observed), both);
        assert_eq!(beside(&documented, &[&observed], &observed, &Rules::default()), []);
        let mut rules = Rules::default();
        rules.optional.insert("/id".to_owned());
        rules.may_be_empty.insert("/list".to_owned());
        assert_eq!(beside(&documented, &[], &observed, &rules), []);
        assert_eq!(beside(&documented, &[], &json!({ "list": [] }), &rules), [], "and it may be missing");
    }

    #[test]
    fn empty_list_takes_items_of_other_page() {
        let (empty, full) = (json!({ "data": [] }), json!({ "data": [{ "status": "a", "n": 1 }, { "status": "b" }] }));
        let observed = json!({ "data": [{ "state": "a", "n": "1" }] });
        let told = [
            (DriftKind::MissingMember, "/data/0/status".to_owned()),
            (DriftKind::ChangedType, "/data/0/n".to_owned()),
            (DriftKind::NewMember, "/data/0/state".to_owned()),
        ];
        for (page, other) in [(&empty, &full), (&full, &empty)] {
            let mut found = beside(page, &[other], &observed, &Rules::default());
            found.sort_by_key(|(kind, _)| told.iter().position(|(known, _)| known == kind));
            assert_eq!(found, told);
        }
    }

    #[test]
    fn undocumented_word_is_reported() {
        let documented = json!({ "data": [{ "status": "active" }] });
        let mut rules = Rules::default();
        rules.words.insert("/data/*/status".to_owned(), vec!["active".to_owned(), "ended".to_owned()]);
        assert_eq!(beside(&documented, &[], &json!({ "data": [{ "status": "ended" }] }), &rules), []);
        let brand_new = json!({ "data": [{ "status": "active" }, { "status": "asleep" }] });
        let told = [(DriftKind::UnknownCode, "/data/1/status".to_owned())];
        assert_eq!(beside(&documented, &[], &brand_new, &rules), told);
    }

    #[test]
    fn shape_without_values_keeps_types() {
        let value =
            json!({ "id": 17, "name": "Ana", "ok": true, "list": [{ "phone": "+34" }, { "phone": "+35" }], "x": null });
        let bare = without_values(&value);
        assert_eq!(bare, json!({ "id": 0, "name": "…", "ok": true, "list": [{ "phone": "…" }], "x": null }));
        assert_eq!(found(&bare, &value), []);
    }
}
