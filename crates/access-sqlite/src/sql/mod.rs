//! The file: its schema, its statements, and how our types stand in its columns.

pub(crate) mod accounts;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod carried_use;
mod columns;
pub(crate) mod counted_rows;
pub(crate) mod create_key;
pub(crate) mod earlier_values;
mod error;
pub(crate) mod export;
pub(crate) mod invites;
pub(crate) mod keys;
mod migrations;
pub(crate) mod open;
mod operators;
pub(crate) mod people;
pub(crate) mod plans;
pub(crate) mod remote_intents;
pub(crate) mod remote_keys;
pub(crate) mod repeatable_calls;
pub(crate) mod reset_links;
pub(crate) mod sessions;
pub(crate) mod state_owners;
mod statements;
pub(crate) mod subscriptions;

pub(crate) use error::{Unchanged, store_error};
