//! Reads events out of a stream that arrives in chunks.

use std::ops::ControlFlow;

use crate::{Event, ends::Ends};

const BOM: &[u8] = "\u{feff}".as_bytes();

/// Reads events from chunks of any size and keeps at most a set number of bytes of an unfinished one.
///
/// Works on bytes, so that a character cut between two chunks is whole again when its event is read.
///
/// ```
/// let mut reader = sse::Reader::new(1 << 20);
/// let mut seen = Vec::new();
/// reader.push(b"data: {\"a\":", |event| seen.push(event.data.into_owned()));
/// reader.push(b"1}\n\n: comment\n\ndata: [DONE]\n\n", |event| seen.push(event.data.into_owned()));
/// assert_eq!(seen, ["{\"a\":1}", "[DONE]"]);
/// ```
#[derive(Debug, Clone)]
pub struct Reader {
    limit: usize,
    ends: Ends,
    /// The unfinished event, as far as the limit goes.
    kept: Vec<u8>,
    /// More than the limit came, the rest of this event was dropped.
    cut: bool,
    /// Nothing of the first event has been read, so that a BOM may still come.
    at_start: bool,
}

impl Reader {
    /// A reader that keeps at most `limit` bytes of an event; a longer one is given as `cut`.
    pub fn new(limit: usize) -> Self {
        Self { limit, ends: Ends::new(), kept: Vec::new(), cut: false, at_start: true }
    }

    /// Takes the next chunk and hands on each event that it completes, in order.
    pub fn push(&mut self, chunk: &[u8], mut on_event: impl FnMut(Event<'_>)) {
        let _ = self.push_while(chunk, |event| {
            on_event(event);
            ControlFlow::Continue(())
        });
    }

    /// The same, until `on_event` breaks off: what follows that event is left unread, for who wants to know nothing more.
    pub fn push_while(
        &mut self,
        chunk: &[u8],
        mut on_event: impl FnMut(Event<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut rest = chunk;
        while let Some(end) = self.ends.next(rest) {
            let (block, after) = rest.split_at(end);
            rest = after;
            if self.kept.is_empty() && block.len() <= self.limit {
                // The usual case: a whole event in one chunk is read where it lies.
                let block = strip_bom(block, &mut self.at_start);
                Event::parse(block, false).map_or(ControlFlow::Continue(()), &mut on_event)?;
            } else {
                self.keep(block);
                self.dispatch(&mut on_event)?;
            }
        }
        self.keep(rest);
        ControlFlow::Continue(())
    }

    /// Ends the stream and hands on the event that it left without its blank line.
    ///
    /// The standard drops such an event. Who wants to know how an answer ended reads it all the same: some servers end
    /// right after `data: [DONE]`.
    pub fn finish(mut self, mut on_event: impl FnMut(Event<'_>)) {
        let _ = self.dispatch(|event| {
            on_event(event);
            ControlFlow::Continue(())
        });
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = self.limit.saturating_sub(self.kept.len());
        self.cut |= bytes.len() > room;
        self.kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn dispatch(&mut self, on_event: impl FnMut(Event<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let kept = strip_bom(&self.kept, &mut self.at_start);
        let flow = Event::parse(kept, self.cut).map_or(ControlFlow::Continue(()), on_event);
        self.kept.clear();
        self.cut = false;
        flow
    }
}

fn strip_bom<'a>(block: &'a [u8], at_start: &mut bool) -> &'a [u8] {
    if std::mem::take(at_start) { block.strip_prefix(BOM).unwrap_or(block) } else { block }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_breaks_off_is_told_nothing_more() {
        let mut seen = Vec::new();
        let look = |event: Event<'_>| {
            seen.push(event.data.into_owned());
            ControlFlow::Break(())
        };
        let flow = Reader::new(1 << 10).push_while(b": comment\n\ndata: a\n\ndata: b\n\n", look);
        assert_eq!((flow, seen), (ControlFlow::Break(()), vec!["a".to_owned()]));
    }
}
