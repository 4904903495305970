//! An answer on its way to the caller: what its head says, what its body opens with, how it passes, and how it ends.

mod body;
mod clock;
mod complete;
mod error_event;
pub(crate) mod head;
pub(crate) mod heartbeat;
pub(crate) mod kind;
mod leftover;
mod named_ids;
pub(crate) mod opening;
mod reported_error;
pub(crate) mod source;

pub use body::{AnswerBody, CutShort};
pub(crate) use clock::LONGEST;
pub use reported_error::ReportedError;
