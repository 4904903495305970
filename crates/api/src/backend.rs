//! Chooses the backend: the one place that names them.

#[cfg(feature = "aws")]
pub(crate) mod aws;
pub(crate) mod moving;
pub(crate) mod postgres;

use std::{
    fs::{self, File},
    io,
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::Path,
    sync::Arc,
};

use access::{Accounts, Administration, Gate, Registry, SharedTries, StateOwners};
use access_postgres::PostgresStore;
use access_sqlite::{Options, SqliteStore};
use anyhow::Context as _;

use crate::{
    ambient,
    config::{BackendName, Config, Synchronous},
    sign_in::{OWNER_FILE, SESSION_FILE},
};

/// The database's name in the data folder.
const DATABASE: &str = "tollgate.db";

/// An opened backend behind its traits.
pub struct Backend {
    /// Its name, as the configuration and the page call it.
    pub name: &'static str,
    /// What it is, for people at start.
    pub description: String,
    /// People and their sessions.
    pub accounts: Arc<dyn Accounts>,
    /// What operators see and do.
    pub administration: Arc<dyn Administration>,
    /// Plans and keys.
    pub registry: Arc<dyn Registry>,
    /// Admission.
    pub gate: Arc<dyn Gate>,
    /// Who may name what the upstream keeps.
    pub owners: Arc<dyn StateOwners>,
    /// Tries that replicas count together, where there may be many.
    pub tries: Option<Arc<dyn SharedTries>>,
    store: Store,
    #[cfg(feature = "aws")]
    upkeep: Option<aws::Upkeep>,
}

/// What has to be closed in the end.
enum Store {
    Sqlite(SqliteStore),
    Postgres(PostgresStore),
}

impl Backend {
    /// Opens the configured backend; the data folder is made if need be. What runs beside requests runs on the current
    /// runtime.
    ///
    /// # Errors
    /// When the store can't be opened, with what to do.
    pub async fn open(config: &Config) -> anyhow::Result<Self> {
        match config.backend {
            BackendName::Embedded => Ok(Self::embedded(open_file(config)?)),
            BackendName::Postgres => Ok(Self::postgres(postgres::open(config).await?, postgres::describe(config)?)),
            #[cfg(feature = "aws")]
            BackendName::Aws => Self::aws(open_file(config)?, config).await,
            #[cfg(not(feature = "aws"))]
            BackendName::Aws => anyhow::bail!("this tollgate was built without the backend aws"),
        }
    }

    fn embedded(store: SqliteStore) -> Self {
        Self {
            name: "embedded",
            description: "embedded (SQLite)".to_owned(),
            accounts: Arc::new(store.clone()),
            administration: Arc::new(store.clone()),
            registry: Arc::new(store.clone()),
            gate: Arc::new(store.clone()),
            owners: Arc::new(store.clone()),
            tries: None,
            store: Store::Sqlite(store),
            #[cfg(feature = "aws")]
            upkeep: None,
        }
    }

    fn postgres(store: PostgresStore, description: String) -> Self {
        Self {
            name: "postgres",
            description,
            accounts: Arc::new(store.clone()),
            administration: Arc::new(store.clone()),
            registry: Arc::new(store.clone()),
            gate: Arc::new(store.clone()),
            owners: Arc::new(store.clone()),
            tries: Some(Arc::new(store.clone())),
            store: Store::Postgres(store),
            #[cfg(feature = "aws")]
            upkeep: None,
        }
    }

    /// API Gateway keeps plans and keys; people, and our rows about their keys, stay in the store.
    #[cfg(feature = "aws")]
    async fn aws(store: SqliteStore, config: &Config) -> anyhow::Result<Self> {
        let gateway = aws::open(Arc::new(store.clone()), config).await?;
        Ok(Self {
            name: "aws",
            description: aws::describe(config),
            accounts: Arc::new(store.clone()),
            administration: Arc::new(store.clone()),
            registry: Arc::new(gateway.clone()),
            gate: Arc::new(gateway.clone()),
            owners: Arc::new(store.clone()),
            tries: None,
            store: Store::Sqlite(store),
            upkeep: Some(aws::Upkeep::of(gateway, config.aws.refresh_seconds.0)),
        })
    }

    /// Whether there is anything to open yet.
    #[must_use]
    pub fn exists(config: &Config) -> bool {
        // What may not be looked at may be there: opening it then says why.
        let is_hidden = |error: io::Error| error.kind() == io::ErrorKind::PermissionDenied;
        !config.backend.uses_the_data_folder()
            || config.server.data_dir.join(DATABASE).try_exists().unwrap_or_else(is_hidden)
    }

