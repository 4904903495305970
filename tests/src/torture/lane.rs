//! The process floor: servers that are killed again and again under load, each with the books of what was promised and
//! what happened.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::task::JoinSet;

use super::{
    Bound, Figures,
    chance::Chance,
    finding,
    load::{Told, ask, make_keys},
};
use crate::{Caller, Events, FakeUpstream, PlanSpec, Script, TestServer, event, settled, wait_until, within};

/// Quotas of the plans in turn: small ones that are used up again and again, one just too small for blocks of more than
/// one request, and one whose blocks begin, end and are killed.
const QUOTAS: [u64; 4] = [60, 10, 1_500, 1_000_000];
/// Plans, so that one account can make many keys.
const PLANS: usize = 40;
/// Key holders under load at once, and requests under way for each.
const HOLDERS: usize = 4;
const AT_ONCE: usize = 4;
/// Servers at once, each with its own data and upstream: most of a round is waiting for a start.
const LANES: u64 = 2;

/// Tortures servers until the bound, and tells what came of it; a bound by rounds is each server's.
pub async fn process_floor(seed: u64, bound: Bound) -> Figures {
    let mut lanes = JoinSet::new();
    for number in 0..LANES {
        lanes.spawn(async move {
            let mut lane = Lane::start(Chance::new(seed + number)).await;
            while !bound.is_reached(lane.figures.rounds) {
                lane.round().await;
            }
            lane.end().await
        });
    }
    lanes.join_all().await.into_iter().fold(Figures::default(), Figures::plus)
}

/// Somebody with a key, and what is known of it.
struct Holder {
    name: String,
    key: Caller,
    quota: u64,
    /// Requests that the upstream received whole; it always succeeds.
    received: u64,
    /// Requests under way at kills.
    cut: u64,
    /// Charges that its block may have held at kills.
    reserved: u64,
    /// What the server counted when last asked.
    counted: u64,
}

/// Somebody whose key is revoked while it streams.
struct Leaver {
    owner: Caller,
    key: Caller,
    id: String,
    _stream: Events,
}

/// One server and its upstream.
pub struct Lane {
    chance: Chance,
    upstream: FakeUpstream,
    server: TestServer,
    holders: Vec<Holder>,
    /// Every key that was ever acknowledged and not revoked.
    acknowledged: Vec<(String, Caller)>,
    /// Who makes keys while the kills come, and on which plan next.
    collector: Caller,
    next_plan: usize,
    figures: Figures,
}

impl Lane {
    /// Starts a server in front of an upstream that always succeeds.
    pub async fn start(chance: Chance) -> Self {
        let upstream = FakeUpstream::start().await;
        let plans: Vec<_> = (0..PLANS).map(|number| PlanSpec::daily(&plan_name(number), quota_of(number))).collect();
        let server = TestServer::setup().upstream(&upstream).plans(&plans).on_a_small_disk().start().await;
        let collector = server.signed_in("collector").await;
        let (holders, acknowledged) = (Vec::new(), Vec::new());
        let figures = Figures::default();
        Self { chance, upstream, server, holders, acknowledged, collector, next_plan: 0, figures }
    }

