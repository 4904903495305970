//! Blocks reserved ahead: charges that are written before anybody asks for them, so that a busy key with a large quota is
//! admitted by a look in memory.
//!
//! The row of a block's day holds what is used and what the block still holds. Whoever takes from a block changes
//! neither, so that nothing need be written; a killed process loses what was left of it and never admits one too many.
//! When one that nobody uses is taken back is the business of `writer/thread.rs`.

use api_types::{Date, QuotaStatus};

/// The last so many of a period are counted one by one: nothing of them is reserved.
const ONE_BY_ONE: u64 = 1_000;
/// A block is at most this part of its quota, here as the divisor.
const PARTS: u64 = 1_000;
/// Most charges in a block, whatever the quota.
const SIZE_MAX: u64 = 1_024;

/// A subscription's block. It begins empty, is asked for when the subscription is charged again soon, and doubles from
/// then on while that goes on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    /// The day whose row has it.
    pub(super) day: Date,
    /// Written, and not charged yet.
    rest: u64,
    /// Being written: not to be charged before that is done.
    coming: u64,
    /// What it held when it was full.
    size: u64,
    /// Whether it was used since it was last looked at.
    is_busy: bool,
}

impl Block {
    /// An empty one, if the quota is large enough for any.
    pub(super) fn begin(day: Date, quota: QuotaStatus) -> Option<Self> {
        (most(quota) > 1).then_some(Self { day, rest: 0, coming: 0, size: 0, is_busy: true })
    }

    /// How many charges its day's row holds beyond those that are used.
    pub(super) fn held(&self) -> u64 {
        self.rest + self.coming
    }

    /// Asks for more, by a quota as it stands: the day's row has to be written. Once in a batch; each further charge of
    /// the batch leaves less to be reserved.
    pub(super) fn ask(&mut self, quota: QuotaStatus) {
        self.is_busy = true;
        let most = most(quota);
        if self.coming == 0 {
            self.size = (self.size.max(1) * 2).min(most);
        }
        self.coming = self.size.min(most).saturating_sub(self.rest);
    }

    /// What was asked for is written, or can't be.
    pub(super) fn asked(&mut self, is_written: bool) {
        let coming = std::mem::take(&mut self.coming);
        self.rest += if is_written { coming } else { 0 };
    }

    /// Takes one charge, if it has one. Whether to ask for more, which is told once.
    pub(super) fn take(&mut self) -> Option<bool> {
        self.rest = self.rest.checked_sub(1)?;
        self.is_busy = true;
        Some(self.coming == 0 && self.rest == self.size / 2)
    }

    /// Whether it was used since this was last asked.
    pub(super) fn was_busy(&mut self) -> bool {
        std::mem::take(&mut self.is_busy)
    }
}

/// The largest block that a quota allows as it stands.
fn most(quota: QuotaStatus) -> u64 {
    match quota {
        QuotaStatus::Unlimited => SIZE_MAX,
        QuotaStatus::Limited { limit, remaining, .. } => {
            SIZE_MAX.min(limit / PARTS).min(remaining.saturating_sub(ONE_BY_ONE))
        }
    }
}

#[cfg(test)]
mod tests {
    use api_types::Period;

    use super::*;

    fn quota(limit: u64, remaining: u64) -> QuotaStatus {
        QuotaStatus::Limited { limit, used: limit - remaining, remaining, period: Period::Day, reset_at: None }
    }

    fn block(limit: u64) -> Block {
        Block::begin(Date::MAX, quota(limit, limit)).unwrap()
    }

    #[test]
    fn a_block_is_a_thousandth_at_most_and_leaves_the_last_thousand_alone() {
        assert_eq!([1, 1_500, 1_999].map(|limit| most(quota(limit, limit))), [0, 1, 1]);
        assert_eq!(most(quota(50_000, 50_000)), 50);
        assert_eq!([1_030, 1_001, 1_000, 0].map(|left| most(quota(50_000, left))), [30, 1, 0, 0]);
        assert_eq!([most(quota(u64::MAX, u64::MAX)), most(QuotaStatus::Unlimited)], [SIZE_MAX; 2]);
        assert!(Block::begin(Date::MAX, quota(1_500, 1_500)).is_none());
        assert!(Block::begin(Date::MAX, quota(1_000_000, 1_001)).is_none());
    }

    #[test]
    fn it_doubles_up_to_what_is_allowed() {
        let mut block = block(10_000);
        let mut sizes = Vec::new();
        for _ in 0..4 {
            block.ask(quota(9_500, 9_000));
            block.asked(true);
            sizes.push(block.held());
            while block.take().is_some() {}
        }
        assert_eq!(sizes, [2, 4, 8, 9]);
    }

    #[test]
    fn what_is_being_written_cant_be_taken_and_what_couldnt_be_is_gone() {
        let mut block = block(1_000_000);
        block.ask(quota(1_000_000, 900_000));
        assert_eq!((block.take(), block.held()), (None, 2));
        block.asked(false);
        assert_eq!((block.take(), block.held()), (None, 0));
    }

    #[test]
    fn at_its_half_it_asks_once_for_what_fills_it_up() {
        let mut block = block(1_000_000);
        let now = quota(1_000_000, 900_000);
        block.ask(now);
        block.asked(true);
        block.ask(now);
        block.asked(true);
        assert_eq!([(); 3].map(|()| block.take()), [Some(false), Some(true), Some(false)]);
        block.ask(now);
        block.ask(now);
        assert_eq!((block.held(), block.take(), block.take()), (8, Some(false), None), "one of eight was left");
        block.asked(true);
        assert_eq!(block.held(), 7);
    }

    #[test]
    fn it_is_busy_while_it_is_used() {
        let mut block = block(1_000_000);
        assert!(block.was_busy() && !block.was_busy());
        block.ask(QuotaStatus::Unlimited);
        assert!(block.was_busy() && !block.was_busy());
        block.asked(true);
        block.take();
        assert!(block.was_busy() && !block.was_busy());
    }
}
