//! What happens to the gate floor's key holders: one story a round, chosen by chance.

use std::{future::poll_fn, task::Poll};

use access::{Admission, Charge, End, Gate, Phase, Registry};
use api_types::{AdmissionId, KeyChange, QuotaStatus, Timestamp, limits::OLD_VALUES_MAX};
use tokio::task::JoinSet;

use super::{
    finding,
    gate::{Life, apply, ask_all, plan_name, some_limit},
    holder::Ask,
};

/// Instants one second before a clock change in one of the plans' zones, Chile's at midnight; and a year's end.
const BEFORE_CHANGES: [&str; 7] = [
    "2026-03-08T06:59:59Z",
    "2026-03-29T00:59:59Z",
    "2026-04-05T02:59:59Z",
    "2026-09-06T03:59:59Z",
    "2026-10-25T00:59:59Z",
    "2026-11-01T05:59:59Z",
    "2026-12-31T23:59:59Z",
];
const GRACE_SECONDS: i64 = 600;

impl Life {
    /// One story.
    pub(super) async fn round(&mut self) {
        let at = self.chance.place(self.holders.len());
        match self.chance.below(16) {
            0..=2 => self.many_times_the_quota(at).await,
            3 => self.many_keys().await,
            4 | 5 => self.across_a_boundary(at).await,
            6 | 7 => self.passes_end(at).await,
            8 => self.passes_come_and_go(at).await,
            9 | 10 => self.clock_moves(),
            11 => self.limits_change_under_load(at).await,
            12 => self.key_changes_under_load(at, Change::Rotate).await,
            13 => self.key_changes_under_load(at, Change::Switch).await,
            14 => self.key_changes_under_load(at, Change::Revoke).await,
            _ => {
                self.askers_leave(at).await;
                self.restart().await;
                for at in 0..self.holders.len() {
                    self.compare("after a restart", at).await;
                }
            }
        }
    }

    /// Several times as many requests at once as the quota allows.
    async fn many_times_the_quota(&mut self, at: usize) {
        let requests = self.limit(at) * (1 + self.chance.below(5)) + self.chance.below(3);
        let asks = self.asks_of(at, requests, self.now);
        self.exactly("N times the quota", asks).await;
    }

    /// Everybody at once, a few requests each, mixed.
    async fn many_keys(&mut self) {
        let mut mixed = Vec::new();
        for at in 0..self.holders.len() {
            let requests = self.chance.below(12);
            for ask in self.asks_of(at, requests, self.now) {
                let place = self.chance.place(mixed.len() + 1);
                mixed.insert(place, ask);
            }
        }
        self.exactly("many keys", mixed).await;
    }

    /// Requests of a period's last second and of the next period's first, side by side.
    async fn across_a_boundary(&mut self, at: usize) {
        let first = self.span(at, self.now).resets_at;
        let last = after(first, -1);
        let mut asks = self.asks_of(at, self.limit(at) + 5, last);
        for ask in self.asks_of(at, self.limit(at) + 5, first) {
            let place = self.chance.place(asks.len() + 1);
            asks.insert(place, ask);
        }
        self.now = if self.chance.coin() { first } else { last };
        self.exactly("across a boundary", asks).await;
    }

    /// Open passes are ended, each by two callers at once: given back as far as the period takes it, else spent.
    async fn passes_end(&mut self, at: usize) {
        let passes = std::mem::take(&mut self.holders[at].open);
        let mut wanted = std::collections::BTreeMap::new();
        let mut ending = JoinSet::new();
        for (pass, period) in passes {
            let given_back = self.chance.coin();
            *wanted.entry(period).or_insert(0) += u64::from(given_back);
            let (store, now) = (self.store.clone(), self.now);
            ending.spawn(async move {
                let (one, two) =
                    tokio::join!(store.settle(&pass, end(given_back), now), store.settle(&pass, end(given_back), now));
                let returned = [one, two].into_iter().filter(|charge| matches!(charge, Ok(Charge::Returned))).count();
                (pass.booking.expect("a booked pass").day, period, returned)
            });
        }
        let mut returned = std::collections::BTreeMap::new();
        let limit = self.limit(at);
        let expected: Vec<_> = wanted
            .into_iter()
            .map(|(period, wanted)| (period, wanted.min(self.holders[at].model.returns_left(limit, period))))
            .collect();
        for (day, period, times) in ending.join_all().await {
            self.agree("a pass ended twice", &(times > 1), &false);
            *returned.entry(period).or_insert(0) += times as u64;
            let counts = self.holders[at].model.day(day);
            counts.used -= times as u64;
            counts.returned += times as u64;
            self.figures.returned += times as u64;
        }
        for (period, expected) in expected {
            self.agree("passes ended", &returned.get(&period).copied().unwrap_or(0), &expected);
        }
        self.compare("passes ended", at).await;
    }

