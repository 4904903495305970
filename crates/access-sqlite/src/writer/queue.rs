//! What is asked of the writer's thread, and the queue to it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
    mpsc::{self, Receiver, RecvTimeoutError, Sender},
};
use std::time::Duration;

use access::{Admission, Charge, KeyDigest, StoreError};
use api_types::{AdmissionId, KeyId, KeyStatus, Timestamp};
use tokio::sync::oneshot;

use super::state::WriterState;
use crate::{
    counting::{Asking, SubscriptionRowId},
    sql::state_owners::NamedId,
};

/// Most askers that wait at once; past it we say that we are too busy, which takes no memory.
const QUEUE_MAX: usize = 65_536;

/// Where an answer goes.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// One thing to do.
pub(crate) enum Message {
    /// Decide a request.
    Admit(Asking, Reply<Admission>),
    /// Fill a block up.
    Reserve(SubscriptionRowId, Timestamp),
    /// The asker of an admission went away before its answer.
    Abandon(AdmissionId, u64, Timestamp),
    /// End a pass.
    Settle(AdmissionId, Charge, Timestamp, Reply<Charge>),
    /// Tell a key about itself.
    Inspect(KeyId, KeyDigest, Timestamp, Reply<Option<KeyStatus>>),
    /// Remember who may name what the upstream keeps.
    Remember(NamedId),
    /// Prove that writing works.
    Beat(Reply<()>),
    /// A job of the management plane, which answers by itself.
    Job(Box<dyn FnOnce(&mut WriterState) + Send>),
    /// Write what waits and stop.
    Close(Option<Reply<()>>),
}

/// The askers' end.
#[derive(Debug)]
pub(crate) struct Queue {
    sender: Sender<Message>,
    waiting: Arc<AtomicUsize>,
}

/// The writer's end.
pub(crate) struct Inbox {
    receiver: Receiver<Message>,
    waiting: Arc<AtomicUsize>,
}

/// A new queue.
pub(crate) fn queue() -> (Queue, Inbox) {
    let (sender, receiver) = mpsc::channel();
    let waiting = Arc::new(AtomicUsize::new(0));
    (Queue { sender, waiting: Arc::clone(&waiting) }, Inbox { receiver, waiting })
}

/// The writer's thread is gone.
pub(crate) fn closed(doing: &'static str) -> StoreError {
    StoreError::new(doing, "the store is closed")
}

impl Queue {
    /// Puts a message at the end. What ends something (a pass, the store) is never turned away.
    pub(crate) fn send(&self, doing: &'static str, message: Message) -> Result<(), StoreError> {
        let ends = matches!(message, Message::Settle(..) | Message::Abandon(..) | Message::Close(_));
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= QUEUE_MAX && !ends {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(StoreError::new(doing, format_args!("{QUEUE_MAX} requests wait for the store already")));
        }
        self.sender.send(message).map_err(|_| {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            closed(doing)
        })
    }

    /// Asks and waits for the answer.
    pub(crate) async fn ask<T, E: From<StoreError>>(
        &self,
        doing: &'static str,
        message: impl FnOnce(oneshot::Sender<Result<T, E>>) -> Message,
    ) -> Result<T, E> {
        let (reply, answer) = oneshot::channel();
        self.send(doing, message(reply))?;
        answer.await.unwrap_or_else(|_| Err(closed(doing).into()))
    }
}

impl Inbox {
    /// The next message.
    pub(super) fn next(&self, patience: Option<Duration>) -> Result<Message, RecvTimeoutError> {
        let message = match patience {
            None => self.receiver.recv()?,
            Some(patience) => self.receiver.recv_timeout(patience)?,
        };
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        Ok(message)
    }

    /// A message that waits already.
    pub(super) fn waiting(&self) -> Option<Message> {
        let message = self.receiver.try_recv().ok()?;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        Some(message)
    }
}
