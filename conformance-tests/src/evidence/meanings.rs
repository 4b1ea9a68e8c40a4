//! What each code means and proves, as the provider's pages have it: a list that is written apart from the adapter's tables,
//! so that a mistake in a table contradicts something.

use std::collections::BTreeMap;

use transom::{ErrorKind, Sent};
use transom::adapter::ErrorCode;

use crate::check::{Broken, Check, equal};
use crate::{Place, Subject};

/// The meanings of a provider's codes.
#[derive(Debug)]
pub(crate) struct Meanings(BTreeMap<(String, String), (ErrorKind, Sent)>);

impl Meanings {
    /// Reads [`Subject::meanings`].
    pub(crate) fn of(subject: &Subject) -> Result<Self, Broken> {
        let mut meanings = BTreeMap::new();
        let lines = subject.meanings.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
        for line in lines {
            let wrong = || Broken::from(format!("expected `TABLE KIND no|maybe CODE[/STATUS] ...`, got `{line}`"));
            let mut words = line.split_whitespace();
            let (Some(table), Some(kind), Some(sent)) = (words.next(), words.next(), words.next()) else {
                return Err(wrong());
            };
            let kind = ErrorKind::ALL.iter().copied().find(|known| known.as_str() == kind).ok_or_else(wrong)?;
            let sent = [Sent::No, Sent::Maybe].into_iter().find(|known| known.as_str() == sent).ok_or_else(wrong)?;
            for code in words {
                if meanings.insert((table.to_owned(), code.to_owned()), (kind, sent)).is_some() {
                    return Err(format!("{table} {code} is listed twice").into());
                }
            }
        }
        Ok(Self(meanings))
    }

    /// Holds if a row of the adapter's says what the list does.
    pub(crate) fn check(&self, place: &Place, fact: &ErrorCode) -> Check {
        let key = key(place, fact);
        let Some((kind, sent)) = self.0.get(&key) else {
            return Err(format!("the subject's meanings do not list {} {}", key.0, key.1).into());
        };
        equal("the kind of the row", &fact.kind, kind)?;
        equal("what the row says of the message being out", &fact.sent, sent)
    }

    /// What is listed and has no row in the adapter's tables.
    pub(crate) fn without_row(&self, subject: &Subject) -> Vec<String> {
        let rows: Vec<_> = super::rows(subject).map(|(place, fact)| key(place, fact)).collect();
        let left = self.0.keys().filter(|listed| !rows.contains(listed));
        left.map(|(table, code)| format!("{table} {code}")).collect()
    }
}

fn key(place: &Place, fact: &ErrorCode) -> (String, String) {
    let status = fact.status.map(|status| format!("/{status}")).unwrap_or_default();
    (place.name.to_owned(), format!("{}{status}", fact.code))
}
