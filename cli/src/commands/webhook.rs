//! `transom webhook`: reads one webhook call from the standard input.

use std::io::Read as _;
use std::process::ExitCode;
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request};
use transom::webhook::WebhookEvents;

use crate::args::{Common, WebhookArgs};
use crate::channel::Channel;
use crate::output::{Failure, Output};
use crate::target;

pub(crate) fn run(common: &Common, args: &WebhookArgs, output: &Output) -> Result<ExitCode, Failure> {
    let channel = target::open(common, output)?;
    let request = request(args)?;
    let events =
        channel.client.webhook(&request).map_err(|error| Failure::on(error, &channel.name, channel.provider))?;
    print(&channel, &events, output);
    channel.record(common, &events)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints each event as a line of JSON, also without `--json`, so that lines can be searched and piped.
pub(crate) fn print(channel: &Channel, events: &WebhookEvents, output: &Output) {
    for event in &events.events {
        output.json(&event.to_json(channel.provider, events.verified));
    }
}

impl Channel {
    /// Records inbound messages in the `--ledger` file, if there is one and the call is trusted.
    pub(crate) fn record(&self, common: &Common, events: &WebhookEvents) -> Result<(), Failure> {
        let (Some(ledger), Some(file)) = (&self.ledger, &common.ledger) else { return Ok(()) };
        let trusted = self.config.reader().flag("trust_unsigned").unwrap_or_default();
        for (contact, at) in events.opened_windows(trusted, SystemTime::now()) {
            ledger.record(contact, at);
        }
        crate::ledger::write(file, &self.name, ledger)
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
