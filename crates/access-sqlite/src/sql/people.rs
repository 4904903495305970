//! People as operators see them, and what operators do to them.

use access::{AdministrationError, Doing, PeopleQuery};
use api_types::{AccountId, AuditedAction, Email, Person, PersonChange, Standing};
use rusqlite::{Connection, Row, named_params, params};

use super::{
    accounts, audit,
    columns::Columns,
    error::Unchanged,
    keys, operators, remote_keys,
    statements::{first, has, list, run},
};

const SELECT: &str = "SELECT accounts.*,
        (SELECT count(*) FROM keys WHERE keys.account = accounts.id)
        + (SELECT count(*) FROM remote_keys WHERE remote_keys.account = accounts.id) AS key_count
    FROM accounts";

fn read(row: &Row<'_>) -> rusqlite::Result<Person> {
    Ok(Person {
        id: row.read("id")?,
        email: row.read("email")?,
        standing: accounts::standing(row)?,
        operator: row.get("operator")?,
        created_at: row.read("created_at")?,
        keys: row.read("key_count")?,
    })
}

/// Those that are asked for, newest first.
pub(crate) fn listed(conn: &Connection, query: &PeopleQuery) -> rusqlite::Result<Vec<Person>> {
    let sql = format!(
        "{SELECT} WHERE instr(email, :search) > 0
           AND (:standing IS NULL OR :standing = CASE WHEN blocked THEN 'blocked' WHEN waiting THEN 'waiting' ELSE 'active' END)
           AND (operator OR NOT :operators)
           AND (:after_time IS NULL OR (created_at, id) < (:after_time, :after_id))
         ORDER BY created_at DESC, id DESC LIMIT :limit"
    );
    let (after_time, after_id) = query.after.map(|(at, id)| (at.as_millisecond(), id.to_string())).unzip();
    let values = named_params! {
        ":search": query.search, ":standing": query.standing.map(Standing::as_str), ":operators": query.operators,
        ":after_time": after_time, ":after_id": after_id, ":limit": query.limit,
    };
    list(conn, &sql, values, read)
}

/// One of them.
pub(crate) fn find(conn: &Connection, account: AccountId) -> rusqlite::Result<Option<Person>> {
    first(conn, &format!("{SELECT} WHERE id = ?1"), [account.to_string()], read)
}

/// The one of an address.
pub(crate) fn by_email(conn: &Connection, email: &Email) -> rusqlite::Result<Option<Person>> {
    first(conn, &format!("{SELECT} WHERE email = ?1"), [email.as_str()], read)
}

/// Who is blocked.
pub(crate) fn blocked(conn: &Connection) -> rusqlite::Result<Vec<AccountId>> {
    list(conn, "SELECT id FROM accounts WHERE blocked", [], |row| row.read("id"))
}

/// Changes somebody, with an entry in the audit for each thing that is otherwise now.
pub(crate) fn change(
    conn: &Connection,
    account: AccountId,
    change: &PersonChange,
    doing: &Doing,
) -> Result<Person, Unchanged<AdministrationError>> {
    operators::require(conn, doing, None)?;
    let before = found(conn, account)?;
    let ends_operator = change.blocked == Some(true) || change.operator == Some(false);
    if ends_operator {
        keep_an_operator(conn, &before, doing)?;
    }
    let id = account.to_string();
    let is_changed = |column: &str, to: bool| {
        let sql = format!("UPDATE accounts SET {column} = ?2 WHERE id = ?1 AND {column} <> ?2");
        run(conn, &sql, params![id, to]).map(|rows| rows > 0)
    };
    let approved = change.approved.is_some_and(|approved| approved) && is_changed("waiting", false)?;
    let blocked = change.blocked.map_or(Ok(false), |blocked| is_changed("blocked", blocked))?;
    let operator = change.operator.map_or(Ok(false), |operator| is_changed("operator", operator))?;
    if blocked && change.blocked == Some(true) {
        accounts::end_sessions(conn, account)?;
    }
    let after = found(conn, account)?;
    let standings = (Some(before.standing.as_str()), Some(after.standing.as_str()));
    let entries = [
        (approved, AuditedAction::Approved, standings),
        (blocked && change.blocked == Some(true), AuditedAction::Blocked, standings),
        (blocked && change.blocked == Some(false), AuditedAction::Unblocked, standings),
        (operator && after.operator, AuditedAction::OperatorAdded, (None, None)),
        (operator && !after.operator, AuditedAction::OperatorRemoved, (None, None)),
    ];
    for (_, action, change) in entries.into_iter().filter(|(is_done, ..)| *is_done) {
        audit::note(conn, doing, action, account, change)?;
    }
    Ok(after)
}

/// Deletes somebody with all that is theirs.
pub(crate) fn delete(
    conn: &Connection,
    account: AccountId,
    doing: &Doing,
) -> Result<(), Unchanged<AdministrationError>> {
    // Who deletes themselves was blocked in the step before.
    operators::require(conn, doing, Some(account))?;
    let person = found(conn, account)?;
    keep_an_operator(conn, &person, doing)?;
    keys::delete_all_of(conn, account)?;
    remote_keys::end_all_of(conn, account)?;
    accounts::delete(conn, account)?;
    audit::note(conn, doing, AuditedAction::Deleted, account, (Some(person.standing.as_str()), None))?;
    Ok(())
}

fn found(conn: &Connection, account: AccountId) -> Result<Person, Unchanged<AdministrationError>> {
    find(conn, account)?.ok_or(Unchanged::Answer(AdministrationError::NotFound))
}

/// Refuses an operator who would leave none that can sign in.
fn keep_an_operator(conn: &Connection, ending: &Person, doing: &Doing) -> Result<(), Unchanged<AdministrationError>> {
    if doing.actor.is_none() || !ending.operator || ending.standing == Standing::Blocked {
        return Ok(());
    }
    let others = "SELECT 1 FROM accounts WHERE operator AND NOT blocked AND id <> ?1";
    match has(conn, others, [ending.id.to_string()])? {
        true => Ok(()),
        false => Err(Unchanged::Answer(AdministrationError::LastOperator)),
    }
}
