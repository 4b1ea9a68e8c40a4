//! `transom webhook`: reads one webhook call from the standard input.

use std::io::Read as _;
use std::process::ExitCode;
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request};
use transom::webhook::WebhookEvents;

use crate::args::{Common, WebhookArgs};
use crate::channel::Channel;
use crate::ledger::LedgerFile;
use crate::output::{Failure, Output};
use crate::target;

pub(crate) fn run(common: &Common, args: &WebhookArgs, output: &Output) -> Result<ExitCode, Failure> {
    let channel = target::open(common, output)?;
    channel.check_ledger()?;
    let request = request(args)?;
    let events =
        channel.client.webhook(&request).map_err(|error| Failure::on(error, &channel.name, channel.provider))?;
    for event in &events.events {
        output.json(&event.to_json(channel.provider, events.verified));
    }
    channel.record(&events)?;
    output.must_have_arrived()?;
    Ok(ExitCode::SUCCESS)
}

impl Channel {
    /// Fails if the `--ledger` file cannot be written, before an event is lost for it.
    pub(crate) fn check_ledger(&self) -> Result<(), Failure> {
        self.ledger_file.as_ref().map_or(Ok(()), LedgerFile::check)
    }

    /// Records inbound messages in the `--ledger` file, if there is one and the call is trusted. Blocks the thread.
    pub(crate) fn record(&self, events: &WebhookEvents) -> Result<(), Failure> {
        let Some(file) = &self.ledger_file else { return Ok(()) };
        let opened = events.opened_windows(self.trusts_unsigned, SystemTime::now());
        file.merge(&self.name, opened.map(|(contact, at)| (contact.clone(), at)).collect())
    }
}

fn request(args: &WebhookArgs) -> Result<Request<Bytes>, Failure> {
    let mut body = Vec::new();
    std::io::stdin().read_to_end(&mut body).map_err(|error| Failure::usage(format!("the standard input: {error}")))?;
    let mut request = Request::new(Bytes::from(body));
    *request.method_mut() = Method::POST;
    for header in &args.headers {
        let problem = || Failure::usage("--header: expected `Name: value`");
        let (name, value) = header.split_once(':').ok_or_else(problem)?;
        let name: HeaderName = name.trim().parse().map_err(|_| problem())?;
        let value: HeaderValue = value.trim().parse().map_err(|_| problem())?;
        request.headers_mut().append(name, value);
    }
    Ok(request)
}
