//! The documented meaning of each code: a list written apart from the adapter's tables, so that a mistake in a table
//! contradicts it.

use std::collections::BTreeMap;

use transom::adapter::ErrorCode;
use transom::{ErrorKind, Sent};

use crate::adapters::{AdapterUnderTest, CodeTable};
use crate::assertions::{Check, Failure, equal};

/// The meanings of a provider's codes.
#[derive(Debug)]
pub(crate) struct ExpectedCodes(BTreeMap<(String, String), (ErrorKind, Sent)>);

impl ExpectedCodes {
    /// Reads [`AdapterUnderTest::expected_codes`].
    pub(crate) fn of(adapter: &AdapterUnderTest) -> Result<Self, Failure> {
        let mut meanings = BTreeMap::new();
        let lines = adapter.expected_codes.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
        for line in lines {
            let wrong = || Failure::from(format!("expected `TABLE KIND no|maybe CODE[/STATUS] ...`, got `{line}`"));
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

    /// Passes if a row of the adapter's table agrees with the list.
    pub(crate) fn check(&self, table: &CodeTable, fact: &ErrorCode) -> Check {
        let key = key(table, fact);
        let Some((kind, sent)) = self.0.get(&key) else {
            return Err(format!("the adapter's meanings do not list {} {}", key.0, key.1).into());
        };
        equal("the kind of the row", &fact.kind, kind)?;
        equal("what the row says of the message being out", &fact.sent, sent)
    }

    /// The listed codes without a row in the adapter's tables.
    pub(crate) fn without_row(&self, adapter: &AdapterUnderTest) -> Vec<String> {
        let rows: Vec<_> = super::facts::rows(adapter).map(|(table, fact)| key(table, fact)).collect();
        let left = self.0.keys().filter(|listed| !rows.contains(listed));
        left.map(|(table, code)| format!("{table} {code}")).collect()
    }
}

fn key(table: &CodeTable, fact: &ErrorCode) -> (String, String) {
    let status = fact.status.map(|status| format!("/{status}")).unwrap_or_default();
    (table.name.to_owned(), format!("{}{status}", fact.code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::facts::rows;

    #[test]
    fn expected_codes_agree_with_adapter_tables() {
        for adapter in crate::adapters::ALL {
            let meanings = ExpectedCodes::of(adapter).unwrap();
            for (table, fact) in rows(adapter) {
                meanings.check(table, fact).unwrap_or_else(|failure| panic!("{}: {failure}", adapter.provider.name));
            }
            assert_eq!(meanings.without_row(adapter), Vec::<String>::new(), "{}", adapter.provider.name);
        }
    }
}
