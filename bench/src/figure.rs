//! A figure that was measured several times: its median, and how far the rounds lie apart.

/// One value a round, in the order of the rounds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figure(Vec<f64>);

impl Figure {
    /// Adds the next round's.
    pub fn add(&mut self, value: f64) {
        self.0.push(value);
    }

    /// The middle one, or the mean of the two in the middle; `None` of none.
    #[must_use]
    pub fn median(&self) -> Option<f64> {
        let sorted = self.sorted();
        let (low, high) = (sorted.get(sorted.len().checked_sub(1)? / 2)?, sorted.get(sorted.len() / 2)?);
        Some((low + high) / 2.0)
    }

    /// The least and the greatest.
    #[must_use]
    pub fn spread(&self) -> Option<(f64, f64)> {
        let sorted = self.sorted();
        Some((*sorted.first()?, *sorted.last()?))
    }

    /// Round by round: how often the other's goes into ours.
    #[must_use]
    pub fn over(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(ours, theirs)| ours / theirs).collect())
    }

    /// Round by round: ours without the other's.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(ours, theirs)| ours - theirs).collect())
    }

    fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    }
}

/// The value that this part of the sorted values doesn't pass, such as 0.99; `None` of none.
#[must_use]
pub fn quantile(sorted: &[f64], part: f64) -> Option<f64> {
    let rank = (sorted.len() as f64 * part).ceil().max(1.0);
    sorted.get(rank as usize - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle_and_of_nothing_there_is_none() {
        assert_eq!(Figure::default().median(), None);
        assert_eq!(Figure(vec![3.0]).median(), Some(3.0));
        assert_eq!(Figure(vec![9.0, 1.0, 2.0]).median(), Some(2.0));
        assert_eq!(Figure(vec![4.0, 1.0, 2.0, 9.0]).median(), Some(3.0));
    }

    #[test]
    fn ratios_are_of_the_same_round() {
        let (ours, theirs) = (Figure(vec![10.0, 40.0]), Figure(vec![5.0, 10.0]));
        assert_eq!(ours.over(&theirs), Figure(vec![2.0, 4.0]));
        assert_eq!(ours.without(&theirs), Figure(vec![5.0, 30.0]));
        assert_eq!(ours.spread(), Some((10.0, 40.0)));
    }

    #[test]
    fn a_quantile_is_one_of_the_values() {
        let sorted: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(quantile(&sorted, 0.5), Some(50.0));
        assert_eq!(quantile(&sorted, 0.99), Some(99.0));
        assert_eq!(quantile(&sorted[..1], 0.99), Some(1.0));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
