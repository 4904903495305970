//! HTTP: routes, sign-in, errors, OpenAPI, the page's files, the command line; the binary `tollgate`.
//!
//! A chat request passes, forward only, through `app.rs` (one list of routes), `extract/admitted.rs` (the gate),
//! `routes/chat.rs`, the `proxy` crate, and back through `settle_at_end.rs`.

mod accept;
mod access_log;
mod allocator;
mod ambient;
mod answers;
mod app;
#[cfg(feature = "aws")]
mod aws_command;
mod backend;
mod base_path;
mod brand;
mod check;
pub mod cli;
mod client_name;
pub mod config;
mod connection;
mod cors;
mod docs;
mod etag;
mod extract;
mod graceful_shutdown;
mod log_writer;
mod methods;
mod metrics;
mod metrics_listener;
mod openai_error;
mod openapi;
mod operators;
mod own_certificate;
mod page;
mod page_data;
mod planes;
mod problem;
mod problem_kinds;
mod rate_headers;
mod routes;
mod serve;
mod settle_at_end;
mod settlement;
mod sign_in;
mod sign_up;
mod source;
mod standard_output;
mod state;
mod stored_state;
mod tries;
mod upstream_choice;
mod wrong_keys;

pub use app::document;
