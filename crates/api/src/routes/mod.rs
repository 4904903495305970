//! The handlers, one file per thing that the URL names; `app.rs` lists them.

pub mod about;
pub mod accounts;
pub mod admin;
pub mod chat;
pub mod health;
pub mod invites;
pub mod key_status;
pub mod keys;
pub mod me;
pub mod metrics;
pub mod models;
pub mod own_sessions;
pub mod password_resets;
pub mod plans;
pub mod sessions;
pub mod usage;
