//! One request to the upstream and its answer back, followed to the end; and the built-in demo model.
//!
//! The way of a request, forward only. [`Body`] looks at the top level of what the caller sent. A [`Follow`] is made: the
//! guard that tells once, whatever happens, how far the request came and how it ended. [`relay`] sends the request
//! through the worker's [`Client`], waits for the head, and judges status, type and coding before a byte goes out: what
//! can't be passed on is a [`Failure`]. The body then moves, guard and all, into [`Followed`], which passes bytes on as
//! they come and untouched, adds heartbeats and the error event between events only, and calls the guard at the end, be
//! it finished, failed or dropped. Whoever drops the future or the body closes the connection to the upstream.
//!
//! This crate knows nothing of keys, plans and counts, and nothing of the server's HTTP: what an [`End`] costs and how a
//! [`Failure`] is answered is decided above. Times and ids are arguments; only timers are its own.
//!
//! Everything of awc is used on the worker that made the [`Client`]: nothing here is `Send` but [`Upstream`].

mod body;
mod choices;
mod client;
mod clock;
mod complete;
mod connect;
pub mod demo;
mod endpoint;
mod error_event;
mod failure;
mod follow;
mod followed;
mod heartbeat;
mod json_walk;
mod leftover;
mod models;
mod named_ids;
mod opening;
mod relay;
mod reported_error;
mod request;
mod shutdown;
mod source;
pub mod stored_state;
mod upstream;
mod wire;

pub use body::{Body, BodyError, ModelPolicy};
pub use client::Client;
pub use endpoint::Endpoint;
pub use failure::Failure;
pub use follow::{End, FailureKind, Follow, How, Phase};
pub use followed::{CutShort, Followed};
pub use models::{model, models};
pub use relay::{Answer, relay};
pub use reported_error::ReportedError;
pub use request::Request;
pub use shutdown::{Shutdown, never, shutdown};
pub use upstream::{Credential, Secret, Timeouts, Upstream, UpstreamError};
