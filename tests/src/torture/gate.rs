//! The gate floor: one store after another, each lived through by a house full of key holders, the clock an argument.

use std::collections::{BTreeMap, HashMap, HashSet};

use access::{
    Account, Accounts, Admission, Gate, Inspection, Pass, PasswordHash, Refusal, Registry, Span, StoreError, TimeZone,
    UsagePlan, UsedUp,
};
use access_sqlite::{Options, SqliteStore};
use api_types::{AccountId, AdmissionId, Email, Period, Plan, PlanName, Quota, QuotaStatus, Timestamp};
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::{
    Bound, Figures,
    chance::Chance,
    finding,
    holder::{Ask, Holder},
};

/// Rounds on one store, then a new one: counts pile up, but not for ever.
const ROUNDS_PER_LIFE: u64 = 120;
/// Everybody holds a key on every plan.
const ACCOUNTS: u8 = 6;
/// Plans by name, period and zone; each zone changes its clocks in its own way, Chile's at midnight.
const PLANS: [(&str, Period, &str); 4] = [
    ("daily in Berlin", Period::Day, "Europe/Berlin"),
    ("weekly in New York", Period::Week, "America/New_York"),
    ("monthly", Period::Month, "UTC"),
    ("daily in Santiago", Period::Day, "America/Santiago"),
];

/// Tortures the gate until the bound, and tells what came of it.
pub async fn gate_floor(seed: u64, bound: Bound) -> Figures {
    let mut chance = Chance::new(seed);
    let mut total = Figures::default();
    while !bound.is_reached(total.rounds) {
        let mut life = Life::begin(Chance::new(chance.number())).await;
        while life.figures.rounds < ROUNDS_PER_LIFE && !bound.is_reached(total.rounds + life.figures.rounds) {
            life.round().await;
            life.figures.rounds += 1;
        }
        total = total.plus(life.end().await);
    }
    total
}

/// What an asker got.
pub(super) type Answered = (Ask, Result<Admission, StoreError>);

/// One store and everybody who uses it.
pub(super) struct Life {
    pub(super) chance: Chance,
    pub(super) store: SqliteStore,
    pub(super) now: Timestamp,
    pub(super) limits: [u64; PLANS.len()],
    pub(super) holders: Vec<Holder>,
    pub(super) figures: Figures,
    zones: Vec<TimeZone>,
    folder: TempDir,
}

