//! A declared difference between adapters.

/// A scenario whose outcome differs between providers.
#[derive(Clone, Copy, Debug)]
pub struct KnownDifference {
    /// The scenario's group and name: `window::text_to_contact_who_never_wrote_is_rejected`.
    pub scenario: &'static str,
    /// Why.
    pub reason: &'static str,
    /// Each outcome, in the form of `Trace::summary`, behind the providers that it holds for, separated by spaces.
    pub outcomes: &'static [(&'static str, &'static str)],
}

impl KnownDifference {
    /// The outcome for this provider.
    pub(super) fn pinned(&self, provider: &str) -> Option<&'static str> {
        let pinned = self.outcomes.iter().find(|(providers, _)| providers.split(' ').any(|known| known == provider));
        pinned.map(|(_, comes_to)| *comes_to)
    }

    /// The providers whose traces are pinned.
    pub(super) fn providers(&self) -> impl Iterator<Item = &'static str> {
        self.outcomes.iter().flat_map(|(providers, _)| providers.split(' '))
    }
}