    /// What came of it so far.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.figures
    }

    /// Load; a kill at a random instant, or a full disk, or both; a restart; and the books compared.
    pub async fn round(&mut self) {
        self.people().await;
        let story = self.chance.below(10);
        // Half of the time the upstream keeps its answers to itself: then every kill falls before the first byte.
        let is_silent = story > 1 && self.chance.coin();
        self.upstream.always(if is_silent { Script::silence() } else { Script::completion("hi") });
        let leaver = if story == 1 { Some(self.streaming().await) } else { None };
        let enough = Arc::new(AtomicBool::new(false));
        let mut load = JoinSet::new();
        for holder in &self.holders {
            for _ in 0..AT_ONCE {
                load.spawn(ask(holder.name.clone(), holder.key.clone(), Arc::clone(&enough)));
            }
        }
        let mut newcomers = JoinSet::new();
        let plans = (self.next_plan..PLANS).map(|number| (number, plan_name(number))).collect();
        newcomers.spawn(make_keys(self.collector.clone(), plans, Arc::clone(&enough)));
        match &leaver {
            Some(leaver) => self.revoke(leaver).await,
            None if story == 0 => self.fill_disk_for_a_while().await,
            None => {}
        }
        let is_killed = story > 0 || self.chance.coin();
        if is_killed {
            self.kill(is_silent).await;
        } else {
            self.server.empty_disk();
            settled(200, || async { self.server.anonymous().get("/readyz").send().await.status }).await;
            enough.store(true, Ordering::Relaxed);
        }
        let told = within("callers to notice the end", load.join_all()).await;
        if is_killed {
            self.server.start_again().await;
            self.figures.restarts += 1;
        }
        drop(leaver);
        let newcomers = within("the collector to notice the end", newcomers.join_all()).await;
        self.take_in(told, newcomers.into_iter().flatten().collect());
        self.compare_books().await;
        self.figures.rounds += 1;
    }

    /// Enough holders for the load, and plans left for the collector.
    async fn people(&mut self) {
        if self.next_plan >= PLANS {
            self.collector = self.server.signed_in(&format!("collector{}", self.figures.rounds)).await;
            self.next_plan = 0;
        }
        while self.holders.len() < HOLDERS {
            let name = format!("holder{}", self.figures.keys);
            let plan = self.chance.place(QUOTAS.len());
            let (key, _) = self.server.signed_in(&name).await.key_on(&plan_name(plan)).await;
            self.welcome(name, key, quota_of(plan));
        }
    }

    fn welcome(&mut self, name: String, key: Caller, quota: u64) {
        self.figures.keys += 1;
        self.acknowledged.push((name.clone(), key.clone()));
        self.holders.push(Holder { name, key, quota, received: 0, cut: 0, reserved: 0, counted: 0 });
    }

    /// SIGKILL: in a silent round once requests lie with the upstream, else at any instant.
    async fn kill(&mut self, is_silent: bool) {
        if is_silent {
            let wanted = 1 + self.chance.place(HOLDERS);
            wait_until("the upstream received requests", || async { (self.upstream.posts() >= wanted).then_some(()) })
                .await;
            self.figures.kills_before_first_byte += 1;
        } else {
            self.let_pass(30).await;
        }
        self.server.sigkill();
        self.figures.kills += 1;
        for holder in &mut self.holders {
            // As design has it: a thousandth of the quota, where that is more than one request.
            let block = Some(holder.quota / 1_000).filter(|block| *block > 1).unwrap_or(0);
            holder.reserved += block;
            self.figures.reserved += block;
        }
    }

    /// Nothing can be written for a moment; it stays so if a kill follows.
    async fn fill_disk_for_a_while(&mut self) {
        self.let_pass(10).await;
        self.server.fill_disk();
        self.let_pass(50).await;
    }

    /// Somebody with a key of their own, and a stream on it that has begun and won't end by itself.
    async fn streaming(&mut self) -> Leaver {
        let name = format!("leaver{}", self.figures.rounds);
        let owner = self.server.signed_in(&name).await;
        let (key, id) = owner.key_on(&plan_name(0)).await;
        self.figures.keys += 1;
        self.upstream.next(Script::open_stream([event("one")]));
        let mut stream = key.chat_stream(&name).stream().await;
        stream.next_text().await;
        Leaver { owner, key, id, _stream: stream }
    }

    /// A key is revoked while it streams: its requests are refused from the answer on, under everybody's load.
    async fn revoke(&mut self, leaver: &Leaver) {
        leaver.owner.delete(&format!("/keys/{}", leaver.id)).send().await.expect(204);
        for _ in 0..3 {
            self.figures.requests += 1;
            let status = leaver.key.chat("after the end").send().await.status;
            if status == 401 {
                self.figures.turned_away += 1;
            } else {
                finding(&format!("a revoked key was answered {status}"));
                self.figures.over_admitted += 1;
            }
        }
    }

    /// Until a random instant: when the server has answered so many calls that touch nothing, beside all others.
    async fn let_pass(&mut self, most_calls: u64) {
        for _ in 0..self.chance.below(most_calls) {
            self.server.anonymous().get("/healthz").send().await.expect(200);
        }
    }

    fn take_in(&mut self, told: Vec<Told>, newcomers: Vec<(usize, Caller)>) {
        let mut received: HashMap<String, u64> = HashMap::new();
        for request in self.upstream.take_received().iter().filter(|request| request.method == "POST") {
            *received.entry(request.message()).or_default() += 1;
        }
        for told in &told {
            self.figures.requests += told.sent;
            self.figures.refused += told.refused;
            self.figures.turned_away += told.turned_away;
            self.figures.cut += told.cut;
            if let Some(holder) = self.holders.iter_mut().find(|holder| holder.name == told.name) {
                holder.cut += told.cut;
            }
        }
        for holder in &mut self.holders {
            holder.received += received.remove(&holder.name).unwrap_or(0);
        }
        // One more may have been made whose answer was lost.
        self.next_plan += newcomers.len() + 1;
        for (plan, key) in newcomers {
            let name = format!("key on {} of round {}", plan_name(plan), self.figures.rounds);
            self.welcome(name, key, quota_of(plan));
        }
    }

    /// Every key works, and for each: received ≤ counted ≤ quota, and not more is counted in vain than was under way or
    /// reserved at a kill.
    async fn compare_books(&mut self) {
        let mut goes_on = Vec::new();
        for mut holder in std::mem::take(&mut self.holders) {
            let Some(counted) = self.counted(&holder.name, &holder.key).await else { continue };
            let Holder { name, quota, received, cut, reserved, .. } = &holder;
            let wrong = |what: &str| {
                finding(&format!(
                    "{name}: {what}: {received} received, {counted} counted, {cut} cut off, {reserved} reserved"
                ))
            };
            if received.max(&counted) > quota {
                wrong("past the quota");
                self.figures.over_admitted += received.max(&counted) - quota;
            }
            if *received > counted {
                wrong("not counted");
                self.figures.uncounted += received - counted;
            }
            let in_vain = counted.saturating_sub(*received);
            if in_vain > cut + reserved {
                wrong("lost past the bound");
                self.figures.wrong_totals += in_vain - cut - reserved;
            }
            holder.counted = counted;
            // One that is never used up makes room after a while.
            let stays = holder.quota <= 1_500 || self.chance.below(8) > 0;
            if counted < holder.quota && stays {
                goes_on.push(holder);
                continue;
            }
            if counted >= holder.quota {
                self.try_spent(&holder).await;
            }
            self.close_books(&holder);
        }
        // Newcomers have their turn, and the load stays as it is.
        for holder in goes_on.drain(HOLDERS.min(goes_on.len())..) {
            self.close_books(&holder);
        }
        self.holders = goes_on;
    }

    /// A quota that is used up refuses.
    async fn try_spent(&mut self, holder: &Holder) {
        self.figures.requests += 1;
        let status = holder.key.chat(&holder.name).send().await.status;
        if status == 429 {
            self.figures.refused += 1;
        } else {
            finding(&format!("{}: a spent quota was answered {status}", holder.name));
            self.figures.over_admitted += 1;
        }
        self.figures.quotas_spent += 1;
    }

    /// What a key's quota shows as used; `None`, noted, when the key no longer works.
    async fn counted(&mut self, name: &str, key: &Caller) -> Option<u64> {
        let answer = key.get("/v1/key").send().await;
        if answer.status == 200 {
            return answer.json()["quota"]["used"].as_u64();
        }
        finding(&format!("{name}: an acknowledged key was answered {}", answer.status));
        self.figures.keys_lost += 1;
        None
    }

    fn close_books(&mut self, holder: &Holder) {
        self.figures.admitted += holder.counted;
        self.figures.lost += holder.counted.saturating_sub(holder.received);
    }

    /// Closes all books, and tries every key that was ever acknowledged.
    pub async fn end(mut self) -> Figures {
        for holder in std::mem::take(&mut self.holders) {
            self.close_books(&holder);
        }
        for (name, key) in std::mem::take(&mut self.acknowledged) {
            self.counted(&name, &key).await;
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
