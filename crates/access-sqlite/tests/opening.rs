//! Opening, closing and what keeps the file from being opened.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod house;

use access::{Accounts, Gate, Registry, RemoteKey, RemoteKeys};
use access_sqlite::{OpenError, Options, SqliteStore, Synchronous};
use api_types::{
    InstallationId, KeyId, QuotaStatus, SessionId, SubscriptionId, Survival, limits::REFRESH_TOKEN_SECONDS,
};
use house::{
    House, OWNER, noon,
    remote::{at, full_key},
    used,
};
use rusqlite::{Connection, params};

/// The newest schema: each version has a file.
fn newest() -> i64 {
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/sql/schema")).unwrap();
    files.count().try_into().unwrap()
}

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
    assert!(matches!(error, OpenError::NewerSchema { found: 999, known, .. } if known == newest()), "{error}");
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
    for version in [1, 2] {
        other.execute_batch("CREATE TABLE IF NOT EXISTS letters (text)").unwrap();
        other.pragma_update(None, "user_version", version).unwrap();
        let error = open_error(&path);
        assert!(matches!(error, OpenError::CannotOpen { .. } | OpenError::Corrupt { .. }), "{error}");
        assert_eq!(tables(&other), ["letters"]);
        assert_eq!(schema_version(&other), version);
    }
}

/// Files of the first schema, as the program that knew only this one made them, with the rows of a house of today.
async fn house_of_the_first_schema() -> House {
    let house = House::new(3, None).await;
    house.granted().await;
    house.store.close().await.unwrap();
    let today = house.folder.path().join("today.db");
    std::fs::rename(house.path(), &today).unwrap();
    let old = house.other_program();
    old.execute_batch(include_str!("../src/sql/schema/001.sql")).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    old.execute("ATTACH ?1 AS today", [today.to_str().unwrap()]).unwrap();
    for table in ["plans", "accounts", "subscriptions", "usage_days", "heartbeat"] {
        let of_then = old.prepare(&format!("SELECT * FROM main.{table}")).unwrap();
        let columns = of_then.column_names().collect::<Vec<_>>().join(", ");
        let copy = format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM today.{table}");
        assert!(old.execute(&copy, []).unwrap() > 0);
    }
    let keys = "INSERT INTO main.keys (id, account, digest, enabled, label, created_at)
                SELECT id, account, digest, enabled, label, created_at FROM today.keys";
    let attached = "INSERT INTO main.plan_keys (subscription, key) SELECT subscription, id FROM today.keys";
    assert_eq!((old.execute(keys, []).unwrap(), old.execute(attached, []).unwrap()), (1, 1));
    house
}

/// The same at the second schema, with a key in another service.
async fn house_of_the_second_schema() -> House {
    let house = house_of_the_first_schema().await;
    let old = house.other_program();
    old.execute_batch(include_str!("../src/sql/schema/002.sql")).unwrap();
    old.pragma_update(None, "user_version", 2).unwrap();
    let full = full_key(house.account);
    let sql =
        "INSERT INTO remote_keys (id, account, owner, plan_name, remote_plan, label, enabled, created_at, rotated_at,
                                        fresh_since, operation, remote_id, digest)
               VALUES (?1, ?2, ?3, 'p', ?4, ?5, 0, ?6, ?7, ?7, ?8, ?9, ?10)";
    let RemoteKey { remote_plan, label, value, .. } = &full;
    let (created_at, rotated_at) = (noon().as_millisecond(), at(10).as_millisecond());
    let (id, account) = (full.id.to_string(), full.account.to_string());
    let (operation, remote_id, digest) = (value.operation.to_string(), &value.remote_id, value.digest.as_bytes());
    let values = params![
        id,
        account,
        OWNER.0,
        remote_plan,
        label.as_str(),
        created_at,
        rotated_at,
        operation,
        remote_id,
        digest
    ];
    old.execute(sql, values).unwrap();
    house
}

