//! Used rate limits of API keys and accounts, for providers that count by those.

use std::time::{Duration, SystemTime};

use crate::core::bounded::Table;
use crate::core::fingerprint::Fingerprints;
use crate::core::fingerprint::fingerprint;
use crate::core::limiter::{KeyLimit, Limiter, Quota};

/// More keys and accounts than this are not counted apart: the one that was seen first starts afresh.
pub(super) const MOST_BUCKETS: usize = 10_000;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The used quota of a key or account.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bucket {
    /// Empty for a row that was just made.
    pub(crate) provider: &'static str,
    pub(crate) whose: BucketOwner,
    pub(crate) started: Option<SystemTime>,
    pub(crate) used: u32,
    /// The requests of a day, for keys whose days are limited.
    pub(crate) day_started: Option<SystemTime>,
    pub(crate) day_used: u32,
}

/// The owner of a bucket. Of a key only the fingerprint is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BucketOwner {
    Key(u64),
    Account(Box<str>),
}

impl BucketOwner {
    /// The key's fingerprint, or the account.
    pub(crate) fn names(&self) -> (Option<String>, Option<String>) {
        match self {
            Self::Key(key) => (Some(format!("{key:016x}")), None),
            Self::Account(account) => (None, Some(account.to_string())),
        }
    }
}

impl Default for BucketOwner {
    fn default() -> Self {
        Self::Key(0)
    }
}

/// Every bucket that was drawn from.
#[derive(Debug)]
pub(super) struct Buckets {
    pub(super) rows: Table<u64, Bucket>,
    prints: Fingerprints,
}

impl Buckets {
    pub(super) fn new() -> Self {
        Self { rows: Table::new(MOST_BUCKETS), prints: Fingerprints::default() }
    }

    /// Returns the number of an API key's bucket. The bucket keeps a fingerprint of the key.
    pub(super) fn of_key(&mut self, provider: &'static str, key: &str) -> u64 {
        let key = self.prints.of(key);
        self.bucket(provider, numbered(provider, key), || BucketOwner::Key(key))
    }

    /// Returns the number of an account's bucket.
    pub(super) fn of_account(&mut self, provider: &'static str, account: &str) -> u64 {
        let number = numbered(provider, self.prints.of(account));
        self.bucket(provider, number, || BucketOwner::Account(account.into()))
    }

    fn bucket(&mut self, provider: &'static str, number: u64, whose: impl FnOnce() -> BucketOwner) -> u64 {
        if let Some(bucket) = self.rows.entry(number)
            && bucket.provider.is_empty()
        {
            *bucket = Bucket { provider, whose: whose(), ..Bucket::default() };
        }
        number
    }

    /// Counts one request against a bucket's share of the provider's limit, or against `limit` as a whole.
    pub(super) fn take(&mut self, provider: &str, number: Option<u64>, limit: &mut Limiter, now: SystemTime) -> Quota {
        let bucket = number.and_then(|number| self.rows.get_mut(&number));
        match bucket.filter(|bucket| bucket.provider == provider) {
            None => limit.take(now),
            Some(bucket) => {
                let mut own = bucket.limiter(limit);
                let quota = own.take(now);
                (bucket.started, bucket.used) = (own.started, own.used);
                quota
            }
        }
    }

    /// Counts one request against the limits of a key's own, of which that of the day comes first.
    pub(super) fn take_own(&mut self, provider: &str, number: Option<u64>, own: &KeyLimit, now: SystemTime) -> Quota {
        let bucket = number.and_then(|number| self.rows.get_mut(&number));
        let Some(bucket) = bucket.filter(|bucket| bucket.provider == provider) else { return own.limiter.peek(now) };
        let day = Limiter::new(own.per_day, DAY);
        let mut day = Limiter { started: bucket.day_started, used: bucket.day_used, ..day };
        let left = day.peek(now);
        if !left.allowed {
            return left;
        }
        let mut limiter = bucket.limiter(&own.limiter);
        let quota = limiter.take(now);
        (bucket.started, bucket.used) = (limiter.started, limiter.used);
        if quota.allowed {
            day.take(now);
            (bucket.day_started, bucket.day_used) = (day.started, day.used);
        }
        quota
    }

    /// As [`take`](Self::take), without counting.
    pub(super) fn peek(&self, provider: &str, number: Option<u64>, limit: &Limiter, now: SystemTime) -> Quota {
        let bucket = number.and_then(|number| self.rows.get(&number));
        match bucket.filter(|bucket| bucket.provider == provider) {
            None => limit.peek(now),
            Some(bucket) => bucket.limiter(limit).peek(now),
        }
    }

    /// Resets the used quota of a provider.
    pub(super) fn start_afresh(&mut self, provider: &str) {
        for bucket in self.rows.values_mut().filter(|bucket| bucket.provider == provider) {
            (bucket.started, bucket.used) = (None, 0);
            (bucket.day_started, bucket.day_used) = (None, 0);
        }
    }
}

/// Distinct for the same key at two providers.
fn numbered(provider: &str, of: u64) -> u64 {
    provider.bytes().fold(of, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)))
}

impl Bucket {
    /// The number under which a bucket is found.
    pub(super) fn number(provider: &str, whose: &BucketOwner) -> u64 {
        match whose {
            BucketOwner::Key(key) => numbered(provider, *key),
            BucketOwner::Account(account) => numbered(provider, fingerprint(account.as_bytes())),
        }
    }

    /// A limiter with the count of the bucket.
    pub(crate) fn limiter(&self, limit: &Limiter) -> Limiter {
        Limiter { started: self.started, used: self.used, ..limit.clone() }
    }
}
