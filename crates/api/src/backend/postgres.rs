//! Opens Postgres as the backend, brings its tables up to date, and sees to it that all replicas share their keys.

use std::fs;

use access_postgres::{Clock, Options, PostgresStore};
use anyhow::Context as _;

use crate::{
    ambient,
    config::Config,
    sign_in::{OwnerKey, SessionKey},
};

/// Connects and looks at the tables; what runs beside requests runs on the current runtime.
pub(super) async fn open(config: &Config) -> anyhow::Result<PostgresStore> {
    Ok(PostgresStore::open(options(config)?, ambient::random()).await?)
}

/// Makes the tables, or brings them up to date; tells what was done.
///
/// # Errors
/// Why not, and what to do.
pub async fn migrate(config: &Config) -> anyhow::Result<String> {
    let (found, is) = access_postgres::migrate(&options(config)?).await?;
    let schema = &config.postgres.schema;
    Ok(match found {
        0 => format!("made the tables of version {is} in the schema {schema}"),
        found if found == is => format!("the tables in the schema {schema} are of version {is} already; nothing to do"),
        found => format!("brought the tables in the schema {schema} from version {found} to {is}"),
    })
}

/// Refuses a replica whose keys are others than those that the database was first used with: it would sign everybody out
/// that another replica signed in, and find nobody's count.
pub(super) async fn compare_keys(store: &PostgresStore, config: &Config) -> anyhow::Result<()> {
    let server = &config.server;
    let session = SessionKey::obtain(server.session_key.as_ref(), &server.data_dir)?.fingerprint();
    let owner = OwnerKey::obtain(server.owner_key.as_ref(), &server.data_dir)?.fingerprint();
    for (name, fingerprint) in [("session_key", session), ("owner_key", owner)] {
        if !store.shares(name, fingerprint).await? {
            anyhow::bail!(
                "server.{name} isn't the one that this database is used with: set the same on every replica. To change \
                 it, stop all replicas and run `DELETE FROM {}.shared_keys WHERE name = '{name}'`",
                config.postgres.schema
            );
        }
    }
    Ok(())
}

/// What it is, for people at start.
pub(super) fn describe(config: &Config) -> anyhow::Result<String> {
    Ok(format!("postgres ({})", options(config)?.place()?))
}

pub(super) fn options(config: &Config) -> anyhow::Result<Options> {
    let postgres = &config.postgres;
    let authorities = postgres.ca_file.as_ref().map(|path| {
        fs::read_to_string(path).with_context(|| format!("postgres.ca_file: can't read {}", path.display()))
    });
    Ok(Options {
        url: postgres.url.as_ref().context("postgres.url is not set")?.reveal().to_owned(),
        authorities: authorities.transpose()?,
        schema: postgres.schema.clone(),
        pool_size: postgres.pool_size,
        patience: postgres.timeout.0,
        clock: Clock::Database,
    })
}
