//! The `--ledger` file: when each contact last wrote, by channel.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

use serde_json::Value;
use transom::time::rfc3339;
use transom::{Error, ErrorKind, MemoryLedger, PhoneNumber, WindowLedger as _};

use crate::output::Failure;

/// Reads the rows of `channel` from `{"CHANNEL": {"+PHONE": "TIME"}}`. A file that is not there yet has no rows.
pub(crate) fn read(file: &Path, channel: &str) -> Result<MemoryLedger, Failure> {
    let ledger = MemoryLedger::default();
    let problem = |what: String| {
        Failure::from(Error::problems(ErrorKind::Config, vec![format!("--ledger {}: {what}", file.display())]))
    };
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(ledger),
        Err(error) => return Err(problem(error.to_string())),
    };
    let channels: BTreeMap<String, BTreeMap<String, Value>> =
        serde_json::from_str(&text).map_err(|error| problem(format!("it is no ledger: {error}")))?;
    for (phone, at) in channels.get(channel).into_iter().flatten() {
        let row = || Some((phone.parse::<PhoneNumber>().ok()?, rfc3339::parse(at.as_str()?)?));
        let (contact, at): (PhoneNumber, SystemTime) =
            row().ok_or_else(|| problem(format!("a row of channel `{channel}` is not a phone number with a time")))?;
        ledger.record(&contact, at);
    }
    Ok(ledger)
}
