//! Fixed-window rate limits on virtual time.

use std::time::{Duration, SystemTime};

/// At most `limit` requests in each window. A window starts with the first request after the previous one ended, as the
/// provider documentation describes it: when the time is up, the full quota is back.
#[derive(Debug, Clone)]
pub struct Limiter {
    pub(crate) limit: u32,
    pub(crate) window: Duration,
    pub(crate) started: Option<SystemTime>,
    pub(crate) used: u32,
    /// Nothing is refused, and nothing counted; the numbers stay, for the headers that tell them.
    pub(crate) off: bool,
}

/// The result of a [`Limiter`] for one request, with the numbers for rate-limit headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Whether the request may pass.
    pub allowed: bool,
    /// Requests per window.
    pub limit: u32,
    /// Requests left in this window, after this one.
    pub remaining: u32,
    /// Length of the window.
    pub window: Duration,
    /// Time until the window ends.
    pub reset_after: Duration,
}

/// The limits of one key, in place of those of the provider.
#[derive(Debug, Clone)]
pub(crate) struct KeyLimit {
    pub(crate) limiter: Limiter,
    /// Requests in 24 hours from the first.
    pub(crate) per_day: u32,
}

impl Quota {
    /// The numbers of a used-up limit, for an answer that says so: nothing remains, and the wait is at least one second.
    #[must_use]
    pub fn exhausted(self) -> Self {
        let reset_after = self.reset_after.max(Duration::from_secs(1));
        Self { allowed: false, remaining: 0, reset_after, ..self }
    }

    /// [`reset_after`](Self::reset_after) in whole seconds, rounded up, as `Retry-After` carries it.
    pub fn reset_after_seconds(&self) -> u64 {
        self.reset_after.as_secs() + u64::from(self.reset_after.subsec_nanos() > 0)
    }

    /// The end of the window in whole seconds since 1970, rounded up, so that waiting until then is long enough.
    pub fn reset_epoch_seconds(&self, now: SystemTime) -> u64 {
        let reset = (now + self.reset_after).duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        reset.as_secs() + u64::from(reset.subsec_nanos() > 0)
    }
}

impl Limiter {
    /// A limiter with a full quota.
    pub fn new(limit: u32, window: Duration) -> Self {
        Self { limit, window, started: None, used: 0, off: false }
    }

    /// When a quota that is used up is full again; `None` if it is not used up.
    pub(crate) fn full_again_at(&self) -> Option<SystemTime> {
        let used_up = !self.off && self.used >= self.limit;
        self.started.filter(|_| used_up).map(|started| started + self.window)
    }

    /// Counts one request. A refused request neither counts nor prolongs the window.
    pub fn take(&mut self, now: SystemTime) -> Quota {
        let (started, used) = self.at(now);
        if self.off {
            return self.peek(now);
        }
        let allowed = used < self.limit;
        if allowed {
            self.started = Some(started);
            self.used = used + 1;
        }
        Quota { allowed, ..self.peek(now) }
    }

    /// The result for the next request, without counting it.
    pub fn peek(&self, now: SystemTime) -> Quota {
        let (started, used) = if self.off { (now, 0) } else { self.at(now) };
        let elapsed = now.duration_since(started).unwrap_or_default();
        Quota {
            allowed: self.off || used < self.limit,
            limit: self.limit,
            remaining: self.limit.saturating_sub(used),
            window: self.window,
            reset_after: self.window.saturating_sub(elapsed),
        }
    }

    /// The running window. One that lies in the future, because the clock was set back, is over.
    fn at(&self, now: SystemTime) -> (SystemTime, u32) {
        match self.started {
            Some(started) if now.duration_since(started).is_ok_and(|elapsed| elapsed < self.window) => {
                (started, self.used)
            }
            _ => (now, 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)
    }

    #[test]
    fn two_requests_in_300_seconds_follow_the_documented_example() {
        let mut limiter = Limiter::new(2, Duration::from_secs(300));
        let said = |quota: Quota| (quota.allowed, quota.remaining, quota.reset_after.as_secs());
        assert_eq!(said(limiter.take(at(0))), (true, 1, 300));
        assert_eq!(said(limiter.take(at(10))), (true, 0, 290));
        assert_eq!(said(limiter.take(at(100))), (false, 0, 200));
        assert_eq!(said(limiter.take(at(299))), (false, 0, 1));
        assert_eq!(said(limiter.take(at(300))), (true, 1, 300));
    }

    #[test]
    fn looking_does_not_count() {
        let mut limiter = Limiter::new(1, Duration::from_secs(1));
        assert!(limiter.peek(at(0)).allowed);
        assert!(limiter.take(at(0)).allowed);
        assert!(!limiter.peek(at(0)).allowed);
    }

    #[test]
    fn a_clock_set_back_does_not_block_for_ever() {
        let mut limiter = Limiter::new(1, Duration::from_secs(60));
        assert!(limiter.take(at(1000)).allowed);
        assert!(limiter.take(at(0)).allowed);
    }

    #[test]
    fn a_wait_is_rounded_up_to_whole_seconds() {
        let mut limiter = Limiter::new(1, Duration::from_secs(1));
        limiter.take(at(0));
        let quota = limiter.take(at(0) + Duration::from_millis(300));
        assert_eq!(quota.reset_after_seconds(), 1);
        assert_eq!(quota.reset_epoch_seconds(at(0) + Duration::from_millis(300)), 1_000_001);
        assert_eq!(quota.reset_epoch_seconds(at(0) + Duration::from_millis(301)), 1_000_002);
        assert!(!quota.allowed);
    }
}
