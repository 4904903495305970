//! The thread that owns the connection that writes, and the counts.

pub(crate) mod purge;
pub(crate) mod queue;
pub(crate) mod state;
pub(crate) mod thread;
