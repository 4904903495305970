//! Every route and role of the server through its socket; the modules mirror the URLs.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod access_log;
mod accounts;
mod backup;
mod bad_days;
mod behind_a_proxy;
mod brand;
mod chat;
mod config;
mod connections;
mod docs;
mod forms;
mod hostile_input;
mod key_status;
mod keys;
mod me;
mod memory;
mod methods;
mod metrics;
mod models;
mod openapi;
mod operations;
mod operators;
mod operators_commands;
mod page_files;
mod plans;
mod refresh;
mod secrets;
mod security_headers;
mod sessions;
mod sign_up_modes;
mod sub_path;
mod throttled_sign_in;
mod tls;
mod tokens;
