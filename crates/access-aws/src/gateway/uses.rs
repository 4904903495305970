//! How much of a quota is used: API Gateway's figures, at most a minute old, and what passed through us since.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use access::{EarlierValue, RemoteKey, RemoteValue, Span, StoreError, TimeZone};
use api_types::{AdmissionId, Date, KeyId, Period, QuotaStatus, Timestamp, UsageDay, limits::USAGE_MAX_DAYS};
use aws_sdk_apigateway::operation::get_usage::GetUsageOutput;

use super::{Inner, carry::untold_now, plans::StagePlan};
use crate::{action::GET_USAGE, error::AwsError};

/// How long a figure is shown without asking again.
const KEPT: Duration = Duration::from_secs(60);
/// How long a figure that somebody looked at is read again with plans and keys, so that the next look costs no call.
const WATCHED_FOR: Duration = Duration::from_secs(600);
/// Most figures that are read again at a time.
const WATCHED_MOST: usize = 60;
/// How long a refusal for a spent quota outweighs a figure that says otherwise.
const SPENT_FOR: Duration = Duration::from_secs(600);
/// Most figures that are kept; past it they are forgotten and asked for again.
const MOST: usize = 20_000;
/// Most days that GetUsage answers at once (API reference, GetUsage: the range is at most 90 days).
const DAYS_AT_ONCE: i32 = 90;

/// A figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Use {
    /// The period's first day.
    period: Date,
    used: u64,
    read_at: Timestamp,
    /// When somebody last wanted to see it.
    looked_at: Timestamp,
    /// When API Gateway last refused a request for a spent quota: its figures lag behind its refusals.
    spent_at: Option<Timestamp>,
    /// How often it was read.
    readings: u64,
}

/// What was known of a key when a request of it began.
#[derive(Debug, Clone, Copy)]
struct Begun {
    period: Date,
    used: u64,
    readings: u64,
}

/// What API Gateway has counted for a key in a period.
#[derive(Debug)]
pub(super) struct Reading {
    /// Used of the quota with all values, as API Gateway has it.
    pub(super) used: u64,
    /// The same with what it could not be told of.
    pub(super) total: u64,
    /// Requests made with the present value.
    pub(super) counted: u64,
    /// Requests made with each of the earlier ones, in the row's order.
    earlier: Vec<u64>,
    /// Of those, what the present value's rest doesn't know of yet.
    pub(super) beside: u64,
}

impl Reading {
    /// Notes that all of it was reckoned to the key's own value.
    pub(super) fn reckon(&self, earlier: &mut [EarlierValue], now: Timestamp) {
        for (old, counted) in earlier.iter_mut().zip(&self.earlier) {
            (old.counted, old.counted_at) = (*counted, now);
        }
    }
}

/// The figures.
#[derive(Debug, Default)]
pub(super) struct Uses {
    figures: Mutex<HashMap<KeyId, Use>>,
    begun: Mutex<HashMap<AdmissionId, Begun>>,
}

impl Uses {
    fn lock(&self) -> MutexGuard<'_, HashMap<KeyId, Use>> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_begun(&self) -> MutexGuard<'_, HashMap<AdmissionId, Begun>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A figure that is known.
    pub(super) fn set(&self, key: KeyId, period: Date, used: u64, read_at: Timestamp) {
        let mut uses = self.lock();
        if uses.len() >= MOST {
            uses.clear();
        }
        let before = uses.get(&key).filter(|known| known.period == period);
        let looked_at = before.map_or(read_at, |known| known.looked_at);
        let spent_at = before.and_then(|known| known.spent_at);
        let readings = before.map_or(0, |known| known.readings + 1);
        uses.insert(key, Use { period, used, read_at, looked_at, spent_at, readings });
    }

    /// A request of this key begins; [`Self::count`] or [`Self::forget_begun`] ends it.
    pub(super) fn begin(&self, admission: AdmissionId, key: KeyId) {
        let known = self.lock().get(&key).map(|known| Begun {
            period: known.period,
            used: known.used,
            readings: known.readings,
        });
        if let Some(begun) = known {
            self.lock_begun().insert(admission, begun);
        }
    }

    /// A request that API Gateway didn't count.
    pub(super) fn forget_begun(&self, admission: AdmissionId) {
        self.lock_begun().remove(&admission);
    }

    /// A request of this key was counted by API Gateway. A figure that was read meanwhile may hold it already.
    pub(super) fn count(&self, admission: AdmissionId, key: KeyId) {
        let begun = self.lock_begun().remove(&admission);
        if let Some(known) = self.lock().get_mut(&key) {
            known.used = match begun {
                Some(begun) if begun.period == known.period && begun.readings != known.readings => {
                    known.used.max(begun.used + 1)
                }
                _ => known.used + 1,
            };
        }
    }

    /// API Gateway refused a request: so much is used, whatever its figures say for a while.
    pub(super) fn spent(&self, key: KeyId, period: Date, limit: u64, now: Timestamp) {
        self.set(key, period, limit, now);
        if let Some(known) = self.lock().get_mut(&key) {
            known.spent_at = Some(now);
        }
    }

