//! A row of the matrix.

use super::answers::case::AnswerCase;
use super::case::FaultCase;
use super::profile::FaultProfile;

/// A fault, and the adapters that it is played for.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    /// The section and the number: `H1`.
    pub(crate) id: &'static str,
    /// The fault.
    pub(crate) fault: &'static str,
    pub(crate) plan: Plan,
}

#[derive(Clone, Copy)]
pub(crate) enum Plan {
    /// For each adapter; an empty list if the fault does not concern it.
    Each(fn(&'static FaultProfile) -> Vec<FaultCase>),
    /// Once, since the adapter does not matter.
    Once(fn() -> Vec<FaultCase>),
    /// For each adapter, without sockets.
    Answers(fn(&'static FaultProfile) -> Vec<AnswerCase>),
    /// Checked in every execution.
    Always,
    /// Not played, for this reason.
    LeftOut(&'static str),
}

pub(crate) const fn each(
    id: &'static str,
    fault: &'static str,
    cases: fn(&'static FaultProfile) -> Vec<FaultCase>,
) -> Row {
    Row { id, fault, plan: Plan::Each(cases) }
}

pub(crate) const fn once(id: &'static str, fault: &'static str, cases: fn() -> Vec<FaultCase>) -> Row {
    Row { id, fault, plan: Plan::Once(cases) }
}

pub(crate) const fn answers(
    id: &'static str,
    fault: &'static str,
    cases: fn(&'static FaultProfile) -> Vec<AnswerCase>,
) -> Row {
    Row { id, fault, plan: Plan::Answers(cases) }
}

pub(crate) const fn always(id: &'static str, fault: &'static str) -> Row {
    Row { id, fault, plan: Plan::Always }
}

pub(crate) const fn left_out(id: &'static str, fault: &'static str, reason: &'static str) -> Row {
    Row { id, fault, plan: Plan::LeftOut(reason) }
}

impl Row {
    /// The name of its test: `h1_the_whole_request_is_read_then_fin`.
    pub(crate) fn test_name(&self) -> String {
        let mut name = self.id.to_lowercase();
        let words = self.fault.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        for word in words {
            name.push('_');
            name.push_str(&word.to_lowercase());
        }
        name
    }
}
