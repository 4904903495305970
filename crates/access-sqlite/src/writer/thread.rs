//! The writer's thread: takes all that is queued, decides it in memory, writes it in one transaction, then answers.

use std::{
    sync::mpsc::RecvTimeoutError,
    time::{Duration, Instant},
};

use access::StoreError;
use api_types::{AdmissionId, Timestamp};

use super::{
    queue::{Inbox, Message, Reply},
    state::WriterState,
};
use crate::{counting::Decision, sql::store_error};

/// Most requests that share one commit.
const BATCH_MAX: usize = 4_096;
/// Longest that a refusal stays uncounted on the disk; nobody waits for it.
const REFUSALS_WRITTEN_WITHIN: Duration = Duration::from_secs(1);
/// A block that wasn't used for so long is taken back, so that a process that is killed later loses nothing of it.
const BLOCKS_IDLE_AFTER: Duration = Duration::from_secs(1);
/// Longest that an owner of what the upstream keeps stays off the disk: a killed process loses those.
const OWNERS_WRITTEN_WITHIN: Duration = Duration::from_millis(100);

/// The thread's work.
pub(crate) struct Writer {
    state: WriterState,
    inbox: Inbox,
    /// Kept while we have the file, and released before a close is answered.
    lock: std::fs::File,
    /// When rows that nobody waits for are due.
    due: Option<Instant>,
    /// When blocks that nobody uses are taken back.
    blocks_due: Option<Instant>,
    /// Charges to give back whose write failed.
    abandoned: Vec<Abandoned>,
    /// Whether the last write failed; it is said once.
    failing: bool,
}

/// An admission whose asker went away before its answer.
type Abandoned = (AdmissionId, u64, Timestamp);

/// What was asked in one batch.
#[derive(Default)]
struct Asked {
    size: usize,
    beat: bool,
    held: Vec<Held>,
    abandoned: Vec<Abandoned>,
}

/// Gives an answer that waited for the commit, by what became of that.
type Held = Box<dyn FnOnce(Result<(), StoreError>)>;

impl Asked {
    /// Answers, or holds the answer until the batch is written.
    fn answer<T: 'static>(&mut self, decided: Result<Decision<T>, StoreError>, reply: Reply<T>) {
        match decided {
            Ok(Decision { answer, held: true }) => self.hold(reply, answer),
            Ok(Decision { answer, held: false }) => tell(reply, Ok(answer)),
            Err(error) => tell(reply, Err(error)),
        }
    }

    fn hold<T: 'static>(&mut self, reply: Reply<T>, answer: T) {
        self.held.push(Box::new(|outcome| tell(reply, outcome.map(|()| answer))));
    }
}

/// Whoever asked may have gone: an admission's guard then gives the charge back.
fn tell<T>(reply: Reply<T>, answer: Result<T, StoreError>) {
    let _ = reply.send(answer);
}

impl Writer {
    /// A writer that hasn't begun.
    pub(crate) fn new(state: WriterState, inbox: Inbox, lock: std::fs::File) -> Self {
        Self { state, inbox, lock, due: None, blocks_due: None, abandoned: Vec::new(), failing: false }
    }

