//! A backend that counts exactly against a model of its rules: any sequence of requests, ends, clock moves, plan changes,
//! rotations, revocations, restarts and kills, at one store or at several that share their rows and take turns.

use std::collections::BTreeMap;

use api_types::{AccountId, AdmissionId, Date, KeyChange, Period, QuotaStatus, Throttle, Timestamp};
use async_trait::async_trait;
use futures_util::future::join_all;
use proptest::prelude::*;

use super::{
    Caller, World,
    cast::{ANSWERED, fresh, later, noon, per, plan, secret},
};
use crate::{Admission, End, Pass, Phase, Refusal, Span, TimeZone, TokenBucket, UsagePlan};

/// A backend that is played with.
#[async_trait(?Send)]
pub trait Subject {
    /// Its stores, at least one: all see the same rows.
    fn stores(&self) -> &[World];

    /// Ends one of them and opens it again.
    async fn restart(&mut self, store: usize);

    /// Where a throttle's bucket is kept.
    fn bucket(&self) -> Bucket;

    /// What would be found as used in a period if all stores were killed now.
    async fn used_after_a_kill(&self, account: AccountId, span: &Span, now: Timestamp) -> u64;

    /// Most charges that may be written before anybody asks for them, of a limit of which so many were admitted.
    fn written_ahead(&self, limit: u64, admitted: u64) -> u64;
}

/// A throttle's bucket, by how it is kept.
#[derive(Debug, Clone, Copy)]
pub enum Bucket {
    /// In a store's memory; full where there is none.
    InMemory(Option<TokenBucket>),
    /// With the rows, as the instant at which it will be full.
    FullAt(Option<Timestamp>),
}

impl Bucket {
    fn at(&mut self, throttle: Throttle, now: Timestamp) -> TokenBucket {
        match self {
            Self::InMemory(kept) => {
                let bucket = kept.get_or_insert(TokenBucket::full(throttle, now));
                bucket.refill(throttle, now);
                *bucket
            }
            Self::FullAt(full_at) => {
                let bucket = TokenBucket::that_fills_at(throttle, *full_at, now);
                // A clock that was set back leaves an empty one, and no one that is empty for longer.
                if let (Some(late), Some(soon)) = (*full_at, bucket.fills_at(throttle))
                    && late.duration_since(soon).as_millis() >= 1
                {
                    *full_at = Some(soon);
                }
                bucket
            }
        }
    }

    fn put(&mut self, bucket: TokenBucket, throttle: Throttle) {
        match self {
            Self::InMemory(kept) => *kept = Some(bucket),
            Self::FullAt(full_at) => *full_at = bucket.fills_at(throttle),
        }
    }
}

/// Something that happens.
#[derive(Debug, Clone)]
pub enum Step {
    /// Requests, one by one or all at once.
    Ask {
        /// How many.
        requests: u32,
        /// Whether none waits for another.
        at_once: bool,
    },
    /// One of the requests under way ends.
    Settle {
        /// Which, counted round.
        which: usize,
        /// Whether its charge is given back.
        returned: bool,
    },
    /// The clock moves.
    Clock {
        /// Forward, or back.
        seconds: i64,
    },
    /// The plan gets another quota.
    Plan {
        /// Its limit.
        limit: u64,
        /// Its period.
        period: Period,
    },
    /// The key gets another value.
    Rotate,
    /// The key ends, and another one is made.
    Revoke,
    /// The key is switched on or off.
    Switch {
        /// On.
        enabled: bool,
    },
    /// A store is ended and opened again.
    Restart,
    /// It is looked what a kill would leave behind.
    Kill,
}

