//! Where events end: the one state machine under both views.

/// Follows line ends through a stream that arrives in chunks.
#[derive(Debug, Clone)]
pub(crate) struct Ends {
    /// The current line has no bytes yet.
    line_empty: bool,
    /// The last byte was a CR, so that an LF belongs to it.
    after_cr: bool,
    /// That CR ended an event.
    cr_ended_event: bool,
}

impl Ends {
    pub(crate) fn new() -> Self {
        Self { line_empty: true, after_cr: false, cr_ended_event: false }
    }

    pub(crate) fn after_cr(&self) -> bool {
        self.after_cr
    }

    /// Reads up to and including the next end of an event and returns how many bytes that is, or reads all and returns
    /// `None`. After an event that ended in a CR, the LF that may follow counts as an end of its own.
    pub(crate) fn next(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            let text = memchr::memchr2(b'\n', b'\r', &bytes[at..]).unwrap_or(bytes.len() - at);
            if text > 0 {
                self.line_empty = false;
                self.after_cr = false;
                at += text;
            }
            let Some(byte) = bytes.get(at) else { break };
            at += 1;
            if *byte == b'\n' && std::mem::take(&mut self.after_cr) {
                if self.cr_ended_event {
                    return Some(at);
                }
                continue;
            }
            let ended = self.line_empty;
            self.after_cr = *byte == b'\r';
            self.cr_ended_event = ended;
            self.line_empty = true;
            if ended {
                return Some(at);
            }
        }
        None
    }
}
