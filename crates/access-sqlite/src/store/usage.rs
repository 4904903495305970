//! A key's usage by day: the stored rows, and what memory knows better.

use std::collections::HashMap;

use access::{KeyError, Span, StoreError};
use api_types::{AccountId, Date, KeyId, Period, Quota, Timestamp, UsageDay, limits::USAGE_MAX_DAYS};
use jiff::ToSpan;

use crate::{counting::ledger::Rows, sql::columns::store_error, sql::keys::key_of, writer::state::Desk};

/// The day now in the zone of the key's plan.
pub(crate) fn today(
    desk: &mut Desk,
    account: AccountId,
    key: KeyId,
    now: Timestamp,
) -> Result<Result<Date, KeyError>, StoreError> {
    let found = key_of(&desk.conn, account, key).map_err(store_error("find a key"))?;
    match found {
        Ok(stored) => Ok(Ok(desk.ledger.plan(stored.plan)?.plan.time_zone().day(now))),
        Err(missing) => Ok(Err(missing)),
    }
}

/// One row for each day, both ends included.
pub(crate) fn usage(
    desk: &mut Desk,
    account: AccountId,
    key: KeyId,
    (from, to): (Date, Date),
) -> Result<Result<Vec<UsageDay>, KeyError>, StoreError> {
    let found = key_of(&desk.conn, account, key).map_err(store_error("find a key"))?;
    let stored = match found {
        Ok(stored) => stored,
        Err(missing) => return Ok(Err(missing)),
    };
    let (ledger, rows) = desk.parts();
    let last = to.min(from.saturating_add((USAGE_MAX_DAYS - 1).days()));
    let end = last.saturating_add(1.day());
    let mut counts: HashMap<Date, _> = rows.days(stored.subscription, from, end)?.into_iter().collect();
    ledger.overlay(&rows, stored.subscription, &mut counts)?;
    let Some(subscribed_on) = rows.subscription(stored.subscription)?.map(|row| row.subscribed_on) else {
        return Ok(Err(KeyError::NotFound));
    };
    let plan = &ledger.plan(stored.plan)?.plan;
    let daily = matches!(plan.plan().quota, Quota::Limited { period: Period::Day, .. });
    let days = from.series(1.day()).take_while(|day| *day <= last).map(|date| {
        let of_day = counts.get(&date).copied().unwrap_or_default();
        let span = Span { today: date, start: date, end: date.saturating_add(1.day()), resets_at: Timestamp::MAX };
        UsageDay {
            date,
            used: of_day.used,
            refused: of_day.refused,
            returned: of_day.returned,
            limit: if daily { plan.limit_in(&span, subscribed_on) } else { None },
        }
    });
    Ok(Ok(days.collect()))
}
