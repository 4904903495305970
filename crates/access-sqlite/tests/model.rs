//! The gate against a model of ten lines: any sequence of requests, ends, clock moves, plan changes, rotations,
//! revocations, restarts and kills.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod house;

use std::collections::BTreeMap;

use access::{Admission, End, Gate, Pass, Phase, Refusal, Registry, Span, TimeZone, TokenBucket};
use access_sqlite::{Options, SqliteStore};
use api_types::{Date, KeyChange, Period, Throttle, Timestamp};
use house::{House, admission, create_key, key_secret, plan, presented};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    Admit,
    Rush { requests: u32 },
    Settle { which: usize, returned: bool },
    Clock { seconds: i64 },
    Plan { limit: u64, period: usize },
    Rotate,
    Revoke,
    Switch { enabled: bool },
    Restart,
    Kill,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => Just(Step::Admit),
        3 => (1u32..200).prop_map(|requests| Step::Rush { requests }),
        6 => (any::<usize>(), any::<bool>()).prop_map(|(which, returned)| Step::Settle { which, returned }),
        4 => prop_oneof![0i64..30, 3_600i64..200_000, -200_000i64..-3_600].prop_map(|seconds| Step::Clock { seconds }),
        2 => (prop_oneof![1u64..8, 1_000u64..1_300, 2_000u64..60_000], 0usize..3).prop_map(|(limit, period)| Step::Plan { limit, period }),
        1 => Just(Step::Rotate),
        1 => Just(Step::Revoke),
        1 => any::<bool>().prop_map(|enabled| Step::Switch { enabled }),
        1 => Just(Step::Restart),
        2 => Just(Step::Kill),
    ]
}

const THROTTLE: Throttle = Throttle { rate: 0.01, burst: 6 };

/// A throttle that matters where the quota is small, and none where it is large.
fn throttle(limit: u64) -> Option<Throttle> {
    (limit < 1_000).then_some(THROTTLE)
}

/// The rules, and nothing else.
struct Model {
    days: BTreeMap<Date, (u64, u64)>,
    limit: u64,
    period: Period,
    bucket: Option<TokenBucket>,
    enabled: bool,
}

#[derive(Debug, PartialEq)]
enum Answer {
    Granted,
    Quota,
    Throttle,
    Unknown,
}

impl Model {
    fn sum(&self, start: Date, end: Date) -> (u64, u64) {
        self.days.range(start..end).fold((0, 0), |(used, back), (_, day)| (used + day.0, back + day.1))
    }

    fn admit(&mut self, now: Timestamp) -> Answer {
        let span = Span::at(self.period, &TimeZone::utc(), now);
        let waits = throttle(self.limit).is_some_and(|throttle| {
            let bucket = self.bucket.get_or_insert(TokenBucket::full(throttle, now));
            bucket.refill(throttle, now);
            bucket.wait(throttle).is_some()
        });
        match self.sum(span.start, span.end).0 {
            _ if !self.enabled => Answer::Unknown,
            used if used >= self.limit => Answer::Quota,
            _ if waits => Answer::Throttle,
            _ => {
                self.bucket.iter_mut().for_each(TokenBucket::take);
                self.days.entry(span.today).or_default().0 += 1;
                Answer::Granted
            }
        }
    }

    fn give_back(&mut self, day: Date, (start, end): (Date, Date)) {
        if self.sum(start, end).1 < self.limit {
            let day = self.days.entry(day).or_default();
            *day = (day.0 - 1, day.1 + 1);
        }
    }
}

/// One request, decided by both.
async fn decide(house: &House, model: &mut Model, open: &mut Vec<(Pass, (Date, Date))>, now: Timestamp) {
    let was = model.bucket;
    let expected = model.admit(now);
    if expected == Answer::Unknown {
        model.bucket = was;
    }
    let answer = match house.store.admit(&house.key, admission(), now).await.unwrap() {
        Admission::Granted(pass) => {
            let span = Span::at(model.period, &TimeZone::utc(), now);
            open.push((pass, (span.start, span.end)));
            Answer::Granted
        }
        Admission::Refused(Refusal::Quota { .. }) => Answer::Quota,
        Admission::Refused(Refusal::Throttle { .. }) => Answer::Throttle,
        Admission::Unknown => Answer::Unknown,
    };
    assert_eq!(answer, expected);
}

