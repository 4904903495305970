//! Whether whoever does something still is an operator: looked at in the step that does it.

use access::{AdministrationError, Doing};
use api_types::AccountId;
use tokio_postgres::GenericClient;

use crate::error::Unchanged;

/// What operators do takes turns by this lock: whoever is second sees what the first did, to themselves too. The number is
/// the letters of "operator".
const OPERATORS_TURN: i64 = 0x6f70_6572_6174_6f72;

/// Takes the turn, and refuses whoever was an operator when they asked and isn't one now, but for what they may do even
/// blocked to this account.
pub(super) async fn begin(
    client: &impl GenericClient,
    doing: &Doing,
    even_blocked: Option<AccountId>,
) -> Result<(), Unchanged<AdministrationError>> {
    client.execute("SELECT pg_advisory_xact_lock($1)", &[&OPERATORS_TURN]).await?;
    let Some(actor) = doing.actor else { return Ok(()) };
    let sql = "SELECT 1 FROM accounts WHERE id = $1 AND operator AND ($2 OR NOT blocked)";
    match client.query_opt(sql, &[&actor.to_string(), &(even_blocked == Some(actor))]).await? {
        Some(_) => Ok(()),
        None => Err(Unchanged::Answer(AdministrationError::NotAnOperator)),
    }
}
