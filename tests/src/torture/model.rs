//! The rules of counting, and nothing else: a count per day, and a limit on the sum of a period's days.

use std::collections::BTreeMap;

use api_types::Date;

/// The counts of one day.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) used: u64,
    pub(super) refused: u64,
    pub(super) returned: u64,
}

/// A period: its first day, and the first day of the next.
pub(super) type Days = (Date, Date);

/// One subscription's counts.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) days: BTreeMap<Date, Day>,
}

impl Model {
    pub(super) fn used(&self, (start, end): Days) -> u64 {
        self.days.range(start..end).map(|(_, day)| day.used).sum()
    }

    fn returned(&self, (start, end): Days) -> u64 {
        self.days.range(start..end).map(|(_, day)| day.returned).sum()
    }

    /// How many more requests the period takes.
    pub(super) fn room(&self, limit: u64, period: Days) -> u64 {
        limit.saturating_sub(self.used(period))
    }

    /// How many more returns the period takes: as many as the quota is large.
    pub(super) fn returns_left(&self, limit: u64, period: Days) -> u64 {
        limit.saturating_sub(self.returned(period))
    }

    pub(super) fn day(&mut self, day: Date) -> &mut Day {
        self.days.entry(day).or_default()
    }
}
