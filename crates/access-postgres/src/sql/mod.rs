//! Statements and rows: one file for each table or step, none of which knows who asks.

pub(crate) mod accounts;
pub(crate) mod audit;
pub(crate) mod columns;
pub(crate) mod counts;
pub(crate) mod create_key;
pub(crate) mod imported_rows;
pub(crate) mod invites;
pub(crate) mod keys;
pub(crate) mod migrations;
mod operators;
pub(crate) mod people;
pub(crate) mod plans;
pub(crate) mod repeatable_calls;
pub(crate) mod reset_links;
pub(crate) mod sessions;
pub(crate) mod state_owners;
pub(crate) mod subscriptions;
pub(crate) mod tries;
