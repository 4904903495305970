//! How Postgres is reached, and whose clock counts.

use std::{fmt, time::Duration};

/// How Postgres is reached.
#[derive(Clone)]
pub struct Options {
    /// A connection URL, which may hold a password: `postgres://user:password@host:5432/database?sslmode=…`. `sslmode` is
    /// `disable`, `require` or `verify-full`; left out, connections to other machines are encrypted and the server's
    /// certificate is checked, as `verify-full` says.
    pub url: String,
    /// PEM text of the authorities that may have signed the server's certificate; `None`: those that browsers trust.
    pub authorities: Option<String>,
    /// The schema that the tables live in.
    pub schema: String,
    /// Most connections of this process.
    pub pool_size: usize,
    /// Longest that a connection, a statement or a batch may take before it is given up.
    pub patience: Duration,
    /// Whose clock tells the period.
    pub clock: Clock,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("schema", &self.schema)
            .field("pool_size", &self.pool_size)
            .finish_non_exhaustive()
    }
}

/// Whose clock tells the period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Clock {
    /// Postgres's, which all replicas share: their own may differ.
    #[default]
    Database,
    /// The caller's, as told with each call: for laws that play on a day of their own.
    Caller,
}
