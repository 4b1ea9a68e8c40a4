//! Documented ambiguities that a user can decide.

use serde::Serialize;

use crate::core::error::ControlError;
use crate::core::finding::Source;

/// A behaviour that the provider documentation leaves open, or states in two ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Switch {
    /// Its name in control calls, in `snake_case`.
    pub name: &'static str,
    /// The value after a reset; one of `allowed`.
    pub default: &'static str,
    /// Every value it can take.
    pub allowed: &'static [&'static str],
    /// A sentence that says which behaviour it chooses.
    pub about: &'static str,
    /// The place that leaves the behaviour open.
    pub source: Source,
}

/// Switches with their values.
#[derive(Debug, Clone, Default)]
pub struct Switches {
    /// By name. Every request asks for several, and a short list is searched faster than a tree of texts.
    values: Vec<SwitchSet>,
}

/// A switch and its value. The name is repeated here, so that a lookup reads one place.
#[derive(Debug, Clone, Copy)]
struct SwitchSet {
    name: &'static str,
    value: &'static str,
    switch: &'static Switch,
}

impl Switches {
    /// Each switch at its default.
    pub fn new(switches: &'static [Switch]) -> Self {
        let set = |switch: &'static Switch| SwitchSet { name: switch.name, value: switch.default, switch };
        let mut values: Vec<_> = switches.iter().map(set).collect();
        values.sort_unstable_by_key(|set| set.name);
        Self { values }
    }

    /// The value of a switch.
    pub fn get(&self, name: &str) -> Option<&'static str> {
        self.values.iter().find(|set| set.name == name).map(|set| set.value)
    }

    /// Every switch with its value, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Switch, &'static str)> {
        self.values.iter().map(|set| (set.switch, set.value))
    }

    /// Sets a switch.
    ///
    /// # Errors
    ///
    /// There is no such switch, or it cannot have the value.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), ControlError> {
        let Some(set) = self.values.iter_mut().find(|set| set.name == name) else {
            let known = list(self.values.iter().map(|set| set.name));
            return Err(ControlError::refused(format!("`{name}` is no switch here, expected one of {known}")));
        };
        let Some(allowed) = set.switch.allowed.iter().find(|allowed| **allowed == value) else {
            return Err(ControlError::invalid_text(name, value, format!("one of {}", list(set.switch.allowed))));
        };
        set.value = allowed;
        Ok(())
    }
}

/// Names in back-ticks with commas between them.
pub(crate) fn list<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("`{}`", name.as_ref())).collect();
    quoted.join(", ")
}
