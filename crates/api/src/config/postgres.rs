//! `[postgres]`: one Postgres for any number of replicas.

use std::path::PathBuf;

use serde::Deserialize;
use validator::Validate;

use super::{ConfigError, Seconds, Secret};

/// Most connections of one process: Postgres itself allows 100 unless told otherwise.
const POOL_MAX: usize = 1_000;

/// `[postgres]`
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct PostgresConfig {
    /// Connection URL, with user and password; left out, `DATABASE_URL` of the environment.
    pub url: Option<Secret>,
    /// A file that holds the URL.
    pub url_file: Option<PathBuf>,
    /// Authorities that may have signed the server's certificate, as PEM; left out, those that browsers trust.
    pub ca_file: Option<PathBuf>,
    /// The schema of the tables.
    pub schema: String,
    /// Most connections of this process.
    #[validate(range(min = 3, max = POOL_MAX, message = "must be from 3 to 1000"))]
    pub pool_size: usize,
    /// Bound on a connection, a statement and a commit.
    #[serde(rename = "timeout_seconds")]
    pub timeout: Seconds,
}

impl Default for PostgresConfig {
    fn default() -> Self {
        Self {
            url: None,
            url_file: None,
            ca_file: None,
            schema: "tollgate".to_owned(),
            pool_size: 8,
            timeout: Seconds::of(5),
        }
    }
}

impl PostgresConfig {
    /// Whether all that this backend needs is there: the URL, and the keys that all replicas share.
    pub(super) fn check(&self, session_key: Option<&Secret>, owner_key: Option<&Secret>) -> Result<(), ConfigError> {
        self.check_url()?;
        let missing = |place: &str| {
            let detail = "must be set with backend = \"postgres\", and the same on every replica; make one with \
                          `openssl rand -hex 32` and give it by environment or file"
                .to_owned();
            Err(ConfigError { place: place.to_owned(), detail })
        };
        match (session_key, owner_key) {
            (None, _) => missing("server.session_key"),
            (_, None) => missing("server.owner_key"),
            (Some(_), Some(_)) => Ok(()),
        }
    }

    /// Whether it is known where Postgres is.
    pub(super) fn check_url(&self) -> Result<(), ConfigError> {
        if self.url.is_some() {
            return Ok(());
        }
        let detail = "must be set with backend = \"postgres\": postgres://user:password@host:5432/database; or set \
                      DATABASE_URL"
            .to_owned();
        Err(ConfigError { place: "postgres.url".to_owned(), detail })
    }
}
