//! The cluster floor: replicas of the cluster backend on one Postgres, which are killed, as it is, and cut off from it.
//!
//! In process (`floor.rs`) each replica is a store with a runtime of its own, whose end in the middle of everything is
//! the end of a process as Postgres sees it, and with a clock of its own that is set each round. Whoever asks is on the
//! replica's runtime and goes with it; what they were told is in the books (`books.rs`), which are compared with what
//! Postgres says once everything is up and at rest (`compare.rs`). As processes (`processes.rs`) they are real servers,
//! and the upstream's books count.

mod books;
mod compare;
mod figures;
mod floor;
mod holder;
mod linked_postgres;
mod load;
mod plans;
mod processes;
mod replica;
mod trouble;

pub use figures::ClusterFigures;
pub use processes::cluster_processes;

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
