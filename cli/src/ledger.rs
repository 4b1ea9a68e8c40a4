//! The `--ledger` file: when each contact last wrote, by channel.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::Value;
use transom::session::MemoryLedger;
use transom::time::rfc3339;
use transom::{Error, ErrorKind, PhoneNumber};

use crate::fs::{Lock, SharedFile};
use crate::output::Failure;

/// `{"CHANNEL": {"+PHONE": "TIME"}}`
type Rows = BTreeMap<String, BTreeMap<String, Value>>;

/// How long a process waits while others write.
const PATIENCE: Duration = Duration::from_secs(20);

/// The file, which several processes may read and write at once.
#[derive(Clone, Debug)]
pub(crate) struct LedgerFile {
    /// The path of the command line.
    named: PathBuf,
    file: SharedFile,
}

impl LedgerFile {
    /// Finds the file; it need not exist, but its folder must.
    pub(crate) fn find(named: &Path) -> Result<Self, Failure> {
        match SharedFile::find(named) {
            Ok(file) => Ok(Self { named: named.to_owned(), file }),
            Err(error) => Err(problem(named, &error.to_string())),
        }
    }

    /// Fails if the file cannot be written.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        self.lock()?.check().map_err(|error| self.problem(&error.to_string()))
    }

    /// Reads the rows of `channel`. A missing file has no rows.
    pub(crate) fn read(&self, channel: &str) -> Result<MemoryLedger, Failure> {
        let ledger = MemoryLedger::default();
        for (phone, at) in self.rows()?.get(channel).into_iter().flatten() {
            let contact = phone.parse().map_err(|_| self.bad_row(channel))?;
            ledger.record(&contact, self.time(channel, at)?);
        }
        Ok(ledger)
    }

    /// Adds rows of `channel`. The later time of a contact stays, and so do rows that other processes wrote.
    pub(crate) fn merge(&self, channel: &str, fresh: Vec<(PhoneNumber, SystemTime)>) -> Result<(), Failure> {
        if fresh.is_empty() {
            return Ok(());
        }
        let lock = self.lock()?;
        let mut channels = self.rows()?;
        let own = channels.entry(channel.to_owned()).or_default();
        for (contact, at) in fresh {
            let known = own.get(&contact.to_string()).map(|known| self.time(channel, known)).transpose()?;
            if known.is_none_or(|known| known < at) {
                own.insert(contact.to_string(), rfc3339::format(at).into());
            }
        }
        let text = serde_json::to_string_pretty(&channels).map_err(|error| self.problem(&error.to_string()))?;
        lock.replace(&(text + "\n")).map_err(|error| self.problem(&error.to_string()))
    }

    fn lock(&self) -> Result<Lock, Failure> {
        self.file.lock(PATIENCE).map_err(|error| self.problem(&error.to_string()))
    }

    fn rows(&self) -> Result<Rows, Failure> {
        let text = self.file.read().map_err(|error| self.problem(&error.to_string()))?;
        let read = text.map(|text| serde_json::from_str(text.trim_start_matches('\u{feff}'))).transpose();
        Ok(read.map_err(|error| self.problem(&not_a_ledger(&error)))?.unwrap_or_default())
    }

    fn time(&self, channel: &str, at: &Value) -> Result<SystemTime, Failure> {
        at.as_str().and_then(rfc3339::parse).ok_or_else(|| self.bad_row(channel))
    }

    fn bad_row(&self, channel: &str) -> Failure {
        self.problem(&format!("channel `{channel}` has a bad row; expected `\"+PHONE\": \"TIME\"`"))
    }

    fn problem(&self, what: &str) -> Failure {
        problem(&self.named, what)
    }
}

/// Without the text of the file, which holds phone numbers.
fn not_a_ledger(error: &serde_json::Error) -> String {
    let expected = r#"{"CHANNEL": {"+PHONE": "TIME"}}"#;
    format!("line {}, column {}: not a ledger, expected {expected}", error.line(), error.column())
}

fn problem(file: &Path, what: &str) -> Failure {
    Error::invalid(ErrorKind::Config, vec![format!("--ledger {}: {what}", file.display())]).into()
}