impl Life {
    async fn begin(mut chance: Chance) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let store = open(&folder);
        let now = "2026-03-20T12:00:00Z".parse().expect("an instant");
        let zones = PLANS.iter().map(|(_, _, zone)| zone.parse().expect("a zone")).collect();
        let limits = std::array::from_fn(|plan| some_limit(&mut chance, plan));
        let (holders, figures) = (Vec::new(), Figures::default());
        let mut life = Self { chance, store, now, limits, holders, figures, zones, folder };
        life.apply_limits().await;
        for number in 0..ACCOUNTS {
            let account = AccountId::from_random(life.chance.bytes());
            let email = Email::parse(&format!("holder{number}@example.com")).expect("an address");
            let password_hash = PasswordHash::from_phc(String::new());
            let row = Account::new(account, email, password_hash, now);
            life.store.create_account(row).await.expect("an account");
            for plan in 0..PLANS.len() {
                let named = (plan, plan_name(plan));
                let holder = Holder::new(&life.store, &mut life.chance, account, named, now).await;
                life.figures.keys += 1;
                life.holders.push(holder);
            }
        }
        life
    }

    /// Offers the plans with the limits as they are now.
    pub(super) async fn apply_limits(&self) {
        apply(&self.store, self.plans(), self.now).await;
    }

    pub(super) fn plans(&self) -> Vec<UsagePlan> {
        let plan = |at: usize| {
            let quota = Quota::Limited { limit: self.limits[at], period: PLANS[at].1, offset: 0 };
            let plan = Plan { name: plan_name(at), description: String::new(), quota, throttle: None, time_zone: None };
            UsagePlan::new(plan, self.zones[at].clone()).expect("a plan")
        };
        (0..PLANS.len()).map(plan).collect()
    }

    /// The period of a holder's plan at an instant.
    pub(super) fn span(&self, at: usize, now: Timestamp) -> Span {
        let plan = self.holders[at].plan;
        Span::at(PLANS[plan].1, &self.zones[plan], now)
    }

    pub(super) fn limit(&self, at: usize) -> u64 {
        self.limits[self.holders[at].plan]
    }

    pub(super) fn room(&self, at: usize) -> u64 {
        let span = self.span(at, self.now);
        self.holders[at].model.room(self.limit(at), (span.start, span.end))
    }

    /// Everybody's requests at once: of each key and period exactly as many pass as there is room for.
    pub(super) async fn exactly(&mut self, story: &str, asks: Vec<(usize, Ask)>) {
        let mut by_holder: BTreeMap<usize, Vec<Answered>> = BTreeMap::new();
        for (at, answered) in ask_all(&self.store, asks).await {
            by_holder.entry(at).or_default().push(answered);
        }
        for (at, answers) in by_holder {
            let limit = self.limit(at);
            let mut expected: BTreeMap<_, (u64, u64)> = BTreeMap::new();
            let mut admissions = HashSet::new();
            for (ask, _) in &answers {
                let span = self.span(at, ask.now);
                let period = (span.start, span.end);
                let room = self.holders[at].model.room(limit, period);
                let entry = expected.entry(period).or_insert((0, room));
                entry.0 += u64::from(admissions.insert(ask.id));
            }
            self.check_totals(story, at, &answers);
            let granted = self.take_in(story, at, answers);
            for (period, (asked, room)) in expected {
                let passed = granted.get(&period.0).copied().unwrap_or(0);
                self.judge(story, passed, asked.min(room));
                self.figures.quotas_spent += u64::from(room > 0 && asked >= room);
            }
            self.compare(story, at).await;
        }
    }

    /// Compares how many passed with how many should have.
    pub(super) fn judge(&mut self, story: &str, passed: u64, expected: u64) {
        if passed != expected {
            finding(&format!("{story}: {passed} passed, {expected} should have"));
            self.figures.over_admitted += passed.saturating_sub(expected);
            self.figures.under_admitted += expected.saturating_sub(passed);
        }
    }

    /// Books what was answered. How many passed, by the first day of their period.
    pub(super) fn take_in(&mut self, story: &str, at: usize, answers: Vec<Answered>) -> BTreeMap<api_types::Date, u64> {
        let mut granted: HashMap<AdmissionId, Pass> = HashMap::new();
        let mut by_period = BTreeMap::new();
        for (ask, answer) in answers {
            self.figures.requests += 1;
            let span = self.span(at, ask.now);
            match answer {
                Ok(Admission::Granted(pass)) => {
                    if let Some(first) = granted.get(&ask.id) {
                        self.agree(story, &pass, first);
                        continue;
                    }
                    self.agree(story, &pass.booking.map(|booking| booking.day), &Some(span.today));
                    self.figures.admitted += 1;
                    *by_period.entry(span.start).or_insert(0) += 1;
                    granted.insert(ask.id, pass.clone());
                    self.holders[at].granted(pass, &span);
                }
                Ok(Admission::Refused(_)) => {
                    self.figures.refused += 1;
                    self.holders[at].model.day(span.today).refused += 1;
                }
                Ok(Admission::Unknown) => self.figures.turned_away += 1,
                Err(error) => panic!("{story}: {error}"),
            }
        }
        by_period
    }

    /// Every pass tells a place of its own in its period, and every refusal tells a period that is full.
    fn check_totals(&mut self, story: &str, at: usize, answers: &[Answered]) {
        let mut places = HashMap::new();
        for (ask, answer) in answers {
            let span = self.span(at, ask.now);
            let before = self.holders[at].model.used((span.start, span.end));
            let most = self.limit(at);
            let is_right = match answer {
                Ok(Admission::Granted(pass)) => match pass.booking.map(|booking| booking.quota) {
                    Some(QuotaStatus::Limited { limit, used, remaining, .. }) => {
                        let owner = *places.entry((span.start, used)).or_insert(ask.id);
                        owner == ask.id && used > before && used + remaining == limit && limit == most
                    }
                    _ => false,
                },
                Ok(Admission::Refused(Refusal::Quota { used_up: Some(UsedUp { limit, used, .. }), .. })) => {
                    used >= limit && *limit == most
                }
                _ => false,
            };
            self.agree(story, &is_right, &true);
        }
    }

    /// Notes when something isn't what the model says.
    pub(super) fn agree<T: PartialEq + std::fmt::Debug>(&mut self, story: &str, found: &T, expected: &T) {
        if found != expected {
            finding(&format!("{story}: {found:?}, the model says {expected:?}"));
            self.figures.wrong_totals += 1;
        }
    }

    /// What the gate tells of the period is what the model counted.
    pub(super) async fn compare(&mut self, story: &str, at: usize) {
        let (span, holder) = (self.span(at, self.now), &self.holders[at]);
        let expected = (holder.model.used((span.start, span.end)), self.limit(at));
        match self.store.inspect(&holder.key, self.now).await.expect("the store can be asked") {
            Inspection::Elsewhere | Inspection::Unknown => {
                finding(&format!("{story}: an acknowledged key is unknown"));
                self.figures.keys_lost += 1;
            }
            Inspection::Known(status) => {
                let QuotaStatus::Limited { used, limit, .. } = status.quota else { panic!("no quota") };
                self.agree(story, &(used, limit), &expected);
            }
        }
    }

    /// Shuts the store, or drops it as it is, and opens the file again: open passes stay spent.
    pub(super) async fn restart(&mut self) {
        if self.chance.coin() {
            self.store.close().await.expect("an orderly end");
        }
        // Another file in between, so that the lock of this one is free before it is opened again.
        let elsewhere = TempDir::new().expect("a temporary folder");
        drop(std::mem::replace(&mut self.store, open(&elsewhere)));
        self.store = open(&self.folder);
        self.holders.iter_mut().for_each(|holder| holder.open.clear());
        self.figures.restarts += 1;
    }

    /// The last comparison: every day of every key, after a restart, used, refused and returned.
    async fn end(mut self) -> Figures {
        self.restart().await;
        for at in 0..self.holders.len() {
            self.compare("at the end", at).await;
            let (account, id) = (self.holders[at].account, self.holders[at].id);
            for (day, counted) in self.holders[at].model.days.clone() {
                let rows = self.store.usage(account, id, day, day).await.expect("usage of a key");
                let found = rows.first().map(|row| (row.used, row.refused, row.returned));
                let story = format!("{} on {day}", PLANS[self.holders[at].plan].0);
                self.agree(&story, &found, &Some((counted.used, counted.refused, counted.returned)));
            }
        }
        self.figures
    }
}

