//! Moves everything from the data folder's SQLite file to Postgres.

use std::time::Duration;

use access::{StoreError, Totals};
use access_postgres::Options;
use access_sqlite::{Export, OpenError};
use anyhow::Context as _;
use tokio::{sync::mpsc, task::spawn_blocking};

use super::{DATABASE, postgres};
use crate::{
    config::{Config, ServerConfig},
    sign_in::{OwnerKey, SessionKey},
};

/// Longer than a server's, which has callers that wait.
const PATIENCE: Duration = Duration::from_secs(60);

/// Moves plans, accounts, sessions, keys and all that was counted into tables that are empty, all or nothing, and tells
/// what was moved. The file stays as it is.
///
/// # Errors
/// Why nothing was moved, and what to do.
pub async fn sqlite_to_postgres(config: &Config) -> anyhow::Result<String> {
    let folder = config.server.data_dir.display();
    let path = config.server.data_dir.join(DATABASE);
    if !path.exists() {
        anyhow::bail!("there is no {DATABASE} in {folder}; name the data folder with --data-dir");
    }
    let source = match Export::open(&path) {
        Err(OpenError::InUse { .. }) => {
            anyhow::bail!("a tollgate uses {folder}: stop it first, so that nothing is counted behind what is moved")
        }
        opened => opened?,
    };
    if source.rows_about_another_service()? > 0 {
        anyhow::bail!(
            "{folder} belongs to keys in Amazon API Gateway, which only the backend aws knows; they can't be moved"
        );
    }
    let owner_key = owner_key(&source, &config.server)?;
    let options = Options { patience: PATIENCE, ..postgres::options(config)? };
    let totals = source.totals()?;

    let (rows, taken) = mpsc::channel(2);
    let reading = spawn_blocking(move || {
        let gone = |_| StoreError::new("hand on rows", "nobody takes them");
        if let Err(error) = source.read(|some| rows.blocking_send(Ok(some)).map_err(gone)) {
            // Whoever takes no more knows why.
            let _ = rows.blocking_send(Err(error));
        }
        // It is held to the end, so that no server starts on what is about to be moved.
        source
    });
    let moved = access_postgres::import(&options, owner_key.fingerprint(), totals, taken).await;
    let source = reading.await.context("reading the file broke off")?;
    moved?;
    drop(source);
    Ok(format!(
        "moved {} to Postgres ({}); read, and written, each:\n\n{}\nThe file is as it was. Start the replicas with backend = \
         \"postgres\"; from their first request on, counts go on there alone.\n{}",
        path.display(),
        options.place()?,
        table(&totals),
        about_sessions(&config.server)?
    ))
}

/// The key that all replicas are to share, if it is the one by which the file's owners are known.
fn owner_key(source: &Export, server: &ServerConfig) -> anyhow::Result<OwnerKey> {
    let (witness, kept) = (source.last_owner()?, OwnerKey::in_folder(&server.data_dir)?);
    // Where nobody has a key yet, the folder's own key would be next.
    let is_right = |key: &OwnerKey| match (&witness, &kept) {
        (Some((email, owner)), _) => key.digest(email) == *owner,
        (None, Some(kept)) => key.fingerprint() == kept.fingerprint(),
        (None, None) => true,
    };
    if let Some(configured) = &server.owner_key {
        let key = OwnerKey::obtain(Some(configured), &server.data_dir)?;
        if is_right(&key) {
            return Ok(key);
        }
    }
    let remedy = match &kept {
        Some(kept) if is_right(kept) => format!("set it to what `{}` prints", OwnerKey::how_to_share(&server.data_dir)),
        _ => "set it as it is set for the server that uses this folder".to_owned(),
    };
    anyhow::bail!(
        "server.owner_key must be the key by which this folder knows whose counts are whose: {remedy}, here and on every replica"
    )
}

fn about_sessions(server: &ServerConfig) -> anyhow::Result<String> {
    let Some(kept) = SessionKey::in_folder(&server.data_dir)? else { return Ok(String::new()) };
    let configured =
        server.session_key.as_ref().map(|key| SessionKey::obtain(Some(key), &server.data_dir)).transpose()?;
    if configured.is_some_and(|key| key.fingerprint() == kept.fingerprint()) {
        return Ok(String::new());
    }
    let how = SessionKey::how_to_share(&server.data_dir);
    Ok(format!(
        "server.session_key isn't the folder's: set it to what `{how}` prints, or everybody has to sign in again.\n"
    ))
}

fn table(totals: &Totals) -> String {
    totals.iter().map(|(name, number)| format!("{name:24} {number:>12}\n")).collect()
}
