//! Rows that come from another store, many at once, into tables that were empty.

use std::pin::Pin;

use access::{
    Account, Counts, InviteToMake, RepeatableCall, StoredAccount, StoredCall, StoredDay, StoredKey, StoredPlan,
    StoredRefreshToken, StoredRows, StoredSession, StoredStateOwner, StoredSubscription, Totals,
};
use api_types::{AuditEntry, AuditNote, Email, Invite, Timestamp};
use tokio_postgres::{
    Transaction,
    binary_copy::BinaryCopyInWriter,
    types::{ToSql, Type},
};

use super::{
    columns::from_count,
    plans::{self, PlanColumns},
};
use crate::error::Failure;

const TOTALS: &str = "SELECT ARRAY[
    (SELECT count(*) FROM plans), (SELECT count(*) FROM accounts),
    (SELECT count(*) FROM accounts WHERE blocked OR waiting), (SELECT count(*) FROM accounts WHERE operator),
    (SELECT count(*) FROM sessions),
    (SELECT count(*) FROM refresh_tokens), (SELECT count(*) FROM subscriptions), (SELECT count(*) FROM keys),
    (SELECT coalesce(sum(cardinality(earlier_until)), 0) FROM keys), (SELECT count(*) FROM usage_days),
    (SELECT coalesce(sum(used), 0) FROM usage_days), (SELECT coalesce(sum(refused), 0) FROM usage_days),
    (SELECT coalesce(sum(returned), 0) FROM usage_days), (SELECT count(*) FROM state_owners),
    (SELECT count(*) FROM repeatable_calls), (SELECT count(*) FROM audit),
    (SELECT count(*) FROM invites)]::bigint[] AS totals";

/// How much there is of everything.
pub(crate) async fn totals(step: &Transaction<'_>) -> Result<Totals, Failure> {
    let unreadable = || Failure::Unreadable("totals");
    let numbers: Vec<i64> = step.query_one(TOTALS, &[]).await?.try_get("totals")?;
    let numbers = numbers.into_iter().map(u64::try_from).collect::<Result<Vec<_>, _>>().map_err(|_| unreadable())?;
    Ok(Totals::new(numbers.try_into().map_err(|_| unreadable())?))
}

/// Writes some; what they name was written before. Rows keep their numbers.
pub(crate) async fn write(step: &Transaction<'_>, rows: StoredRows) -> Result<(), Failure> {
    match rows {
        StoredRows::Plans(rows) => plans(step, &rows).await,
        StoredRows::Accounts(rows) => accounts(step, &rows).await,
        StoredRows::Sessions(rows) => sessions(step, &rows).await,
        StoredRows::RefreshTokens(rows) => refresh_tokens(step, &rows).await,
        StoredRows::Subscriptions(rows) => subscriptions(step, &rows).await,
        StoredRows::Keys(rows) => keys(step, &rows).await,
        StoredRows::UsageDays(rows) => usage_days(step, &rows).await,
        StoredRows::StateOwners(rows) => state_owners(step, &rows).await,
        StoredRows::RepeatableCalls(rows) => repeatable_calls(step, &rows).await,
        StoredRows::Audit(rows) => audit(step, &rows).await,
        StoredRows::Invites(rows) => invites(step, &rows).await,
    }
}

/// What is due once all are written: numbers go on behind those that came, and replicas are told of the plans.
pub(crate) async fn finish(step: &Transaction<'_>, owner_key: [u8; 32]) -> Result<(), Failure> {
    let sql = "SELECT setval(pg_get_serial_sequence('plans', 'id'), max(id)) FROM plans;
               SELECT setval(pg_get_serial_sequence('subscriptions', 'id'), max(id)) FROM subscriptions;
               SELECT setval(pg_get_serial_sequence('audit', 'id'), max(id)) FROM audit;
               UPDATE plans_version SET version = version + 1;
               ANALYZE plans; ANALYZE accounts; ANALYZE subscriptions; ANALYZE keys; ANALYZE usage_days";
    step.batch_execute(sql).await?;
    let sql = "INSERT INTO shared_keys (name, fingerprint) VALUES ('owner_key', $1)
               ON CONFLICT (name) DO UPDATE SET fingerprint = excluded.fingerprint";
    step.execute(sql, &[&owner_key.as_slice()]).await?;
    Ok(())
}

/// Rows on their way into a table.
struct Copy(Pin<Box<BinaryCopyInWriter>>);

