//! HTTP: routes, sign-in, errors, OpenAPI, the page's files, the command line; the binary `tollgate`.
//!
//! A chat request passes, forward only, through `app.rs` (one list of routes), `extract/admitted.rs` (the gate),
//! `routes/chat.rs`, the `proxy` crate, and back through `followed.rs`, which settles its pass.

mod access_log;
mod allocator;
mod ambient;
mod answers;
mod app;
#[cfg(feature = "aws")]
mod aws_command;
mod backend;
mod base_path;
mod check;
pub mod cli;
pub mod config;
mod connection;
mod cors;
mod extract;
mod followed;
mod metrics;
mod metrics_listener;
mod openai_error;
mod openapi;
mod page;
mod planes;
mod problem;
mod rate_headers;
mod routes;
mod seen_keys;
mod serve;
mod settlement;
mod shutdown;
mod sign_in;
mod source;
mod standard_output;
mod state;
mod stored_state;
mod upstream;

pub use app::document;
