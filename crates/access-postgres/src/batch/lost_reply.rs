//! A commit whose reply was lost: found out, never guessed.
//!
//! Each batch writes its number into its lane's row. So after a lost reply that row tells what became of the batch; the
//! question waits for a transaction that is still under way, and raises the row's fence, so that one whose last message
//! is still on its way can't be written any more.

use deadpool_postgres::ClientWrapper;

use crate::{error::Failure, sql::columns::Columns};

const REGISTER: &str = "INSERT INTO lanes (id, batch, fence, used_at) VALUES ($1, 0, 0, now()) ON CONFLICT DO NOTHING";

const FIND_OUT: &str = "UPDATE lanes SET fence = greatest(fence, $2), used_at = now() WHERE id = $1 RETURNING batch";

/// Makes a lane's row.
pub(super) async fn register(client: &ClientWrapper, lane: &[u8]) -> Result<(), Failure> {
    client.execute(&client.prepare_cached(REGISTER).await?, &[&lane]).await?;
    Ok(())
}

/// Whether the batch of this number, the lane's last, was written; if not, it won't be. A lane that isn't there lost its
/// row along with all that it had written: a replica of Postgres took over that had not got it.
pub(super) async fn was_written(client: &ClientWrapper, lane: &[u8], number: i64) -> Result<bool, Failure> {
    let found = client.query_opt(&client.prepare_cached(FIND_OUT).await?, &[&lane, &number]).await?;
    Ok(match found {
        Some(row) => row.plain::<i64>("batch")? >= number,
        None => false,
    })
}
