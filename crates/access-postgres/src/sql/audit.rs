//! The audit: written along with what it tells, and only ever added to.

use access::Doing;
use api_types::{AccountId, AuditEntry, AuditNote, AuditedAction};
use tokio_postgres::{GenericClient, Row};

use super::columns::Columns;
use crate::error::Failure;

/// Notes what is being done, and what it was before and is since.
pub(super) async fn note(
    client: &impl GenericClient,
    doing: &Doing,
    action: AuditedAction,
    subject: impl Into<Option<AccountId>>,
    (before, after): (Option<&str>, Option<&str>),
) -> Result<(), Failure> {
    let sql = "INSERT INTO audit (at, actor, action, subject, before, after, note, request)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let (actor, note) = (doing.actor.map(|actor| actor.to_string()), doing.note.as_ref().map(AuditNote::as_str));
    let (subject, request) = (subject.into().map(|subject| subject.to_string()), doing.request.to_string());
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 8] =
        [&doing.now, &actor, &action.as_str(), &subject, &before, &after, &note, &request];
    client.execute(sql, &values).await?;
    Ok(())
}

/// Entries, newest first.
pub(crate) async fn listed(
    client: &impl GenericClient,
    before: Option<u64>,
    subject: Option<AccountId>,
    limit: u32,
) -> Result<Vec<AuditEntry>, Failure> {
    let sql = "SELECT audit.*, actors.email AS actor_email, subjects.email AS subject_email
               FROM audit LEFT JOIN accounts AS actors ON actors.id = audit.actor
                          LEFT JOIN accounts AS subjects ON subjects.id = audit.subject
               WHERE ($1::bigint IS NULL OR audit.id < $1) AND ($2::text IS NULL OR audit.subject = $2)
               ORDER BY audit.id DESC LIMIT $3";
    let before = before.map(|before| i64::try_from(before).unwrap_or(i64::MAX));
    let subject = subject.map(|subject| subject.to_string());
    client.query(sql, &[&before, &subject, &i64::from(limit)]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<AuditEntry, Failure> {
    Ok(AuditEntry {
        id: row.read("id")?,
        at: row.plain("at")?,
        actor: row.maybe("actor")?,
        actor_email: row.maybe("actor_email")?,
        action: row.read("action")?,
        subject: row.maybe("subject")?,
        subject_email: row.maybe("subject_email")?,
        before: row.plain("before")?,
        after: row.plain("after")?,
        note: row.maybe("note")?,
        request_id: row.read("request")?,
    })
}