    /// A key that ended.
    pub(super) fn forget(&self, key: KeyId) {
        self.lock().remove(&key);
    }

    /// Somebody wants to see it.
    fn look(&self, key: KeyId, now: Timestamp) {
        if let Some(known) = self.lock().get_mut(&key) {
            known.looked_at = now;
        }
    }

    /// The keys whose figures somebody looked at lately.
    fn watched(&self, now: Timestamp) -> Vec<KeyId> {
        let is_watched = |known: &Use| now.duration_since(known.looked_at).unsigned_abs() < WATCHED_FOR;
        let uses = self.lock();
        uses.iter().filter(|(_, known)| is_watched(known)).map(|(key, _)| *key).take(WATCHED_MOST).collect()
    }

    /// What is known to be used in a period.
    pub(super) fn known_used(&self, key: KeyId, period: Date) -> Option<u64> {
        self.known(key, period).map(|known| known.used)
    }

    fn known(&self, key: KeyId, period: Date) -> Option<Use> {
        self.lock().get(&key).copied().filter(|known| known.period == period)
    }
}

impl Inner {
    /// A key's quota as it stands. Asks API Gateway when the figure is older than a minute; when that fails, an older
    /// figure of the same period is better than none.
    pub(super) async fn quota(
        &self,
        key: &RemoteKey,
        plan: &StagePlan,
        now: Timestamp,
    ) -> Result<QuotaStatus, StoreError> {
        let Some((limit, period)) = plan.limit() else { return Ok(QuotaStatus::Unlimited) };
        let used = self.used(key, plan, now).await?.min(limit);
        self.uses.look(key.id, now);
        Ok(QuotaStatus::Limited { limit, used, remaining: limit - used, period, reset_at: None })
    }

    /// Requests used in the plan's period, as known for at most a minute.
    async fn used(&self, key: &RemoteKey, plan: &StagePlan, now: Timestamp) -> Result<u64, StoreError> {
        let known = self.uses.known(key.id, plan.span(now).start);
        match known {
            Some(known) if now.duration_since(known.read_at).unsigned_abs() < KEPT => return Ok(known.used),
            _ => {}
        }
        match (self.read_used(key, plan, now).await, known) {
            (Ok(reading), _) => Ok(reading.used),
            (Err(error), Some(known)) => {
                tracing::warn!(%error, "the use of a key could not be read; an older figure is shown");
                Ok(known.used)
            }
            (Err(error), None) => Err(error),
        }
    }

    /// Requests used in the plan's period, asked for now, with those that API Gateway could not be told of: what the
    /// owner's next value begins with. When that fails, an older figure of the same period is better than none.
    pub(super) async fn used_now(&self, key: &RemoteKey, plan: &StagePlan, now: Timestamp) -> Result<u64, StoreError> {
        match self.read_used(key, plan, now).await {
            Ok(reading) => Ok(reading.total),
            Err(error) => self.known_after(error, key, plan, now),
        }
    }

    /// An older figure of the same period, where a reading failed and there is one.
    pub(super) fn known_after(
        &self,
        error: StoreError,
        key: &RemoteKey,
        plan: &StagePlan,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let Some(known) = self.uses.known(key.id, plan.span(now).start) else { return Err(error) };
        tracing::warn!(%error, "the use of a key could not be read; an older figure is taken");
        Ok(known.used + untold_now(key, plan, now).unwrap_or(0))
    }

    /// Reads the figures again that somebody looked at lately.
    pub(super) async fn read_watched(&self, now: Timestamp) -> Result<(), StoreError> {
        for key in self.uses.watched(now).into_iter().filter_map(|id| self.keys.get(id)) {
            if let Some(plan) = self.plans.of(&key)?.filter(|plan| plan.limit().is_some()) {
                self.read_used(&key, &plan, now).await?;
            }
        }
        Ok(())
    }

    /// Reads what was used, value by value: API Gateway counts each by itself.
    pub(super) async fn read_used(
        &self,
        key: &RemoteKey,
        plan: &StagePlan,
        now: Timestamp,
    ) -> Result<Reading, StoreError> {
        let span = plan.span(now);
        let days = match self.days(&plan.id, &key.value.remote_id, span.start, span.today).await {
            // Deleted by somebody else; what becomes of its row, the next reading of all keys decides.
            Err(error) if error.is_not_found() => Vec::new(),
            read => read?,
        };
        let untold = untold_now(key, plan, now);
        let used = match (days.last(), plan.limit(), self.uses.known(key.id, span.start)) {
            // What remains holds what was granted or taken by UpdateUsage too; what was used doesn't.
            (Some(last), Some((limit, _)), _) => limit.saturating_sub(last.remaining),
            // Of what it could not be told, API Gateway knows nothing.
            _ if untold.is_some() => 0,
            // A value that made no request isn't listed, whatever it began with.
            (_, _, Some(known)) if key.earlier.is_empty() => known.used,
            _ => self.begun_with(key, span.start).await?,
        };
        let counted = days.iter().map(|day| day.used).sum();
        let mut reading = Reading { used, total: 0, counted, earlier: Vec::new(), beside: 0 };
        for old in &key.earlier {
            let counted = self.counted(plan, &old.value, &span).await?;
            let reckoned = if plan.span(old.counted_at).start == span.start { old.counted } else { 0 };
            reading.earlier.push(counted);
            reading.beside += counted.saturating_sub(reckoned);
        }
        reading.used += reading.beside;
        let spent_at = self.uses.known(key.id, span.start).and_then(|known| known.spent_at);
        if let (Some(at), Some((limit, _))) = (spent_at, plan.limit())
            && now.duration_since(at).unsigned_abs() < SPENT_FOR
        {
            reading.used = reading.used.max(limit);
        }
        // What was told although the reply was lost stands in both.
        let with_untold = untold.map_or(0, |before| before + counted + reading.beside);
        reading.total = reading.used.max(with_untold);
        self.uses.set(key.id, span.start, reading.used, now);
        Ok(reading)
    }

