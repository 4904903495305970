//! A cluster under load: rounds of trouble, and the books compared when everything is up again.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use access::{Admission, Gate, PresentedKey};
use api_types::AdmissionId;
use jiff::SignedDuration;
use tokio::{runtime::Handle, task::JoinSet};

use super::{
    super::{Chance, finding},
    books::{Books, Tallies},
    figures::ClusterFigures,
    holder::{Acknowledged, Holder, new_key},
    linked_postgres::LinkedPostgres,
    load::{Asker, make_keys},
    plans::{QUOTAS, plan_of, plans},
    replica::{Replica, prepare},
    trouble::Trouble,
};
use crate::{wait::found, within};

pub(super) const REPLICAS: usize = 3;
/// By how many seconds a replica's clock is wrong at most, either way.
const MOST_WRONG: i64 = 40 * 60;
/// Key holders under load at once, and requests under way for each at each replica.
const HOLDERS: usize = 4;
const AT_ONCE: usize = 3;

/// Replicas, their Postgres, and everybody who asks.
pub(super) struct Floor {
    pub(super) figures: ClusterFigures,
    pub(super) chance: Chance,
    pub(super) replicas: Vec<Replica>,
    pub(super) postgres: LinkedPostgres,
    pub(super) holders: Vec<Holder>,
    /// Every key that was ever acknowledged and not ended.
    pub(super) acknowledged: Vec<Acknowledged>,
}

/// What one request was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Granted,
    Refused,
    Unknown,
    /// Nothing could be decided, since the machine was busy: nothing follows from it.
    Nothing,
}

/// A round's load.
struct Load {
    askers: JoinSet<()>,
    /// By holder.
    tallies: Vec<Tallies>,
    made: Arc<Mutex<Vec<Acknowledged>>>,
    enough: Arc<AtomicBool>,
}

impl Floor {
    pub(super) async fn start(mut chance: Chance) -> Self {
        let postgres = LinkedPostgres::start(REPLICAS).await;
        prepare(postgres.url()).await.expect("the tables are made");
        let mut replicas = Vec::new();
        for place in 0..REPLICAS {
            replicas.push(Replica::start(postgres.url_of(place), &mut chance, plans()).await);
        }
        let (figures, holders, acknowledged) = (ClusterFigures::default(), Vec::new(), Vec::new());
        Self { figures, chance, replicas, postgres, holders, acknowledged }
    }

    /// Load; trouble at a random instant; everything up again; and the books compared.
    pub(super) async fn round(&mut self) {
        self.set_clocks();
        self.people().await;
        let load = self.load();
        self.postgres.let_pass(&mut self.chance, 400).await;
        if self.chance.below(4) == 0 {
            self.end_a_key().await;
        }
        let trouble = Trouble::any(&mut self.chance, REPLICAS);
        let Self { postgres, chance, figures, replicas, .. } = self;
        postgres.befall(&trouble, chance, figures, |place| replicas[place].kill()).await;
        self.postgres.let_pass(&mut self.chance, 200).await;
        load.enough.store(true, Ordering::Relaxed);
        let Load { mut askers, tallies, made, .. } = load;
        // Those whose replica was killed are gone with it.
        let ended = async { while askers.join_next().await.is_some() {} };
        within("those who ask to notice the end", ended).await;
        for replica in self.replicas.iter_mut().filter(|replica| replica.running().is_none()) {
            replica.start_again(&mut self.chance, plans()).await;
            self.figures.figures.restarts += 1;
        }
        self.until_all_is_up(&trouble).await;
        self.acknowledged.extend(made.lock().expect("no holder panics").drain(..));
        self.compare_books(tallies, &trouble).await;
        self.figures.figures.rounds += 1;
    }

    /// Sets every replica's clock, ahead or back.
    fn set_clocks(&mut self) {
        for replica in &mut self.replicas {
            let seconds = self.chance.below(2 * MOST_WRONG.unsigned_abs()).cast_signed() - MOST_WRONG;
            replica.set_clock(SignedDuration::from_secs(seconds));
        }
    }

