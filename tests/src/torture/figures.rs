//! What came of a run: figures, and which of them tell of a fault.

use std::fmt;

/// The figures of one floor.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// Stories played.
    pub rounds: u64,
    /// Times that the store or the server was started again on its data.
    pub restarts: u64,
    /// Of these, after SIGKILL.
    pub kills: u64,
    /// Of these, while requests lay with the upstream and no answer had begun.
    pub kills_before_first_byte: u64,
    /// Requests sent.
    pub requests: u64,
    /// Requests charged, those given back later among them.
    pub admitted: u64,
    /// Requests refused for a spent quota.
    pub refused: u64,
    /// Requests whose key had just been ended, or that could not be decided: the file was locked or the disk full.
    pub turned_away: u64,
    /// Requests under way at a kill: nobody knows what became of them but the books.
    pub cut: u64,
    /// Charges given back.
    pub returned: u64,
    /// Times that a quota was used up to its last request.
    pub quotas_spent: u64,
    /// Keys whose creation was answered.
    pub keys: u64,
    /// Charges that blocks may have held at a kill, a thousandth of each large quota.
    pub reserved: u64,
    /// Charged in crashes without reaching the upstream; at most [`cut`](Self::cut) and [`reserved`](Self::reserved).
    pub lost: u64,
    /// Admitted past the quota, or by a key whose end had been answered.
    pub over_admitted: u64,
    /// Refused though the quota had room.
    pub under_admitted: u64,
    /// Received upstream without being counted.
    pub uncounted: u64,
    /// Answers and rows whose totals aren't the model's.
    pub wrong_totals: u64,
    /// Acknowledged keys that no longer work.
    pub keys_lost: u64,
}

impl Figures {
    /// Both together.
    #[must_use]
    pub fn plus(mut self, other: Self) -> Self {
        let other = other.rows();
        for (mine, (_, theirs)) in self.values_mut().into_iter().zip(other) {
            *mine += theirs;
        }
        self
    }

    /// Every figure that must be 0 and isn't, with its name; and losses past their bound.
    #[must_use]
    pub fn faults(&self) -> Vec<(&'static str, u64)> {
        let zeros = self.rows().into_iter().skip(Self::FIRST_ZERO).filter(|(_, value)| *value > 0);
        let past_bound = self.lost.saturating_sub(self.cut + self.reserved);
        zeros.chain((past_bound > 0).then_some(("lost past the bound", past_bound))).collect()
    }

    /// From this row on every figure must be 0.
    const FIRST_ZERO: usize = 14;

    fn rows(&self) -> [(&'static str, u64); 19] {
        [
            ("rounds", self.rounds),
            ("restarts on the same data", self.restarts),
            ("of these after kill -9", self.kills),
            ("of these before the first byte", self.kills_before_first_byte),
            ("requests sent", self.requests),
            ("admitted", self.admitted),
            ("refused, quota spent", self.refused),
            ("turned away, key or store", self.turned_away),
            ("cut off by a kill", self.cut),
            ("charges given back", self.returned),
            ("quotas used up", self.quotas_spent),
            ("keys acknowledged", self.keys),
            ("may have been reserved at a kill", self.reserved),
            ("charged and lost in crashes", self.lost),
            ("over-admitted", self.over_admitted),
            ("refused with room left", self.under_admitted),
            ("received but not counted", self.uncounted),
            ("wrong totals", self.wrong_totals),
            ("keys lost", self.keys_lost),
        ]
    }

    fn values_mut(&mut self) -> [&mut u64; 19] {
        [
            &mut self.rounds,
            &mut self.restarts,
            &mut self.kills,
            &mut self.kills_before_first_byte,
            &mut self.requests,
            &mut self.admitted,
            &mut self.refused,
            &mut self.turned_away,
            &mut self.cut,
            &mut self.returned,
            &mut self.quotas_spent,
            &mut self.keys,
            &mut self.reserved,
            &mut self.lost,
            &mut self.over_admitted,
            &mut self.under_admitted,
            &mut self.uncounted,
            &mut self.wrong_totals,
            &mut self.keys_lost,
        ]
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, value)) in self.rows().into_iter().enumerate() {
            write!(f, "  {name:<32}{value:>12}")?;
            if at >= Self::FIRST_ZERO {
                f.write_str("  must be 0")?;
            } else if name == "charged and lost in crashes" {
                write!(f, "  at most {}, those in flight or reserved at a kill", self.cut + self.reserved)?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_is_added_where_it_belongs_and_only_faults_are_faults() {
        let mut counting = Figures::default();
        counting.values_mut().into_iter().zip(1..).for_each(|(value, number)| *value = number);
        let twice = counting.plus(counting);
        let expected: Vec<_> = (1..=19).map(|number| 2 * number).collect();
        assert_eq!(twice.rows().map(|(_, value)| value).to_vec(), expected);
        let twice = Figures { lost: twice.cut + twice.reserved + 1, ..twice };
        let names: Vec<_> = twice.faults().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), 6, "{names:?}");
        assert_eq!((names[0], names[5]), ("over-admitted", "lost past the bound"));
        assert_eq!(Figures { requests: 5, lost: 3, cut: 2, reserved: 1, ..Figures::default() }.faults(), []);
    }
}
