//! A cluster of real servers as processes, which are killed, in front of one upstream that always succeeds.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{task::JoinSet, time::timeout};

use super::{
    super::{
        Bound, Chance, finding,
        load::{Told, ask, make_keys},
    },
    books::Books,
    figures::ClusterFigures,
    linked_postgres::LinkedPostgres,
    plans::QUOTAS,
    trouble::Trouble,
};
use crate::{Caller, FakeUpstream, Identity, PlanSpec, Script, TestServer, settled, wait::found, within};

const REPLICAS: usize = 3;
/// Plans, so that one account can make many keys.
const PLANS: usize = 12;
/// Key holders under load at once, one on each quota, and requests under way for each at each replica.
const HOLDERS: usize = QUOTAS.len();
const AT_ONCE: usize = 2;
/// Far longer than charges that nobody waited for take to be given back, once everything is up.
const AT_REST_WITHIN: Duration = Duration::from_secs(20);

/// Tortures a cluster of servers until the bound, and tells what came of it.
///
/// # Panics
/// When Postgres's programs aren't there, or a server doesn't start.
pub async fn cluster_processes(seed: u64, bound: Bound) -> ClusterFigures {
    let mut cluster = Cluster::start(Chance::new(seed)).await;
    while !bound.is_reached(cluster.figures.figures.rounds) {
        cluster.round().await;
    }
    cluster.end().await
}

/// Somebody with a key, and what is known of the count: what was granted is what the upstream received.
struct Holder {
    name: String,
    key: Identity,
    quota: u64,
    books: Books,
}

/// What a holder's askers were told at one replica, which may have been killed.
struct Round {
    told: Told,
    was_killed: bool,
}

struct Cluster {
    figures: ClusterFigures,
    chance: Chance,
    postgres: LinkedPostgres,
    upstream: FakeUpstream,
    servers: Vec<TestServer>,
    holders: Vec<Holder>,
    /// Every key that was ever acknowledged.
    acknowledged: Vec<(String, Identity)>,
    /// Who makes keys while the trouble comes, and on which plan next.
    collector: Identity,
    next_plan: usize,
}

impl Cluster {
    async fn start(chance: Chance) -> Self {
        let postgres = LinkedPostgres::start(REPLICAS).await;
        let upstream = FakeUpstream::start().await;
        upstream.always(Script::completion("hi"));
        let plans: Vec<_> = (0..PLANS).map(|number| PlanSpec::daily(&plan_name(number), quota_of(number))).collect();
        let mut servers = Vec::new();
        for place in 0..REPLICAS {
            let setup = TestServer::setup().postgres(&postgres.url_of(place)).upstream(&upstream).plans(&plans);
            let setup = setup.set("postgres.timeout_seconds", "5");
            if place == 0 {
                let (status, said) = TestServer::run(&setup, &["migrate"]).await;
                assert!(status.success(), "tollgate migrate: {said}");
            }
            servers.push(setup.start().await);
        }
        let collector = servers[0].signed_in("collector").await.identity;
        let (figures, holders, acknowledged) = (ClusterFigures::default(), Vec::new(), Vec::new());
        Self { figures, chance, postgres, upstream, servers, holders, acknowledged, collector, next_plan: 0 }
    }

    /// Somebody as a caller of one replica.
    fn at(&self, place: usize, identity: &Identity) -> Caller {
        self.servers[place].anonymous().as_identity(identity.clone())
    }

