//! Decides a batch by what its transaction read: no driver, no clock.

use std::collections::{BTreeMap, HashMap};

use access::{
    Admission, Booking, Charge, Counts, Holder, KeyValues, OpenPass, Pass, Passes, Span, TokenBucket, UsagePlan,
};
use api_types::{AccountId, AdmissionId, Date, KeyId, Throttle, Timestamp};
use jiff::SignedDuration;

use super::queue::{Admit, GiveBack};
use crate::sql::{columns::SubscriptionRowId, subscriptions::Subscription};

/// A key as the transaction read it.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) values: KeyValues,
    pub(crate) account: AccountId,
    pub(crate) subscription: SubscriptionRowId,
    pub(crate) created_at: Timestamp,
}

/// What a day gets more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct More {
    pub(super) used: i64,
    pub(super) returned: i64,
}

/// A subscription that is being decided, with its row locked.
#[derive(Debug)]
pub(super) struct Deciding<'a> {
    pub(super) row: Subscription,
    pub(super) plan: &'a UsagePlan,
    /// Sums of the periods that are asked about, all of them known before.
    pub(super) sums: HashMap<(Date, Date), Counts>,
    /// What is to be added to its days.
    pub(super) days: BTreeMap<Date, More>,
    /// The period that was charged last, whose sums its row is to hold.
    period: Option<(Date, Date)>,
    /// Whether its bucket would have stayed empty for longer than it takes to fill.
    is_freed: bool,
}

impl<'a> Deciding<'a> {
    /// Nothing decided yet; the row's own sums are known.
    pub(super) fn new(row: Subscription, plan: &'a UsagePlan) -> Self {
        let sums = row.period.map(|period| (period, row.sums)).into_iter().collect();
        Self { row, plan, sums, days: BTreeMap::new(), period: None, is_freed: false }
    }

    /// Whether its row has to be written.
    pub(super) fn is_changed(&self) -> bool {
        !self.days.is_empty() || self.is_freed
    }

    /// Its row as it is to be written: the period with its sums, and when the bucket will be full.
    pub(super) fn row_to_write(&self) -> Subscription {
        let period = self.period.or(self.row.period);
        let sums = period.and_then(|period| self.sums.get(&period)).copied().unwrap_or_default();
        Subscription { period, sums, ..self.row }
    }

    /// The bucket as it is now. One that was to be full later than an empty one is (the throttle was changed, or a clock
    /// set back) is empty from now on and fills at its rate.
    fn bucket(&mut self, throttle: Throttle, now: Timestamp) -> TokenBucket {
        let full_at = self.row.full_at.and_then(|at| Timestamp::from_nanosecond(at.into()).ok());
        let bucket = TokenBucket::that_fills_at(throttle, full_at, now);
        let fills_at = bucket.fills_at(throttle);
        let is_rounding = |late: Timestamp, soon: Timestamp| late.duration_since(soon) < ROUNDING;
        if let (Some(late), Some(soon)) = (full_at, fills_at)
            && !is_rounding(late, soon)
        {
            (self.row.full_at, self.is_freed) = (Some(nanoseconds(soon)), true);
        }
        bucket
    }

    fn sum(&self, span: &Span) -> Counts {
        self.sums.get(&(span.start, span.end)).copied().unwrap_or_default()
    }

    fn add(&mut self, day: Date, more: More) {
        let of_day = self.days.entry(day).or_default();
        of_day.used += more.used;
        of_day.returned += more.returned;
        for ((start, end), sums) in &mut self.sums {
            if *start <= day && day < *end {
                sums.used = sums.used.saturating_add_signed(more.used);
                sums.returned = sums.returned.saturating_add_signed(more.returned);
            }
        }
    }

    /// Decides one request: who asks is looked at first, then both limits.
    pub(super) fn admit(
        &mut self,
        ask: &Admit,
        key: Option<&Key>,
        now: Timestamp,
        granted: &mut Granted<'_>,
    ) -> Result<Admission, AnotherKey> {
        let Some(key) = key.filter(|key| key.subscription == self.row.id && key.values.are_opened_by(ask.digest, now))
        else {
            return Ok(Admission::Unknown);
        };
        if let Some(pass) = granted.again(ask.admission) {
            let is_same = pass.holder.as_ref().is_some_and(|holder| holder.key == ask.key);
            return if is_same { Ok(Admission::Granted(pass)) } else { Err(AnotherKey) };
        }
        let span = self.plan.span(now);
        let throttle = self.plan.plan().throttle;
        let mut bucket = throttle.map(|throttle| self.bucket(throttle, now));
        let used = self.sum(&span).used;
        let quota = match self.plan.decide(ask.key, &span, self.row.subscribed_on, used, bucket.as_ref()) {
            Ok(quota) => quota,
            Err(refusal) => return Ok(Admission::Refused(*refusal)),
        };
        if let (Some(throttle), Some(bucket)) = (throttle, &mut bucket) {
            bucket.take();
            self.row.full_at = bucket.fills_at(throttle).map(nanoseconds);
        }
        self.add(span.today, More { used: 1, returned: 0 });
        self.period = Some((span.start, span.end));
        self.row.used_at = Some(now);
        let pass = Pass {
            id: ask.admission,
            holder: Some(Holder { key: ask.key, plan_name: self.plan.plan().name.clone() }),
            account: Some(key.account),
            booking: Some(Booking { subscription: self.row.public_id, day: span.today, quota }),
        };
        let open = OpenPass { pass: pass.clone(), subscription: self.row.id, span, asker: Some(ask.asker) };
        granted.new.insert(ask.admission, open);
        Ok(Admission::Granted(pass))
    }

    /// Gives a charge back to its own period, unless that has had as many returns as it may.
    pub(super) fn give_back(&mut self, ask: &GiveBack) -> Charge {
        let span = &ask.pass.span;
        if !self.plan.may_return(span, self.row.subscribed_on, self.sum(span).returned) {
            return Charge::Spent;
        }
        self.add(span.today, More { used: -1, returned: 1 });
        Charge::Returned
    }
}

/// Instants that come of the same bucket may differ by so little.
const ROUNDING: SignedDuration = SignedDuration::from_millis(1);

fn nanoseconds(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond()).unwrap_or(i64::MAX)
}

/// The admission belongs to another key.
#[derive(Debug, thiserror::Error)]
#[error("the admission belongs to another key")]
pub(super) struct AnotherKey;

/// Passes that are known, and those that this batch grants if it is written.
pub(super) struct Granted<'a> {
    pub(super) known: &'a mut Passes<SubscriptionRowId>,
    pub(super) new: HashMap<AdmissionId, OpenPass<SubscriptionRowId>>,
}

impl Granted<'_> {
    /// The pass of an admission that is asked for again.
    fn again(&mut self, admission: AdmissionId) -> Option<Pass> {
        if let Some(open) = self.new.get_mut(&admission) {
            open.asker = None;
            return Some(open.pass.clone());
        }
        self.known.granted_to(admission).cloned()
    }
}

/// Which keys a batch asks with.
pub(super) fn keys_of<'a>(asks: impl Iterator<Item = &'a super::Ask>) -> Vec<KeyId> {
    let admits = asks.filter_map(|ask| if let super::Ask::Admit(admit) = ask { Some(admit.key) } else { None });
    let mut keys: Vec<KeyId> = admits.collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}
