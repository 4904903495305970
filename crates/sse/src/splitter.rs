//! Says, byte-exactly, how much of a stream is whole events and how much is still unfinished.

use crate::ends::Ends;

/// Finds the ends of events in a stream that arrives in chunks; keeps no bytes itself.
///
/// The caller keeps what isn't released: after each [`push`](Splitter::push) that returns `ready > 0`, everything held
/// so far followed by `chunk[..ready]` may go out, and `chunk[ready..]` is to be held. After `ready == 0` the whole
/// chunk is to be held. What is held never exceeds the limit.
///
/// An event longer than the limit is let through as it comes ("raw"): [`mid_event`](Splitter::mid_event) is then true
/// until its end, and nothing of one's own may be written in between.
///
/// A line that ends in a lone CR ends there and then, so that nothing waits for an LF that may not come. If the LF does
/// come (a CRLF cut in two), it is released at once as a part of that line end.
#[derive(Debug, Clone)]
pub struct Splitter {
    limit: usize,
    /// Bytes held by the caller: an unfinished event, not sent.
    held: usize,
    ends: Ends,
    /// A part of an unfinished event was released.
    mid_event: bool,
}

impl Splitter {
    /// A splitter at the start of a stream that holds back at most `limit` bytes of an unfinished event.
    pub fn new(limit: usize) -> Self {
        Self { limit, held: 0, ends: Ends::new(), mid_event: false }
    }

    /// Takes the next chunk and returns how many of its leading bytes may go out, after everything held before.
    pub fn push(&mut self, chunk: &[u8]) -> usize {
        let mut ended = 0;
        while let Some(end) = self.ends.next(&chunk[ended..]) {
            ended += end;
        }
        let rest = chunk.len() - ended;
        if ended > 0 {
            self.held = 0;
            self.mid_event = false;
        }
        if self.mid_event || rest > self.limit - self.held {
            self.mid_event = true;
            self.held = 0;
            return chunk.len();
        }
        self.held += rest;
        ended
    }

    /// True while the last byte released stands inside an event that was too long to hold back.
    pub fn mid_event(&self) -> bool {
        self.mid_event
    }

    /// True while the last byte read is a CR, whose LF may still come: what is written in between would stand between
    /// the two.
    pub fn after_cr(&self) -> bool {
        self.ends.after_cr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_events_are_released_and_the_rest_is_held() {
        let mut splitter = Splitter::new(100);
        assert_eq!(splitter.push(b"data: a\n\ndata: b"), 9);
        assert_eq!(splitter.held, 7);
        assert_eq!(splitter.push(b"b"), 0);
        assert_eq!(splitter.push(b"\n\n"), 2);
        assert_eq!(splitter.held, 0);
    }

    #[test]
    fn a_crlf_cut_in_two_ends_its_event_at_the_cr_and_lets_the_lf_follow() {
        let mut splitter = Splitter::new(100);
        assert_eq!(splitter.push(b"data: a\r\n\r"), 10);
        assert!(splitter.after_cr());
        assert_eq!(splitter.push(b"\ndata: b\r"), 1);
        assert_eq!(splitter.push(b"\n"), 0, "that LF ends a line, not an event");
        assert_eq!(splitter.push(b"\r\n"), 2);
        assert!(!splitter.after_cr());
    }

    #[test]
    fn a_lone_cr_ends_lines_too() {
        let mut splitter = Splitter::new(100);
        assert_eq!(splitter.push(b"data: a\r\rdata: b"), 9);
    }

    #[test]
    fn an_event_over_the_limit_is_let_through_and_said_to_be_open() {
        let mut splitter = Splitter::new(8);
        assert_eq!(splitter.push(b"data: 12"), 0);
        assert!(!splitter.mid_event());
        assert_eq!(splitter.push(b"3"), 1);
        assert!(splitter.mid_event());
        assert_eq!(splitter.push(b"456789012345"), 12);
        assert!(splitter.mid_event());
        assert_eq!(splitter.push(b"6"), 1, "not held again, though it is short");
        assert!(splitter.mid_event());
        assert_eq!(splitter.push(b"\n\ndata"), 2);
        assert!(!splitter.mid_event());
        assert_eq!(splitter.held, 4);
    }

    #[test]
    fn an_empty_chunk_releases_nothing() {
        let mut splitter = Splitter::new(8);
        assert_eq!(splitter.push(b""), 0);
        splitter.push(b"data");
        assert_eq!(splitter.push(b""), 0);
        assert_eq!(splitter.held, 4);
    }
}
