//! Exact counting: decides in memory who is admitted, told the time and fed with rows by whoever holds the store.

pub(crate) mod admission;
pub(crate) mod counts;
pub(crate) mod keys_seen;
pub(crate) mod ledger;
pub(crate) mod live_plan;
pub(crate) mod passes;
