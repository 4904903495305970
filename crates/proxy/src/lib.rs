//! One request to the upstream and its answer back, followed to the end; and the built-in demo model.
//!
//! The way of a request, forward only. [`Body`] looks at the top level of what the caller sent. A [`Follow`] is made: the
//! guard that tells once, whatever happens, how far the request came and how it ended. [`relay`] sends the request
//! through the worker's [`Client`], waits for the head, and judges status, type and coding before a byte goes out: what
//! can't be passed on is a [`Failure`]. The body then moves, guard and all, into [`AnswerBody`], which passes bytes on as
//! they come and untouched, adds heartbeats and the error event between events only, and calls the guard at the end, be
//! it finished, failed or dropped. Whoever drops the future or the body closes the connection to the upstream.
//!
//! This crate knows nothing of keys, plans and counts, and nothing of the server's HTTP: what an [`End`] costs and how a
//! [`Failure`] is answered is decided above. Times and ids are arguments; only timers are its own.
//!
//! A [`Client`] is used on the worker that made it: nothing here is `Send` but [`Upstream`].

mod answer;
mod client;
pub mod demo;
mod endpoint;
mod failure;
mod follow;
mod json_walk;
mod models;
mod relay;
mod request;
mod stop_signal;
mod upstream;

pub use answer::{AnswerBody, CutShort, ReportedError};
pub use client::Client;
pub use endpoint::Endpoint;
pub use failure::Failure;
pub use follow::{End, FailureKind, Follow, How, Phase};
pub use models::{model, models};
pub use relay::{Answer, relay};
pub use request::{Body, BodyError, ModelPolicy, Request, stored_state};
pub use stop_signal::{StopSignal, never, stop_signal};
pub use upstream::{Credential, Secret, Timeouts, Upstream, UpstreamError};
