//! The writer's thread: takes all that is queued, decides it in memory, writes it in one transaction, then answers.

use std::time::{Duration, Instant};

use access::{Admission, Charge, StoreError};
use api_types::{AdmissionId, KeyStatus, Timestamp};

use crate::{
    writer::queue::{Inbox, Message, Reply},
    writer::state::Desk,
};

/// Most requests that share one commit.
const BATCH_MAX: usize = 4_096;
/// Longest that a refusal stays uncounted on the disk; nobody waits for it.
const REFUSALS_WRITTEN_WITHIN: Duration = Duration::from_secs(1);

/// Longest that an owner of what the upstream keeps stays off the disk: a killed process loses those.
const OWNERS_WRITTEN_WITHIN: Duration = Duration::from_millis(100);

/// The thread's work.
pub(crate) struct Writer {
    desk: Desk,
    inbox: Inbox,
    /// Kept while we have the file, and released before a close is answered.
    lock: std::fs::File,
    /// When rows that nobody waits for are due.
    due: Option<Instant>,
    /// Charges to give back whose write failed.
    abandoned: Vec<Abandoned>,
    /// Whether the last write failed; it is said once.
    failing: bool,
}

/// An admission whose asker went away before its answer.
type Abandoned = (AdmissionId, u64, Timestamp);

/// Answers that wait for the commit.
#[derive(Default)]
struct Batch {
    size: usize,
    beat: bool,
    held: Vec<Held>,
    abandoned: Vec<Abandoned>,
}

enum Held {
    Admission(Reply<Admission>, Admission),
    Status(Reply<Option<KeyStatus>>, Option<KeyStatus>),
    Charge(Reply<Charge>, Charge),
    Done(Reply<()>),
}

impl Held {
    /// Answers. Whoever asked may have gone: an admission's guard then gives the charge back.
    fn answer(self, outcome: &Result<(), StoreError>) {
        match self {
            Self::Admission(reply, admission) => {
                let _ = reply.send(outcome.clone().map(|()| admission));
            }
            Self::Status(reply, status) => {
                let _ = reply.send(outcome.clone().map(|()| status));
            }
            Self::Charge(reply, charge) => {
                let _ = reply.send(outcome.clone().map(|()| charge));
            }
            Self::Done(reply) => {
                let _ = reply.send(outcome.clone());
            }
        }
    }
}

impl Writer {
    /// A writer that hasn't begun.
    pub(crate) fn new(desk: Desk, inbox: Inbox, lock: std::fs::File) -> Self {
        Self { desk, inbox, lock, due: None, abandoned: Vec::new(), failing: false }
    }

    /// Works until it is told to close or every asker is gone. Dropping it afterwards closes the file.
    pub(crate) fn run(mut self) {
        let closing = loop {
            let patience = self.due.map(|due| due.saturating_duration_since(Instant::now()));
            let first = match self.inbox.next(patience) {
                Ok(Some(message)) => message,
                Ok(None) => {
                    self.flush();
                    continue;
                }
                Err(_) => break None,
            };
            match self.take_all(first) {
                Some(Message::Job(job)) => job(&mut self.desk),
                Some(Message::Close(reply)) => break reply,
                _ => {}
            }
        };
        let flushed = if self.desk.is_dirty() { self.commit(false) } else { Ok(()) };
        let conn = self.desk.conn;
        // What the checkpoint leaves in the write-ahead log is read from there at the next start.
        let checked = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        let outcome = checked.and_then(|()| conn.close().map_err(|(_, error)| error));
        drop(self.lock);
        if let Some(reply) = closing {
            let _ = reply.send(flushed.and(outcome.map_err(crate::sql::columns::store_error("close"))));
        }
    }

    /// Decides what is queued up to a job, and finishes the batch. The job comes back: it sees all before it done.
    fn take_all(&mut self, first: Message) -> Option<Message> {
        let mut batch = Batch::default();
        for abandoned in std::mem::take(&mut self.abandoned) {
            self.abandon(abandoned, &mut batch);
        }
        let mut next = Some(first);
        let mut barrier = None;
        while let Some(message) = next {
            batch.size += 1;
            barrier = self.decide(message, &mut batch);
            next = if barrier.is_some() || batch.size >= BATCH_MAX { None } else { self.inbox.waiting() };
        }
        self.finish(batch);
        barrier
    }

    fn decide(&mut self, message: Message, batch: &mut Batch) -> Option<Message> {
        let (ledger, rows) = self.desk.parts();
        match message {
            Message::Admit(asking, reply) => match ledger.admit(&rows, asking) {
                Ok(decision) if decision.held => batch.held.push(Held::Admission(reply, decision.answer)),
                Ok(decision) => drop(reply.send(Ok(decision.answer))),
                Err(error) => drop(reply.send(Err(error))),
            },
            Message::Abandon(attempt, asker, now) => self.abandon((attempt, asker, now), batch),
            Message::Settle(attempt, charge, now, reply) => match ledger.settle(&rows, attempt, charge, now) {
                Ok(true) => batch.held.push(Held::Charge(reply, Charge::Returned)),
                Ok(false) => drop(reply.send(Ok(Charge::Spent))),
                Err(error) => drop(reply.send(Err(error))),
            },
            Message::Inspect(key, digest, now, reply) => match ledger.inspect(&rows, (key, digest), now) {
                Ok(decision) if decision.held => batch.held.push(Held::Status(reply, decision.answer)),
                Ok(decision) => drop(reply.send(Ok(decision.answer))),
                Err(error) => drop(reply.send(Err(error))),
            },
            Message::Remember(named) => self.desk.owners.push(named),
            Message::Beat(reply) => {
                batch.beat = true;
                batch.held.push(Held::Done(reply));
            }
            barrier @ (Message::Job(_) | Message::Close(_)) => return Some(barrier),
        }
        None
    }

    fn abandon(&mut self, abandoned: Abandoned, batch: &mut Batch) {
        let (ledger, rows) = self.desk.parts();
        let (attempt, asker, now) = abandoned;
        match ledger.abandon(&rows, attempt, asker, now) {
            Ok(false) => {}
            Ok(true) => batch.abandoned.push(abandoned),
            Err(_) => self.abandoned.push(abandoned),
        }
    }

    fn finish(&mut self, batch: Batch) {
        let overdue = self.due.is_some_and(|due| due <= Instant::now());
        let outcome =
            if batch.beat || self.desk.ledger.is_urgent() || overdue { self.commit(batch.beat) } else { Ok(()) };
        if outcome.is_err() {
            self.abandoned.extend(batch.abandoned);
        }
        for held in batch.held {
            held.answer(&outcome);
        }
        self.set_due();
    }

    /// What nobody waits for is written soon all the same.
    fn set_due(&mut self) {
        let within = match (self.desk.owners.is_empty(), self.desk.ledger.is_dirty()) {
            (true, false) => return,
            (true, true) => REFUSALS_WRITTEN_WITHIN,
            (false, _) => OWNERS_WRITTEN_WITHIN,
        };
        let due = Instant::now() + within;
        self.due = Some(self.due.map_or(due, |earlier| earlier.min(due)));
    }

    /// Writes what nobody waits for.
    fn flush(&mut self) {
        if self.desk.is_dirty() {
            let _ = self.commit(false);
        } else {
            self.due = None;
        }
    }

    fn commit(&mut self, beat: bool) -> Result<(), StoreError> {
        let outcome = self.desk.commit_batch(beat);
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
