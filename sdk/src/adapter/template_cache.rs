//! A cache of a provider's template list, and checks of a template against it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::account::TemplateInfo;
use crate::adapter::cached::{Cached, Entry};
use crate::adapter::limits::Limits;
use crate::config::ResolvedTemplate;
use crate::error::{Error, ErrorKind, Result};
use crate::message::HeaderDefinition;
use crate::message::definition::{self, is_place};
use crate::message::media::Header;
use crate::message::template::Template;
use crate::message::validate::over_length;
use crate::time::Clock;

/// The lifetime of a cached list.
const LIFETIME: Duration = Duration::from_secs(10 * 60);
/// The pause after a failure in which optional reads do not try again.
const PAUSE: Duration = Duration::from_secs(60);

/// The cached template list of a provider, for an adapter that checks templates before the send.
///
/// A list that allows the template is used for ten minutes. A list that does not is read again first, because the
/// template may have been created or approved meanwhile. Concurrent callers share one read.
#[derive(Default)]
pub struct TemplateCache(Cached<Arc<[TemplateInfo]>>);

impl TemplateCache {
    /// Returns the cached list if it is young and `suits`, or else reads it with `read`.
    ///
    /// # Errors
    /// That of `read`, unless an older list `suits`.
    pub async fn get(
        &self,
        clock: &dyn Clock,
        read: impl Future<Output = Result<Vec<TemplateInfo>>> + Send,
        suits: impl Fn(&[TemplateInfo]) -> bool + Send + Sync,
    ) -> Result<Arc<[TemplateInfo]>> {
        let usable = |list: &Entry<Arc<[TemplateInfo]>>| is_within(LIFETIME, list.at, clock) && suits(&list.value);
        let read = async { read.await.map(Into::into) };
        match self.0.get(clock, usable, read).await {
            Ok(list) => Ok(list.value),
            Err(error) => match self.0.peek() {
                Some(old) if suits(&old.value) => Ok(old.value),
                _ => Err(error),
            },
        }
    }

    /// As [`get`](Self::get), for callers that can continue without a list. Returns `None` if it cannot be read, and
    /// for a minute after a failure, so that an unavailable list does not slow every send.
    pub async fn get_if_available(
        &self,
        clock: &dyn Clock,
        read: impl Future<Output = Result<Vec<TemplateInfo>>> + Send,
        suits: impl Fn(&[TemplateInfo]) -> bool + Send + Sync,
    ) -> Option<Arc<[TemplateInfo]>> {
        let is_down = self.0.failed_at().is_some_and(|at| is_within(PAUSE, at, clock));
        if is_down { None } else { self.get(clock, read, suits).await.ok() }
    }

    /// Drops the list after the provider showed that it is out of date.
    pub fn invalidate(&self) {
        self.0.invalidate();
    }
}

/// A template of a send, for the check against the provider's list.
#[derive(Clone, Copy, Debug)]
pub struct RequestedTemplate<'t> {
    template: &'t Template,
    resolved: ResolvedTemplate<'t>,
}

impl<'t> RequestedTemplate<'t> {
    /// `template`, in the provider's names as `resolved`.
    pub const fn new(template: &'t Template, resolved: ResolvedTemplate<'t>) -> Self {
        Self { template, resolved }
    }

