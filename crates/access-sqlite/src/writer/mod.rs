//! The thread that owns the connection that writes, and decides what no block covers: its queue, its work, and what it works on.

mod purge;
mod queue;
mod state;
mod thread;
mod unwritten_owners;

pub(crate) use queue::{Message, Queue, closed, queue};
pub(crate) use state::WriterState;
pub(crate) use thread::Writer;