    /// Enough holders for the load.
    async fn people(&mut self) {
        while self.holders.len() < HOLDERS {
            let plan = self.chance.place(QUOTAS.len());
            let replica = &self.replicas[self.chance.place(REPLICAS)];
            let key = new_key(replica.store(), &mut self.chance, plan_of(plan), replica.now()).await;
            let key = key.expect("a key is made while everything is up");
            let name = format!("holder{} of {}", self.figures.figures.keys, key.quota);
            self.figures.figures.keys += 1;
            self.acknowledged.push(key.clone());
            self.holders.push(Holder { name, key, books: Books::default() });
        }
    }

    /// Everybody asks at every replica, and keys are made at one.
    fn load(&mut self) -> Load {
        let (enough, made) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let mut askers = JoinSet::new();
        let mut tallies = Vec::new();
        for holder in &self.holders {
            let mut by_replica: Tallies = Vec::new();
            for replica in &self.replicas {
                let tally = Arc::default();
                let (store, runtime) = replica.running().expect("every replica runs");
                for _ in 0..AT_ONCE {
                    let asker = Asker {
                        store: store.clone(),
                        key: holder.key.key.clone(),
                        skew: replica.skew(),
                        chance: Chance::new(self.chance.number()),
                        tally: Arc::clone(&tally),
                        enough: Arc::clone(&enough),
                    };
                    askers.spawn_on(asker.ask(), runtime);
                }
                by_replica.push(tally);
            }
            tallies.push(by_replica);
        }
        let collecting = &self.replicas[self.chance.place(REPLICAS)];
        let (store, runtime): (_, &Handle) = collecting.running().expect("every replica runs");
        let plan = plan_of(self.chance.place(QUOTAS.len()));
        let chance = Chance::new(self.chance.number());
        let making =
            make_keys((store.clone(), collecting.skew()), chance, plan, Arc::clone(&made), Arc::clone(&enough));
        askers.spawn_on(making, runtime);
        Load { askers, tallies, made, enough }
    }

    /// A key that every replica knows well is ended at one of them: from the answer on, all refuse it.
    async fn end_a_key(&mut self) {
        let first = self.chance.place(REPLICAS);
        let (store, now) = (self.replicas[first].store(), self.replicas[first].now());
        let key = new_key(store, &mut self.chance, plan_of(2), now).await.expect("a key is made");
        self.figures.figures.keys += 1;
        for place in 0..REPLICAS {
            if matches!(self.ask(place, &key.key).await, Told::Unknown | Told::Refused) {
                finding(&format!("replica {place} doesn't know a key that replica {first} has made"));
                self.figures.figures.keys_lost += 1;
            }
        }
        let by = self.chance.place(REPLICAS);
        let how = key.end(self.replicas[by].store(), &mut self.chance, self.replicas[by].now()).await;
        let how = how.expect("a key is ended while everything is up");
        for place in 0..REPLICAS {
            let told = self.ask(place, &key.key).await;
            if matches!(told, Told::Granted | Told::Refused) {
                finding(&format!("a key that replica {by} has {how} is answered by replica {place}: {told:?}"));
                self.figures.figures.over_admitted += 1;
            }
        }
    }

    /// One request at one replica.
    pub(super) async fn ask(&mut self, place: usize, key: &PresentedKey) -> Told {
        let replica = &self.replicas[place];
        let id = AdmissionId::from_random(self.chance.bytes());
        self.figures.figures.requests += 1;
        match replica.store().admit(key, id, replica.now()).await {
            Ok(Admission::Granted(_)) => Told::Granted,
            Ok(Admission::Refused(_)) => Told::Refused,
            Ok(Admission::Unknown) => Told::Unknown,
            Err(_) => {
                self.figures.figures.turned_away += 1;
                Told::Nothing
            }
        }
    }

    /// Waits until every replica can be used again.
    async fn until_all_is_up(&mut self, trouble: &Trouble) {
        for place in 0..REPLICAS {
            let replica = &self.replicas[place];
            let ready = found(|| async { replica.store().ready().await.ok() }).await;
            if ready.is_none() {
                finding(&format!("replica {place} isn't ready again after {trouble:?}"));
                self.figures.figures.under_admitted += 1;
            }
        }
    }
}