    /// Its definition in `listed`, which it fits. `None` if the list has no template of its name, because the provider may
    /// know more than the list. `limits` bounds the filled texts.
    ///
    /// # Errors
    /// [`InvalidRequest`](ErrorKind::InvalidRequest) for values that are missing, too many or of a wrong kind;
    /// [`TemplateRejected`](ErrorKind::TemplateRejected) for a state that does not allow sending, and if it exists in other
    /// languages only.
    pub fn definition_in<'l>(&self, listed: &'l [TemplateInfo], limits: &Limits) -> Result<Option<&'l TemplateInfo>> {
        let ResolvedTemplate { name, language, .. } = self.resolved;
        let Some(info) = listed.iter().find(|info| info.name == name && info.language == language) else {
            return match other_languages(listed, name) {
                None => Ok(None),
                Some(others) => {
                    let problem = format!("template `{name}` does not exist in `{language}`, it exists in {others}");
                    Err(Error::invalid(ErrorKind::TemplateRejected, vec![problem]))
                }
            };
        };
        info.check_status()?;
        let values = if info.has_names() {
            let values = self.resolved.named()?;
            info.check_own_names(values.iter().map(|(name, _)| name.as_str()))?;
            values
        } else {
            let values = self.resolved.positional()?;
            info.check_places(values.len())?;
            (1..).map(|place: usize| place.to_string()).zip(values).collect()
        };
        let value = |name: &str| values.iter().find(|(known, _)| known == name).map(|(_, value)| (*value).to_owned());
        let mut problems = Vec::new();
        if let Some(body) = &info.body {
            let count = definition::filled(body, value).chars().count();
            problems.extend(limits.over_template_body("body: the text has", count));
        }
        if let Some(definition) = &info.definition {
            if let (Some(HeaderDefinition::Text(text)), Some(Header::Text(line))) =
                (&definition.part.header, &self.template.header)
            {
                let text = definition::filled(text, |_| Some(line.text.clone()));
                problems.extend(over_length("header: the text", &text, limits.header));
            }
            problems.extend(definition.misfits(self.template));
        }
        if problems.is_empty() {
            return Ok(Some(info));
        }
        let lines = problems.iter().map(|problem| format!("template `{name}` in `{language}`: {problem}")).collect();
        Err(Error::invalid(ErrorKind::InvalidRequest, lines))
    }
}

/// The languages in which `listed` has the template `name`, for an error; `None` if there are none.
pub fn other_languages(listed: &[TemplateInfo], name: &str) -> Option<String> {
    let of_name = listed.iter().filter(|info| info.name == name);
    let languages: BTreeSet<String> = of_name.map(|info| format!("`{}`", info.language)).collect();
    (!languages.is_empty()).then(|| languages.into_iter().collect::<Vec<_>>().join(", "))
}

/// Whether less than `span` has passed since `at`. False if the clock was set back.
fn is_within(span: Duration, at: SystemTime, clock: &dyn Clock) -> bool {
    clock.now().duration_since(at).is_ok_and(|age| age < span)
}

impl fmt::Debug for TemplateCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listed = self.0.peek().map(|list| list.value.len());
        f.debug_struct("TemplateCache").field("listed", &listed).finish_non_exhaustive()
    }
}

/// The states in which WhatsApp sends no template, in the providers' words. The provider decides about every other
/// state.
const BARRED: &[&str] = &["draft", "pending", "rejected", "paused", "disabled"];

impl TemplateInfo {
    /// Checks that its state allows sending.
    ///
    /// # Errors
    /// [`ErrorKind::TemplateRejected`] if it is known not to.
    pub fn check_status(&self) -> Result<()> {
        if BARRED.contains(&self.status.as_str()) {
            return Err(self.wrong(ErrorKind::TemplateRejected, &format!("is {}, not approved", self.status)));
        }
        Ok(())
    }

    /// Checks that `given` positional values fill its placeholders. If the provider does not report placeholders, any
    /// number passes.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] if they are too few or too many.
    pub fn check_places(&self, given: usize) -> Result<()> {
        if !self.parameters_known {
            return Ok(());
        }
        if given != self.parameters.len() {
            return Err(self.wrong(ErrorKind::InvalidRequest, &format!("takes {}, got {given}", self.wanted())));
        }
        Ok(())
    }

