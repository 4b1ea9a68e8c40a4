//! A failover channel of the configuration.

use std::sync::Arc;

use transom::config::ConfigFile;
use transom::layers::WindowGuard;
use transom::session::WindowLedger;
use transom::time::SystemClock;
use transom::{Client, Error, ErrorKind, PhoneNumber};

use crate::args::Common;
use crate::channel::{self, Channel};
use crate::output::Failure;
use crate::send_watch::SendWatch;

/// A connected failover channel.
#[derive(Debug)]
pub(crate) struct Failover {
    pub(crate) name: String,
    /// The members in order, each also connected on its own.
    pub(crate) channels: Vec<Channel>,
    messenger: Arc<transom::Failover>,
    pub(crate) client: Client,
    /// Watches the sends of all members.
    pub(crate) watch: SendWatch,
}

impl Failover {
    pub(crate) fn connect(common: &Common, name: String, file: &ConfigFile) -> Result<Self, Failure> {
        let on = |error: Error| Failure::from(error).named(&name);
        let mut channels = Vec::new();
        let mut problems = Vec::new();
        let watch = SendWatch::default();
        let messenger = channel::registry().failover_with(file, &name, |config| {
            match channel::connect(common, config.clone()) {
                Ok(channel) => {
                    let guard = window_guard(&channel);
                    // A client without retries: a retry would delay the change to the next member.
                    let context = channel::context(&channel.config)?;
                    let client =
                        channel::watched(&channel.registry, &channel.config, context, &watch, |client| client)?;
                    channels.push(channel);
                    Ok((client, guard))
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
        let country = messenger.default_country();
        let client = Client::builder(Arc::clone(&messenger)).default_country(country).layer(channel::retry()).build();
        Ok(Self { name, channels, messenger, client, watch })
    }

    /// The member that is tried first for `contact`.
    pub(crate) fn into_first_for(self, contact: &PhoneNumber) -> Result<Channel, Failure> {
        let first = self.messenger.first_for(contact).to_owned();
        let found = self.channels.into_iter().find(|channel| channel.name == first);
        found.ok_or_else(|| Failure::usage(format!("channel `{}` has no members", self.name)))
    }

    /// The provider of the last attempt.
    pub(crate) fn provider(&self) -> &'static str {
        self.client.provider()
    }
}

/// Knows the session windows of the channel, from the ledger if there is one.
fn window_guard(channel: &Channel) -> WindowGuard {
    let guard = WindowGuard::default();
    match &channel.ledger {
        Some(ledger) => guard.with_ledger(Arc::clone(ledger) as Arc<dyn WindowLedger>, Arc::new(SystemClock)),
        None => guard,
    }
}

fn lines(error: &Error) -> Vec<String> {
    if error.problems().is_empty() { vec![error.message().to_owned()] } else { error.problems().to_vec() }
}
