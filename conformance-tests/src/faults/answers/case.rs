//! One answer, the way of a message to it, and the expected result.

use transom::Error;

use super::answer::Answer;
use super::way::{SendResult, Way};
use crate::assertions::{Check, Failure, ensure, equal};
use crate::faults::canary;
use crate::faults::case::Claim;
use crate::faults::profile::FaultProfile;

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
    /// A line of [`DECLARED`](super::declared::DECLARED) says that the message was not sent.
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
