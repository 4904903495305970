//! A batch's transaction: two journeys to Postgres where all goes as usual. The first locks the subscriptions and reads
//! what decides; the second writes and commits.

use std::{collections::HashMap, time::Duration};

use access::{Counts, KeyValues};
use api_types::{AccountId, Date, KeyId, Timestamp};
use deadpool_postgres::ClientWrapper;
use tokio::time::timeout;
use tokio_postgres::{Row, types::ToSql};

use super::{
    decision::{Deciding, Key},
    lease::Lease,
};
use crate::{
    error::Failure,
    sql::{
        columns::{Columns, SubscriptionRowId, from_count},
        counts,
        subscriptions::{self, Subscription},
    },
};

/// Read after the locks are had, in a snapshot of its own: a key that was revoked before is seen as revoked.
const KEYS: &str = "SELECT keys.id, account, subscription, digest, earlier_digests, earlier_until,
        enabled AND NOT accounts.blocked AS enabled, keys.created_at
    FROM keys JOIN accounts ON accounts.id = keys.account WHERE keys.id = ANY($1::text[])";

/// The clock that all replicas share, and whether plans are as they were.
const NOW: &str = "SELECT clock_timestamp() AS now, (SELECT version FROM plans_version) AS version";

/// Sums of periods that no row has beside it.
const SUMS: &str = "SELECT asked.place - 1 AS place, sums.used, sums.returned
    FROM unnest($1::bigint[], $2::date[], $3::date[]) WITH ORDINALITY AS asked (subscription, first, after, place)
    CROSS JOIN LATERAL
        (SELECT coalesce(sum(used), 0)::bigint AS used, coalesce(sum(returned), 0)::bigint AS returned FROM usage_days
         WHERE usage_days.subscription = asked.subscription AND day >= asked.first AND day < asked.after) AS sums";

/// Writes rows that are locked.
const WRITE: &str = "UPDATE subscriptions SET period_start = now.period_start, period_end = now.period_end,
        used = now.used, returned = now.returned, full_at = now.full_at, used_at = now.used_at
    FROM unnest($1::bigint[], $2::date[], $3::date[], $4::bigint[], $5::bigint[], $6::bigint[], $7::timestamptz[])
        AS now (id, period_start, period_end, used, returned, full_at, used_at)
    WHERE subscriptions.id = now.id";

/// Notes that the lane's batch is written: an error, and nothing of it, where it was found out meanwhile that it isn't.
const NOTE: &str = "WITH noted AS
        (UPDATE lanes SET batch = $2, used_at = now() WHERE id = $1 AND fence < $2 RETURNING 1)
    SELECT 1 / (SELECT count(*) FROM noted)";

/// What every batch runs: for tests that look at how Postgres plans it.
pub const HOT_STATEMENTS: &[&str] =
    &[subscriptions::HOLD, subscriptions::HOLD_FREE, KEYS, NOW, SUMS, WRITE, counts::ADD, NOTE];

/// What a statement is given.
type Value<'a> = &'a (dyn ToSql + Sync);

/// What decides a batch.
pub(super) struct Read {
    pub(super) now: Timestamp,
    pub(super) plans_version: i64,
    pub(super) held: Vec<Subscription>,
    pub(super) keys: HashMap<KeyId, Key>,
}

/// Begins a transaction, locks these subscriptions and reads. In a hot batch it waits for rows that others hold; in
/// another they are left out.
pub(super) async fn begin(
    client: &ClientWrapper,
    ids: &[SubscriptionRowId],
    keys: &[KeyId],
    is_hot: bool,
) -> Result<Read, Failure> {
    let hold = client.prepare_cached(if is_hot { subscriptions::HOLD } else { subscriptions::HOLD_FREE }).await?;
    let (find_keys, look) = (client.prepare_cached(KEYS).await?, client.prepare_cached(NOW).await?);
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
    // Sent one behind the other, without waiting for answers.
    let (ids, keys): ([Value<'_>; 1], [Value<'_>; 1]) = ([&ids], [&keys]);
    let (begun, held, keys, now) = tokio::join!(
        biased;
        client.batch_execute("BEGIN"),
        client.query(&hold, &ids),
        client.query(&find_keys, &keys),
        client.query_one(&look, &[]),
    );
    begun?;
    let held = subscriptions::held(&held?)?;
    let keys = keys?.iter().map(key).collect::<Result<_, _>>()?;
    let now = now?;
    Ok(Read { now: now.plain("now")?, plans_version: now.plain("version")?, held, keys })
}

fn key(row: &Row) -> Result<(KeyId, Key), Failure> {
    let digests: Vec<&[u8]> = row.plain("earlier_digests")?;
    let digests = digests.into_iter().map(|bytes| bytes.try_into().map(access::KeyDigest::from_bytes));
    let digests: Vec<_> = digests.collect::<Result<_, _>>().map_err(|_| Failure::Unreadable("earlier_digests"))?;
    let ends: Vec<Timestamp> = row.plain("earlier_until")?;
    let values = KeyValues {
        digest: row.read("digest")?,
        earlier: digests.into_iter().zip(ends).collect(),
        enabled: row.plain("enabled")?,
    };
    let (account, subscription): (AccountId, _) = (row.read("account")?, row.read("subscription")?);
    Ok((row.read("id")?, Key { values, account, subscription, created_at: row.plain("created_at")? }))
}

