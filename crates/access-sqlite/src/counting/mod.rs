//! Exact counting: decides in memory who is admitted, told the time and fed with rows by whoever holds the store.
//!
//! Pure: no driver, no thread and no clock, so that any store of exact counters can decide by it.

mod admission;
mod batch;
mod block;
mod days;
mod keys_seen;
mod ledger;
mod plans;
mod reserved;
mod rows;
mod subscriptions;
#[cfg(test)]
mod tests;
mod usage;

pub(crate) use admission::{Asking, Decision};
pub(crate) use ledger::Ledger;
pub(crate) use plans::{LivePlan, Plans};
pub(crate) use reserved::Reserved;
pub(crate) use rows::{DayRow, KeyRow, PlanRowId, Rows, SubscriptionRow, SubscriptionRowId};