/// What may happen, with requests up to so many in a row.
pub fn steps(in_a_row: u32) -> impl Strategy<Value = Vec<Step>> {
    let period = prop::sample::select(vec![Period::Day, Period::Week, Period::Month]);
    let limit = prop_oneof![1u64..8, 1_000u64..1_300, 2_000u64..60_000];
    let seconds = prop_oneof![0i64..30, 3_600i64..200_000, -200_000i64..-3_600];
    let step = prop_oneof![
        12 => Just(Step::Ask { requests: 1, at_once: false }),
        3 => (1..in_a_row, any::<bool>()).prop_map(|(requests, at_once)| Step::Ask { requests, at_once }),
        6 => (any::<usize>(), any::<bool>()).prop_map(|(which, returned)| Step::Settle { which, returned }),
        4 => seconds.prop_map(|seconds| Step::Clock { seconds }),
        2 => (limit, period).prop_map(|(limit, period)| Step::Plan { limit, period }),
        1 => Just(Step::Rotate),
        1 => Just(Step::Revoke),
        1 => any::<bool>().prop_map(|enabled| Step::Switch { enabled }),
        1 => Just(Step::Restart),
        2 => Just(Step::Kill),
    ];
    prop::collection::vec(step, 1..80)
}

const THROTTLE: Throttle = Throttle { rate: 0.01, burst: 6 };

/// A throttle that matters where the quota is small, and none where it is large.
fn throttle(limit: u64) -> Option<Throttle> {
    (limit < 1_000).then_some(THROTTLE)
}

fn plan_of(limit: u64, period: Period) -> UsagePlan {
    plan("p", per(limit, period), throttle(limit))
}

/// The rules, and nothing else.
struct Model {
    days: BTreeMap<Date, (u64, u64)>,
    limit: u64,
    period: Period,
    bucket: Bucket,
    enabled: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Answer {
    Granted,
    Quota,
    Throttle,
    Unknown,
}

impl Model {
    fn span(&self, now: Timestamp) -> Span {
        Span::at(self.period, &TimeZone::utc(), now)
    }

    fn sum(&self, span: &Span) -> (u64, u64) {
        let days = self.days.range(span.start..span.end);
        days.fold((0, 0), |(used, back), (_, day)| (used + day.0, back + day.1))
    }

    fn admit(&mut self, now: Timestamp) -> Answer {
        if !self.enabled {
            return Answer::Unknown;
        }
        let span = self.span(now);
        let throttled = throttle(self.limit).map(|throttle| (throttle, self.bucket.at(throttle, now)));
        match throttled {
            _ if self.sum(&span).0 >= self.limit => return Answer::Quota,
            Some((throttle, bucket)) if bucket.wait(throttle).is_some() => return Answer::Throttle,
            Some((throttle, mut bucket)) => {
                bucket.take();
                self.bucket.put(bucket, throttle);
            }
            None => {}
        }
        self.days.entry(span.today).or_default().0 += 1;
        Answer::Granted
    }

    fn give_back(&mut self, span: &Span) {
        if self.sum(span).1 < self.limit {
            let day = self.days.entry(span.today).or_default();
            *day = (day.0 - 1, day.1 + 1);
        }
    }

    /// Whether the period has charges or returns, or days that lie ahead do.
    fn is_counted(&self, now: Timestamp) -> bool {
        self.days.range(self.span(now).start..).any(|(_, (used, returned))| used + returned > 0)
    }
}

/// A request under way: who admitted it, and in which period.
struct Open {
    pass: Pass,
    store: usize,
    span: Span,
}

struct Play<'a, S> {
    subject: &'a mut S,
    turn: usize,
    caller: Caller,
    model: Model,
    open: Vec<Open>,
    now: Timestamp,
}

/// Plays the steps with a backend that holds nothing yet.
///
/// # Panics
/// When it decides otherwise than the model.
pub async fn check<S: Subject>(subject: &mut S, steps: Vec<Step>) {
    let (now, limit, period) = (noon(), 5, Period::Day);
    let caller = subject.stores()[0].caller_on(plan_of(limit, period), now).await;
    let model = Model { days: BTreeMap::new(), limit, period, bucket: subject.bucket(), enabled: true };
    let mut play = Play { subject, turn: 0, caller, model, open: Vec::new(), now };
    for step in steps {
        play.step(step).await;
        assert_eq!(play.listed().await, (play.model.sum(&play.model.span(play.now)).0, play.model.limit));
    }
}