    /// Checks that values with these names fill its placeholders. `1`, `2`, … name positions. If the provider does not
    /// report placeholders, any names pass.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] if there are too few or too many, or one that it does not have.
    pub fn check_names<'n>(&self, given: impl IntoIterator<Item = &'n str>) -> Result<()> {
        if !self.parameters_known {
            return Ok(());
        }
        let mut filled = vec![false; self.parameters.len()];
        let mut count = 0_usize;
        for name in given {
            count += 1;
            let by_name = self.parameters.iter().position(|known| known == name);
            let by_place = || name.parse::<usize>().ok()?.checked_sub(1);
            let place = by_name.or_else(by_place).and_then(|place| filled.get_mut(place));
            match place {
                Some(place) => *place = true,
                None if is_place(name) => {}
                None => {
                    let problem = format!("has no parameter `{name}`, it takes {}", self.wanted());
                    return Err(self.wrong(ErrorKind::InvalidRequest, &problem));
                }
            }
        }
        if count == filled.len() && filled.iter().all(|filled| *filled) {
            return Ok(());
        }
        Err(self.wrong(ErrorKind::InvalidRequest, &format!("takes {}, got {count}", self.wanted())))
    }

    /// Whether its placeholders have names, as far as the provider reports them.
    pub fn has_names(&self) -> bool {
        self.parameters.iter().any(|name| !is_place(name))
    }

    /// As [`check_names`](Self::check_names), and a number is no name.
    fn check_own_names<'n>(&self, given: impl Iterator<Item = &'n str> + Clone) -> Result<()> {
        if self.has_names() && given.clone().any(is_place) {
            let problem = format!(
                "takes its values by name ({}): give them by name, or list the names as `params` in the channel's templates table",
                self.names()
            );
            return Err(self.wrong(ErrorKind::InvalidRequest, &problem));
        }
        self.check_names(given)
    }

    fn wanted(&self) -> String {
        match self.parameters.len() {
            0 => "no parameters".to_owned(),
            1 => format!("1 parameter ({})", self.names()),
            several => format!("{several} parameters ({})", self.names()),
        }
    }

    fn names(&self) -> String {
        self.parameters.join(", ")
    }

    fn wrong(&self, kind: ErrorKind, problem: &str) -> Error {
        Error::invalid(kind, vec![format!("template `{}` in `{}` {problem}", self.name, self.language)])
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use async_trait::async_trait;

    use super::*;

    /// A manual clock.
    #[derive(Debug, Default)]
    struct ByHand(AtomicU64);

    #[async_trait]
    impl Clock for ByHand {
        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH + Duration::from_secs(self.0.load(Ordering::Relaxed))
        }

        async fn sleep(&self, _duration: Duration) {}
    }

    impl ByHand {
        fn advance(&self, seconds: u64) {
            self.0.fetch_add(seconds, Ordering::Relaxed);
        }
    }

    fn template(parameters: &[&str], status: &str) -> TemplateInfo {
        let told = parameters.iter().map(|name| (*name).to_owned()).collect();
        TemplateInfo::new("310", "visit", "en", status).with_parameters(Some(told))
    }

    /// A list that counts its reads.
    #[derive(Default)]
    struct Reader {
        list: TemplateCache,
        clock: ByHand,
        reads: AtomicU64,
    }

    impl Reader {
        fn reads(&self) -> u64 {
            self.reads.load(Ordering::Relaxed)
        }

        async fn read(&self, answer: Result<Vec<TemplateInfo>>) -> Result<Vec<TemplateInfo>> {
            self.reads.fetch_add(1, Ordering::Relaxed);
            // Lets other tasks run during the read.
            tokio::task::yield_now().await;
            answer
        }

        async fn get(&self, answer: Result<Vec<TemplateInfo>>, suits: bool) -> Result<usize> {
            let list = self.list.get(&self.clock, self.read(answer), |_| suits).await;
            list.map(|templates| templates.len())
        }

        async fn get_if_available(&self, answer: Result<Vec<TemplateInfo>>) -> Option<usize> {
            let list = self.list.get_if_available(&self.clock, self.read(answer), |_| true).await;
            list.map(|templates| templates.len())
        }
    }

    fn one() -> Vec<TemplateInfo> {
        vec![template(&[], "approved")]
    }

    fn down() -> Error {
        Error::new(ErrorKind::ProviderUnavailable, "down")
    }

    #[tokio::test]
    async fn a_list_is_believed_for_ten_minutes() {
        let reader = Reader::default();
        assert_eq!(reader.get(Ok(one()), true).await.unwrap(), 1);
        reader.clock.advance(599);
        assert_eq!(reader.get(Ok(vec![]), true).await.unwrap(), 1);
        assert_eq!(reader.reads(), 1);
        reader.clock.advance(1);
        assert_eq!(reader.get(Ok(vec![]), true).await.unwrap(), 0);
        assert_eq!(reader.reads(), 2);
    }

    #[tokio::test]
    async fn a_list_that_says_no_or_was_let_go_of_is_read_anew() {
        let reader = Reader::default();
        reader.get(Ok(one()), true).await.unwrap();
        assert_eq!(reader.get(Ok(vec![]), false).await.unwrap(), 0);
        reader.list.invalidate();
        assert_eq!(reader.get(Ok(one()), true).await.unwrap(), 1);
        assert_eq!(reader.reads(), 3);
    }

    #[tokio::test]
    async fn an_old_list_that_says_yes_is_better_than_none() {
        let reader = Reader::default();
        reader.get(Ok(one()), true).await.unwrap();
        reader.clock.advance(3_600);
        assert_eq!(reader.get(Err(down()), true).await.unwrap(), 1);
        assert_eq!(reader.get(Err(down()), false).await.unwrap_err().kind(), ErrorKind::ProviderUnavailable);
    }

    #[tokio::test]
    async fn optional_list_read_fails_at_most_once_a_minute() {
        let reader = Reader::default();
        assert_eq!(reader.get_if_available(Err(down())).await, None);
        assert_eq!(reader.get_if_available(Ok(one())).await, None);
        assert_eq!(reader.reads(), 1);
        reader.clock.advance(60);
        assert_eq!(reader.get_if_available(Ok(one())).await, Some(1));
        // Whoever cannot asks at once.
        let needy = Reader::default();
        assert!(needy.get(Err(down()), true).await.is_err());
        assert_eq!(needy.get(Ok(one()), true).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn many_callers_share_one_reading_and_one_failure() {
        let reader = Reader::default();
        let (a, b, c) =
            tokio::join!(reader.get(Ok(one()), true), reader.get(Ok(one()), true), reader.get(Ok(one()), true));
        assert!(a.is_ok() && b.is_ok() && c.is_ok());
        assert_eq!(reader.reads(), 1);
        let failing = Reader::default();
        let (a, b) = tokio::join!(failing.get(Err(down()), true), failing.get(Err(down()), true));
        assert_eq!((a.unwrap_err().message(), b.unwrap_err().message()), ("down", "down"));
        assert_eq!(failing.reads(), 1);
    }

    #[test]
    fn only_a_state_that_is_known_to_hold_a_template_back_does() {
        for status in ["approved", "", "in_appeal", "active", "quality pending"] {
            assert!(template(&[], status).check_status().is_ok(), "{status}");
        }
        for status in ["pending", "rejected", "paused", "disabled", "draft"] {
            let error = template(&[], status).check_status().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TemplateRejected);
            assert_eq!(error.message(), format!("template `visit` in `en` is {status}, not approved"));
        }
    }

    #[test]
    fn values_by_position_are_counted() {
        let places = template(&["1", "2"], "approved");
        assert!(places.check_places(2).is_ok() && template(&[], "approved").check_places(0).is_ok());
        for given in [0, 1, 3] {
            let error = places.check_places(given).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest);
            assert_eq!(error.message(), format!("template `visit` in `en` takes 2 parameters (1, 2), got {given}"));
        }
        assert!(!places.has_names() && template(&["customer", "2"], "approved").has_names());
    }

    #[test]
    fn placeholders_that_are_not_told_hold_nothing_back() {
        let untold = TemplateInfo::new("310", "visit", "en", "approved");
        assert!(untold.check_places(3).is_ok() && untold.check_names(["customer"]).is_ok());
    }

    #[test]
    fn values_by_name_fill_names_and_places_each_once() {
        let named = template(&["customer", "day"], "approved");
        for fits in [["customer", "day"], ["1", "2"], ["day", "1"]] {
            assert!(named.check_names(fits).is_ok(), "{fits:?}");
        }
        for (given, problem) in [
            (&["customer"][..], "takes 2 parameters (customer, day), got 1"),
            (&["1", "2", "3"], "takes 2 parameters (customer, day), got 3"),
            (&["customer", "1"], "takes 2 parameters (customer, day), got 2"),
            (&["customer", "hour"], "has no parameter `hour`"),
            (&["0", "1"], "got 2"),
            (&[], "got 0"),
        ] {
            let error = named.check_names(given.iter().copied()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest);
            assert!(error.message().contains(problem), "{given:?}: {error}");
        }
        assert!(
            template(&[], "approved").check_names(["1"]).unwrap_err().message().contains("takes no parameters, got 1")
        );
    }
}