/// A key of [`KEYS`] alone, without a transaction: for who only asks about it.
pub(crate) async fn find_key(client: &ClientWrapper, id: KeyId) -> Result<Option<Key>, Failure> {
    let find = client.prepare_cached(KEYS).await?;
    let found = client.query_opt(&find, &[&vec![id.to_string()]]).await?;
    Ok(found.as_ref().map(key).transpose()?.map(|(_, key)| key))
}

/// Sums of periods, in their order.
pub(super) async fn sums(
    client: &ClientWrapper,
    periods: &[(SubscriptionRowId, Date, Date)],
) -> Result<Vec<Counts>, Failure> {
    let mut sums = vec![Counts::default(); periods.len()];
    if periods.is_empty() {
        return Ok(sums);
    }
    let statement = client.prepare_cached(SUMS).await?;
    let ids: Vec<i64> = periods.iter().map(|(id, ..)| id.0).collect();
    let first: Vec<Date> = periods.iter().map(|(_, first, _)| *first).collect();
    let after: Vec<Date> = periods.iter().map(|(.., after)| *after).collect();
    for row in client.query(&statement, &[&ids, &first, &after]).await? {
        let place = usize::try_from(row.plain::<i64>("place")?).unwrap_or(usize::MAX);
        if let Some(sum) = sums.get_mut(place) {
            *sum = Counts { used: row.read("used")?, refused: 0, returned: row.read("returned")? };
        }
    }
    Ok(sums)
}

/// What became of a commit.
#[derive(Debug)]
pub(super) enum Commit {
    /// It is written.
    Written,
    /// Nothing of it is written.
    Undone(Failure),
    /// The reply was lost: it may be either.
    Lost(Failure),
}

/// Writes what was decided, notes the batch's number as the lane's, and commits.
pub(super) async fn commit(client: &ClientWrapper, lane: &[u8], number: i64, changed: &[&Deciding<'_>]) -> Commit {
    match prepare(client).await {
        Ok((write, add, note)) => {
            let rows = Rows::of(changed);
            let (subscriptions, days): ([Value<'_>; 7], [Value<'_>; 4]) = (rows.values(), rows.days.values());
            let batch: [Value<'_>; 2] = [&lane, &number];
            let (written, added, noted, committed) = tokio::join!(
                biased;
                client.execute(&write, &subscriptions),
                client.execute(&add, &days),
                client.query_one(&note, &batch),
                client.batch_execute("COMMIT"),
            );
            became_of(written.map(drop).and(added.map(drop)).and(noted.map(drop)), committed)
        }
        // Nothing was sent that could commit.
        Err(failure) => Commit::Undone(failure),
    }
}

/// A statement that Postgres refused undoes the whole. Every other failure, an ended session too, tells nothing.
fn became_of(statements: Result<(), tokio_postgres::Error>, commit: Result<(), tokio_postgres::Error>) -> Commit {
    match (statements, commit) {
        (Ok(()), Ok(())) => Commit::Written,
        (Err(error), _) => match Failure::from(error) {
            refusal if refusal.is_a_refusal() => Commit::Undone(refusal),
            failure => Commit::Lost(failure),
        },
        (_, Err(error)) => Commit::Lost(error.into()),
    }
}

type Statements = (tokio_postgres::Statement, tokio_postgres::Statement, tokio_postgres::Statement);

async fn prepare(client: &ClientWrapper) -> Result<Statements, Failure> {
    let write = client.prepare_cached(WRITE).await?;
    let add = client.prepare_cached(counts::ADD).await?;
    Ok((write, add, client.prepare_cached(NOTE).await?))
}

/// Ends a transaction that wrote nothing. A connection on which that fails isn't used again.
pub(super) async fn end(client: Lease, patience: Duration) {
    if let Ok(Ok(())) = timeout(patience, client.batch_execute("COMMIT")).await {
        client.give_back();
    }
}

/// The rows to write, column by column.
#[derive(Default)]
struct Rows {
    ids: Vec<i64>,
    starts: Vec<Option<Date>>,
    ends: Vec<Option<Date>>,
    used: Vec<i64>,
    returned: Vec<i64>,
    full_at: Vec<Option<i64>>,
    used_at: Vec<Option<Timestamp>>,
    days: DayRows,
}

/// The days to add to, column by column.
#[derive(Default)]
struct DayRows {
    ids: Vec<i64>,
    days: Vec<Date>,
    used: Vec<i64>,
    returned: Vec<i64>,
}

impl DayRows {
    fn values(&self) -> [Value<'_>; 4] {
        [&self.ids, &self.days, &self.used, &self.returned]
    }
}

impl Rows {
    fn values(&self) -> [Value<'_>; 7] {
        [&self.ids, &self.starts, &self.ends, &self.used, &self.returned, &self.full_at, &self.used_at]
    }

    fn of(changed: &[&Deciding<'_>]) -> Self {
        let mut rows = Self::default();
        for deciding in changed {
            let Subscription { id, period, sums, full_at, used_at, .. } = deciding.row_to_write();
            let (start, end) = period.unzip();
            rows.ids.push(id.0);
            rows.starts.push(start);
            rows.ends.push(end);
            rows.used.push(from_count(sums.used));
            rows.returned.push(from_count(sums.returned));
            rows.full_at.push(full_at);
            rows.used_at.push(used_at);
            for (day, more) in &deciding.days {
                rows.days.ids.push(id.0);
                rows.days.days.push(*day);
                rows.days.used.push(more.used);
                rows.days.returned.push(more.returned);
            }
        }
        rows
    }
}
