//! Opening, closing and what keeps the file from being opened.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod house;

use access::{Accounts, Gate, Registry};
use access_sqlite::{OpenError, Options, SqliteStore, Synchronous};
use api_types::Survival;
use house::{House, noon, used};
use rusqlite::Connection;

fn open_error(path: &std::path::Path) -> OpenError {
    SqliteStore::open(path, Options::default()).unwrap_err()
}

#[tokio::test]
async fn a_second_open_is_refused_until_the_first_is_closed() {
    let house = House::new(3, None).await;
    let error = open_error(&house.path());
    assert!(matches!(error, OpenError::InUse { .. }), "{error}");
    assert!(error.to_string().starts_with("another tollgate uses "), "{error}");
    house.granted().await;
    house.store.close().await.unwrap();
    let again = SqliteStore::open(&house.path(), Options::default()).unwrap();
    assert_eq!(used(&again, &house.key, noon()).await, 1);
}

#[tokio::test]
async fn a_closed_store_answers_with_errors() {
    let house = House::new(3, None).await;
    house.store.close().await.unwrap();
    assert!(house.ask().await.is_err());
    assert!(house.store.ready().await.is_err());
    assert!(house.store.plans().await.is_err());
    assert!(house.store.end_session(api_types::SessionId::from_random([1; 16])).await.is_err());
    assert!(house.store.close().await.is_err());
}

#[tokio::test]
async fn a_newer_schema_is_left_alone() {
    let house = House::new(3, None).await;
    house.store.close().await.unwrap();
    house.other_program().pragma_update(None, "user_version", 999).unwrap();
    let error = open_error(&house.path());
    assert!(matches!(error, OpenError::NewerSchema { found: 999, known: 1, .. }), "{error}");
}

#[test]
fn what_is_no_database_is_said_to_be_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tollgate.db");
    std::fs::write(&path, "This is a letter, and a rather long one. ".repeat(200)).unwrap();
    let error = open_error(&path);
    assert!(matches!(error, OpenError::Corrupt { .. }), "{error}");
}

#[test]
fn another_programs_tables_are_not_taken_for_ours() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tollgate.db");
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE letters (text); PRAGMA user_version = 1").unwrap();
    let error = open_error(&path);
    assert!(matches!(error, OpenError::CannotOpen { .. } | OpenError::Corrupt { .. }), "{error}");
}

#[test]
fn a_folder_in_its_place_and_no_folder_are_said_so() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().to_owned(), folder.path().join("nowhere/tollgate.db")] {
        let error = open_error(&path);
        assert!(matches!(error, OpenError::CannotOpen { .. }), "{error}");
        assert!(error.to_string().contains("check that its folder exists"), "{error}");
    }
}

#[tokio::test]
async fn a_locked_file_is_no_reason_to_hang() {
    let house = House::new(3, None).await;
    house.store.close().await.unwrap();
    let other = house.other_program();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    assert!(matches!(open_error(&house.path()), OpenError::CannotOpen { .. }));
    other.execute_batch("ROLLBACK").unwrap();
    SqliteStore::open(&house.path(), Options::default()).unwrap();
}

#[tokio::test]
async fn what_survives_a_power_cut_is_what_was_asked_for() {
    let house = House::new(3, None).await;
    assert_eq!(house.store.promises().survives, Survival::ProcessKill);
    house.store.close().await.unwrap();
    let options = Options { synchronous: Synchronous::Full };
    let full = SqliteStore::open(&house.path(), options).unwrap();
    assert_eq!(full.promises().survives, Survival::PowerCut);
    house::granted(full.admit(&house.key, house::attempt(), noon()).await);
    full.release_account(house.account, noon()).await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;

    let house = House::new(3, None).await;
    house.granted().await;
    let mut seen = 0;
    for entry in std::fs::read_dir(house.folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
        seen += 1;
    }
    assert!(seen >= 3, "{seen}");
}

#[tokio::test]
async fn no_secret_stands_in_the_files() {
    let house = House::new(3, None).await;
    house.granted().await;
    let proof = house.secret.rsplit('_').next().unwrap().to_owned();
    for entry in std::fs::read_dir(house.folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(20).any(|window| window == &proof.as_bytes()[..20]));
    }
}