    /// Makes the configured plans the ones on offer, where they are ours to make; usage stays. Then begins what runs
    /// beside requests.
    ///
    /// # Errors
    /// When the store can't be written.
    pub async fn start(&mut self, config: &Config) -> anyhow::Result<()> {
        #[cfg(feature = "aws")]
        if let Some(upkeep) = &mut self.upkeep {
            upkeep.start().await;
            return Ok(());
        }
        let (plans, now) = (config.plans.clone(), ambient::now());
        let retired = match &self.store {
            Store::Sqlite(store) => store.apply_plans(plans, now).await?.retired,
            Store::Postgres(store) => {
                postgres::compare_keys(store, config).await?;
                store.apply_plans(plans, now).await?.retired
            }
        };
        for plan in &retired {
            tracing::warn!(plan = %plan, "plan is no longer in the configuration: its keys go on working, new ones aren't made");
        }
        Ok(())
    }

    /// Proves that the store can be written.
    ///
    /// # Errors
    /// Why not.
    pub async fn prove_a_write(&self) -> anyhow::Result<()> {
        match &self.store {
            Store::Sqlite(store) => store.ready().await?,
            Store::Postgres(store) => store.ready().await?,
        }
        Ok(())
    }

    /// Asks the service that keeps plans and keys, where it is somebody else's: what it has, in words.
    ///
    /// # Errors
    /// Why it can't be used.
    pub async fn try_provider(config: &Config) -> anyhow::Result<Option<String>> {
        match config.backend {
            #[cfg(feature = "aws")]
            BackendName::Aws => aws::try_it(config).await.map(Some),
            _ => Ok(None),
        }
    }

    /// Tries the gate in front of the upstream, where the backend is one: what it says, in words.
    ///
    /// # Errors
    /// Why it can't be used.
    pub async fn try_gate(config: &Config) -> anyhow::Result<Option<String>> {
        match config.backend {
            #[cfg(feature = "aws")]
            BackendName::Aws => aws::try_stage(config).await.map(Some),
            _ => Ok(None),
        }
    }

    /// Writes what is pending and lets go of the store.
    ///
    /// # Errors
    /// When the last write failed.
    pub async fn close(self) -> anyhow::Result<()> {
        #[cfg(feature = "aws")]
        drop(self.upkeep);
        match self.store {
            Store::Sqlite(store) => store.close().await?,
            Store::Postgres(store) => store.close().await?,
        }
        Ok(())
    }
}

/// Copies all that the data folder keeps into a new one, whole or not at all, while a server may be using it: the database
/// as of one moment, and the keys without which it is worth less.
///
/// # Errors
/// Why not, and what to do.
pub fn back_up(config: &Config, to: &Path) -> anyhow::Result<()> {
    if !config.backend.uses_the_data_folder() {
        anyhow::bail!("with backend = \"postgres\" nothing is kept here: back the database up with pg_dump");
    }
    let from = &config.server.data_dir;
    if !from.join(DATABASE).try_exists().with_context(|| format!("{} can't be read", from.display()))? {
        anyhow::bail!("there is no {DATABASE} in {} to back up: name its folder with --data-dir", from.display());
    }
    if to.exists() {
        anyhow::bail!("{} exists already: name a folder that doesn't, one for each backup", to.display());
    }
    let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Beside it until it is whole; what is dropped on the way is deleted. Its owner's alone, as the data folder.
    let unfinished = tempfile::Builder::new()
        .prefix(".tollgate-backup-")
        .permissions(fs::Permissions::from_mode(0o700))
        .tempdir_in(parent)
        .with_context(|| format!("can't write into {}", parent.display()))?;
    access_sqlite::back_up(&from.join(DATABASE), &unfinished.path().join(DATABASE))
        .with_context(|| format!("can't back up to {}", to.display()))?;
    for name in [OWNER_FILE, SESSION_FILE] {
        let (key, copy) = (from.join(name), unfinished.path().join(name));
        if key.exists() {
            fs::copy(&key, &copy).with_context(|| format!("can't copy {}", key.display()))?;
        }
    }
    for entry in fs::read_dir(unfinished.path())? {
        let path = entry?.path();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        File::open(path)?.sync_all().context("can't write the backup to the disk")?;
    }
    fs::rename(unfinished.path(), to).with_context(|| format!("can't make {}", to.display()))?;
    // It has another name now, and is kept.
    let _ = unfinished.keep();
    File::open(parent)?.sync_all().context("can't write the backup to the disk")
}

/// The database file in the data folder, which is made if need be.
fn open_file(config: &Config) -> anyhow::Result<SqliteStore> {
    let synchronous = match config.embedded.synchronous {
        Synchronous::Normal => access_sqlite::Synchronous::Normal,
        Synchronous::Full => access_sqlite::Synchronous::Full,
    };
    make_data_dir(&config.server.data_dir)?;
    Ok(SqliteStore::open(&config.server.data_dir.join(DATABASE), Options { synchronous })?)
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
