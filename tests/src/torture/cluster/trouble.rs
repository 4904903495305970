//! What befalls a cluster in a round, and how it ends.

use std::time::Duration;

use super::super::Chance;

/// One kind of trouble. Replicas are named by their place.
#[derive(Debug, Clone)]
pub(super) enum Trouble {
    Nothing,
    /// These are killed.
    KillReplicas(Vec<usize>),
    /// Postgres is, with all its processes.
    KillPostgres,
    /// Both, at once.
    KillBoth(Vec<usize>),
    /// Postgres is shut down in an orderly way and started again.
    RestartPostgres,
    /// Something is wrong with the links of these.
    Link(Vec<usize>, Weather),
    /// Replicas are killed while their links are silent: what they sent arrives after their end.
    KillInSilence(Vec<usize>),
}

/// What is wrong with a link.
#[derive(Debug, Clone, Copy)]
pub(super) enum Weather {
    Cut,
    BlackHole,
    DropReplies,
    LoseReplyToCommit,
    Slow(Duration),
}

impl Trouble {
    /// Any, for so many replicas.
    pub(super) fn any(chance: &mut Chance, replicas: usize) -> Self {
        let some = |chance: &mut Chance| {
            let first = chance.place(replicas);
            let mut places: Vec<_> = (0..replicas).filter(|place| *place == first || chance.below(4) == 0).collect();
            places.dedup();
            places
        };
        match chance.below(16) {
            0 => Self::Nothing,
            1..=4 => Self::KillReplicas(some(chance)),
            5..=6 => Self::KillPostgres,
            7 => Self::KillBoth(some(chance)),
            8 => Self::RestartPostgres,
            9 => Self::KillInSilence(some(chance)),
            10..=12 => Self::Link(some(chance), Weather::LoseReplyToCommit),
            _ => Self::Link(some(chance), Weather::any(chance)),
        }
    }

    /// The replicas that it kills.
    pub(super) fn killed(&self) -> &[usize] {
        match self {
            Self::KillReplicas(places) | Self::KillBoth(places) | Self::KillInSilence(places) => places,
            _ => &[],
        }
    }
}

impl Weather {
    fn any(chance: &mut Chance) -> Self {
        match chance.below(4) {
            0 => Self::Cut,
            1 => Self::BlackHole,
            2 => Self::DropReplies,
            _ => Self::Slow(Duration::from_millis(1 + chance.below(40))),
        }
    }
}
