//! The clients: what anybody may call, what a session may call, and what a key may call.

mod admin;
mod anonymous;
mod call;
mod data_plane;
mod error;
mod session;

use std::pin::Pin;

pub(crate) use admin::Part;
pub(crate) use anonymous::Anonymous;
pub(crate) use data_plane::{Answer, CallFailure, Header, KeyClient, REMAINING};
pub(crate) use error::ApiError;
pub(crate) use session::Session;

/// A future of the page: one thread, no `Send`.
pub(crate) type LocalFuture<T> = Pin<Box<dyn Future<Output = T>>>;
