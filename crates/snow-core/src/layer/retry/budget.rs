//! How many operations of all may be tried again.

use std::sync::atomic::{AtomicU32, Ordering};

/// What an operation that needs no second attempt puts back: a tenth of one.
const TENTHS: u32 = 10;

/// A bucket of attempts. When much fails, trying everything again makes it worse: then the bucket runs empty.
#[derive(Debug)]
pub(super) struct Budget {
    tenths: AtomicU32,
    most: u32,
}

impl Budget {
    pub(super) fn new(attempts: u32) -> Self {
        let most = attempts.saturating_mul(TENTHS);
        Self { tenths: AtomicU32::new(most), most }
    }

    /// Takes one attempt out, if one is left.
    pub(super) fn take(&self) -> bool {
        let less = |tenths: u32| tenths.checked_sub(TENTHS);
        self.tenths.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }

    /// Puts a tenth back.
    pub(super) fn put(&self) {
        if self.tenths.load(Ordering::Relaxed) < self.most {
            let more = |tenths: u32| (tenths < self.most).then_some(tenths + 1);
            let _full = self.tenths.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_empty_and_fills_again_by_tenths() {
        let budget = Budget::new(2);
        budget.put();
        assert!(budget.take() && budget.take() && !budget.take());
        (0..9).for_each(|_| budget.put());
        assert!(!budget.take());
        budget.put();
        assert!(budget.take() && !budget.take());
    }
}
