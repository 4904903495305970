//! Limits under torture: random stories with a repeatable seed, on three floors, and the figures that come of them.
//!
//! The *gate* floor drives the store in this process, the clock an argument, and holds every answer against a model.
//! The *process* floor kills the real server in front of an upstream that always succeeds, and compares what the
//! upstream saw with what was counted. The *cluster* floor does so with the replicas of a cluster and its Postgres.
//! Findings are printed as they are made and counted in [`Figures`], so that a long run goes on and tells all.

mod chance;
mod cluster;
mod figures;
mod gate;
mod holder;
mod lane;
mod load;
mod model;
mod stories;
mod streams;

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

pub use chance::Chance;
pub use cluster::{ClusterFigures, cluster_floor, cluster_processes};
pub use figures::Figures;
pub use gate::gate_floor;
pub use lane::{Lane, process_floor};
pub use streams::{StreamFigures, stream_costs};

/// When a run ends.
#[derive(Debug, Clone, Copy)]
pub enum Bound {
    /// After so many rounds.
    Rounds(u64),
    /// After the first round that ends past this instant.
    Until(Instant),
}

impl Bound {
    fn is_reached(self, rounds: u64) -> bool {
        match self {
            Self::Rounds(most) => rounds >= most,
            Self::Until(end) => Instant::now() >= end,
        }
    }
}

/// So many findings are told in full; all are counted.
const TOLD: usize = 100;

/// Tells of something that must not be.
fn finding(text: &str) {
    static FINDINGS: AtomicUsize = AtomicUsize::new(0);
    if FINDINGS.fetch_add(1, Ordering::Relaxed) < TOLD {
        eprintln!("found: {text}");
    }
}