/// What the file would tell a process that starts after this one was killed now: never less than was admitted, and more
/// by a block at most, a thousandth of the quota and none of its last thousand.
async fn check_a_kill(house: &House, model: &Model, now: Timestamp) {
    let folder = tempfile::tempdir().unwrap();
    for file in ["tollgate.db", "tollgate.db-wal"] {
        std::fs::copy(house.folder.path().join(file), folder.path().join(file)).unwrap();
    }
    let store = SqliteStore::open(&folder.path().join("tollgate.db"), Options::default()).unwrap();
    let entry = store.keys(house.account, now).await.unwrap().remove(0);
    let api_types::QuotaStatus::Limited { used, .. } = entry.quota else { panic!("unlimited") };
    let span = Span::at(model.period, &TimeZone::utc(), now);
    let (admitted, _) = model.sum(span.start, span.end);
    let block = (model.limit / 1_000).min(model.limit.saturating_sub(admitted).saturating_sub(999));
    assert!(admitted <= used && used <= admitted + block, "{used} written, {admitted} admitted, blocks of {block}");
}

async fn check(steps: Vec<Step>) {
    let mut house = House::new(5, Some(THROTTLE)).await;
    let mut now = house::noon();
    let mut model = Model { days: BTreeMap::new(), limit: 5, period: Period::Day, bucket: None, enabled: true };
    let mut open: Vec<(Pass, (Date, Date))> = Vec::new();
    let mut generation = 1;
    for step in steps {
        match step {
            Step::Admit => decide(&house, &mut model, &mut open, now).await,
            Step::Rush { requests } => {
                for _ in 0..requests {
                    decide(&house, &mut model, &mut open, now).await;
                }
            }
            Step::Settle { which, returned } if !open.is_empty() => {
                let (pass, period) = open.swap_remove(which % open.len());
                let phase = if returned { Phase::NotSent } else { Phase::FirstByte };
                let end = End { phase, status: Some(200), caller_left: false };
                house.store.settle(&pass, end, now).await.unwrap();
                house.store.settle(&pass, End::REFUSED_BY_US, now).await.unwrap();
                if returned {
                    model.give_back(pass.booking.unwrap().day, period);
                }
            }
            Step::Settle { .. } => {}
            Step::Clock { seconds } => now = Timestamp::from_second(now.as_second() + seconds).unwrap(),
            Step::Plan { limit, period } => {
                (model.limit, model.period) = (limit, [Period::Day, Period::Week, Period::Month][period]);
                house.store.apply_plans(vec![plan(limit, model.period, throttle(limit))], now).await.unwrap();
            }
            Step::Rotate => {
                generation += 1;
                house.store.rotate_key(house.account, &key_secret(generation), None, now).await.unwrap();
                house.key = presented(generation);
            }
            Step::Revoke => {
                let key = house.key.own().unwrap().0;
                house.store.revoke_key(house.account, key, now).await.unwrap();
                assert_eq!(house.store.admit(&house.key, admission(), now).await.unwrap(), Admission::Unknown);
                create_key(&house.store, house.account, now).await.unwrap();
                (generation, house.key, model.enabled) = (1, presented(1), true);
            }
            Step::Switch { enabled } => {
                let change = KeyChange { enabled: Some(enabled), label: None };
                house.store.change_key(house.account, house.key.own().unwrap().0, change, now).await.unwrap();
                model.enabled = enabled;
            }
            Step::Restart => {
                // A pass that was open stays spent; a bucket begins full.
                house.store.close().await.unwrap();
                house.store = SqliteStore::open(&house.path(), Options::default()).unwrap();
                open.clear();
                model.bucket = None;
            }
            Step::Kill => check_a_kill(&house, &model, now).await,
        }
        let span = Span::at(model.period, &TimeZone::utc(), now);
        let entry = house.store.keys(house.account, now).await.unwrap().remove(0);
        let api_types::QuotaStatus::Limited { used, limit, .. } = entry.quota else { panic!("unlimited") };
        assert_eq!((used, limit), (model.sum(span.start, span.end).0, model.limit));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 500, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_is_decided_as_the_model_does(steps in prop::collection::vec(step(), 1..80)) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(check(steps));
    }
}
