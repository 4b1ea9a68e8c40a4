//! A channel's settings as written. They are wiped on drop, because only the adapter knows which of them is a secret.

use std::collections::BTreeMap;

use serde_json::Value;
use zeroize::Zeroize as _;

#[derive(Clone)]
pub(super) struct Values(BTreeMap<String, Value>);

impl Values {
    pub(super) const fn new(values: BTreeMap<String, Value>) -> Self {
        Self(values)
    }

    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(super) fn set(&mut self, key: String, value: Value) {
        if let Some(mut before) = self.0.insert(key, value) {
            wipe(&mut before);
        }
    }
}

impl Drop for Values {
    fn drop(&mut self) {
        self.0.values_mut().for_each(wipe);
    }
}

/// Overwrites every text in `value`.
fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(list) => list.iter_mut().for_each(wipe),
        Value::Object(table) => table.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_text_is_wiped_wherever_it_stands() {
        let mut value =
            json!({ "api_key": "canary", "webhook_secret": ["canary", "canary"], "at": { "file": "canary" } });
        wipe(&mut value);
        assert_eq!(value, json!({ "api_key": "", "webhook_secret": ["", ""], "at": { "file": "" } }));
    }
}