impl<S: Subject> Play<'_, S> {
    /// The number of the store whose turn it is.
    fn next(&mut self) -> usize {
        self.turn += 1;
        self.turn % self.subject.stores().len()
    }

    fn store(&mut self) -> &World {
        let next = self.next();
        &self.subject.stores()[next]
    }

    /// What the owner sees as used, and of how much.
    async fn listed(&mut self) -> (u64, u64) {
        let (account, now) = (self.caller.account, self.now);
        let entry = self.store().registry.keys(account, now).await.unwrap().remove(0);
        let QuotaStatus::Limited { used, limit, .. } = entry.quota else { panic!("unlimited") };
        (used, limit)
    }

    async fn step(&mut self, step: Step) {
        let now = self.now;
        let (account, key) = (self.caller.account, self.caller.key);
        match step {
            Step::Ask { requests, at_once: false } => {
                for _ in 0..requests {
                    self.ask(1).await;
                }
            }
            Step::Ask { requests, at_once: true } => self.ask(requests).await,
            Step::Settle { which, returned } if !self.open.is_empty() => {
                let open = self.open.swap_remove(which % self.open.len());
                let end = if returned { End { phase: Phase::NotSent, ..ANSWERED } } else { ANSWERED };
                let gate = &self.subject.stores()[open.store].gate;
                gate.settle(&open.pass, end, now).await.unwrap();
                gate.settle(&open.pass, End::REFUSED_BY_US, now).await.unwrap();
                if returned {
                    self.model.give_back(&open.span);
                }
            }
            Step::Settle { .. } => {}
            Step::Clock { seconds } => self.now = later(now, seconds),
            Step::Plan { limit, period } => {
                (self.model.limit, self.model.period) = (limit, period);
                self.store().apply(vec![plan_of(limit, period)], now).await;
            }
            Step::Rotate => {
                let (value, presented) = secret(key);
                self.store().registry.rotate_key(account, &value, None, now).await.unwrap();
                self.caller.presented = presented;
            }
            // Without a key and a charge it may be forgotten, with all that was before.
            Step::Revoke if self.model.is_counted(now) => {
                self.store().registry.revoke_key(account, key, now).await.unwrap();
                self.model.enabled = false;
                self.ask(3).await;
                let owner = self.caller.owner;
                self.caller = self.store().key_for((account, owner), "p", None, now).await.unwrap();
                self.model.enabled = true;
            }
            Step::Revoke => {}
            Step::Switch { enabled } => {
                let change = KeyChange { enabled: Some(enabled), label: None };
                self.store().registry.change_key(account, key, change, now).await.unwrap();
                self.model.enabled = enabled;
            }
            Step::Restart => {
                let store = self.next();
                self.subject.restart(store).await;
                // A pass that was open stays spent; a bucket that was in memory begins full.
                self.open.retain(|open| open.store != store);
                if let Bucket::InMemory(kept) = &mut self.model.bucket {
                    *kept = None;
                }
            }
            Step::Kill => {
                let span = self.model.span(now);
                let (admitted, _) = self.model.sum(&span);
                let used = self.subject.used_after_a_kill(account, &span, now).await;
                let ahead = self.subject.written_ahead(self.model.limit, admitted);
                assert!(
                    admitted <= used && used <= admitted + ahead,
                    "{used} written, {admitted} admitted, up to {ahead} ahead"
                );
            }
        }
    }

    /// Requests that none waits for, each at another store, decided by both.
    async fn ask(&mut self, requests: u32) {
        let now = self.now;
        let mut expected: Vec<_> = (0..requests).map(|_| self.model.admit(now)).collect();
        let turns: Vec<_> = (0..requests).map(|_| self.next()).collect();
        let (stores, key) = (self.subject.stores(), &self.caller.presented);
        let asked = turns.into_iter().map(async |store| {
            let admission = AdmissionId::from_random(fresh());
            (store, stores[store].gate.admit(key, admission, now).await.unwrap())
        });
        let span = self.model.span(now);
        let mut answers = Vec::new();
        for (store, answer) in join_all(asked).await {
            answers.push(match answer {
                Admission::Granted(pass) => {
                    self.open.push(Open { pass, store, span });
                    Answer::Granted
                }
                Admission::Refused(Refusal::Quota { .. }) => Answer::Quota,
                Admission::Refused(Refusal::Throttle { .. }) => Answer::Throttle,
                Admission::Unknown => Answer::Unknown,
            });
        }
        // Which of them is admitted is nobody's rule.
        expected.sort_unstable();
        answers.sort_unstable();
        assert_eq!(answers, expected);
    }
}
