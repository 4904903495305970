//! What the bytes of an answer are, by what tells their end: events by their marks, a body by its framing, or JSON by its
//! outermost bracket.

use bytes::{Bytes, BytesMut};

use super::{
    complete::{JsonWatch, StreamWatch},
    heartbeat::Heartbeat,
};
use crate::Endpoint;

/// Most bytes of an unfinished event that are held back.
const HELD_MAX: usize = 64 * 1024;

/// What the bytes are.
pub(crate) enum Kind {
    /// Events: cut, watched, and held back where unfinished. Boxed, as it is much larger than the others.
    Events(Box<Events>),
    /// A body whose framing tells a broken end from a good one; `left` bytes are to come, where their number is known.
    Framed { left: Option<u64> },
    /// A JSON body that lasts until the connection closes.
    UntilClose(JsonWatch),
}

/// A stream of events on its way.
pub(crate) struct Events {
    pub(super) splitter: sse::Splitter,
    pub(super) held: BytesMut,
    pub(super) watch: StreamWatch,
    heartbeat: Heartbeat,
}

impl Kind {
    /// The events that answer a request for so many choices.
    pub(crate) fn events(endpoint: Endpoint, choices: u64, heartbeat: Heartbeat) -> Self {
        let (splitter, watch) = (sse::Splitter::new(HELD_MAX), StreamWatch::new(endpoint, choices));
        Self::Events(Box::new(Events { splitter, held: BytesMut::new(), watch, heartbeat }))
    }

    pub(crate) fn until_close() -> Self {
        Self::UntilClose(JsonWatch::default())
    }

    /// All that belongs to the answer has been handed on, though its connection may still be open.
    pub(super) fn is_complete(&self) -> bool {
        match self {
            Self::Events(events) => events.watch.complete(),
            Self::Framed { left } => *left == Some(0),
            Self::UntilClose(watch) => watch.complete(),
        }
    }

    /// Takes a chunk of the upstream and gives what goes out for it: nothing as long as an event isn't whole.
    pub(super) fn pass(&mut self, chunk: Bytes) -> Bytes {
        match self {
            Self::Events(events) => return events.pass(chunk),
            Self::Framed { left: Some(left) } => *left = left.saturating_sub(chunk.len() as u64),
            Self::Framed { left: None } => {}
            Self::UntilClose(watch) => watch.look(&chunk),
        }
        chunk
    }

    /// The heartbeat that may stand here: in a stream of events, not within one, and not within the end of its last line.
    pub(super) fn heartbeat(&self) -> Option<&'static [u8]> {
        match self {
            Self::Events(events) if !events.splitter.mid_event() && !events.splitter.after_cr() => {
                Some(events.heartbeat.bytes(events.watch.plain()))
            }
            _ => None,
        }
    }
}

impl Events {
    fn pass(&mut self, mut chunk: Bytes) -> Bytes {
        let ready = self.splitter.push(&chunk);
        let out = if ready == 0 {
            Bytes::new()
        } else if self.held.is_empty() {
            chunk.split_to(ready)
        } else {
            self.held.extend_from_slice(&chunk.split_to(ready));
            self.held.split().freeze()
        };
        self.held.extend_from_slice(&chunk);
        self.watch.look(&out);
        out
    }
}
