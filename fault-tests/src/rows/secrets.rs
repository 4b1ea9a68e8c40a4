//! Configuration that is abused, and secrets. Most of it is looked at in every execution; here is what needs a call of its own.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use transom::layers::Retry;
use transom::transport::{HttpTransport, HttpOptions, Roots};
use transom::{ErrorKind, Messenger as _, Secret};
use transom::adapter::Operation;
use transom::transport::Transport as _;

use crate::canary;
use crate::case::{Case, Peer};
use crate::judge::{ensure, failed, taken};
use crate::row::{Row, always, each, left_out, once};
use crate::script::{Step, answer, says};
use crate::stage::{Outcome, Stage};
use crate::subject::{self, Subject};
use crate::{child, logs, tls};

pub(super) const ROWS: &[Row] = &[
    each("G1", "plain HTTP to another machine", |s| {
        let case = Case::own(s, "a send", |stage| async move {
            let config = stage.config.clone().with("base_url", "http://192.0.2.1");
            refused_by_configuration(&stage, &config).await
        });
        vec![case.plays([Step::Take, answer()])]
    }),
    each("G2", "credentials in a channel's URI travel in one header, and in no address", |s| {
        let case = Case::own(s, "what the server sees", |stage| async move {
            taken(stage.send(&stage.message(1)?).await?)?;
            let seen = stage.listener.seen();
            let request = seen.requests.first().ok_or("no request")?;
            let shows = |text: &str| {
                (stage.subject.secrets)(&stage.canaries).iter().any(|secret| text.contains(secret.as_str()))
            };
            let held =
                request.headers().values().filter(|value| shows(&String::from_utf8_lossy(value.as_bytes()))).count();
            ensure(held == 1, || format!("{held} headers hold a credential"))?;
            ensure(canary::credential_in(&request.uri().to_string()).is_none(), || "the address holds one".to_owned())
        });
        vec![case.plays([Step::Take, answer()])]
    }),
    each("G3", "line breaks and steps in keys, ids and references", injections),
    each("G4", "timeouts and attempts without measure", measureless),
    left_out(
        "G5",
        "a client of the caller's own, with redirects or proxies",
        "a type: whoever brings a `Transport` answers for it",
    ),
    once("G6", "an authority of one's own is trusted, in DER as in PEM; nobody is trusted unseen", || {
        let case = Case::own(&subject::EXOTEL, "in DER", |stage| async move {
            let trusting = |extra_roots| HttpTransport::new(HttpOptions { extra_roots, ..Default::default() });
            let get = || {
                let mut request =
                    Request::get(&stage.base_url).header("accept-encoding", "identity").body(Bytes::new());
                if let Ok(request) = &mut request {
                    request.extensions_mut().insert(Operation::Read);
                }
                request.map_err(|error| error.to_string())
            };
            let roots = Roots::from_der(&tls::root_in_der()?).map_err(|error| error.to_string())?;
            let trusting_it = trusting(roots).map_err(|error| error.to_string())?;
            let answer = trusting_it.send(get()?).await.map_err(|error| format!("{error:?}"))?;
            ensure(answer.status().as_u16() == 200, || format!("{answer:?}"))?;
            let error = trusting(Roots::default()).map_err(|error| error.to_string())?.send(get()?).await.err();
            let error = error.ok_or("a stranger was trusted")?;
            ensure(error.kind() == ErrorKind::MalformedResponse && !error.may_have_been_sent(), || format!("{error:?}"))
        });
        vec![case.at(Peer::Tls(tls::Server::Good)).plays([Step::ReadRequest, says(200, &[], "{}")])]
    }),
    each("X1", "the debug form of everything that holds a secret", |s| {
        let case = Case::own(s, "all of it", |stage| async move {
            taken(stage.send(&stage.message(1)?).await?)?;
            let message = stage.message(2)?;
            let secret = Secret::new(stage.canaries.key.clone());
            let forms = [
                format!("{:?} {:#?}", stage.client, stage.client),
                format!("{:?} {:#?}", stage.config, stage.config),
                format!("{:?} {:#?}", stage.transport, stage.registry),
                format!("{message:?} {message:#?} {:?}", message.to),
                format!("{secret:?} {:?}", stage.config.reader()),
            ];
            match forms.iter().find_map(|form| Some((canary::found_in(form)?, form))) {
                Some((found, form)) => Err(format!("{found} is shown: {form}")),
                None => Ok(()),
            }
        });
        vec![case.plays([Step::Take, answer()])]
    }),
    always("X2", "every error's line, debug forms and causes are searched for secrets, numbers and addresses"),
    once("X3", "every crate's log lines are searched, at every level", || {
        let case = Case::own(&subject::EXOTEL, "those that have a say in it", |stage| async move {
            taken(stage.send(&stage.message(1)?).await?)?;
            let lines = logs::searched().lines;
            for name in ["transom", "hyper_util", "rustls"] {
                ensure(lines.get(name).is_some_and(|lines| *lines > 0), || {
                    format!("{name} has logged nothing: {lines:?}")
                })?;
            }
            Ok(())
        });
        vec![case.at(Peer::Tls(tls::Server::Good)).plays([Step::Take, answer()])]
    }),
    each("X4", "a panic that prints all that it holds", |s| child::case(s, child::Act::Panics)),
    always("X5", "the mock's journal and state are searched for credentials"),
    always("X6", "every request's debug form is searched for credentials"),
    left_out(
        "X7",
        "memory after a drop",
        "what a freed buffer holds cannot be read in safe Rust; unit tests see that there is one buffer, and that settings are wiped",
    ),
];

