//! A failover channel of the configuration: several channels as one.

use std::sync::Arc;

use transom::config::ConfigFile;
use transom::layers::WindowGuard;
use transom::time::SystemClock;
use transom::{Client, Error, ErrorKind, Messenger as _, PhoneNumber};
use transom::session::WindowLedger;

use crate::args::Common;
use crate::channel::{self, Channel};
use crate::output::Failure;

/// A failover, ready to be used.
#[derive(Debug)]
pub(crate) struct Failover {
    pub(crate) name: String,
    /// Its members, in order, each also on its own.
    pub(crate) channels: Vec<Channel>,
    messenger: Arc<transom::Failover>,
    pub(crate) client: Client,
}

impl Failover {
    pub(crate) fn connect(common: &Common, name: String, file: &ConfigFile) -> Result<Self, Failure> {
        let on = |error: Error| Failure::from(error).named(&name);
        let mut channels = Vec::new();
        let mut problems = Vec::new();
        let messenger = channel::registry().failover(file, &name, |config| {
            match channel::connect(common, config.clone()) {
                Ok(channel) => {
                    let windows = windows(&channel);
                    // Its own retries would keep a message waiting for a channel while another one is there.
                    let client = channel.registry.connect(&channel.config)?;
                    channels.push(channel);
                    Ok((client, windows))
                }
                Err(failure) => {
                    problems.extend(lines(&failure.error));
                    Err(failure.error)
                }
            }
        });
        if !problems.is_empty() {
            return Err(on(Error::invalid(ErrorKind::Config, problems)));
        }
        let messenger = Arc::new(messenger.map_err(on)?);
        let client = Client::new(Arc::clone(&messenger)).layer(channel::patience());
        Ok(Self { name, channels, messenger, client })
    }

    /// The member that is asked first for `contact`.
    pub(crate) fn into_first_for(self, contact: &PhoneNumber) -> Result<Channel, Failure> {
        let first = self.messenger.first_for(contact).to_owned();
        let found = self.channels.into_iter().find(|channel| channel.name == first);
        found.ok_or_else(|| Failure::usage(format!("channel `{}` has no members", self.name)))
    }

    /// The provider that took a message, or said something about it last.
    pub(crate) fn provider(&self) -> &'static str {
        self.client.provider()
    }
}

/// What knows the windows of a channel's number.
fn windows(channel: &Channel) -> WindowGuard {
    let guard = WindowGuard::default();
    match &channel.ledger {
        Some(ledger) => guard.with_ledger(Arc::clone(ledger) as Arc<dyn WindowLedger>, Arc::new(SystemClock)),
        None => guard,
    }
}

fn lines(error: &Error) -> Vec<String> {
    if error.problems().is_empty() { vec![error.message().to_owned()] } else { error.problems().to_vec() }
}
