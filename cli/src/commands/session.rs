//! `transom session`: shows the session window of a contact.

use std::process::ExitCode;
use std::time::SystemTime;

use serde::Serialize;
use transom::session::SessionSource;
use transom::time::rfc3339;
use transom::{Capability, PhoneNumber, Session, Window};

use crate::args::{Common, SessionArgs};
use crate::channel::Channel;
use crate::commands::send::phone;
use crate::output::{Failure, Line, Output, bad, doubt, good};
use crate::target;

pub(crate) async fn run(common: &Common, args: &SessionArgs, output: &Output) -> Result<ExitCode, Failure> {
    let (target, contact) = target::connect_for(common, output, |client| phone(&args.to, client))?;
    let channel = target.first_for(&contact)?;
    let session =
        look_up(&channel, &contact).await.map_err(|error| Failure::on(error, &channel.name, channel.provider))?;
    output.result(&Answer::new(&channel, &session), || [line(&session)]);
    Ok(ExitCode::SUCCESS)
}

/// The session from the provider or, if it has no session query, from the ledger.
pub(crate) async fn look_up(channel: &Channel, contact: &PhoneNumber) -> transom::Result<Session> {
    if channel.client.capabilities().contains(Capability::Session) {
        channel.client.session(contact).await
    } else {
        Ok(recorded(channel, contact.clone()))
    }
}

/// The session from the ledger. A missing row means unknown, not never: the ledger may have missed a message.
fn recorded(channel: &Channel, contact: PhoneNumber) -> Session {
    let last = channel.ledger.as_ref().and_then(|ledger| ledger.last_inbound_at(&contact));
    match last {
        Some(last) => Session::from_ledger(contact, last, SystemTime::now()),
        None => Session::new(contact, Window::Unknown, SessionSource::Ledger),
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    channel: &'a str,
    provider: &'static str,
    #[serde(flatten)]
    session: &'a Session,
}

impl<'a> Answer<'a> {
    fn new(channel: &'a Channel, session: &'a Session) -> Self {
        Self { channel: &channel.name, provider: channel.provider, session }
    }
}

fn line(session: &Session) -> Line {
    let time = |at: Option<SystemTime>| at.map_or_else(|| "an unknown time".to_owned(), rfc3339::format);
    match session.window {
        Window::Open { until } => good("open").text(format!(": any message is allowed until {}", time(until))),
        Window::Expired { since } => bad("expired").text(format!(" since {}: only templates are allowed", time(since))),
        Window::Never => bad("never").text(": the contact has never written; only templates are allowed"),
        _ => doubt("unknown")
            .text(": neither the provider nor the ledger knows; the provider decides when a message is sent"),
    }
}
