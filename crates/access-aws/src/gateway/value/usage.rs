//! What API Gateway has counted with a key's values, and what it is told that they have left.

use access::{EarlierValue, RemoteKey, RemoteValue, Span, StoreError, TimeZone};
use api_types::{Date, Period, QuotaStatus, Timestamp, UsageDay, limits::USAGE_MAX_DAYS};
use aws_sdk_apigateway::{
    operation::get_usage::GetUsageOutput,
    types::{Op, PatchOperation},
};

use crate::{
    action::{GET_USAGE, UPDATE_USAGE},
    error::AwsError,
    gateway::{known::stage_plans::StagePlan, shared::Shared},
};

/// Most days that GetUsage answers at once (API reference, GetUsage: the range is at most 90 days).
const DAYS_AT_ONCE: i32 = 90;

/// What API Gateway has counted for a key in a period.
#[derive(Debug)]
pub(crate) struct Reading {
    /// Used of the quota with all values, as API Gateway has it.
    pub(crate) used: u64,
    /// The same with what it could not be told of.
    pub(crate) total: u64,
    /// Requests made with the present value.
    pub(crate) counted: u64,
    /// Requests made with each of the earlier ones, in the row's order.
    earlier: Vec<u64>,
    /// Of those, what the present value's rest doesn't know of yet.
    pub(crate) beside: u64,
}

impl Reading {
    /// Notes that all of it was reckoned to the key's own value.
    pub(crate) fn reckon(&self, earlier: &mut [EarlierValue], now: Timestamp) {
        for (old, counted) in earlier.iter_mut().zip(&self.earlier) {
            (old.counted, old.counted_at) = (*counted, now);
        }
    }
}

impl Shared {
    /// A key's quota as it stands. Asks API Gateway when the figure is older than a minute; when that fails, an older
    /// figure of the same period is better than none.
    pub(crate) async fn quota(
        &self,
        key: &RemoteKey,
        plan: &StagePlan,
        now: Timestamp,
    ) -> Result<QuotaStatus, StoreError> {
        let Some((limit, period)) = plan.limit() else { return Ok(QuotaStatus::Unlimited) };
        let used = self.used(key, plan, now).await?.min(limit);
        self.figures.look(key.id, now);
        Ok(QuotaStatus::Limited { limit, used, remaining: limit - used, period, reset_at: None })
    }

    /// Requests used in the plan's period, as known for at most a minute.
    async fn used(&self, key: &RemoteKey, plan: &StagePlan, now: Timestamp) -> Result<u64, StoreError> {
        let known = self.figures.known(key.id, plan.span(now).start);
        if let Some(known) = known.filter(|known| known.is_new(now)) {
            return Ok(known.used);
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
    pub(crate) async fn used_now(&self, key: &RemoteKey, plan: &StagePlan, now: Timestamp) -> Result<u64, StoreError> {
        match self.read_used(key, plan, now).await {
            Ok(reading) => Ok(reading.total),
            Err(error) => self.known_after(error, key, plan, now),
        }
    }

    /// An older figure of the same period, where a reading failed and there is one.
    pub(crate) fn known_after(
        &self,
        error: StoreError,
        key: &RemoteKey,
        plan: &StagePlan,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let Some(known) = self.figures.known(key.id, plan.span(now).start) else { return Err(error) };
        tracing::warn!(%error, "the use of a key could not be read; an older figure is taken");
        Ok(known.used + plan.untold(key, now).unwrap_or(0))
    }

    /// Reads the figures again that somebody looked at lately.
    pub(crate) async fn read_watched(&self, now: Timestamp) -> Result<(), StoreError> {
        for key in self.figures.watched(now).into_iter().filter_map(|id| self.keys.get(id)) {
            if let Some(plan) = self.plans.of(&key)?.filter(|plan| plan.limit().is_some()) {
                self.read_used(&key, &plan, now).await?;
            }
        }
        Ok(())
    }

    /// Reads what was used, value by value: API Gateway counts each by itself.
    pub(crate) async fn read_used(
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
        let untold = plan.untold(key, now);
        let used = match (days.last(), plan.limit(), self.figures.known(key.id, span.start)) {
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
        let is_spent = self.figures.known(key.id, span.start).is_some_and(|known| known.is_spent(now));
        if let Some((limit, _)) = plan.limit().filter(|_| is_spent) {
            reading.used = reading.used.max(limit);
        }
        // What was told although the reply was lost stands in both.
        let with_untold = untold.map_or(0, |before| before + counted + reading.beside);
        reading.total = reading.used.max(with_untold);
        self.figures.set(key.id, span.start, reading.used, now);
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
    pub(crate) async fn begun_with(&self, key: &RemoteKey, period: Date) -> Result<u64, StoreError> {
        let carried = self.rows.carried_use(key.owner, &key.plan_name).await?;
        Ok(carried.filter(|carried| carried.period == period).map_or(0, |carried| carried.used))
    }

    /// One row for each day of a range. Before its value was made a key has no use, and nobody is asked.
    pub(crate) async fn usage_days(
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

    /// Tells API Gateway what a value has left of the period's quota.
    pub(crate) async fn set_remaining(&self, plan: &StagePlan, id: &str, remaining: u64) -> Result<(), AwsError> {
        let patch = PatchOperation::builder().op(Op::Replace).path("/remaining").value(remaining.to_string()).build();
        let update = |client: aws_sdk_apigateway::Client| {
            client.update_usage().usage_plan_id(&plan.id).key_id(id).patch_operations(patch.clone()).send()
        };
        self.control.call(UPDATE_USAGE, update).await.map(drop)
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
