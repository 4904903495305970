//! One server that is killed again and again under load, with the books of what was promised and what happened.

use std::{collections::HashMap, fmt, time::Duration};

use tests::{Caller, FakeUpstream, Identity, PlanSpec, Script, TestServer, within};
use tokio::task::JoinSet;

use crate::chance::Chance;

const QUOTA: u64 = 60;
/// Plans, so that one account can make many keys.
const PLANS: usize = 40;
/// Key holders under load at once, and requests under way for each.
const HOLDERS: usize = 4;
const AT_ONCE: usize = 3;

/// Somebody with a key, and what is known of it.
struct Holder {
    name: String,
    key: Caller,
    /// Requests that the upstream received whole; it always succeeds.
    received: u64,
    /// Requests answered whole.
    answered: u64,
    /// Kills that it lived through.
    kills: u64,
}

/// What came of it all.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Figures {
    pub(crate) kills: u64,
    pub(crate) kills_before_first_byte: u64,
    pub(crate) keys: u64,
    pub(crate) spent: u64,
    pub(crate) counted: u64,
    pub(crate) received: u64,
    pub(crate) answered: u64,
}

impl Figures {
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            kills: self.kills + other.kills,
            kills_before_first_byte: self.kills_before_first_byte + other.kills_before_first_byte,
            keys: self.keys + other.keys,
            spent: self.spent + other.spent,
            counted: self.counted + other.counted,
            received: self.received + other.received,
            answered: self.answered + other.answered,
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} kills, {} of them between the upstream's receipt and its first byte; {} keys acknowledged, 0 lost; {} \
             quotas of {QUOTA} used up, 0 exceeded; {} requests counted, {} received upstream, {} answered whole; {} \
             counted and lost in crashes",
            self.kills,
            self.kills_before_first_byte,
            self.keys,
            self.spent,
            self.counted,
            self.received,
            self.answered,
            self.counted - self.received
        )
    }
}

pub(crate) struct Lane {
    chance: Chance,
    upstream: FakeUpstream,
    server: TestServer,
    holders: Vec<Holder>,
    /// Who makes keys while the kills come, and on which plan next.
    collector: Caller,
    next_plan: usize,
    figures: Figures,
}

impl Lane {
    pub(crate) async fn start(chance: Chance) -> Self {
        let upstream = FakeUpstream::start().await;
        let plans: Vec<_> = (0..PLANS).map(|number| PlanSpec::daily(&plan_name(number), QUOTA)).collect();
        let server = TestServer::setup().upstream(&upstream).plans(&plans).start().await;
        let collector = server.signed_in("collector").await;
        let (holders, figures) = (Vec::new(), Figures::default());
        Self { chance, upstream, server, holders, collector, next_plan: 0, figures }
    }

    /// Load, a kill at a random instant, a restart, and the books compared.
    pub(crate) async fn round(&mut self) {
        if self.next_plan >= PLANS {
            self.collector = self.server.signed_in(&format!("collector{}", self.figures.kills)).await;
            self.next_plan = 0;
        }
        while self.holders.len() < HOLDERS {
            let name = format!("holder{}", self.figures.keys);
            self.figures.keys += 1;
            let (key, _) = self.server.signed_in(&name).await.key_on(&plan_name(0)).await;
            self.holders.push(Holder { name, key, received: 0, answered: 0, kills: 0 });
        }
        // Half of the time the upstream keeps its answers to itself: then every kill falls before the first byte.
        let is_silent = self.chance.below(2) == 0;
        self.upstream.always(if is_silent { Script::silence() } else { Script::completion("hi") });
        let posts_before = self.upstream.posts();
        let mut load = JoinSet::new();
        for holder in &self.holders {
            for _ in 0..AT_ONCE {
                load.spawn(ask_until_gone(holder.name.clone(), holder.key.clone()));
            }
        }
        let mut newcomers = JoinSet::new();
        newcomers.spawn(make_keys(self.collector.clone(), self.next_plan, self.figures.kills));
        if is_silent {
            let wanted = posts_before + 1 + usize::try_from(self.chance.below(4)).unwrap();
            tests::wait_until("the upstream received requests", || async {
                (self.upstream.posts() >= wanted).then_some(())
            })
            .await;
            self.figures.kills_before_first_byte += 1;
        } else {
            // A random instant is what this test is about; nothing waits for an effect here.
            tokio::time::sleep(Duration::from_micros(self.chance.below(60_000))).await;
        }
        self.server.sigkill();
        self.figures.kills += 1;
        let answered = within("callers to notice the kill", load.join_all()).await;
        self.server.start_again().await;
        let newcomers = within("the collector to notice the kill", newcomers.join_all()).await;
        self.take_in(answered, newcomers.into_iter().flatten().collect());
        self.compare_books().await;
    }