fn tables(file: &Connection) -> Vec<String> {
    let mut names = file.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").unwrap();
    names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn schema_version(file: &Connection) -> i64 {
    file.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_file_of_the_first_schema_keeps_its_rows_and_takes_remote_keys() {
    let house = house_of_the_first_schema().await;
    let again = SqliteStore::open(&house.path(), Options::default()).unwrap();
    assert_eq!(schema_version(&house.other_program()), newest());
    assert_eq!(used(&again, &house.key, noon()).await, 1);
    house::granted(again.admit(&house.key, house::admission(), noon()).await);
    assert_eq!(again.remote_keys().await.unwrap(), []);
    let candidate = InstallationId::from_random([1; 16]);
    assert_eq!(again.installation(candidate).await.unwrap(), candidate);
}

#[tokio::test]
async fn values_in_their_grace_of_the_second_schema_go_on_working() {
    let house = house_of_the_second_schema().await;
    let old = house.other_program();
    let until = at(3_600).as_millisecond();
    let rotate = "UPDATE keys SET previous_digest = digest, previous_until = ?1, digest = zeroblob(32), rotated_at = 0";
    old.execute(rotate, [until]).unwrap();
    let with_earlier = "UPDATE remote_keys SET previous_operation = ?1, previous_remote_id = 'remote101',
                            previous_digest = ?2, previous_until = ?3, previous_used = 101";
    let [one, _] = full_key(house.account).earlier.try_into().unwrap();
    let before = params![one.value.operation.to_string(), one.value.digest.as_bytes(), one.until.as_millisecond()];
    old.execute(with_earlier, before).unwrap();

    let again = SqliteStore::open(&house.path(), Options::default()).unwrap();
    house::granted(again.admit(&house.key, house::admission(), noon()).await);
    assert_eq!(again.admit(&house.key, house::admission(), at(3_600)).await.unwrap(), access::Admission::Unknown);
    assert_eq!(
        again.remote_keys().await.unwrap(),
        [RemoteKey { earlier: vec![one], untold: None, ..full_key(house.account) }]
    );
}

#[tokio::test]
async fn keys_of_the_first_schema_stay_on_their_subscriptions_in_their_order() {
    let house = house_of_the_first_schema().await;
    let old = house.other_program();
    // Made in the same instant; its id comes first in the alphabet.
    let (second, subscription) = (KeyId::from_random([0; 16]), SubscriptionId::from_random([2; 16]));
    old.execute_batch(&format!(
        "INSERT INTO plans SELECT 2, 'q', description, quota_limit, quota_period, quota_offset, throttle_rate,
                                  throttle_burst, time_zone, position, offered FROM plans;
         INSERT INTO subscriptions SELECT 2, '{subscription}', owner, 2, subscribed_on FROM subscriptions;
         INSERT INTO keys SELECT '{second}', account, digest, NULL, NULL, enabled, label, created_at, NULL FROM keys;
         INSERT INTO plan_keys VALUES (2, '{second}')"
    ))
    .unwrap();

    let again = SqliteStore::open(&house.path(), Options::default()).unwrap();
    let keys = again.keys(house.account, noon()).await.unwrap();
    let listed: Vec<_> = keys.iter().map(|key| (key.id, key.plan_name.as_str(), key.quota)).collect();
    let [(first, "p", QuotaStatus::Limited { used: 1, .. }), (last, "q", QuotaStatus::Limited { used: 0, .. })] =
        listed.as_slice()
    else {
        panic!("{listed:?}")
    };
    assert_eq!((*first, *last), (house.key.own().unwrap().0, second));
    assert!(!house.other_program().prepare("PRAGMA foreign_key_check").unwrap().exists([]).unwrap());
}

#[tokio::test]
async fn sessions_from_before_their_use_was_kept_go_on() {
    let house = house_of_the_first_schema().await;
    let (session, refreshed_at) = (SessionId::from_random([3; 16]), at(3_600));
    let expires_at = refreshed_at.as_second() + REFRESH_TOKEN_SECONDS;
    let old = "INSERT INTO sessions (id, account, created_at, expires_at) VALUES (?1, ?2, ?3, ?4)";
    let (id, account) = (session.to_string(), house.account.to_string());
    let values = params![id, account, noon().as_millisecond(), expires_at * 1000];
    house.other_program().execute(old, values).unwrap();

    let again = SqliteStore::open(&house.path(), Options::default()).unwrap();
    let listed = again.sessions(house.account, at(7_200)).await.unwrap();
    let told: Vec<_> = listed.iter().map(|entry| (entry.id, entry.created_at, entry.last_used_at)).collect();
    assert_eq!(told, [(session, noon(), refreshed_at)]);
    assert!(again.session(session, at(7_200)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_migration_that_fails_leaves_the_file_as_it_was() {
    let house = house_of_the_first_schema().await;
    let other = house.other_program();
    // The last table of the second schema is in the way.
    other.execute_batch("CREATE TABLE carried_use (letters)").unwrap();
    let before = tables(&other);
    open_error(&house.path());
    assert_eq!((tables(&other), schema_version(&other)), (before, 1));
    other.execute_batch("DROP TABLE carried_use").unwrap();
    let again = SqliteStore::open(&house.path(), Options::default()).unwrap();
    assert_eq!(used(&again, &house.key, noon()).await, 1);
}

#[tokio::test]
async fn a_file_of_today_is_opened_without_a_migration() {
    let house = House::new(3, None).await;
    house.store.close().await.unwrap();
    let file = house.other_program();
    let before = (tables(&file), schema_version(&file));
    assert_eq!(before.1, newest());
    drop(SqliteStore::open(&house.path(), Options::default()).unwrap());
    assert_eq!((tables(&file), schema_version(&file)), before);
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
    house::granted(full.admit(&house.key, house::admission(), noon()).await);
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