/// Small, so that it is used up again and again; on the last plan but one now and then so large that blocks of a few
/// requests are reserved before the last thousand.
pub(super) fn some_limit(chance: &mut Chance, plan: usize) -> u64 {
    if plan == PLANS.len() - 2 && chance.coin() { 2_000 + chance.below(4_000) } else { 1 + chance.below(60) }
}

pub(super) fn plan_name(at: usize) -> PlanName {
    PlanName::parse(PLANS[at].0).expect("a name")
}

pub(super) async fn apply(store: &SqliteStore, plans: Vec<UsagePlan>, now: Timestamp) {
    store.apply_plans(plans, now).await.expect("plans are applied");
}

/// Asks all at once, each as a task of its own.
pub(super) async fn ask_all<T: Send + 'static>(store: &SqliteStore, asks: Vec<(T, Ask)>) -> Vec<(T, Answered)> {
    let mut asking = JoinSet::new();
    for (who, ask) in asks {
        let store = store.clone();
        asking.spawn(async move {
            let answer = store.admit(&ask.key, ask.id, ask.now).await;
            (who, (ask, answer))
        });
    }
    asking.join_all().await
}

fn open(folder: &TempDir) -> SqliteStore {
    SqliteStore::open(&folder.path().join("tollgate.db"), Options::default()).expect("the store opens")
}
