//! Answers that contradict themselves, played without sockets: many statuses, bodies and words, and the rules that hold for
//! every one of them.
//!
//! An answer *names a message* if it holds an id where the provider puts ids of accepted messages. Two rules hold for such
//! an answer, whatever else it says: no further send request goes, and the message is not reported as not sent. The
//! exceptions are the lines of [`declared`](declared::DECLARED).

pub(crate) mod declared;
pub(crate) mod documented;
pub(crate) mod message_id;
pub(crate) mod scripted_transport;
pub(crate) mod way;

use std::fmt;

use bytes::Bytes;
use transom::{Error, ErrorKind};

use super::canary;
use super::case::Claim;
use super::profile::FaultProfile;
use crate::assertions::{Check, Failure, ensure, equal};
use way::Way;

/// A response to a send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, &'static str)>,
    pub(crate) body: Bytes,
}

impl Answer {
    /// A body labelled as JSON.
    pub(crate) fn json(status: u16, body: impl fmt::Display) -> Self {
        Self { status, headers: vec![("content-type", "application/json")], body: body.to_string().into() }
    }

    /// A web page.
    pub(crate) fn page(status: u16, text: &str) -> Self {
        let body = format!("<!doctype html><html><body><h1>{text}</h1></body></html>");
        Self { status, headers: vec![("content-type", "text/html")], body: body.into() }
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, String::from_utf8_lossy(&self.body))?;
        self.headers.iter().skip(1).try_for_each(|(name, value)| write!(f, ", {name}: {value}"))
    }
}

/// The expected result of a send that is answered with [`AnswerCase::answer`].
#[derive(Clone, Debug)]
pub(crate) enum Expect {
    /// The answer names a message: the outcome is unknown and nothing more is sent. The error keeps the status, and the
    /// provider's code if it is given here.
    Unknown { code: Option<String> },
    /// The answer proves nothing: the outcome is unknown and nothing more is sent.
    Doubtful,
    /// The same as if this had been the answer.
    As(Answer),
    /// Certainly not sent, and nothing more is sent.
    Rejected,
    /// A line of [`declared::DECLARED`] says that the message was not sent.
    Declared,
    /// No template goes, and the error does not say that the window is closed.
    NoTemplate,
    /// The template goes once, and is accepted.
    TemplateOnce,
}

/// One execution: an answer, the way of the message to it, and the expected result.
#[derive(Clone, Debug)]
pub(crate) struct AnswerCase {
    pub(crate) profile: &'static FaultProfile,
    pub(crate) way: Way,
    /// The setting `probe` of the channel.
    pub(crate) probe: bool,
    pub(crate) answer: Answer,
    pub(crate) expect: Expect,
}

impl AnswerCase {
    pub(crate) const fn new(profile: &'static FaultProfile, way: Way, answer: Answer, expect: Expect) -> Self {
        Self { profile, way, probe: true, answer, expect }
    }

    pub(crate) fn without_probe(self) -> Self {
        Self { probe: false, ..self }
    }
}

/// What became of a send.
#[derive(Debug)]
pub(crate) struct SendResult {
    /// The error, or the reported attempts of an accepted message.
    pub(crate) outcome: Result<u32, Error>,
    /// The send requests over all channels.
    pub(crate) sends: usize,
    /// Those of them with a template.
    pub(crate) templates: usize,
}

impl SendResult {
    pub(crate) fn claim(&self) -> Claim {
        match &self.outcome {
            Ok(_) => Claim::Sent,
            Err(error) if error.may_have_been_sent() => Claim::Unknown,
            Err(_) => Claim::NotSent,
        }
    }

    fn error(&self) -> Option<&Error> {
        self.outcome.as_ref().err()
    }

    /// All that a caller sees, for comparisons.
    fn seen(&self) -> (Claim, Option<ErrorKind>, Option<&str>, usize, usize) {
        let error = self.error();
        (self.claim(), error.map(Error::kind), error.and_then(Error::code), self.sends, self.templates)
    }
}

/// Plays a case. Returns the claim, and the failure if there is one.
pub(crate) async fn play(case: &AnswerCase) -> (Option<Claim>, Check) {
    let result = match case.way.play(case.profile, case.probe, &case.answer).await {
        Ok(result) => result,
        Err(failure) => return (None, Err(at(case, &failure, None))),
    };
    let checked = match &case.expect {
        Expect::As(plain) => same_as(case, &result, plain).await,
        _ => check(case, &result),
    };
    let checked = checked.and_then(|()| always(case, &result));
    (Some(result.claim()), checked.map_err(|failure| at(case, &failure, Some(&result))))
}

fn at(case: &AnswerCase, failure: &Failure, result: Option<&SendResult>) -> Failure {
    let AnswerCase { way, answer, .. } = case;
    format!(
        "{way:?}, answer {answer}: {failure}{}",
        result.map(|result| format!("\n    {result:?}")).unwrap_or_default()
    )
    .into()
}

fn check(case: &AnswerCase, result: &SendResult) -> Check {
    let before = case.way.earlier_sends();
    let ends = |claim: Claim| {
        equal("the claim", &result.claim(), &claim)?;
        equal("the send requests", &result.sends, &(before + 1))
    };
    match &case.expect {
        Expect::Unknown { code } => {
            ends(Claim::Unknown)?;
            let error = result.error();
            equal("the status of the error", &error.and_then(Error::status), &Some(case.answer.status))?;
            match code {
                Some(code) => equal("the code of the error", &error.and_then(Error::code), &Some(code.as_str())),
                None => Ok(()),
            }
        }
        Expect::Doubtful => ends(Claim::Unknown),
        Expect::Rejected => ends(Claim::NotSent),
        // The page's word settles it, so a fallback to another channel is no second message.
        Expect::Declared => ensure(
            result.claim() == Claim::NotSent || (result.claim() == Claim::Sent && result.sends > before + 1),
            "the provider's page says that this message was not sent",
        ),
        Expect::NoTemplate => {
            equal("the templates", &result.templates, &0)?;
            let is_window = result.error().is_some_and(Error::is_window_closed);
            ensure(!is_window, "the words are read as a closed window")
        }
        Expect::TemplateOnce => {
            equal("the claim", &result.claim(), &Claim::Sent)?;
            equal("the send requests and templates", &(result.sends, result.templates), &(before + 2, 1))
        }
        Expect::As(_) => Ok(()),
    }
}

/// Passes if the plain answer has the same result.
async fn same_as(case: &AnswerCase, result: &SendResult, plain: &Answer) -> Check {
    let other = case.way.play(case.profile, case.probe, plain).await?;
    equal("what the caller sees, compared with the answer without the value", &result.seen(), &other.seen())
}

/// The rules for all cases: every request is reported, and the error shows no secret.
fn always(case: &AnswerCase, result: &SendResult) -> Check {
    let reported = match &result.outcome {
        Ok(attempts) => *attempts,
        Err(error) => {
            canary::in_error(error)?;
            error.attempts()
        }
    };
    let all = usize::try_from(reported).unwrap_or(usize::MAX);
    ensure(all >= result.sends, format_args!("{reported} attempts are reported, there were {}", result.sends))?;
    let may_end_unsent =
        matches!(case.expect, Expect::Rejected | Expect::Declared | Expect::As(_) | Expect::NoTemplate);
    ensure(may_end_unsent || result.claim() != Claim::NotSent, "named, and called not sent")
}
