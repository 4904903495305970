//! What came of a cluster's run.

use std::fmt;

use super::super::Figures;

/// The figures of the cluster floor.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct ClusterFigures {
    /// Those that every floor has; kills are those of replicas and of Postgres.
    pub figures: Figures,
    /// Of the kills, those of Postgres.
    pub postgres_kills: u64,
    /// Links that were cut, silent, slow, or lost replies.
    pub broken_links: u64,
    /// Of these, replies to a commit that were lost.
    pub lost_replies: u64,
    /// Requests that the asker dropped before they were answered.
    pub left: u64,
}

impl fmt::Display for ClusterFigures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in [
            ("kills of Postgres among the kills", self.postgres_kills),
            ("links broken", self.broken_links),
            ("of these, replies to commits lost", self.lost_replies),
            ("requests left before their answer", self.left),
        ] {
            writeln!(f, "  {name:<34}{value:>10}")?;
        }
        write!(f, "{}", self.figures)
    }
}
