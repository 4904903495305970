//! The day rows: a period's count is the sum of its days.

use std::collections::HashMap;

use access::Counts;
use api_types::Date;
use tokio_postgres::GenericClient;

use super::columns::{Columns, SubscriptionRowId};
use crate::error::Failure;

/// The sum of the days from `start` up to, not including, `end`.
pub(crate) async fn sum(
    client: &impl GenericClient,
    subscription: SubscriptionRowId,
    start: Date,
    end: Date,
) -> Result<Counts, Failure> {
    let sql = "SELECT coalesce(sum(used), 0)::bigint AS used, coalesce(sum(returned), 0)::bigint AS returned
               FROM usage_days WHERE subscription = $1 AND day >= $2 AND day < $3";
    let row = client.query_one(sql, &[&subscription.0, &start, &end]).await?;
    Ok(Counts { used: row.read("used")?, refused: 0, returned: row.read("returned")? })
}

/// The counts of each day that has a row, from `first` to `last`, both included.
pub(crate) async fn days(
    client: &impl GenericClient,
    subscription: SubscriptionRowId,
    first: Date,
    last: Date,
) -> Result<HashMap<Date, Counts>, Failure> {
    let sql = "SELECT day, used, refused, returned FROM usage_days WHERE subscription = $1 AND day >= $2 AND day <= $3";
    let rows = client.query(sql, &[&subscription.0, &first, &last]).await?;
    let read = |row: &tokio_postgres::Row| {
        let counts = Counts { used: row.read("used")?, refused: row.read("refused")?, returned: row.read("returned")? };
        Ok((row.plain("day")?, counts))
    };
    rows.iter().map(read).collect()
}

/// Adds charges and returns to days of subscriptions that are locked. In the order of the rows, which is that of the
/// subscriptions and days, so that two transactions never wait for each other.
pub(crate) const ADD: &str = "INSERT INTO usage_days AS there (subscription, day, used, refused, returned)
    SELECT subscription, day, used, 0, returned
    FROM unnest($1::bigint[], $2::date[], $3::bigint[], $4::bigint[]) AS more (subscription, day, used, returned)
    ON CONFLICT (subscription, day) DO UPDATE SET
        used = there.used + excluded.used, returned = there.returned + excluded.returned";

/// Adds refusals to days, in the same order; those of subscriptions that went meanwhile go too.
pub(crate) const ADD_REFUSALS: &str = "INSERT INTO usage_days AS there (subscription, day, used, refused, returned)
    SELECT subscription, day, 0, refused, 0
    FROM unnest($1::bigint[], $2::date[], $3::bigint[]) AS more (subscription, day, refused)
    WHERE EXISTS (SELECT 1 FROM subscriptions WHERE id = more.subscription)
    ORDER BY subscription, day
    ON CONFLICT (subscription, day) DO UPDATE SET refused = there.refused + excluded.refused";
