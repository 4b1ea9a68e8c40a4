//! Configuration that is abused, and secrets. Most of it is looked at in every execution; here is what needs a call of its own.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use transom::adapter::Operation;
use transom::layers::Retry;
use transom::transport::Transport as _;
use transom::transport::{HttpOptions, HttpTransport, Roots};
use transom::{ErrorKind, Secret};

use crate::assertions::{Check, ensure, unexpected};
use crate::faults::canary;
use crate::faults::case::FaultCase;
use crate::faults::harness::{CallResult, FaultHarness};
use crate::faults::oracle::{accepted, failed};
use crate::faults::profile::{self, FaultProfile};
use crate::faults::row::{Row, always, each, left_out, once};
use crate::faults::script::{Step, answer, says};
use crate::faults::setup::Peer;
use crate::faults::{child, logs, tls};

pub(super) const ROWS: &[Row] = &[
    each("G1", "plain HTTP to another machine", |s| {
        let case = FaultCase::own(s, "a send", |harness| async move {
            let config = harness.config.clone().with_value("base_url", "http://192.0.2.1");
            refused_by_configuration(&harness, &config).await
        });
        vec![case.plays([Step::Take, answer()])]
    }),
    each("G2", "credentials in a channel's URI travel in one header, and in no address", |s| {
        let case = FaultCase::own(s, "what the server sees", |harness| async move {
            accepted(harness.send(&harness.message(1)?).await?)?;
            let seen = harness.listener.seen();
            let request = seen.requests.first().ok_or("no request")?;
            let shows = |text: &str| {
                (harness.profile.secrets)(&harness.canaries).iter().any(|secret| text.contains(secret.as_str()))
            };
            let held =
                request.headers().values().filter(|value| shows(&String::from_utf8_lossy(value.as_bytes()))).count();
            ensure(held == 1, format_args!("{held} headers hold a credential"))?;
            ensure(canary::credential_in(&request.uri().to_string()).is_none(), "the address holds one")
        });
        vec![case.plays([Step::Take, answer()])]
    }),
    each("G3", "line breaks and steps in keys, ids and references", injections),
    each("G4", "extreme timeouts and attempts", measureless),
    left_out(
        "G5",
        "a caller's own client, with redirects or proxies",
        "the transport refuses a client that follows redirects when it is built; its unit tests hold it",
    ),
    once("G6", "an extra root is trusted in DER and PEM; other authorities are not", || {
        let case = FaultCase::own(&profile::EXOTEL, "in DER", |harness| async move {
            let trusting = |extra_roots| HttpTransport::new(HttpOptions { extra_roots, ..Default::default() });
            let get = || {
                let mut request =
                    Request::get(&harness.base_url).header("accept-encoding", "identity").body(Bytes::new());
                if let Ok(request) = &mut request {
                    request.extensions_mut().insert(Operation::Read);
                }
                request.map_err(unexpected)
            };
            let roots = Roots::from_der(&tls::root_in_der()?).map_err(unexpected)?;
            let trusting_it = trusting(roots).map_err(unexpected)?;
            let answer = trusting_it.send(get()?).await.map_err(|error| format!("{error:?}"))?;
            ensure(answer.status().as_u16() == 200, format_args!("{answer:?}"))?;
            let error = trusting(Roots::default()).map_err(unexpected)?.send(get()?).await.err();
            let error = error.ok_or("an untrusted authority was accepted")?;
            ensure(
                error.kind() == ErrorKind::MalformedResponse && !error.may_have_been_sent(),
                format_args!("{error:?}"),
            )
        });
        vec![case.at(Peer::Tls(tls::Server::Good)).plays([Step::ReadRequest, says(200, &[], "{}")])]
    }),
    each("X1", "the debug form of everything that holds a secret", |s| {
        let case = FaultCase::own(s, "all of it", |harness| async move {
            accepted(harness.send(&harness.message(1)?).await?)?;
            let message = harness.message(2)?;
            let secret = Secret::new(harness.canaries.key.clone());
            let forms = [
                format!("{:?} {:#?}", harness.client, harness.client),
                format!("{:?} {:#?}", harness.config, harness.config),
                format!("{:?} {:#?}", harness.transport, harness.registry),
                format!("{message:?} {message:#?} {:?}", message.to),
                format!("{secret:?} {:?}", harness.config.reader()),
            ];
            match forms.iter().find_map(|form| Some((canary::found_in(form)?, form))) {
                Some((found, form)) => Err(format!("{found} is shown: {form}").into()),
                None => Ok(()),
            }
        });
        vec![case.plays([Step::Take, answer()])]
    }),
    always("X2", "every error's line, debug forms and causes are searched for secrets, numbers and addresses"),
    once("X3", "every crate's log lines are searched, at every level", || {
        let case = FaultCase::own(&profile::EXOTEL, "those that have a say in it", |harness| async move {
            accepted(harness.send(&harness.message(1)?).await?)?;
            let lines = logs::searched().lines;
            for name in ["transom", "reqwest", "hyper_util", "rustls"] {
                ensure(
                    lines.get(name).is_some_and(|lines| *lines > 0),
                    format_args!("{name} has logged nothing: {lines:?}"),
                )?;
            }
            Ok(())
        });
        vec![case.at(Peer::Tls(tls::Server::Good)).plays([Step::Take, answer()])]
    }),
    each("X4", "a panic that prints all its values", |s| child::case(s, child::Act::Panics)),
    always("X5", "the mock's journal and state are searched for credentials"),
    always("X6", "every request's debug form is searched for credentials"),
    left_out(
        "X7",
        "memory after a drop",
        "what a freed buffer holds cannot be read in safe Rust; unit tests see that there is one buffer, and that settings are wiped",
    ),
];

