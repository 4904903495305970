//! Limits on tries: each process's own in memory, and with Postgres one count for all replicas. The rule is
//! [`access::CountedTries`].

mod batched;
mod keyed;
mod limit;

pub use batched::BatchedTries;
pub use keyed::KeyedTries;
pub use limit::{FAILURE_WINDOW, NoTry, Try, TryLimit};
