//! Tries that nobody waits for, written for all replicas together, at most once a second: a flood is few statements.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
    time::Duration,
};

use access::TryRule;
use parking_lot::Mutex;
use tokio::time::sleep;

use super::{keyed::KeyedTries, limit::TryLimit};
use crate::{ambient, source::Source};

/// Pause between two writes: so late another replica hears of a try, at most.
const PAUSE: Duration = Duration::from_secs(1);
/// Most sources in one write. Those beyond it count in this process alone: else an attacker with many addresses could
/// fill the store.
const MOST_SOURCES: usize = 1_000;

/// Tries that wait to be written.
pub struct BatchedTries {
    shared: KeyedTries,
    kind: &'static str,
    rule: TryRule,
    /// Learns what all replicas counted.
    limit: Arc<TryLimit<Source>>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    tries: HashMap<Source, u32>,
    /// Somebody writes.
    is_written: bool,
}

impl BatchedTries {
    /// Tries of this kind; what all replicas counted is told to `limit`.
    #[must_use]
    pub fn new(shared: KeyedTries, kind: &'static str, limit: Arc<TryLimit<Source>>) -> Arc<Self> {
        Arc::new(Self { shared, kind, rule: limit.rule(), limit, waiting: Mutex::default() })
    }

    /// One more; never waits.
    pub fn count(self: &Arc<Self>, source: Source) {
        let mut waiting = self.waiting.lock();
        waiting.add(source, 1);
        if !std::mem::replace(&mut waiting.is_written, true) {
            drop(self.shared.runtime.spawn(Arc::clone(self).write()));
        }
    }

    /// Writes until none waits.
    async fn write(self: Arc<Self>) {
        let mut failing = false;
        loop {
            let made = {
                let mut waiting = self.waiting.lock();
                waiting.is_written = !waiting.tries.is_empty();
                std::mem::take(&mut waiting.tries)
            };
            if made.is_empty() {
                return;
            }
            match self.write_once(&made).await {
                Ok(()) => failing = false,
                Err(error) => {
                    if !std::mem::replace(&mut failing, true) {
                        tracing::warn!(%error, "wrong keys can't be counted for all replicas; each counts its own");
                    }
                    let mut waiting = self.waiting.lock();
                    made.into_iter().for_each(|(source, tries)| waiting.add(source, tries));
                }
            }
            sleep(PAUSE).await;
        }
    }

    async fn write_once(&self, made: &HashMap<Source, u32>) -> Result<(), access::StoreError> {
        let key = |(source, tries): (&Source, &u32)| (self.shared.key(self.kind, source, ""), *tries);
        let told = self.shared.store.count(made.iter().map(key).collect(), self.rule, ambient::now()).await?;
        for (source, told) in made.keys().zip(told) {
            if let Err(seconds) = told {
                self.limit.close(*source, seconds, seconds, ambient::now());
            }
        }
        Ok(())
    }
}

impl Waiting {
    fn add(&mut self, source: Source, tries: u32) {
        let is_full = self.tries.len() >= MOST_SOURCES;
        match self.tries.entry(source) {
            Entry::Occupied(mut there) => *there.get_mut() = there.get().saturating_add(tries),
            Entry::Vacant(place) if !is_full => drop(place.insert(tries)),
            Entry::Vacant(_) => {}
        }
    }
}
