//! Whether whoever does something still is an operator: looked at in the step that does it.

use access::{AdministrationError, Doing};
use api_types::AccountId;
use rusqlite::{Connection, params};

use super::{error::Unchanged, statements::has};

/// Refuses whoever was an operator when they asked and isn't one now, but for what they may do even blocked to this account.
pub(super) fn require(
    conn: &Connection,
    doing: &Doing,
    even_blocked: Option<AccountId>,
) -> Result<(), Unchanged<AdministrationError>> {
    let Some(actor) = doing.actor else { return Ok(()) };
    let sql = "SELECT 1 FROM accounts WHERE id = ?1 AND operator AND (?2 OR NOT blocked)";
    match has(conn, sql, params![actor.to_string(), even_blocked == Some(actor)])? {
        true => Ok(()),
        false => Err(Unchanged::Answer(AdministrationError::NotAnOperator)),
    }
}