    /// Askers who are admitted, give back and ask again: never more at once than there is room for.
    async fn passes_come_and_go(&mut self, at: usize) {
        let limit = self.limit(at);
        let mut asking = JoinSet::new();
        for _ in 0..4 {
            let asks = self.single_asks_of(at, 12);
            let store = self.store.clone();
            asking.spawn(async move {
                let mut told = Vec::new();
                for (_, ask) in asks {
                    let answer = store.admit(&ask.key, ask.id, ask.now).await;
                    if let Ok(Admission::Granted(pass)) = &answer {
                        let charge = store.settle(pass, end(true), ask.now).await.expect("the store can be asked");
                        told.push((ask, answer, charge == Charge::Returned));
                    } else {
                        told.push((ask, answer, false));
                    }
                }
                told
            });
        }
        let told: Vec<_> = asking.join_all().await.into_iter().flatten().collect();
        for (ask, answer, returned) in told {
            let passed = match &answer {
                Ok(Admission::Granted(pass)) => pass.booking.map(|booking| (booking.day, booking.quota)),
                _ => None,
            };
            self.take_in("passes come and go", at, vec![(ask, answer)]);
            let Some((day, quota)) = passed else { continue };
            let is_within = matches!(quota, QuotaStatus::Limited { used, .. } if used <= limit);
            self.judge("passes come and go", 1, u64::from(is_within));
            if returned {
                let counts = self.holders[at].model.day(day);
                (counts.used, counts.returned) = (counts.used - 1, counts.returned + 1);
                self.figures.returned += 1;
            }
        }
        self.holders[at].open.clear();
        self.compare("passes come and go", at).await;
    }

    /// On by seconds, hours or days, back by as much, or right before a change of the clocks.
    fn clock_moves(&mut self) {
        let seconds = match self.chance.below(3) {
            0 => self.chance.below(120),
            1 => self.chance.below(100_000),
            _ => self.chance.below(1_000_000),
        };
        let seconds = i64::try_from(seconds).unwrap_or(0);
        self.now = match self.chance.below(4) {
            0 => after(self.now, -seconds),
            1 => BEFORE_CHANGES[self.chance.place(BEFORE_CHANGES.len())].parse().expect("an instant"),
            _ => after(self.now, seconds),
        };
    }

    /// A limit is raised or lowered while requests come: usage stays, and no more pass than the larger one allows.
    async fn limits_change_under_load(&mut self, at: usize) {
        let (before, room_before) = (self.limit(at), self.room(at));
        let asks = self.asks_of(at, before + 20, self.now);
        let asked = before + 20;
        let plan = self.holders[at].plan;
        self.limits[plan] = some_limit(&mut self.chance, plan);
        let room_after = self.room(at);
        let (answers, ()) = tokio::join!(ask_all(&self.store, asks), apply(&self.store, self.plans(), self.now));
        let answers = answers.into_iter().map(|(_, answered)| answered).collect();
        let passed = self.take_in("limits change", at, answers).values().sum::<u64>();
        let bounds = [room_before.min(asked), room_after.min(asked)];
        let nearest = passed.clamp(bounds[0].min(bounds[1]), bounds[0].max(bounds[1]));
        self.judge("limits change", passed, nearest);
        self.compare("limits change", at).await;
        let again = self.asks_of(at, 5, self.now);
        self.exactly("after the limits changed", again).await;
    }

