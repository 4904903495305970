//! Makes a change: looks, takes a step at a time, and looks again until nothing is left to do.

mod api_calls;
mod event;
mod execution;
mod key_calls;
mod look;
mod method_calls;
mod plan_calls;
mod reach;

pub use event::Event;
pub(super) use execution::Made;
pub(super) use look::Change;
