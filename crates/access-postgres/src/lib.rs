//! The cluster backend: accounts, plans, keys and exact counters in one Postgres, for any number of replicas.
//!
//! Nothing is decided from memory. A request is admitted by a transaction that locks its subscription's row, reads key,
//! plan, throttle and count as they are then, and writes the charge: it is admitted after the commit. Requests that wait
//! are decided together, many subscriptions in one transaction (`batch/`). Changes of keys lock the same row, so that a
//! revoked key is refused by every replica from the moment that the revocation was answered. What replicas keep in memory
//! never changes (which subscription a key is on) or is looked at anew with each admission (the plans' version).

mod batch;
mod connect;
mod error;
mod import;
mod options;
mod sql;
mod store;
mod unwritten_owners;

pub use batch::HOT_STATEMENTS;
pub use connect::ConnectError;
pub use import::{ImportError, import};
pub use options::{Clock, Options};
pub use sql::migrations::{SchemaError, migrate};
pub use store::{AppliedPlans, PostgresStore};