impl Copy {
    /// Into the columns of a table, such as `sessions (id, account)`.
    async fn into(step: &Transaction<'_>, columns: &str, types: &[Type]) -> Result<Self, Failure> {
        let sink = step.copy_in(&format!("COPY {columns} FROM STDIN BINARY")).await?;
        Ok(Self(Box::pin(BinaryCopyInWriter::new(sink, types))))
    }

    async fn row(&mut self, values: &[&(dyn ToSql + Sync)]) -> Result<(), Failure> {
        Ok(self.0.as_mut().write(values).await?)
    }

    async fn end(mut self) -> Result<(), Failure> {
        self.0.as_mut().finish().await?;
        Ok(())
    }
}

async fn plans(step: &Transaction<'_>, rows: &[StoredPlan]) -> Result<(), Failure> {
    let sql = "INSERT INTO plans (id, name, description, quota_limit, quota_period, quota_offset, throttle_rate,
                                  throttle_burst, time_zone, position, offered)
               OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    for StoredPlan { number, plan, position, offered } in rows {
        let PlanColumns { name, description, limit, period, offset, rate, burst, zone } = plans::columns(plan);
        let values: [&(dyn ToSql + Sync); 11] =
            [number, &name, &description, &limit, &period, &offset, &rate, &burst, &zone, position, offered];
        step.execute(sql, &values).await?;
    }
    Ok(())
}

async fn accounts(step: &Transaction<'_>, rows: &[StoredAccount]) -> Result<(), Failure> {
    let columns = "accounts (id, email, password_hash, created_at, waiting, blocked, operator)";
    let types = [Type::TEXT, Type::TEXT, Type::TEXT, Type::TIMESTAMPTZ, Type::BOOL, Type::BOOL, Type::BOOL];
    let mut copy = Copy::into(step, columns, &types).await?;
    for StoredAccount { account, waiting, blocked } in rows {
        let Account { id, email, password_hash, created_at, is_operator, standing: _ } = account;
        let (id, email, hash) = (id.to_string(), email.as_str(), password_hash.as_phc());
        copy.row(&[&id, &email, &hash, created_at, waiting, blocked, is_operator]).await?;
    }
    copy.end().await
}

async fn invites(step: &Transaction<'_>, rows: &[InviteToMake]) -> Result<(), Failure> {
    let types = [Type::TEXT, Type::BYTEA, Type::TEXT, Type::TEXT, Type::TIMESTAMPTZ, Type::TIMESTAMPTZ];
    let mut copy = Copy::into(step, "invites (id, digest, email, domain, created_at, expires_at)", &types).await?;
    for InviteToMake { invite, digest } in rows {
        let Invite { id, email, domain, created_at, expires_at } = invite;
        let email = email.as_ref().map(Email::as_str);
        copy.row(&[&id.to_string(), &digest.as_bytes().as_slice(), &email, domain, created_at, expires_at]).await?;
    }
    copy.end().await
}

async fn audit(step: &Transaction<'_>, rows: &[AuditEntry]) -> Result<(), Failure> {
    let columns = "audit (id, at, actor, action, subject, before, after, note, request)";
    let types = [
        Type::INT8,
        Type::TIMESTAMPTZ,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
    ];
    let mut copy = Copy::into(step, columns, &types).await?;
    for entry in rows {
        let (id, actor) = (from_count(entry.id), entry.actor.map(|actor| actor.to_string()));
        let (action, subject) = (entry.action.as_str(), entry.subject.map(|subject| subject.to_string()));
        let (note, request) = (entry.note.as_ref().map(AuditNote::as_str), entry.request_id.to_string());
        let values: [&(dyn ToSql + Sync); 9] =
            [&id, &entry.at, &actor, &action, &subject, &entry.before, &entry.after, &note, &request];
        copy.row(&values).await?;
    }
    copy.end().await
}

async fn sessions(step: &Transaction<'_>, rows: &[StoredSession]) -> Result<(), Failure> {
    let types = [Type::TEXT, Type::TEXT, Type::TEXT, Type::TIMESTAMPTZ, Type::TIMESTAMPTZ, Type::TIMESTAMPTZ];
    let columns = "sessions (id, account, client, created_at, last_used_at, expires_at)";
    let mut copy = Copy::into(step, columns, &types).await?;
    for StoredSession { id, account, client, created_at, last_used_at, expires_at } in rows {
        let (id, account) = (id.to_string(), account.to_string());
        copy.row(&[&id, &account, &client.as_str(), created_at, last_used_at, expires_at]).await?;
    }
    copy.end().await
}

