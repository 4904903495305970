//! The cluster backend on Postgres, and the Postgres that its tests run against.
//!
//! `cargo xtask test -- -p tests --test postgres` starts what is needed; `tests/src/postgres.rs` says how by hand.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod clocks;
mod failover;
mod links;
mod model;
mod moving;
mod replicas;
mod servers;
mod torture;
mod tries;
mod versions;
mod world;
