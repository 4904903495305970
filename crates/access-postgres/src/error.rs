//! What goes wrong in Postgres, in words for the log, and changes that leave nothing behind.

use access::StoreError;
use deadpool_postgres::PoolError;
use tokio_postgres::error::{Severity, SqlState};

/// Why a change leaves nothing behind.
#[derive(Debug)]
pub(crate) enum Unchanged<E> {
    /// By the rules, which is the answer.
    Answer(E),
    /// Postgres could not.
    Failed(Failure),
}

/// What Postgres, or the way to it, said.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// It answered with an error, or the connection broke.
    #[error("{}", told(.0))]
    Postgres(#[from] tokio_postgres::Error),
    /// No connection could be had.
    #[error("{}", no_connection(.0))]
    Pool(#[from] PoolError),
    /// It took longer than `postgres.timeout_seconds`.
    #[error("Postgres did not answer in time")]
    TooSlow,
    /// What became of it couldn't be found out before the process ended.
    #[error("the store was closed before it was known whether it was written")]
    Unknown,
    /// A column holds what this program never wrote.
    #[error("the column {0} can't be read")]
    Unreadable(&'static str),
}

/// The server's message and code. Never its detail, which repeats values of rows.
fn told(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(said) => format!("{} (SQLSTATE {})", said.message(), said.code().code()),
        None => chain(error),
    }
}

fn no_connection(error: &PoolError) -> String {
    match error {
        PoolError::Backend(error) => format!("can't connect: {}", told(error)),
        PoolError::Timeout(_) => "no connection to Postgres came free in time".to_owned(),
        PoolError::Closed => "the store is closed".to_owned(),
        other => chain(other),
    }
}

/// An error with its causes: the driver's own words name neither host nor reason.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

impl Failure {
    /// As the traits tell it.
    pub(crate) fn store_error(self, doing: &'static str) -> StoreError {
        StoreError::new(doing, self)
    }

    /// Whether Postgres refused, so that nothing was written. An ended session or a broken connection tells nothing.
    pub(crate) fn is_a_refusal(&self) -> bool {
        let Self::Postgres(error) = self else { return false };
        error.as_db_error().is_some_and(|said| said.parsed_severity() == Some(Severity::Error))
    }

    /// Whether another try of a transaction of which nothing was written may go well: it was undone for the sake of
    /// another one, or its connection had died.
    pub(crate) fn may_pass(&self) -> bool {
        let Self::Postgres(error) = self else { return false };
        error.is_closed()
            || error.code().is_none_or(|code| {
                *code == SqlState::T_R_DEADLOCK_DETECTED
                    || *code == SqlState::T_R_SERIALIZATION_FAILURE
                    || *code == SqlState::ADMIN_SHUTDOWN
                    || *code == SqlState::CRASH_SHUTDOWN
                    || *code == SqlState::DIVISION_BY_ZERO
                    || *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
                    // A column was added since a statement was prepared.
                    || *code == SqlState::FEATURE_NOT_SUPPORTED
            })
    }
}

impl<E> From<Failure> for Unchanged<E> {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl<E> From<tokio_postgres::Error> for Unchanged<E> {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl<E: From<StoreError>> Unchanged<E> {
    /// As it is told to whoever asked.
    pub(crate) fn told(self, doing: &'static str) -> E {
        match self {
            Self::Answer(answer) => answer,
            Self::Failed(failure) => failure.store_error(doing).into(),
        }
    }
}
