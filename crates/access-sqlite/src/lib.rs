//! The embedded backend: accounts, plans, keys and exact counters in one SQLite file.
//!
//! One thread writes. It takes all that is queued, decides it in memory, writes the counts in one transaction and
//! answers after the commit: what was admitted was written. Changes of keys and plans run on the same thread, between
//! two batches, so that a revoked key is refused from the moment that the revocation was answered. A second thread
//! reads accounts and sessions.
//!
//! Where keys live in another service instead, the same file holds the rows about them and what was begun there.

mod counting;
mod options;
mod reader;
mod sql;
mod store;
mod writer;

pub use options::{Options, Synchronous};
pub use sql::{backup::back_up, export::Export, open::OpenError};
pub use store::{AppliedPlans, SqliteStore};
