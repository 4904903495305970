//! Requests that go on until the quota is spent, the key is refused or it is enough; and keys made meanwhile.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use access::{Admission, Charge, End, Gate, Pass, PresentedKey};
use access_postgres::PostgresStore;
use api_types::{AdmissionId, PlanName};
use futures_util::FutureExt;
use jiff::SignedDuration;
use tokio::task::yield_now;

use super::{
    super::Chance,
    books::{Event, Tally},
    holder::{Acknowledged, new_key},
    replica::now,
};

/// An asker who was told so often in a round that nothing can be decided asks no more.
const FAILURES_MAX: u32 = 3;

/// One who asks at one replica.
pub(super) struct Asker {
    pub(super) store: PostgresStore,
    pub(super) key: PresentedKey,
    pub(super) skew: SignedDuration,
    pub(super) chance: Chance,
    pub(super) tally: Arc<Tally>,
    pub(super) enough: Arc<AtomicBool>,
}

impl Asker {
    pub(super) async fn ask(mut self) {
        let mut failures = 0;
        while failures < FAILURES_MAX && !self.enough.load(Ordering::Relaxed) {
            self.tally.note(Event::Sent);
            let id = AdmissionId::from_random(self.chance.bytes());
            let store = self.store.clone();
            let admitting = store.admit(&self.key, id, now(self.skew));
            let answer = if self.chance.below(16) == 0 {
                // Asked, and gone again.
                let Some(answer) = admitting.now_or_never() else {
                    self.tally.note(Event::Left);
                    yield_now().await;
                    continue;
                };
                answer
            } else {
                admitting.await
            };
            match answer {
                Ok(Admission::Granted(pass)) => {
                    self.tally.note(Event::Granted);
                    if self.chance.below(6) == 0 {
                        self.give_back(pass).await;
                    } else {
                        self.store.settle_at_once(&pass, SPENT);
                    }
                }
                Ok(Admission::Refused(_)) => {
                    self.tally.note(Event::Refused);
                    break;
                }
                Ok(Admission::Unknown) => {
                    self.tally.note(Event::Unknown);
                    break;
                }
                Err(_) => {
                    self.tally.note(Event::Failed);
                    failures += 1;
                }
            }
        }
    }

    async fn give_back(&self, pass: Pass) {
        self.tally.note(Event::GivingBack);
        give_back(&self.store, pass, self.skew, &self.tally).await;
    }
}

/// A request that the upstream answered.
const SPENT: End = End { phase: access::Phase::FirstByte, status: Some(200), caller_left: false };

/// Gives a charge back, or leaves that for later.
pub(super) async fn give_back(store: &PostgresStore, pass: Pass, skew: SignedDuration, tally: &Tally) {
    match store.settle(&pass, End::REFUSED_BY_US, now(skew)).await {
        Ok(Charge::Returned) => tally.note(Event::Returned),
        Ok(Charge::Spent) => tally.note(Event::Kept),
        Err(_) => tally.cannot_settle_yet(pass),
    }
}

/// Makes keys until it can't or it is enough; gives those that were acknowledged.
pub(super) async fn make_keys(
    (store, skew): (PostgresStore, SignedDuration),
    mut chance: Chance,
    plan: (PlanName, u64),
    made: Arc<std::sync::Mutex<Vec<Acknowledged>>>,
    enough: Arc<AtomicBool>,
) {
    while !enough.load(Ordering::Relaxed) {
        let Some(key) = new_key(&store, &mut chance, plan.clone(), now(skew)).await else { break };
        made.lock().expect("no holder panics").push(key);
    }
}
