//! A resolver with scripted answers.

use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use transom::transport::Resolver;

use super::script::Gate;

/// The answer to each query in turn; the last answer also goes to every further one.
#[derive(Debug)]
pub(crate) struct ScriptedDns {
    answers: Vec<Answer>,
    asked: AtomicUsize,
}

#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// The name does not exist.
    None,
    /// No answer at all.
    Silence,
    /// These addresses, possibly none.
    Addresses(Vec<IpAddr>),
    /// These addresses, once the gate is open.
    Behind(Gate, Vec<IpAddr>),
}

impl ScriptedDns {
    pub(crate) fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self { answers: answers.into_iter().collect(), asked: AtomicUsize::new(0) }
    }

    /// The number of queries.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Resolver for ScriptedDns {
    async fn resolve(&self, _host: &str) -> io::Result<Vec<IpAddr>> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        match self.answers.get(asked).or(self.answers.last()) {
            None | Some(Answer::None) => Err(io::Error::new(io::ErrorKind::NotFound, "no such host is known")),
            Some(Answer::Silence) => std::future::pending().await,
            Some(Answer::Addresses(addresses)) => Ok(addresses.clone()),
            Some(Answer::Behind(gate, addresses)) => {
                gate.pass().await;
                Ok(addresses.clone())
            }
        }
    }
}
