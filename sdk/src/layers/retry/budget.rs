//! How many repetitions an account may make: a bound on the load that retries add when a provider is in trouble.

use std::sync::atomic::{AtomicU32, Ordering};

/// Tokens that repetitions take and first successes give back. Shared between everything that sends for one account.
///
/// It starts full, at [`RetryBudget::CAPACITY`]. A repetition takes 5, after a timeout 10, after a throttle 2; a call that succeeds at
/// the first attempt gives 1 back, so that in the long run repetitions add about a fifth to the load and no more.
#[derive(Debug)]
pub struct RetryBudget {
    tokens: AtomicU32,
}

impl RetryBudget {
    /// What it holds at the start, and at the most.
    pub const CAPACITY: u32 = 100;

    /// How many tokens are left.
    pub fn left(&self) -> u32 {
        self.tokens.load(Ordering::Relaxed)
    }

    /// Takes `cost` tokens; false, and nothing taken, if there are not as many.
    pub fn try_withdraw(&self, cost: u32) -> bool {
        self.tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(cost)).is_ok()
    }

    /// Gives back what a first success earns.
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
    fn tokens_are_taken_whole_and_earned_up_to_the_brim() {
        let budget = RetryBudget::default();
        budget.deposit();
        assert_eq!(budget.left(), RetryBudget::CAPACITY);
        assert!(budget.try_withdraw(98) && !budget.try_withdraw(5));
        assert_eq!(budget.left(), 2);
        budget.deposit();
        assert_eq!(budget.left(), 3);
    }
}
