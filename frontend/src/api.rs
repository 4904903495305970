//! The clients: what anybody may call, what a session may call, and what a key may call.

mod anonymous;
mod call;
mod data_plane;
mod error;
mod session;

pub(crate) use anonymous::Anonymous;
pub(crate) use data_plane::{Answer, KeyClient, Refusal};
pub(crate) use error::ApiError;
pub(crate) use session::{LocalFuture, Session};
