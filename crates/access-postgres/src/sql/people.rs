//! People as operators see them, and what operators do to them. Who changes one locks the account first.

use access::{AdministrationError, Doing, PeopleQuery};
use api_types::{AccountId, AuditedAction, Email, Person, PersonChange, Standing};
use tokio_postgres::{GenericClient, Row};

use super::{accounts, audit, columns::Columns, keys, operators};
use crate::error::{Failure, Unchanged};

const SELECT: &str =
    "SELECT accounts.*, (SELECT count(*) FROM keys WHERE keys.account = accounts.id) AS key_count FROM accounts";

fn read(row: &Row) -> Result<Person, Failure> {
    Ok(Person {
        id: row.read("id")?,
        email: row.read("email")?,
        standing: accounts::standing(row)?,
        operator: row.plain("operator")?,
        created_at: row.plain("created_at")?,
        keys: row.read("key_count")?,
    })
}

/// Those that are asked for, newest first.
pub(crate) async fn listed(client: &impl GenericClient, query: &PeopleQuery) -> Result<Vec<Person>, Failure> {
    let sql = format!(
        "{SELECT} WHERE strpos(email, $1) > 0
           AND ($2::text IS NULL OR $2 = CASE WHEN blocked THEN 'blocked' WHEN waiting THEN 'waiting' ELSE 'active' END)
           AND (operator OR NOT $3)
           AND ($4::timestamptz IS NULL OR (created_at, id) < ($4, $5::text))
         ORDER BY created_at DESC, id DESC LIMIT $6"
    );
    let standing = query.standing.map(Standing::as_str);
    let (after_time, after_id) = query.after.map(|(at, id)| (at, id.to_string())).unzip();
    let limit = i64::from(query.limit);
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
        [&query.search, &standing, &query.operators, &after_time, &after_id, &limit];
    client.query(&sql, &values).await?.iter().map(read).collect()
}

/// One of them.
pub(crate) async fn find(client: &impl GenericClient, account: AccountId) -> Result<Option<Person>, Failure> {
    let found = client.query_opt(&format!("{SELECT} WHERE id = $1"), &[&account.to_string()]).await?;
    found.as_ref().map(read).transpose()
}

/// The one of an address.
pub(crate) async fn by_email(client: &impl GenericClient, email: &Email) -> Result<Option<Person>, Failure> {
    let found = client.query_opt(&format!("{SELECT} WHERE email = $1"), &[&email.as_str()]).await?;
    found.as_ref().map(read).transpose()
}

/// Changes somebody, with an entry in the audit for each thing that is otherwise now.
pub(crate) async fn change(
    client: &impl GenericClient,
    account: AccountId,
    change: &PersonChange,
    doing: &Doing,
) -> Result<Person, Unchanged<AdministrationError>> {
    operators::begin(client, doing, None).await?;
    accounts::hold(client, account).await?;
    let before = found(client, account).await?;
    if change.blocked == Some(true) || change.operator == Some(false) {
        keep_an_operator(client, &before, doing).await?;
    }
    let id = account.to_string();
    let is_changed = async |column: &str, to: bool| -> Result<bool, Failure> {
        let sql = format!("UPDATE accounts SET {column} = $2 WHERE id = $1 AND {column} <> $2");
        Ok(client.execute(&sql, &[&id, &to]).await? > 0)
    };
    let approved = change.approved == Some(true) && is_changed("waiting", false).await?;
    let blocked = match change.blocked {
        Some(blocked) => is_changed("blocked", blocked).await?,
        None => false,
    };
    let operator = match change.operator {
        Some(operator) => is_changed("operator", operator).await?,
        None => false,
    };
    if blocked && change.blocked == Some(true) {
        accounts::end_sessions(client, account).await?;
    }
    let after = found(client, account).await?;
    let standings = (Some(before.standing.as_str()), Some(after.standing.as_str()));
    let entries = [
        (approved, AuditedAction::Approved, standings),
        (blocked && change.blocked == Some(true), AuditedAction::Blocked, standings),
        (blocked && change.blocked == Some(false), AuditedAction::Unblocked, standings),
        (operator && after.operator, AuditedAction::OperatorAdded, (None, None)),
        (operator && !after.operator, AuditedAction::OperatorRemoved, (None, None)),
    ];
    for (_, action, change) in entries.into_iter().filter(|(is_done, ..)| *is_done) {
        audit::note(client, doing, action, account, change).await?;
    }
    Ok(after)
}

/// Deletes somebody with all that is theirs.
pub(crate) async fn delete(
    client: &impl GenericClient,
    account: AccountId,
    doing: &Doing,
) -> Result<(), Unchanged<AdministrationError>> {
    // Who deletes themselves was blocked in the step before.
    operators::begin(client, doing, Some(account)).await?;
    accounts::hold_for_good(client, account).await?;
    let person = found(client, account).await?;
    keep_an_operator(client, &person, doing).await?;
    keys::delete_all_of(client, account).await?;
    accounts::delete(client, account).await?;
    audit::note(client, doing, AuditedAction::Deleted, account, (Some(person.standing.as_str()), None)).await?;
    Ok(())
}

async fn found(client: &impl GenericClient, account: AccountId) -> Result<Person, Unchanged<AdministrationError>> {
    find(client, account).await?.ok_or(Unchanged::Answer(AdministrationError::NotFound))
}

/// Refuses an operator who would leave none that can sign in.
async fn keep_an_operator(
    client: &impl GenericClient,
    ending: &Person,
    doing: &Doing,
) -> Result<(), Unchanged<AdministrationError>> {
    if doing.actor.is_none() || !ending.operator || ending.standing == Standing::Blocked {
        return Ok(());
    }
    let others = "SELECT 1 FROM accounts WHERE operator AND NOT blocked AND id <> $1 LIMIT 1";
    match client.query_opt(others, &[&ending.id.to_string()]).await? {
        Some(_) => Ok(()),
        None => Err(Unchanged::Answer(AdministrationError::LastOperator)),
    }
}
