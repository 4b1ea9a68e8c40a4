//! The `--ledger` file: when each contact last wrote, by channel.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

use serde_json::Value;
use transom::session::MemoryLedger;
use transom::time::rfc3339;
use transom::{Error, ErrorKind, PhoneNumber};

use crate::output::Failure;

type Rows = BTreeMap<String, BTreeMap<String, Value>>;

/// Reads the rows of `channel` from `{"CHANNEL": {"+PHONE": "TIME"}}`. A missing file has no rows.
pub(crate) fn read(file: &Path, channel: &str) -> Result<MemoryLedger, Failure> {
    let ledger = MemoryLedger::default();
    let problem = |what: String| problem(file, &what);
    let channels = rows(file)?;
    for (phone, at) in channels.get(channel).into_iter().flatten() {
        let row = || Some((phone.parse::<PhoneNumber>().ok()?, rfc3339::parse(at.as_str()?)?));
        let (contact, at): (PhoneNumber, SystemTime) = row()
            .ok_or_else(|| problem(format!("channel `{channel}` has a bad row; expected `\"+PHONE\": \"TIME\"`")))?;
        ledger.record(&contact, at);
    }
    Ok(ledger)
}

/// Writes the rows of `channel` and keeps those of other channels.
pub(crate) fn write(file: &Path, channel: &str, ledger: &MemoryLedger) -> Result<(), Failure> {
    let mut channels = rows(file)?;
    let own = channels.entry(channel.to_owned()).or_default();
    for (contact, at) in ledger.rows() {
        own.insert(contact.to_string(), rfc3339::format(at).into());
    }
    let text = serde_json::to_string_pretty(&channels).map_err(|error| problem(file, &error.to_string()))?;
    crate::fs::write_atomically(file, &(text + "\n")).map_err(|error| problem(file, &error.to_string()))
}

fn rows(file: &Path) -> Result<Rows, Failure> {
    match std::fs::read_to_string(file) {
        Ok(text) => serde_json::from_str(&text).map_err(|error| problem(file, &format!("not a ledger: {error}"))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Rows::new()),
        Err(error) => Err(problem(file, &error.to_string())),
    }
}

fn problem(file: &Path, what: &str) -> Failure {
    Error::invalid(ErrorKind::Config, vec![format!("--ledger {}: {what}", file.display())]).into()
}
