//! The client for Rust that progenitor makes from the OpenAPI document, as `cargo xtask clients --lang rust` gives it.
#![allow(missing_docs, clippy::all, reason = "progenitor writes it")]

include!(concat!(env!("OUT_DIR"), "/client.rs"));
