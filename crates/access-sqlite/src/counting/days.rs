//! One subscription's day rows as far as they are known: a period's count is the sum of its days.

use std::collections::BTreeMap;

use access::Counts;
use api_types::Date;

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

    /// Takes the store's rows of a range. Rows that are known already are newer than the store's and stay; one that has
    /// a block, which the store counts as used, is never dropped.
    pub(super) fn cover(&mut self, start: Date, end: Date, rows: Vec<(Date, Counts)>, with_block: Option<Date>) {
        if self.rows.len().max(self.covered.len()) >= KEPT_ROWS {
            self.rows.retain(|day, row| row.dirty || Some(*day) == with_block);
            self.covered.clear();
        }
        for (day, counts) in rows {
            self.rows.entry(day).or_insert(Day { counts, dirty: false });
        }
        self.covered.push((start, end));
    }

    /// The sum of a range, if every row of it is known.
    pub(super) fn sum_if_known(&self, start: Date, end: Date) -> Option<Counts> {
        self.covers(start, end).then(|| self.sum(start, end))
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
    use jiff::ToSpan;

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
            None,
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
        days.cover(start, end, vec![(start, used(1))], None);
        days.day(start).counts.used = 2;
        days.cover(start, day("2026-12-02"), vec![(start, used(1))], None);
        assert_eq!(days.sum(start, end), used(2));
    }

    #[test]
    fn past_the_bound_days_that_are_written_go_but_for_one_with_a_block() {
        let mut days = Days::default();
        let first = day("2026-01-01");
        let ranges: Vec<_> =
            first.series(1.day()).take(KEPT_ROWS).map(|start| (start, start.tomorrow().unwrap())).collect();
        for &(start, end) in &ranges {
            days.cover(start, end, vec![(start, used(1))], None);
        }
        let with_block = ranges[1].0;
        days.day(first).dirty = true;
        assert!(days.is_dirty() && ranges.iter().all(|(start, end)| days.covers(*start, *end)));
        let (start, end) = (day("2026-12-01"), day("2026-12-02"));
        days.cover(start, end, vec![(start, used(2))], Some(with_block));
        assert_eq!(days.iter().collect::<Vec<_>>(), [(first, used(1)), (with_block, used(1)), (start, used(2))]);
        assert!(days.covers(start, end) && !ranges.iter().any(|(start, end)| days.covers(*start, *end)));
        days.day(first).dirty = false;
        assert!(!days.is_dirty());
    }
}
