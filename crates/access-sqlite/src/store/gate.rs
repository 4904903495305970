//! The gate: admits out of a block at once, and hands every other request to the writer's thread and waits for its
//! answer.

use std::time::Duration;

use access::{Admission, Charge, End, Gate, Inspection, NotReady, Pass, PresentedKey, StoreError};
use api_types::{AdmissionId, Timestamp};
use async_trait::async_trait;

use super::SqliteStore;
use crate::{
    counting::{Asking, Reserved},
    writer::{Message, Queue},
};

/// Longest that a worker waits for the ledger before it leaves its question to the writer; it is held for moments, but
/// for one decision also while a row is read.
const PATIENCE: Duration = Duration::from_micros(100);

/// Gives the charge back when the asker goes away before its answer: nothing was sent upstream.
struct Leaving<'a> {
    queue: &'a Queue,
    asking: Asking,
    answered: bool,
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        if !self.answered {
            let Asking { admission, asker, now, .. } = self.asking;
            // A store that is closed counts no more.
            let _ = self.queue.send("give a charge back", Message::Abandon(admission, asker, now));
        }
    }
}

impl SqliteStore {
    /// Admits out of a block, and has the block filled up before it ends. `None`: the writer decides.
    fn admit_reserved(&self, asking: Asking) -> Option<Pass> {
        let Reserved { pass, asks_for_more } = self.inner.ledger.try_lock_for(PATIENCE)?.admit_reserved(asking)?;
        if let Some(subscription) = asks_for_more {
            // Where the queue is full or closed, the block ends, and the writer is asked about each request.
            let _ = self.inner.queue.send("reserve", Message::Reserve(subscription, asking.now));
        }
        Some(pass)
    }
}

#[async_trait]
impl Gate for SqliteStore {
    async fn admit(&self, key: &PresentedKey, admission: AdmissionId, now: Timestamp) -> Result<Admission, StoreError> {
        let Some((key, digest)) = key.own() else { return Ok(Admission::Unknown) };
        let asking = Asking { key, digest, admission, asker: self.asker(), now };
        if let Some(pass) = self.admit_reserved(asking) {
            return Ok(Admission::Granted(pass));
        }
        let queue = &self.inner.queue;
        let mut leaving = Leaving { queue, asking, answered: false };
        let answer = queue.ask("admit", |reply| Message::Admit(asking, reply)).await;
        leaving.answered = true;
        answer
    }

    async fn settle(&self, pass: &Pass, end: End, now: Timestamp) -> Result<Charge, StoreError> {
        let (admission, charge) = (pass.id, end.charge());
        self.inner.queue.ask("settle", |reply| Message::Settle(admission, charge, now, reply)).await
    }

    /// A pass whose charge stays changes nothing that is stored, so nobody need be woken for it.
    fn settle_at_once(&self, pass: &Pass, end: End) -> Option<Charge> {
        if end.charge() == Charge::Returned {
            return None;
        }
        self.inner.ledger.try_lock_for(PATIENCE)?.spend(pass.id);
        Some(Charge::Spent)
    }

    async fn inspect(&self, key: &PresentedKey, now: Timestamp) -> Result<Inspection, StoreError> {
        let Some((key, digest)) = key.own() else { return Ok(Inspection::Unknown) };
        let status = self.inner.queue.ask("inspect", |reply| Message::Inspect(key, digest, now, reply)).await?;
        Ok(status.map_or(Inspection::Unknown, Inspection::Known))
    }

    async fn ready(&self) -> Result<(), NotReady> {
        Ok(self.inner.queue.ask("write", Message::Beat).await?)
    }
}