    /// Load; trouble at a random instant; everything up again; and the books compared.
    async fn round(&mut self) {
        self.people().await;
        let enough = Arc::new(AtomicBool::new(false));
        let mut load = JoinSet::new();
        for holder in &self.holders {
            for (place, _) in self.servers.iter().enumerate() {
                let caller = self.at(place, &holder.key);
                for _ in 0..AT_ONCE {
                    let asking = ask(holder.name.clone(), caller.clone(), Arc::clone(&enough));
                    load.spawn(async move { (place, asking.await) });
                }
            }
        }
        let mut newcomers = JoinSet::new();
        let plans = (self.next_plan..PLANS).map(|number| (number, plan_name(number))).collect();
        let place = self.chance.place(REPLICAS);
        let collecting = self.at(place, &self.collector);
        newcomers.spawn(make_keys(collecting, plans, Arc::clone(&enough)));

        self.postgres.let_pass(&mut self.chance, 400).await;
        let trouble = Trouble::any(&mut self.chance, REPLICAS);
        let Self { postgres, chance, figures, servers, .. } = self;
        postgres.befall(&trouble, chance, figures, |place| servers[place].sigkill()).await;
        postgres.let_pass(chance, 300).await;
        enough.store(true, Ordering::Relaxed);
        let told = within("callers to notice the end", load.join_all()).await;
        let made = within("the collector to notice the end", newcomers.join_all()).await;
        for place in trouble.killed() {
            self.servers[*place].start_again().await;
            self.figures.figures.restarts += 1;
        }
        for server in &self.servers {
            settled(200, || async { server.anonymous().get("/readyz").send().await.status }).await;
        }
        // One more may have been made whose answer was lost.
        self.next_plan += made.iter().flatten().count() + 1;
        for (plan, key) in made.into_iter().flatten() {
            let name = format!("key on {} of round {}", plan_name(plan), self.figures.figures.rounds);
            self.acknowledge(name, key.identity);
        }
        self.take_in(told, &trouble).await;
        self.figures.figures.rounds += 1;
    }

    /// Enough holders for the load, and plans left for the collector.
    async fn people(&mut self) {
        let place = self.chance.place(REPLICAS);
        if self.next_plan >= PLANS {
            let name = format!("collector{}", self.figures.figures.rounds);
            self.collector = self.servers[place].signed_in(&name).await.identity;
            self.next_plan = 0;
        }
        while self.holders.len() < HOLDERS {
            let name = format!("holder{}", self.figures.figures.keys);
            // One of each quota, or the large ones would be all that is left.
            let is_free = |plan: &usize| self.holders.iter().all(|holder| holder.quota != quota_of(*plan));
            let plan = (0..QUOTAS.len()).find(is_free).unwrap_or_default();
            let (key, _) = self.servers[place].signed_in(&name).await.key_on(&plan_name(plan)).await;
            self.acknowledge(name.clone(), key.identity.clone());
            self.holders.push(Holder { name, key: key.identity, quota: quota_of(plan), books: Books::default() });
        }
    }

    fn acknowledge(&mut self, name: String, key: Identity) {
        self.figures.figures.keys += 1;
        self.acknowledged.push((name, key));
    }

    /// What was told and what the upstream received, and for each holder whether the count agrees.
    async fn take_in(&mut self, told: Vec<(usize, Told)>, trouble: &Trouble) {
        let mut received = self.received();
        let mut rounds: HashMap<String, Vec<Round>> = HashMap::new();
        for (place, told) in told {
            let was_killed = trouble.killed().contains(&place);
            let figures = &mut self.figures.figures;
            figures.requests += told.sent;
            figures.refused += told.refused;
            figures.turned_away += told.turned_away;
            figures.cut += if was_killed { told.cut + told.turned_away } else { 0 };
            rounds.entry(told.name.clone()).or_default().push(Round { told, was_killed });
        }
        for mut holder in std::mem::take(&mut self.holders) {
            let rounds = rounds.remove(&holder.name).unwrap_or_default();
            holder.books.granted += received.remove(&holder.name).unwrap_or(0);
            let in_vain = |round: &Round| round.told.cut + round.told.turned_away;
            holder.books.cut += rounds.iter().filter(|round| round.was_killed).map(in_vain).sum::<u64>();
            let given_back: u64 = rounds.iter().map(in_vain).sum();
            let refused: u64 = rounds.iter().map(|round| round.told.refused).sum();
            let Some(counted) = self.compare(&holder, trouble).await else { continue };
            if refused > 0 && counted + given_back < holder.quota {
                finding(&format!("{}: refused with room left after {trouble:?}: {counted} counted", holder.name));
                self.figures.figures.under_admitted += refused;
            }
            let is_wrong = !holder.books.allows(counted);
            self.try_limit(&mut holder, counted).await;
            // One that is never used up makes room after a while.
            if !is_wrong && holder.books.received() + holder.books.cut < holder.quota && self.chance.below(8) > 0 {
                self.holders.push(holder);
            } else {
                self.close(&holder, counted);
            }
        }
    }