    /// What API Gateway has counted with a value in a period.
    async fn counted(&self, plan: &StagePlan, value: &RemoteValue, span: &Span) -> Result<u64, AwsError> {
        match self.days(&plan.id, &value.remote_id, span.start, span.today).await {
            Ok(days) => Ok(days.iter().map(|day| day.used).sum()),
            Err(error) if error.is_not_found() => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// What the owner had used on the plan in this period when the key's value was made.
    pub(super) async fn begun_with(&self, key: &RemoteKey, period: Date) -> Result<u64, StoreError> {
        let carried = self.rows.carried_use(key.owner, &key.plan_name).await?;
        Ok(carried.filter(|carried| carried.period == period).map_or(0, |carried| carried.used))
    }

    /// One row for each day of a range. Before its value was made a key has no use, and nobody is asked.
    pub(super) async fn usage_days(
        &self,
        key: &RemoteKey,
        plan: &StagePlan,
        (from, to): (Date, Date),
    ) -> Result<Vec<UsageDay>, AwsError> {
        let limit = plan.limit().filter(|(_, period)| *period == Period::Day).map(|(limit, _)| limit);
        let last = to.min(days_later(from, USAGE_MAX_DAYS - 1));
        let dates = from.series(jiff::Span::new().days(1)).take_while(|date| *date <= last);
        let mut rows: Vec<_> = dates.map(|date| UsageDay { date, used: 0, refused: 0, returned: 0, limit }).collect();
        let mut start = from.max(TimeZone::utc().day(key.rotated_at.unwrap_or(key.created_at)));
        while start <= last {
            let end = last.min(days_later(start, DAYS_AT_ONCE - 1));
            let read = self.days(&plan.id, &key.value.remote_id, start, end).await?;
            for (row, day) in rows.iter_mut().skip_while(|row| row.date < start).zip(read) {
                row.used = day.used;
            }
            if end == last {
                break;
            }
            start = days_later(end, 1);
        }
        Ok(rows)
    }

    /// What API Gateway lists, one entry a day from `from` on; nothing where the key was never used.
    async fn days(&self, plan: &str, remote_id: &str, from: Date, to: Date) -> Result<Vec<DayUse>, AwsError> {
        let send = |client: aws_sdk_apigateway::Client, position| {
            let ask = client.get_usage().usage_plan_id(plan).key_id(remote_id);
            ask.start_date(from.to_string()).end_date(to.to_string()).set_position(position).send()
        };
        // Documented as indexed by the key's value, in practice by its id; asked for one key, it holds one entry.
        let entries = |page: GetUsageOutput| (page.items.map(|items| items.into_values().flatten()), page.position);
        let days = self.control.pages(GET_USAGE, send, entries).await?;
        let number =
            |day: &[i64], at: usize| day.get(at).and_then(|count| u64::try_from(*count).ok()).unwrap_or_default();
        Ok(days.iter().map(|day| DayUse { used: number(day, 0), remaining: number(day, 1) }).collect())
    }
}

struct DayUse {
    used: u64,
    remaining: u64,
}

fn days_later(day: Date, days: i32) -> Date {
    day.saturating_add(jiff::Span::new().days(days))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_counted_once_whenever_the_figure_is_read() {
        let (key, now) = (KeyId::from_random([1; 16]), Timestamp::UNIX_EPOCH);
        let period = Date::constant(2026, 11, 27);
        let admission = |number: u8| AdmissionId::from_random([number; 16]);
        let uses = Uses::default();
        let used = || uses.known_used(key, period).unwrap();
        uses.set(key, period, 0, now);
        for (number, read, expected) in [(1, None, 1), (2, Some(2), 2), (3, Some(2), 3), (4, Some(9), 9)] {
            uses.begin(admission(number), key);
            if let Some(read) = read {
                uses.set(key, period, read, now);
            }
            uses.count(admission(number), key);
            assert_eq!(used(), expected, "{number}");
        }
        uses.begin(admission(5), key);
        uses.forget_begun(admission(5));
        assert_eq!(used(), 9);
        assert!(uses.lock_begun().is_empty());
    }
}