async fn refresh_tokens(step: &Transaction<'_>, rows: &[StoredRefreshToken]) -> Result<(), Failure> {
    let types = [Type::BYTEA, Type::TEXT, Type::TIMESTAMPTZ];
    let mut copy = Copy::into(step, "refresh_tokens (digest, session, rotated_at)", &types).await?;
    for StoredRefreshToken { digest, session, rotated_at } in rows {
        copy.row(&[&digest.as_bytes().as_slice(), &session.to_string(), rotated_at]).await?;
    }
    copy.end().await
}

async fn subscriptions(step: &Transaction<'_>, rows: &[StoredSubscription]) -> Result<(), Failure> {
    let types = [Type::INT8, Type::TEXT, Type::BYTEA, Type::INT8, Type::DATE, Type::TIMESTAMPTZ];
    let columns = "subscriptions (id, public_id, owner, plan, subscribed_on, used_at)";
    let mut copy = Copy::into(step, columns, &types).await?;
    for StoredSubscription { number, id, owner, plan, subscribed_on, used_at } in rows {
        copy.row(&[number, &id.to_string(), &owner.0.as_slice(), plan, subscribed_on, used_at]).await?;
    }
    copy.end().await
}

async fn keys(step: &Transaction<'_>, rows: &[StoredKey]) -> Result<(), Failure> {
    let columns = "keys (id, account, subscription, digest, earlier_digests, earlier_until, enabled, label, created_at,
                         rotated_at)";
    let types = [
        Type::TEXT,
        Type::TEXT,
        Type::INT8,
        Type::BYTEA,
        Type::BYTEA_ARRAY,
        Type::TIMESTAMPTZ_ARRAY,
        Type::BOOL,
        Type::TEXT,
        Type::TIMESTAMPTZ,
        Type::TIMESTAMPTZ,
    ];
    let mut copy = Copy::into(step, columns, &types).await?;
    for StoredKey { id, account, subscription, digest, earlier, enabled, label, created_at, rotated_at } in rows {
        let (digests, ends): (Vec<&[u8]>, Vec<Timestamp>) =
            earlier.iter().map(|(old, until)| (old.as_bytes().as_slice(), *until)).unzip();
        let (id, account, label) = (id.to_string(), account.to_string(), label.as_str());
        let digest = digest.as_bytes().as_slice();
        let values: [&(dyn ToSql + Sync); 10] =
            [&id, &account, subscription, &digest, &digests, &ends, enabled, &label, created_at, rotated_at];
        copy.row(&values).await?;
    }
    copy.end().await
}

async fn usage_days(step: &Transaction<'_>, rows: &[StoredDay]) -> Result<(), Failure> {
    let types = [Type::INT8, Type::DATE, Type::INT8, Type::INT8, Type::INT8];
    let mut copy = Copy::into(step, "usage_days (subscription, day, used, refused, returned)", &types).await?;
    for StoredDay { subscription, day, counts: Counts { used, refused, returned } } in rows {
        let [used, refused, returned] = [*used, *refused, *returned].map(from_count);
        copy.row(&[subscription, day, &used, &refused, &returned]).await?;
    }
    copy.end().await
}

async fn state_owners(step: &Transaction<'_>, rows: &[StoredStateOwner]) -> Result<(), Failure> {
    let types = [Type::BYTEA, Type::TEXT, Type::TIMESTAMPTZ];
    let mut copy = Copy::into(step, "state_owners (id, account, named_at)", &types).await?;
    for StoredStateOwner { id, account, named_at } in rows {
        copy.row(&[&id.as_bytes().as_slice(), &account.to_string(), named_at]).await?;
    }
    copy.end().await
}

async fn repeatable_calls(step: &Transaction<'_>, rows: &[StoredCall]) -> Result<(), Failure> {
    let types = [Type::TEXT, Type::BYTEA, Type::BYTEA, Type::TEXT, Type::TIMESTAMPTZ];
    let mut copy = Copy::into(step, "repeatable_calls (account, name, request, key, made_at)", &types).await?;
    for StoredCall { account, call: RepeatableCall { name, request }, key, made_at } in rows {
        let (account, name, request) = (account.to_string(), name.as_slice(), request.as_slice());
        copy.row(&[&account, &name, &request, &key.to_string(), made_at]).await?;
    }
    copy.end().await
}
