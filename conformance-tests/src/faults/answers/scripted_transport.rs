//! A transport that answers sends from a script, and everything else from the provider's simulator.

use std::collections::VecDeque;
use std::sync::{Mutex, OnceLock, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, Uri};
use transom::transport::{StreamedBody, Transport};
use transom::{Error, ErrorKind, Result};

use super::answer::Answer;
use crate::faults::profile::FaultProfile;
use crate::faults::provider::Provider;

/// The other end of one channel.
#[derive(Debug)]
pub(crate) struct ScriptedTransport {
    profile: &'static FaultProfile,
    /// Made at the first request that is no send, since few cases have one.
    provider: OnceLock<Provider>,
    /// The answers to the next sends. Every further send is accepted.
    answers: Mutex<VecDeque<Answer>>,
    sends: Mutex<Vec<Bytes>>,
}

impl ScriptedTransport {
    pub(crate) fn new(profile: &'static FaultProfile, answers: impl IntoIterator<Item = Answer>) -> Self {
        let answers = Mutex::new(answers.into_iter().collect());
        Self { profile, provider: OnceLock::new(), answers, sends: Mutex::default() }
    }

    /// The bodies of the send requests.
    pub(crate) fn sends(&self) -> Vec<Bytes> {
        self.sends.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn answer(&self, body: Bytes) -> Answer {
        self.sends.lock().unwrap_or_else(PoisonError::into_inner).push(body);
        let next = self.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        next.unwrap_or_else(|| Answer::json(200, (self.profile.yes)("\"further\"")))
    }
}

#[async_trait]
impl Transport for ScriptedTransport {
    async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>> {
        let broken = |problem: http::Error| Error::new(ErrorKind::InvalidRequest, problem.to_string());
        if !self.profile.adapter.send_paths.contains(&request.uri().path()) {
            let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
            let path = path.parse::<Uri>().map_err(|problem| broken(problem.into()))?;
            *request.uri_mut() = path;
            return Ok(self.provider.get_or_init(|| Provider::new(self.profile.name())).act(&request));
        }
        let answer = self.answer(request.into_body());
        let mut response = Response::builder().status(answer.status);
        for (name, value) in answer.headers {
            response = response.header(name, value);
        }
        response.body(answer.body).map_err(broken)
    }

    async fn send_streamed(&self, _: Request<StreamedBody>) -> Result<Response<Bytes>> {
        Err(Error::new(ErrorKind::Unsupported, "no row uploads"))
    }
}
