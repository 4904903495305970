//! Chooses the backend: the one place that names them.

use std::{fs, os::unix::fs::DirBuilderExt as _, path::Path, sync::Arc};

use access::{Accounts, Gate, Registry};
use access_sqlite::{Options, SqliteStore};
use anyhow::Context as _;

use crate::{
    ambient,
    config::{Config, Synchronous},
};

/// The database's name in the data folder.
const DATABASE: &str = "tollgate.db";

/// An opened backend behind the three traits.
pub struct Backend {
    /// Its name, as the configuration and the page call it.
    pub name: &'static str,
    /// People and their sessions.
    pub accounts: Arc<dyn Accounts>,
    /// Plans and keys.
    pub registry: Arc<dyn Registry>,
    /// Admission.
    pub gate: Arc<dyn Gate>,
    store: SqliteStore,
}

impl Backend {
    /// Opens the configured backend; the data folder is made if need be.
    ///
    /// # Errors
    /// When the store can't be opened, with what to do.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        let synchronous = match config.embedded.synchronous {
            Synchronous::Normal => access_sqlite::Synchronous::Normal,
            Synchronous::Full => access_sqlite::Synchronous::Full,
        };
        make_data_dir(&config.server.data_dir)?;
        let store = SqliteStore::open(&config.server.data_dir.join(DATABASE), Options { synchronous })?;
        Ok(Self {
            name: "embedded",
            accounts: Arc::new(store.clone()),
            registry: Arc::new(store.clone()),
            gate: Arc::new(store.clone()),
            store,
        })
    }

    /// Whether there is anything to open yet.
    #[must_use]
    pub fn exists(config: &Config) -> bool {
        config.server.data_dir.join(DATABASE).exists()
    }

    /// Applies the configured plans; usage stays.
    ///
    /// # Errors
    /// When the store can't be written.
    pub async fn apply_plans(&self, config: &Config) -> anyhow::Result<()> {
        let applied = self.store.apply_plans(config.plans.clone(), ambient::now()).await?;
        for plan in &applied.retired {
            tracing::warn!(plan = %plan, "plan is no longer in the configuration: its keys go on working, new ones aren't made");
        }
        Ok(())
    }

    /// Writes what is pending and lets go of the store.
    ///
    /// # Errors
    /// When the last write failed.
    pub async fn close(self) -> anyhow::Result<()> {
        Ok(self.store.close().await?)
    }
}

/// The data folder is its owner's alone: it holds the session key and people's addresses.
fn make_data_dir(path: &Path) -> anyhow::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("can't make the data folder {}; name another with --data-dir", path.display()))
}
