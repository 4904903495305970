//! Group commit: requests that wait are decided together, in transactions of many subscriptions each.
//!
//! `queue.rs` gathers what waits, `lane.rs` takes it batch by batch and writes it (there are several lanes, each with a
//! transaction under way), `decision.rs` decides a batch by what the transaction read, and `lost_reply.rs` finds out
//! whether a commit went through whose reply was lost.

mod decision;
mod lane;
mod lease;
mod lost_reply;
mod queue;
mod refusals;
mod shared;
mod transaction;

pub(crate) use lane::Lane;
pub(crate) use lease::Lease;
pub(crate) use queue::{Admit, Ask, GiveBack, Queue};
pub(crate) use refusals::Refusals;
pub(crate) use shared::{NOTE_CHANGE, Shared};
pub use transaction::HOT_STATEMENTS;
pub(crate) use transaction::find_key;