    /// Works until it is told to close or every asker is gone. Dropping it afterwards closes the file.
    pub(crate) fn run(mut self) {
        let closing = loop {
            let due = self.due.into_iter().chain(self.blocks_due).min();
            let patience = due.map(|due| due.saturating_duration_since(Instant::now()));
            let first = match self.inbox.next(patience) {
                Ok(message) => message,
                Err(RecvTimeoutError::Timeout) => {
                    self.flush();
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => break None,
            };
            // Whoever woke this thread has more to ask where many ask at once: on a busy machine they go first, and their
            // requests share one commit. Where a processor is free this returns at once.
            std::thread::yield_now();
            match self.take_all(first) {
                Some(Message::Job(job)) => job(&mut self.state),
                Some(Message::Close(reply)) => break reply,
                _ => {}
            }
        };
        self.state.ledger().take_blocks_back();
        let flushed = if self.state.is_dirty() { self.commit(false) } else { Ok(()) };
        let conn = self.state.conn;
        // What the checkpoint leaves in the write-ahead log is read from there at the next start.
        let checked = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        let outcome = checked.and_then(|()| conn.close().map_err(|(_, error)| error));
        drop(self.lock);
        if let Some(reply) = closing {
            let _ = reply.send(flushed.and(outcome.map_err(store_error("close"))));
        }
    }

    /// Decides what is queued up to a job, and finishes the batch. The job comes back: it sees all before it done.
    fn take_all(&mut self, first: Message) -> Option<Message> {
        let mut asked = Asked::default();
        for abandoned in std::mem::take(&mut self.abandoned) {
            self.abandon(abandoned, &mut asked);
        }
        let mut next = Some(first);
        let mut barrier = None;
        while let Some(message) = next {
            asked.size += 1;
            barrier = self.decide(message, &mut asked);
            next = if barrier.is_some() || asked.size >= BATCH_MAX { None } else { self.inbox.waiting() };
        }
        self.finish(asked);
        barrier
    }

    fn decide(&mut self, message: Message, asked: &mut Asked) -> Option<Message> {
        let (mut ledger, rows) = self.state.parts();
        match message {
            Message::Admit(asking, reply) => asked.answer(ledger.admit(&rows, asking), reply),
            Message::Settle(admission, charge, now, reply) => {
                asked.answer(ledger.settle(&rows, admission, charge, now), reply);
            }
            Message::Inspect(key, digest, now, reply) => {
                asked.answer(ledger.inspect(&rows, (key, digest), now), reply);
            }
            Message::Reserve(subscription, now) => ledger.reserve(subscription, now),
            Message::Abandon(admission, asker, now) => {
                drop(ledger);
                self.abandon((admission, asker, now), asked);
            }
            Message::Remember(named) => {
                drop(ledger);
                self.state.owners.push(named);
            }
            Message::Beat(reply) => {
                asked.beat = true;
                asked.hold(reply, ());
            }
            barrier @ (Message::Job(_) | Message::Close(_)) => return Some(barrier),
        }
        None
    }

    fn abandon(&mut self, abandoned: Abandoned, asked: &mut Asked) {
        let (mut ledger, rows) = self.state.parts();
        let (admission, asker, now) = abandoned;
        let written = ledger.abandon(&rows, admission, asker, now);
        drop(ledger);
        match written {
            Ok(false) => {}
            Ok(true) => asked.abandoned.push(abandoned),
            Err(_) => self.abandoned.push(abandoned),
        }
    }

    fn finish(&mut self, asked: Asked) {
        let overdue = self.due.is_some_and(|due| due <= Instant::now());
        let is_urgent = self.state.ledger().is_urgent();
        let outcome = if asked.beat || is_urgent || overdue { self.commit(asked.beat) } else { Ok(()) };
        if outcome.is_err() {
            self.abandoned.extend(asked.abandoned);
        }
        for held in asked.held {
            held(outcome.clone());
        }
        self.look_at_blocks();
        self.set_due();
    }

    /// Takes idle blocks back when that is due.
    fn look_at_blocks(&mut self) {
        let now = Instant::now();
        if self.blocks_due.is_some_and(|due| due <= now) {
            self.state.ledger().take_idle_blocks_back();
            self.blocks_due = None;
        }
        if self.blocks_due.is_none() && self.state.ledger().has_blocks() {
            self.blocks_due = Some(now + BLOCKS_IDLE_AFTER);
        }
    }

    /// What nobody waits for is written soon all the same.
    fn set_due(&mut self) {
        let within = match (self.state.owners.is_empty(), self.state.ledger().is_dirty()) {
            (true, false) => return,
            (true, true) => REFUSALS_WRITTEN_WITHIN,
            (false, _) => OWNERS_WRITTEN_WITHIN,
        };
        let due = Instant::now() + within;
        self.due = Some(self.due.map_or(due, |earlier| earlier.min(due)));
    }

    /// Writes what nobody waits for.
    fn flush(&mut self) {
        self.look_at_blocks();
        if self.state.is_dirty() {
            let _ = self.commit(false);
        } else {
            self.due = None;
        }
    }

    fn commit(&mut self, beat: bool) -> Result<(), StoreError> {
        let outcome = self.state.commit_batch(beat);
        self.due = None;
        match &outcome {
            Ok(()) if self.failing => tracing::info!("counts are written again"),
            Err(error) if !self.failing => {
                tracing::error!(%error, "counts can't be written; requests are turned away until they can");
            }
            _ => {}
        }
        self.failing = outcome.is_err();
        self.set_due();
        outcome
    }
}
