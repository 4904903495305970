//! One subscription's day rows as far as they are known: a period's count is the sum of its days.

use std::collections::BTreeMap;

use api_types::Date;
use jiff::ToSpan;

use super::rows::Counts;

/// One day.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Day {
    /// Its counts.
    pub(super) counts: Counts,
    /// Whether it stands on the list of rows to write.
    pub(super) dirty: bool,
}

/// Rows of the days that were looked at, and which ranges of days are complete.
#[derive(Debug, Default)]
pub(super) struct Days {
    rows: BTreeMap<Date, Day>,
    covered: Vec<(Date, Date)>,
}

/// Past so many rows or ranges the ones that aren't needed are dropped; two months and a bit.
const KEPT_ROWS: usize = 70;

impl Days {
    /// Whether every row from `start` up to, not including, `end` is known.
    pub(super) fn covers(&self, start: Date, end: Date) -> bool {
        self.covered.iter().any(|&(from, to)| from <= start && end <= to)
    }

    /// Takes the store's rows of a range. Rows that are known already are newer than the store's and stay.
    pub(super) fn cover(&mut self, start: Date, end: Date, rows: Vec<(Date, Counts)>) {
        if self.rows.len().max(self.covered.len()) >= KEPT_ROWS {
            self.rows.retain(|_, row| row.dirty);
            self.covered.clear();
        }
        for (day, counts) in rows {
            self.rows.entry(day).or_insert(Day { counts, dirty: false });
        }
        self.covered.push((start, end));
    }

    /// The ranges that have to be read again after a write of unknown outcome: what is complete, and what has a row.
    pub(super) fn to_reread(&self) -> Vec<(Date, Date)> {
        let mut ranges = self.covered.clone();
        if let (Some((first, _)), Some((last, _))) = (self.rows.first_key_value(), self.rows.last_key_value()) {
            ranges.push((*first, last.saturating_add(1.day())));
        }
        ranges
    }

    /// Makes charges and returns of a range what the store says. Refusals that it doesn't have yet are kept.
    pub(super) fn reread(&mut self, start: Date, end: Date, stored: Vec<(Date, Counts)>) {
        for row in self.rows.range_mut(start..end).map(|(_, row)| row) {
            row.counts = Counts { refused: row.counts.refused, ..Counts::default() };
        }
        for (day, counts) in stored {
            let row = self.rows.entry(day).or_default();
            row.counts = Counts { refused: row.counts.refused.max(counts.refused), ..counts };
        }
    }

    /// The sum of a range, which must be covered.
    pub(super) fn sum(&self, start: Date, end: Date) -> Counts {
        self.rows.range(start..end).fold(Counts::default(), |sum, (_, row)| Counts {
            used: sum.used + row.counts.used,
            refused: sum.refused + row.counts.refused,
            returned: sum.returned + row.counts.returned,
        })
    }

    /// One day, to be changed. Its range must be covered.
    pub(super) fn day(&mut self, day: Date) -> &mut Day {
        self.rows.entry(day).or_default()
    }

    /// One day as known, if it is.
    pub(super) fn get(&self, day: Date) -> Option<Counts> {
        self.rows.get(&day).map(|row| row.counts)
    }

    /// Every day that has a row.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Date, Counts)> + '_ {
        self.rows.iter().map(|(day, row)| (*day, row.counts))
    }

    /// Whether a row waits to be written.
    pub(super) fn is_dirty(&self) -> bool {
        self.rows.values().any(|row| row.dirty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn used(used: u64) -> Counts {
        Counts { used, ..Counts::default() }
    }

    #[test]
    fn a_sum_takes_the_days_of_its_range_only() {
        let mut days = Days::default();
        let (start, end) = (day("2026-11-16"), day("2026-11-23"));
        let last = Counts { used: 4, refused: 5, returned: 6 };
        days.cover(
            start,
            end,
            vec![(day("2026-11-16"), Counts { used: 3, refused: 1, returned: 2 }), (day("2026-11-22"), last)],
        );
        days.day(day("2026-11-23")).counts.used = 100;
        assert_eq!(days.sum(start, end), Counts { used: 7, refused: 6, returned: 8 });
        assert!(days.covers(day("2026-11-20"), day("2026-11-21")));
        assert!(!days.covers(start, day("2026-11-24")));
    }

    #[test]
    fn a_row_in_memory_is_newer_than_the_store() {
        let mut days = Days::default();
        let (start, end) = (day("2026-11-01"), day("2026-12-01"));
        days.cover(start, end, vec![(start, used(1))]);
        days.day(start).counts.used = 2;
        days.cover(start, day("2026-12-02"), vec![(start, used(1))]);
        assert_eq!(days.sum(start, end), used(2));
    }

    #[test]
    fn past_the_bound_days_that_are_written_go() {
        let mut days = Days::default();
        let first = day("2026-01-01");
        let ranges: Vec<_> =
            first.series(1.day()).take(KEPT_ROWS).map(|start| (start, start.tomorrow().unwrap())).collect();
        for &(start, end) in &ranges {
            days.cover(start, end, vec![(start, used(1))]);
        }
        days.day(first).dirty = true;
        assert!(days.is_dirty() && ranges.iter().all(|(start, end)| days.covers(*start, *end)));
        let (start, end) = (day("2026-12-01"), day("2026-12-02"));
        days.cover(start, end, vec![(start, used(2))]);
        assert_eq!(days.iter().collect::<Vec<_>>(), [(first, used(1)), (start, used(2))]);
        assert!(days.covers(start, end) && !ranges.iter().any(|(start, end)| days.covers(*start, *end)));
        days.day(first).dirty = false;
        assert!(!days.is_dirty());
    }

    #[test]
    fn what_is_complete_and_what_has_a_row_is_read_again() {
        let mut days = Days::default();
        assert_eq!(days.to_reread(), []);
        let (start, end) = (day("2026-11-01"), day("2026-11-03"));
        days.cover(start, end, Vec::new());
        assert_eq!(days.to_reread(), [(start, end)]);
        days.day(day("2026-10-01"));
        days.day(day("2026-12-01"));
        assert_eq!(days.to_reread(), [(start, end), (day("2026-10-01"), day("2026-12-02"))]);
    }

    #[test]
    fn reading_again_takes_the_stores_charges_and_keeps_unwritten_refusals() {
        let mut days = Days::default();
        let (start, end) = (day("2026-11-01"), day("2026-11-03"));
        days.cover(start, end, Vec::new());
        days.day(start).counts = Counts { used: 5, refused: 7, returned: 1 };
        days.day(day("2026-11-02")).counts = used(9);
        let stored = Counts { used: 4, refused: 2, returned: 0 };
        days.reread(start, end, vec![(start, stored), (day("2026-10-31"), stored)]);
        assert_eq!(days.get(start), Some(Counts { refused: 7, ..stored }));
        assert_eq!(days.get(day("2026-11-02")), Some(Counts::default()));
        assert_eq!(days.get(day("2026-10-31")), Some(stored));
    }
}