    /// How many requests the upstream received, by holder.
    fn received(&self) -> HashMap<String, u64> {
        let mut received: HashMap<String, u64> = HashMap::new();
        for request in self.upstream.take_received().iter().filter(|request| request.method == "POST") {
            *received.entry(request.message()).or_default() += 1;
        }
        received
    }

    /// The count, compared with the books; `None`, noted, when the key is lost.
    async fn compare(&mut self, holder: &Holder, trouble: &Trouble) -> Option<u64> {
        let counted = self.counted(holder).await?;
        let (received, quota) = (holder.books.received(), holder.quota);
        let wrong = |what: &str| {
            finding(&format!("{}: {what} after {trouble:?}: {counted} counted, {:?}", holder.name, holder.books));
        };
        let figures = &mut self.figures.figures;
        if received.max(counted) > quota {
            wrong("past the quota");
            figures.over_admitted += received.max(counted) - quota;
        }
        if counted < received {
            wrong("received and not counted");
            figures.uncounted += received - counted;
        } else if !holder.books.allows(counted) {
            wrong("counted and not received");
            figures.wrong_totals += counted - received - holder.books.cut;
        }
        Some(counted)
    }

    /// What every replica shows as used, once the books allow that; what it is in the end, if they never do.
    async fn counted(&mut self, holder: &Holder) -> Option<u64> {
        let mut counted = None;
        for place in 0..REPLICAS {
            let caller = self.at(place, &holder.key);
            let used = || async {
                let answer = caller.get("/v1/key").send().await;
                (answer.status == 200).then(|| answer.json()["quota"]["used"].as_u64()).flatten()
            };
            let at_rest = found(|| async { used().await.filter(|used| holder.books.allows(*used)) });
            counted = match timeout(AT_REST_WITHIN, at_rest).await {
                Ok(Some(counted)) => Some(counted),
                _ => used().await,
            };
            if !counted.is_some_and(|counted| holder.books.allows(counted)) {
                break;
            }
        }
        if counted.is_none() {
            finding(&format!("{}: an acknowledged key doesn't work any more", holder.name));
            self.figures.figures.keys_lost += 1;
        }
        counted
    }

    /// With everything up: each replica admits while there is room, and refuses when there is none.
    async fn try_limit(&mut self, holder: &mut Holder, mut counted: u64) {
        for place in 0..REPLICAS {
            let status = self.at(place, &holder.key).chat(&holder.name).send().await.status;
            let figures = &mut self.figures.figures;
            figures.requests += 1;
            let has_room = counted < holder.quota;
            match status {
                200 if has_room => counted += 1,
                // Where a kill leaves doubt about the count, it may have been more than it is by now.
                200 if holder.books.cut > 0 => {}
                // Nothing could be decided, since the machine was busy.
                503 => {
                    figures.turned_away += 1;
                    break;
                }
                429 if !has_room => figures.refused += 1,
                _ => {
                    let name = &holder.name;
                    finding(&format!("{name}: replica {place} answers {status} at {counted} of {}", holder.quota));
                    *(if has_room { &mut figures.under_admitted } else { &mut figures.over_admitted }) += 1;
                }
            }
        }
        self.figures.figures.quotas_spent += u64::from(counted >= holder.quota);
        holder.books.granted += self.received().remove(&holder.name).unwrap_or(0);
    }

    fn close(&mut self, holder: &Holder, counted: u64) {
        let figures = &mut self.figures.figures;
        figures.admitted += holder.books.granted;
        figures.lost += counted.saturating_sub(holder.books.received());
    }

    /// Closes all books, and tries every key that was ever acknowledged.
    async fn end(mut self) -> ClusterFigures {
        for holder in std::mem::take(&mut self.holders) {
            let counted = self.compare(&holder, &Trouble::Nothing).await.unwrap_or_default();
            self.close(&holder, counted);
        }
        for (name, key) in std::mem::take(&mut self.acknowledged) {
            let place = self.chance.place(REPLICAS);
            let status = self.at(place, &key).get("/v1/key").send().await.status;
            if status != 200 {
                finding(&format!("{name}: an acknowledged key was answered {status}"));
                self.figures.figures.keys_lost += 1;
            }
        }
        self.figures
    }
}

fn plan_name(number: usize) -> String {
    format!("plan {number}")
}

fn quota_of(plan: usize) -> u64 {
    QUOTAS[plan % QUOTAS.len()]
}
