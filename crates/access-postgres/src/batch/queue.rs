//! What waits for a decision, by subscription: never in two batches at once, and never behind somebody else's hot row.
//!
//! A subscription is *hot* when more was asked of it while its batch was under way, or when another replica held its row.
//! Hot ones go in batches of their own, which wait for locks; the batches of the others skip rows that are locked.

use std::collections::{HashMap, VecDeque};

use access::{Admission, Charge, KeyDigest, OpenPass, StoreError};
use api_types::{AdmissionId, KeyId, Timestamp};
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

use crate::sql::columns::SubscriptionRowId;

/// Most askers that wait at once; past it we say that we are too busy, which takes no memory.
const WAITING_MAX: usize = 65_536;
/// The same of one subscription, so that one that is flooded leaves room for the others.
const WAITING_OF_ONE_MAX: usize = 16_384;
/// Most subscriptions of one batch.
const SUBSCRIPTIONS_MAX: usize = 512;

/// Where an answer goes.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// One thing to decide.
#[derive(Debug)]
pub(crate) enum Ask {
    /// Admit a request.
    Admit(Admit),
    /// Give a charge back.
    GiveBack(GiveBack),
}

/// One request that asks to be admitted.
#[derive(Debug)]
pub(crate) struct Admit {
    /// The key's id.
    pub(crate) key: KeyId,
    /// Digest of the presented value.
    pub(crate) digest: KeyDigest,
    /// Told by the caller: asked again with it, it is the same admission.
    pub(crate) admission: AdmissionId,
    /// Tells this call from another of the same id.
    pub(crate) asker: u64,
    /// When; `None`: when Postgres says.
    pub(crate) now: Option<Timestamp>,
    /// Who waits.
    pub(crate) reply: Reply<Admission>,
}

/// A pass that was ended, to be given back.
#[derive(Debug)]
pub(crate) struct GiveBack {
    /// The pass; open again if this can't be written.
    pub(crate) pass: OpenPass<SubscriptionRowId>,
    /// Whether its admission is forgotten: nobody got the pass.
    pub(crate) abandoned: bool,
    /// Who waits, if anybody does.
    pub(crate) reply: Option<Reply<Charge>>,
}

impl Ask {
    /// Whether anybody still wants the answer. What ends a pass is wanted always.
    pub(super) fn is_wanted(&self) -> bool {
        match self {
            Self::Admit(admit) => !admit.reply.is_closed(),
            Self::GiveBack(_) => true,
        }
    }
}

/// What one transaction decides, in the order of the subscriptions' ids.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) asks: Vec<(SubscriptionRowId, Vec<Ask>)>,
    /// Whether it waits for rows that others hold.
    pub(super) is_hot: bool,
}

/// All that waits.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    wake: Notify,
    hot_lanes: usize,
}

#[derive(Debug, Default)]
struct State {
    waiting: HashMap<SubscriptionRowId, Waiting>,
    cold: VecDeque<SubscriptionRowId>,
    hot: VecDeque<SubscriptionRowId>,
    asks: usize,
    hot_running: usize,
    running: usize,
    is_closed: bool,
}

#[derive(Debug, Default)]
struct Waiting {
    asks: Vec<Ask>,
    is_running: bool,
}

impl Queue {
    /// An empty queue for so many lanes; half of them, rounded up, may wait for hot rows.
    pub(crate) fn new(lanes: usize) -> Self {
        Self { state: Mutex::default(), wake: Notify::new(), hot_lanes: lanes.div_ceil(2).min(lanes.max(2) - 1) }
    }

    /// Puts something at the end. What ends a pass is turned away only once the store is closed.
    pub(crate) fn push(&self, subscription: SubscriptionRowId, ask: Ask) -> Result<(), StoreError> {
        let mut state = self.state.lock();
        if state.is_closed {
            return Err(StoreError::new("admit", "the store is closed"));
        }
        if state.asks >= WAITING_MAX && matches!(ask, Ask::Admit(_)) {
            return Err(StoreError::new("admit", format_args!("{WAITING_MAX} requests wait for the store already")));
        }
        state.asks += 1;
        let waiting = state.waiting.entry(subscription).or_default();
        if waiting.asks.len() >= WAITING_OF_ONE_MAX && matches!(ask, Ask::Admit(_)) {
            state.asks -= 1;
            return Err(StoreError::new(
                "admit",
                format_args!("{WAITING_OF_ONE_MAX} requests of this key wait already"),
            ));
        }
        let is_first = waiting.asks.is_empty() && !waiting.is_running;
        waiting.asks.push(ask);
        if is_first {
            state.cold.push_back(subscription);
        }
        drop(state);
        self.wake.notify_one();
        Ok(())
    }

    /// The next batch; waits for one. `None`: closed, and nothing is left.
    pub(super) async fn next(&self) -> Option<Batch> {
        loop {
            {
                let mut state = self.state.lock();
                if let Some(batch) = state.take(self.hot_lanes) {
                    let is_more = !state.cold.is_empty() || !state.hot.is_empty();
                    drop(state);
                    if is_more {
                        self.wake.notify_one();
                    }
                    return Some(batch);
                }
                if state.is_closed && state.waiting.is_empty() && state.running == 0 {
                    drop(state);
                    // The next lane sees the same.
                    self.wake.notify_one();
                    return None;
                }
            }
            self.wake.notified().await;
        }
    }

    /// A batch was decided. What it left undone comes first, and is hot.
    pub(super) fn done(&self, is_hot: bool, ids: &[SubscriptionRowId], undone: Vec<(SubscriptionRowId, Vec<Ask>)>) {
        let mut state = self.state.lock();
        state.running -= 1;
        if is_hot {
            state.hot_running -= 1;
        }
        for (id, asks) in undone {
            state.asks += asks.len();
            if let Some(waiting) = state.waiting.get_mut(&id) {
                let later = std::mem::replace(&mut waiting.asks, asks);
                waiting.asks.extend(later);
            }
        }
        for id in ids {
            let Some(waiting) = state.waiting.get_mut(id) else { continue };
            waiting.is_running = false;
            if waiting.asks.is_empty() {
                state.waiting.remove(id);
            } else {
                state.hot.push_back(*id);
            }
        }
        drop(state);
        self.wake.notify_one();
    }

    /// Whether it was closed.
    pub(crate) fn is_closed(&self) -> bool {
        self.state.lock().is_closed
    }

    /// Takes nothing more; lanes end when all is decided.
    pub(crate) fn close(&self) {
        self.state.lock().is_closed = true;
        self.wake.notify_one();
    }
}

impl State {
    fn take(&mut self, hot_lanes: usize) -> Option<Batch> {
        let is_hot = !self.hot.is_empty() && self.hot_running < hot_lanes;
        let ready = if is_hot { &mut self.hot } else { &mut self.cold };
        let mut ids: Vec<_> = ready.drain(..ready.len().min(SUBSCRIPTIONS_MAX)).collect();
        if ids.is_empty() {
            return None;
        }
        ids.sort_unstable();
        let mut batch = Batch { asks: Vec::with_capacity(ids.len()), is_hot };
        for id in ids {
            let Some(waiting) = self.waiting.get_mut(&id) else { continue };
            waiting.is_running = true;
            let asks = std::mem::take(&mut waiting.asks);
            self.asks -= asks.len();
            batch.asks.push((id, asks));
        }
        self.running += 1;
        self.hot_running += usize::from(is_hot);
        Some(batch)
    }
}