/// Refused when it is connected or when it is used, and nothing was sent.
async fn refused_by_configuration(harness: &FaultHarness, config: &transom::config::ChannelConfig) -> Check {
    let error = match harness.connect(config) {
        Ok(client) => client.send(&harness.message(1)?).await.err().ok_or("it was sent")?,
        Err(error) => error,
    };
    canary::in_error(&error)?;
    let is_told = matches!(error.kind(), ErrorKind::Config | ErrorKind::InvalidRequest) && !error.may_have_been_sent();
    ensure(is_told, format_args!("{error:?}"))?;
    ensure(harness.listener.seen().connections == 0, "a request was made")
}

fn injections(s: &'static FaultProfile) -> Vec<FaultCase> {
    let mut cases = Vec::new();
    for (name, tail) in [("CR LF", "\r\nx-injected: 1"), ("LF", "\nx"), ("NUL", "\0x")] {
        let case = FaultCase::own(s, format!("{name} in a key"), move |harness| async move {
            let key = format!("{}{tail}", harness.canaries.key);
            refused_by_configuration(&harness, &harness.config.clone().with_value("api_key", key)).await
        });
        cases.push(case.plays([Step::Take, answer()]));
        let case = FaultCase::own(s, format!("{name} in a reference"), move |harness| async move {
            let message = harness.message(1)?;
            let reference = format!("{}{tail}", message.reference.clone().unwrap_or_default());
            // It may be refused, or go as what it is: a text.
            let outcome = harness.send(&message.with_reference(reference)).await?;
            if let CallResult::Failed(_) = &outcome {
                let error = failed(outcome)?;
                ensure(!error.may_have_been_sent(), format_args!("{error:?}"))?;
            }
            let seen = harness.listener.seen();
            let injected = seen.requests.iter().any(|request| request.headers().contains_key("x-injected"));
            ensure(!injected, "a header was injected")
        });
        cases.push(case.plays([Step::Take, answer()]));
    }
    if s.name() == "exotel" {
        for sid in ["../../v1/other", "acme/../x", "a?b", "a#b", ".."] {
            let case = FaultCase::own(s, format!("the account `{sid}`"), move |harness| async move {
                let client =
                    harness.connect(&harness.config.clone().with_value("account_sid", sid)).map_err(unexpected)?;
                let answer = client.send(&harness.message(1)?).await;
                let seen = harness.listener.seen();
                match seen.requests.first() {
                    // One segment, whatever it holds.
                    Some(request) => ensure(
                        request.uri().path().split('/').count() == 5 && request.uri().query().is_none(),
                        format_args!("the path is {}", request.uri()),
                    ),
                    None => ensure(answer.is_err_and(|error| !error.may_have_been_sent()), "it was not refused"),
                }
            });
            cases.push(case.plays([Step::ReadRequest, says(200, &[], "{}")]));
        }
    }
    cases
}

fn measureless(s: &'static FaultProfile) -> Vec<FaultCase> {
    let mut cases = Vec::new();
    for timeout in ["0s", "0ms", "18446744073709551615s", "99999999999999999999d", "-1s", "forever"] {
        let case = FaultCase::own(s, format!("timeout {timeout}"), move |harness| async move {
            refused_by_configuration(&harness, &harness.config.clone().with_value("timeout", timeout)).await
        });
        cases.push(case.plays([Step::Take, answer()]));
    }
    let attempts = FaultCase::own(s, "four billion attempts", |harness| async move {
        let clock = Arc::clone(&harness.clock) as Arc<dyn transom::time::Clock>;
        let client = harness.bare(&harness.config).map_err(unexpected)?;
        let client = client.layer(Retry::attempts(u32::MAX).with_time(clock, || 1.0));
        let error = client.send(&harness.message(1)?).await.err().ok_or("it was sent")?;
        ensure(error.kind() == ErrorKind::RateLimited && !error.may_have_been_sent(), format_args!("{error:?}"))?;
        ensure(error.attempts() < 100, format_args!("{} attempts", error.attempts()))
    });
    cases.push(attempts.plays([Step::ReadRequest, says(429, &[], "")]));
    cases
}
