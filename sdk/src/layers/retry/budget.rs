//! The retry budget: a bound on the load that retries add when a provider is in trouble.

use std::sync::atomic::{AtomicU32, Ordering};

/// Tokens that repetitions take and first successes give back. All clients of one account share it.
///
/// It starts full, at [`RetryBudget::CAPACITY`]. A repetition takes 5 tokens, 10 where no response came, 2 after a throttle. A
/// call that succeeds at the first attempt gives 1 back, so in the long run repetitions add about a fifth to the load.
#[derive(Debug)]
pub struct RetryBudget {
    tokens: AtomicU32,
}

impl RetryBudget {
    /// The tokens at the start, and the most that it holds.
    pub const CAPACITY: u32 = 100;

    /// How many tokens are left.
    pub fn left(&self) -> u32 {
        self.tokens.load(Ordering::Relaxed)
    }

    /// Takes `cost` tokens. Returns false, and takes nothing, if there are fewer.
    pub fn try_withdraw(&self, cost: u32) -> bool {
        self.tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(cost)).is_ok()
    }

    /// Gives back the token of a first success.
    pub fn deposit(&self) {
        let _ = self.tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            (left < Self::CAPACITY).then(|| left.saturating_add(1))
        });
    }
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self { tokens: AtomicU32::new(Self::CAPACITY) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_taken_whole_and_given_back_up_to_capacity() {
        let budget = RetryBudget::default();
        budget.deposit();
        assert_eq!(budget.left(), RetryBudget::CAPACITY);
        assert!(budget.try_withdraw(98) && !budget.try_withdraw(5));
        assert_eq!(budget.left(), 2);
        budget.deposit();
        assert_eq!(budget.left(), 3);
    }
}