    fn take_in(&mut self, answered: Vec<(String, u64)>, newcomers: Vec<(String, Caller)>) {
        let mut received: HashMap<String, u64> = HashMap::new();
        for request in self.upstream.take_received().iter().filter(|request| request.method == "POST") {
            *received.entry(request.message()).or_default() += 1;
        }
        for holder in &mut self.holders {
            holder.kills += 1;
            holder.received += received.remove(&holder.name).unwrap_or(0);
            holder.answered += answered.iter().filter(|(name, _)| *name == holder.name).map(|(_, n)| n).sum::<u64>();
        }
        // One more may have been made whose answer was lost.
        self.next_plan += newcomers.len() + 1;
        for (name, key) in newcomers {
            self.figures.keys += 1;
            self.holders.push(Holder { name, key, received: 0, answered: 0, kills: 0 });
        }
    }

    /// Every key works, and for each: answered ≤ received ≤ counted ≤ quota, and not more is counted in vain than was
    /// under way at a kill.
    async fn compare_books(&mut self) {
        let mut goes_on = Vec::new();
        for holder in std::mem::take(&mut self.holders) {
            let counted = holder.key.used().await;
            let Holder { name, received, answered, kills, .. } = &holder;
            assert!(answered <= received, "{name}: {answered} answered, {received} received");
            assert!(*received <= counted, "{name}: {received} received, only {counted} counted");
            assert!(counted <= QUOTA, "{name}: {counted} counted");
            let most_lost = kills * AT_ONCE as u64;
            assert!(counted - received <= most_lost, "{name}: {counted} counted, {received} received, {kills} kills");
            if counted == QUOTA {
                holder.key.chat(name).send().await.is_error(429, "rate_limit_exceeded");
                self.figures.spent += 1;
                self.close_books(&holder, counted);
            } else {
                goes_on.push(holder);
            }
        }
        // Newcomers have their turn, and the load stays as it is.
        for holder in goes_on.drain(HOLDERS.min(goes_on.len())..) {
            let counted = holder.received;
            self.close_books(&holder, counted);
        }
        self.holders = goes_on;
    }

    fn close_books(&mut self, holder: &Holder, counted: u64) {
        self.figures.counted += counted;
        self.figures.received += holder.received;
        self.figures.answered += holder.answered;
    }

    pub(crate) async fn figures(mut self) -> Figures {
        for holder in std::mem::take(&mut self.holders) {
            let counted = holder.key.used().await;
            self.close_books(&holder, counted);
        }
        self.figures
    }
}

/// Asks until the server is gone or the quota spent; says how often it was answered whole.
async fn ask_until_gone(name: String, key: Caller) -> (String, u64) {
    let mut answered = 0;
    while let Ok(answer) = key.chat(&name).try_send().await {
        match answer.status {
            200 => answered += 1,
            429 => break,
            _ => panic!("{}", answer.text()),
        }
    }
    (name, answered)
}

/// Makes keys on one plan after another until the server is gone; gives those that were acknowledged.
async fn make_keys(owner: Caller, first_plan: usize, round: u64) -> Vec<(String, Caller)> {
    let mut made = Vec::new();
    for plan in (first_plan..PLANS).map(plan_name) {
        let Ok(answer) = owner.create_key(&plan).try_send().await else { break };
        let value = answer.expect(200).json()["value"].as_str().unwrap().to_owned();
        made.push((format!("key on {plan} of round {round}"), owner.as_identity(Identity::Key(value))));
    }
    made
}

fn plan_name(number: usize) -> String {
    format!("plan {number}")
}
