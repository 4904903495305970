//! The log's way to standard error: lines that come close together go out in one write.
//!
//! A line that comes after a pause is written at once, and so is a warning or an error with all before it. Others wait
//! for each other, for moments and within bounds; what waits is written at the end, whichever way a command ends. Only a
//! process that is killed outright loses them.

use std::{
    io::{self, Write},
    mem,
    thread::Builder,
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex};
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// Longest that a line waits for others.
const PAUSE: Duration = Duration::from_millis(20);
/// Most bytes that wait: who brings more, writes.
const WAITING_MAX: usize = 64 * 1024;

static LOG: Log = Log { lines: Mutex::new(Lines::new()), came: Condvar::new() };

struct Log {
    lines: Mutex<Lines>,
    /// Told when the first line waits.
    came: Condvar,
}

struct Lines {
    waiting: Vec<u8>,
    written_at: Option<Instant>,
    /// Somebody is there to write what waits.
    is_attended: bool,
}

impl Lines {
    const fn new() -> Self {
        Self { waiting: Vec::new(), written_at: None, is_attended: false }
    }

    /// Takes a line in; whether it may wait, where it need not be written `at_once`.
    fn add(&mut self, line: &[u8], at_once: bool, now: Instant) -> bool {
        self.waiting.extend_from_slice(line);
        let is_after_a_pause = self.written_at.is_none_or(|at| now.duration_since(at) >= PAUSE);
        !at_once && self.waiting.len() <= WAITING_MAX && !(is_after_a_pause && self.waiting.len() == line.len())
    }

    fn write(&mut self, to: &mut impl Write, now: Instant) {
        // Where nobody reads the log any more, nobody can be told so either.
        let _ = to.write_all(&self.waiting);
        self.waiting.clear();
        self.waiting.shrink_to(WAITING_MAX);
        self.written_at = Some(now);
    }

    /// When what waits is due.
    fn due(&self) -> Option<Instant> {
        (!self.waiting.is_empty()).then(|| self.written_at.map_or_else(Instant::now, |at| at + PAUSE))
    }
}

fn add(line: &[u8], at_once: bool) {
    let mut lines = LOG.lines.lock();
    let now = Instant::now();
    if lines.add(line, at_once, now) {
        let is_first = lines.waiting.len() == line.len();
        // Begun with the first line that waits, and so after what has to be done before there are threads. Where there
        // can't be one, nothing waits.
        if !mem::replace(&mut lines.is_attended, true) {
            lines.is_attended = Builder::new().name("log".to_owned()).spawn(attend).is_ok();
        }
        if lines.is_attended {
            drop(lines);
            if is_first {
                LOG.came.notify_one();
            }
            return;
        }
    }
    lines.write(&mut io::stderr(), now);
}

/// Writes what waits when it is due, as long as the process lives.
fn attend() {
    let mut lines = LOG.lines.lock();
    loop {
        match lines.due() {
            None => LOG.came.wait(&mut lines),
            Some(due) if due > Instant::now() => _ = LOG.came.wait_until(&mut lines, due),
            Some(_) => lines.write(&mut io::stderr(), Instant::now()),
        }
    }
}

/// Writes what waits. To be called before the process ends, and before anything else is said on standard error.
pub fn flush() {
    LOG.lines.lock().write(&mut io::stderr(), Instant::now());
}

/// Flushes when it is dropped, also by a panic.
pub struct FlushAtEnd;

impl Drop for FlushAtEnd {
    fn drop(&mut self) {
        flush();
    }
}

/// Where `tracing` writes its lines.
pub struct LogWriter;

/// One line's.
pub struct LineWriter {
    at_once: bool,
}

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = LineWriter;

    fn make_writer(&'a self) -> LineWriter {
        LineWriter { at_once: true }
    }

    fn make_writer_for(&'a self, event: &Metadata<'_>) -> LineWriter {
        LineWriter { at_once: *event.level() <= Level::WARN }
    }
}

impl Write for LineWriter {
    /// Takes a whole line, as the subscriber gives it.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        add(line, self.at_once);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &[u8] = b"line\n";

    #[test]
    fn a_line_after_a_pause_is_written_at_once_and_those_soon_after_it_together() {
        let (mut lines, mut out, start) = (Lines::new(), Vec::new(), Instant::now());
        assert!(!lines.add(LINE, false, start));
        lines.write(&mut out, start);
        assert!(lines.add(LINE, false, start));
        assert!(lines.add(LINE, false, start + PAUSE), "one waits already, and this one with it");
        assert_eq!((out.as_slice(), lines.due()), (LINE, Some(start + PAUSE)));
        lines.write(&mut out, start + PAUSE);
        assert_eq!((out, lines.due()), (LINE.repeat(3), None));
        assert!(!lines.add(LINE, false, start + PAUSE * 2));
    }

    #[test]
    fn a_warning_does_not_wait_and_neither_does_more_than_may() {
        let (mut lines, mut out, start) = (Lines::new(), Vec::new(), Instant::now());
        lines.write(&mut out, start);
        assert!(lines.add(LINE, false, start));
        assert!(!lines.add(b"warning\n", true, start));
        lines.write(&mut out, start);
        assert_eq!(out, b"line\nwarning\n");
        let half = vec![b'x'; WAITING_MAX / 2];
        assert!(lines.add(&half, false, start) && lines.add(&half, false, start));
        assert!(!lines.add(LINE, false, start));
    }
}