/// Refused when it is connected or when it is used, and nothing was sent.
async fn refused_by_configuration(stage: &Stage, config: &transom::config::ChannelConfig) -> Result<(), String> {
    let error = match stage.connect(config) {
        Ok(client) => client.send(&stage.message(1)?).await.err().ok_or("it was sent")?,
        Err(error) => error,
    };
    canary::in_error(&error)?;
    let is_told = matches!(error.kind(), ErrorKind::Config | ErrorKind::InvalidRequest) && !error.may_have_been_sent();
    ensure(is_told, || format!("{error:?}"))?;
    ensure(stage.listener.seen().connections == 0, || "somebody was asked".to_owned())
}

fn injections(s: &'static Subject) -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, tail) in [("CR LF", "\r\nx-injected: 1"), ("LF", "\nx"), ("NUL", "\0x")] {
        let case = Case::own(s, format!("{name} in a key"), move |stage| async move {
            let key = format!("{}{tail}", stage.canaries.key);
            refused_by_configuration(&stage, &stage.config.clone().with("api_key", key)).await
        });
        cases.push(case.plays([Step::Take, answer()]));
        let case = Case::own(s, format!("{name} in a reference"), move |stage| async move {
            let message = stage.message(1)?;
            let reference = format!("{}{tail}", message.reference.clone().unwrap_or_default());
            // It may be refused, or go as what it is: a text.
            let outcome = stage.send(&message.with_reference(reference)).await?;
            if let Outcome::Failed(_) = &outcome {
                let error = failed(outcome)?;
                ensure(!error.may_have_been_sent(), || format!("{error:?}"))?;
            }
            let seen = stage.listener.seen();
            let injected = seen.requests.iter().any(|request| request.headers().contains_key("x-injected"));
            ensure(!injected, || "a header was injected".to_owned())
        });
        cases.push(case.plays([Step::Take, answer()]));
    }
    if s.name() == "exotel" {
        for sid in ["../../v1/other", "acme/../x", "a?b", "a#b", ".."] {
            let case = Case::own(s, format!("the account `{sid}`"), move |stage| async move {
                let client =
                    stage.connect(&stage.config.clone().with("account_sid", sid)).map_err(|e| e.to_string())?;
                let answer = client.send(&stage.message(1)?).await;
                let seen = stage.listener.seen();
                match seen.requests.first() {
                    // One segment, whatever it holds.
                    Some(request) => {
                        ensure(request.uri().path().split('/').count() == 5 && request.uri().query().is_none(), || {
                            format!("the path is {}", request.uri())
                        })
                    }
                    None => ensure(answer.is_err_and(|error| !error.may_have_been_sent()), || {
                        "it was not refused".to_owned()
                    }),
                }
            });
            cases.push(case.plays([Step::ReadRequest, says(200, &[], "{}")]));
        }
    }
    cases
}

fn measureless(s: &'static Subject) -> Vec<Case> {
    let mut cases = Vec::new();
    for timeout in ["0s", "0ms", "18446744073709551615s", "99999999999999999999d", "-1s", "forever"] {
        let case = Case::own(s, format!("timeout {timeout}"), move |stage| async move {
            refused_by_configuration(&stage, &stage.config.clone().with("timeout", timeout)).await
        });
        cases.push(case.plays([Step::Take, answer()]));
    }
    let attempts = Case::own(s, "four billion attempts", |stage| async move {
        let clock = Arc::clone(&stage.clock) as Arc<dyn transom::time::Clock>;
        let client = stage.bare(&stage.config).map_err(|error| error.to_string())?;
        let client = client.layer(Retry::attempts(u32::MAX).with_time(clock, || 1.0));
        let error = client.send(&stage.message(1)?).await.err().ok_or("it was sent")?;
        ensure(error.kind() == ErrorKind::RateLimited && !error.may_have_been_sent(), || format!("{error:?}"))?;
        ensure(error.attempts() < 100, || format!("{} attempts", error.attempts()))
    });
    cases.push(attempts.plays([Step::ReadRequest, says(429, &[], "")]));
    cases
}
