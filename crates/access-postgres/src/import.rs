//! Taking everything from another store into empty tables, in one transaction.

use access::{StoreError, StoredRows, Totals};
use tokio::sync::mpsc::Receiver;
use tokio_postgres::{Client, Transaction};

use crate::{
    Options, SchemaError,
    connect::Target,
    error::Failure,
    sql::{imported_rows, migrations},
};

/// Nothing was taken over, but where it says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The tables aren't there, or not of this version.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// Somebody writes to the tables.
    #[error(
        "the tables in the schema {0} are being written: stop the replicas and other commands, then run this again"
    )]
    Busy(String),
    /// The tables hold something.
    #[error(
        "the schema {schema} isn't empty ({there}): name another one (postgres.schema) and make its tables with `tollgate \
         migrate`, before any replica has started there"
    )]
    NotEmpty {
        /// Whose tables.
        schema: String,
        /// What they hold.
        there: Totals,
    },
    /// Rows of the other store couldn't be read.
    #[error(transparent)]
    Source(StoreError),
    /// Other totals were written than were read.
    #[error("nothing was moved, since {name} don't agree: {read} read, {written} written; please report it")]
    Different {
        /// Which total.
        name: &'static str,
        /// What there was.
        read: u64,
        /// What came of it.
        written: u64,
    },
    /// Postgres refused or broke down before the end.
    #[error("nothing was moved: {0}")]
    Failed(String),
    /// Its last answer was lost.
    #[error(
        "whether everything was moved isn't known, since the connection broke at the end ({0}): run this again; if it then \
         says that the schema isn't empty, everything was"
    )]
    Unknown(String),
}

impl From<Failure> for ImportError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure.to_string())
    }
}

impl From<tokio_postgres::Error> for ImportError {
    fn from(error: tokio_postgres::Error) -> Self {
        Failure::from(error).into()
    }
}

/// Takes all rows into tables that are empty, and notes the fingerprint of the key by which owners' digests in them are
/// made. All or nothing: what is written must come to `totals`.
///
/// # Errors
/// Why nothing was taken over, and what to do.
pub async fn import(
    options: &Options,
    owner_key: [u8; 32],
    totals: Totals,
    mut rows: Receiver<Result<StoredRows, StoreError>>,
) -> Result<(), ImportError> {
    let target = Target::of(options).map_err(SchemaError::from)?;
    let mut client = target.pool(1).get().await.map_err(Failure::from)?;
    let client: &mut Client = &mut client;
    migrations::check(client, target.schema()).await?;
    let step = client.transaction().await?;
    step.batch_execute("SET LOCAL statement_timeout TO 0; SET LOCAL idle_in_transaction_session_timeout TO 0").await?;
    hold_empty_tables(&step, target.schema()).await?;
    while let Some(some) = rows.recv().await {
        imported_rows::write(&step, some.map_err(ImportError::Source)?).await?;
    }
    imported_rows::finish(&step, owner_key).await?;
    let written = imported_rows::totals(&step).await?;
    if let Some(((name, read), (_, written))) =
        totals.iter().zip(written.iter()).find(|(read, written)| read != written)
    {
        return Err(ImportError::Different { name, read, written });
    }
    step.commit().await.map_err(|error| {
        let failure = Failure::from(error);
        if failure.is_a_refusal() { failure.into() } else { ImportError::Unknown(failure.to_string()) }
    })
}

/// Nobody else may write to what everything hangs on, until the transaction ends.
async fn hold_empty_tables(step: &Transaction<'_>, schema: &str) -> Result<(), ImportError> {
    // Long enough for Postgres to notice that a command before this one was killed.
    let hold = "SET LOCAL lock_timeout TO '10s'; LOCK TABLE plans, accounts IN SHARE ROW EXCLUSIVE MODE;
                SET LOCAL lock_timeout TO 0";
    if let Err(error) = step.batch_execute(hold).await {
        let is_busy = error.code() == Some(&tokio_postgres::error::SqlState::LOCK_NOT_AVAILABLE);
        return Err(if is_busy { ImportError::Busy(schema.to_owned()) } else { error.into() });
    }
    let there = imported_rows::totals(step).await?;
    if there.are_zero() { Ok(()) } else { Err(ImportError::NotEmpty { schema: schema.to_owned(), there }) }
}
