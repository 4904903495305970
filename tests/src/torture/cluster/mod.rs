//! The cluster floor: replicas of the cluster backend on one Postgres, which are killed, as it is, and cut off from it.
//!
//! Each replica is a store with a runtime of its own, whose end in the middle of everything is the end of a process as
//! Postgres sees it, and with a link of its own to the server, which can break. Whoever asks is on the replica's
//! runtime and goes with it; what they were told is in the books (`books.rs`), which are compared with what Postgres
//! says once everything is up and at rest.

mod books;
mod compare;
mod figures;
mod floor;
mod holder;
mod load;
mod plans;
mod replica;
mod trouble;

pub use figures::ClusterFigures;

use super::{Bound, Chance};
use floor::Floor;

/// Tortures a cluster until the bound, and tells what came of it.
///
/// # Panics
/// When Postgres's programs aren't there, or a cluster doesn't start.
pub async fn cluster_floor(seed: u64, bound: Bound) -> ClusterFigures {
    let mut floor = Floor::start(Chance::new(seed)).await;
    while !bound.is_reached(floor.figures.figures.rounds) {
        floor.round().await;
    }
    floor.end().await
}