    /// The key is rotated, switched off and on, or revoked and made anew while requests come: usage stays, and what was
    /// ended is refused from the answer on.
    async fn key_changes_under_load(&mut self, at: usize, change: Change) {
        let (room, now) = (self.room(at), self.now);
        let requests = 10 + self.chance.below(40);
        let asks = self.asks_of(at, requests, now);
        let (store, account, id) = (self.store.clone(), self.holders[at].account, self.holders[at].id);
        // A fifth value in its grace would be refused.
        let keeps_old = self.chance.coin() && self.holders[at].before.len() < OLD_VALUES_MAX;
        let (secret, rotated) = self.holders[at].next_secret(&mut self.chance);
        let changing = async {
            match change {
                Change::Rotate => {
                    let until = keeps_old.then(|| after(now, GRACE_SECONDS));
                    store.rotate_key(account, &secret, until, now).await.map(drop).expect("a key is rotated");
                }
                Change::Switch => switch(&store, (account, id), false, now).await,
                Change::Revoke => store.revoke_key(account, id, now).await.expect("a key is revoked"),
            }
        };
        let (answers, ()) = tokio::join!(ask_all(&self.store, asks), changing);
        let present = self.holders[at].key.clone();
        let ended: Vec<_> = match change {
            // A grace that was promised is kept, whatever is rotated after it.
            Change::Rotate if keeps_old => Vec::new(),
            Change::Rotate => vec![present],
            Change::Switch | Change::Revoke => {
                self.holders[at].before.drain(..).map(|(key, _)| key).chain([present]).collect()
            }
        };
        let answers = answers.into_iter().map(|(_, answered)| answered).collect();
        let passed = self.take_in("a key changes", at, answers).values().sum::<u64>();
        self.judge("a key changes", passed, passed.min(room));
        for key in ended {
            let ask = Ask { key, id: AdmissionId::from_random(self.chance.bytes()), now };
            let answer = self.store.admit(&ask.key, ask.id, ask.now).await;
            self.figures.requests += 1;
            match answer {
                Ok(Admission::Unknown) => self.figures.turned_away += 1,
                answer => {
                    finding(&format!("{change:?}: a key that had ended was answered {answer:?}"));
                    self.figures.over_admitted += 1;
                }
            }
        }
        let old = std::mem::replace(&mut self.holders[at].key, rotated);
        match change {
            Change::Rotate => {
                let before = &mut self.holders[at].before;
                // What had ended by then is gone, also when the clock is set back.
                before.retain(|(_, until)| *until > now);
                before.extend(keeps_old.then(|| (old, after(now, GRACE_SECONDS))));
                self.figures.keys += 1;
            }
            Change::Switch => {
                self.holders[at].key = old;
                switch(&self.store, (account, id), true, now).await;
            }
            Change::Revoke => {
                let name = plan_name(self.holders[at].plan);
                self.holders[at].create_again(&self.store, &mut self.chance, name, now).await;
                self.figures.keys += 1;
            }
        }
        self.compare("a key changed", at).await;
        let again = self.asks_of(at, 5, now);
        self.exactly("after a key changed", again).await;
    }

    /// Askers who leave before they are answered have sent nothing: all of it comes back, as far as the period takes
    /// returns.
    async fn askers_leave(&mut self, at: usize) {
        let span = self.span(at, self.now);
        let left = self.holders[at].model.returns_left(self.limit(at), (span.start, span.end)).min(8);
        for (_, ask) in self.single_asks_of(at, left) {
            let answered = {
                let mut asking = self.store.admit(&ask.key, ask.id, ask.now);
                poll_fn(|context| match asking.as_mut().poll(context) {
                    Poll::Ready(answer) => Poll::Ready(Some(answer)),
                    Poll::Pending => Poll::Ready(None),
                })
                .await
            };
            if let Some(answer) = answered {
                self.take_in("askers leave", at, vec![(ask, answer)]);
            }
        }
        self.compare("askers left", at).await;
        let (account, id) = (self.holders[at].account, self.holders[at].id);
        let rows = self.store.usage(account, id, span.today, span.today).await.expect("usage of a key");
        if let Some(row) = rows.first() {
            // Whether one was refused or given back depends on how far it had come.
            let counts = self.holders[at].model.day(span.today);
            (counts.refused, counts.returned) = (row.refused, row.returned);
        }
    }

    fn asks_of(&mut self, at: usize, requests: u64, now: Timestamp) -> Vec<(usize, Ask)> {
        let asks = self.holders[at].asks(&mut self.chance, requests, now);
        asks.into_iter().map(|ask| (at, ask)).collect()
    }

    /// The same now, none asked for twice.
    fn single_asks_of(&mut self, at: usize, requests: u64) -> Vec<(usize, Ask)> {
        let mut asks = self.asks_of(at, requests, self.now);
        asks.dedup_by_key(|(_, ask)| ask.id);
        asks
    }
}

/// What becomes of a key.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    Rotate,
    Switch,
    Revoke,
}

async fn switch(
    store: &access_sqlite::SqliteStore,
    (account, id): (api_types::AccountId, api_types::KeyId),
    enabled: bool,
    now: Timestamp,
) {
    let change = KeyChange { enabled: Some(enabled), label: None };
    store.change_key(account, id, change, now).await.expect("a key is switched");
}

fn end(given_back: bool) -> End {
    let phase = if given_back { Phase::NotSent } else { Phase::FirstByte };
    End { phase, status: Some(200), caller_left: false }
}

fn after(instant: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_second(instant.as_second() + seconds).expect("an instant")
}
