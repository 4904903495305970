//! The audit: written along with what it tells, and only ever added to.

use access::Doing;
use api_types::{AccountId, AuditEntry, AuditedAction};
use rusqlite::{Connection, Row, named_params, params};

use super::{
    columns::Columns,
    statements::{list, run},
};

/// Notes what is being done, and what it was before and is since.
pub(super) fn note(
    conn: &Connection,
    doing: &Doing,
    action: AuditedAction,
    subject: impl Into<Option<AccountId>>,
    (before, after): (Option<&str>, Option<&str>),
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO audit (at, actor, action, subject, before, after, note, request)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let values = params![
        doing.now.as_millisecond(),
        doing.actor.map(|actor| actor.to_string()),
        action.as_str(),
        subject.into().map(|subject| subject.to_string()),
        before,
        after,
        doing.note.as_ref().map(|note| note.as_str()),
        doing.request.to_string(),
    ];
    run(conn, sql, values).map(drop)
}

/// Entries, newest first.
pub(crate) fn listed(
    conn: &Connection,
    before: Option<u64>,
    subject: Option<AccountId>,
    limit: u32,
) -> rusqlite::Result<Vec<AuditEntry>> {
    let sql = "SELECT audit.*, actors.email AS actor_email, subjects.email AS subject_email
               FROM audit LEFT JOIN accounts AS actors ON actors.id = audit.actor
                          LEFT JOIN accounts AS subjects ON subjects.id = audit.subject
               WHERE (:before IS NULL OR audit.id < :before) AND (:subject IS NULL OR audit.subject = :subject)
               ORDER BY audit.id DESC LIMIT :limit";
    let before = before.map(|before| i64::try_from(before).unwrap_or(i64::MAX));
    let values = named_params! {
        ":before": before, ":subject": subject.map(|subject| subject.to_string()), ":limit": limit,
    };
    list(conn, sql, values, read)
}

/// An entry's columns, of whatever statement has them.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    Ok(AuditEntry {
        id: row.read("id")?,
        at: row.read("at")?,
        actor: row.read("actor")?,
        actor_email: row.read("actor_email")?,
        action: row.read("action")?,
        subject: row.read("subject")?,
        subject_email: row.read("subject_email")?,
        before: row.get("before")?,
        after: row.get("after")?,
        note: row.read("note")?,
        request_id: row.read("request")?,
    })
}
