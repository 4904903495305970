//! `tollgate migrate-store`: from one machine's file to Postgres, with everything that people have and have used.

use std::{fs, path::Path};

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{Caller, Database, Identity, PASSWORD, PlanSpec, ServerSetup, TestServer, wait_until, within};

const MOVE: [&str; 5] = ["migrate-store", "--from", "sqlite", "--to", "postgres"];

/// What the server with the file and the replicas after it have in common: the folder too, where the keys lie.
fn setup(folder: &TempDir) -> ServerSetup {
    let plans = [PlanSpec::daily("few", 12), PlanSpec::daily("one", 1), PlanSpec::unlimited("unlimited")];
    TestServer::setup().plans(&plans).set("backend", "embedded").data_dir(folder.path().to_owned())
}

/// As the configuration takes a key of the folder.
fn shared(folder: &Path, file: &str) -> String {
    let bytes = fs::read(folder.join(file)).unwrap();
    bytes.iter().fold("hex:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// On Postgres, with the folder's keys.
fn on_postgres(folder: &TempDir, database: &Database) -> ServerSetup {
    setup(folder)
        .postgres(&database.url())
        .set("server.session_key", shared(folder.path(), "session.key"))
        .set("server.owner_key", shared(folder.path(), "owner.key"))
}

async fn migrated(setup: &ServerSetup) {
    let (status, said) = TestServer::run(setup, &["migrate"]).await;
    assert!(status.success(), "{said}");
}

async fn moved(setup: &ServerSetup) -> String {
    let (status, said) = TestServer::run(setup, &MOVE).await;
    assert!(status.success(), "{said}");
    said
}

async fn refused(setup: &ServerSetup, says: &str) {
    let (status, said) = TestServer::run(setup, &MOVE).await;
    assert!(!status.success() && said.contains(says), "{said}");
}

async fn stopped(mut server: TestServer) {
    server.sigterm();
    assert!(server.ended().await.success());
}

fn at(server: &TestServer, caller: &Caller) -> Caller {
    server.anonymous().as_identity(caller.identity.clone())
}

/// What somebody sees of what is theirs.
async fn view(somebody: &Caller) -> Vec<Value> {
    let mut seen = Vec::new();
    for path in ["/me", "/keys", "/plans"] {
        seen.push(somebody.get(path).send().await.expect(200).json());
    }
    for key in seen[1].as_array().unwrap().clone() {
        seen.push(
            somebody.get(&format!("/keys/{}/usage", key["id"].as_str().unwrap())).send().await.expect(200).json(),
        );
    }
    seen
}

async fn rows(database: &Database) -> i64 {
    let sql = "SELECT (SELECT count(*) FROM tollgate.accounts) + (SELECT count(*) FROM tollgate.plans)
                      + (SELECT count(*) FROM tollgate.keys) + (SELECT count(*) FROM tollgate.usage_days)";
    database.client().await.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn people_go_on_where_they_were() {
    let (folder, database) = (TempDir::new().unwrap(), Database::fresh().await);
    let file = setup(&folder).start().await;
    let ada = file.signed_in("ada").await;
    let credentials = json!({"email": "ada@example.com", "password": PASSWORD, "with_refresh_token": true});
    let session = file.anonymous().post("/sessions", &credentials).send().await.expect(200).json();
    let (old, id) = ada.key_on("few").await;
    let rotated = ada.post(&format!("/keys/{id}/rotate"), &json!({"grace_seconds": 3600})).send().await.expect(200);
    let new = ada.as_identity(Identity::Key(rotated.json()["value"].as_str().unwrap().to_owned()));
    for key in [&old, &old, &new, &new, &new] {
        key.chat("hello").send().await.expect(200);
    }
    let (single, _) = ada.key_on("one").await;
    single.chat("hello").send().await.expect(200);
    single.chat("hello").send().await.is_error(429, "rate_limit_exceeded");
    let called = ada.create_key("unlimited").header("idempotency-key", "the-call").send().await.expect(200);
    let off = called.json()["id"].as_str().unwrap().to_owned();
    ada.patch(&format!("/keys/{off}"), &json!({"enabled": false, "label": "switched off"})).send().await.expect(200);
    // Somebody who is gone, and whose count isn't.
    let bob = file.signed_in("bob").await;
    let (gone, _) = bob.key_on("few").await;
    for _ in 0..3 {
        gone.chat("hello").send().await.expect(200);
    }
    bob.delete("/me").json(&json!({"password": PASSWORD})).send().await.expect(204);
    // An operator, and somebody whom they blocked.
    let carol = file.operator("carol").await;
    file.signed_in("eve").await;
    let (status, said) = file.command(&["accounts", "block", "eve@example.com"]).await;
    assert!(status.success(), "{said}");
    let audit = carol.get("/admin/audit").send().await.expect(200).json();
    let before = view(&ada).await;
    stopped(file).await;

    let target = on_postgres(&folder, &database);
    migrated(&target).await;
    let untouched = fs::read(folder.path().join("tollgate.db")).unwrap();
    let said = moved(&target).await;
    for line in ["accounts                            3", "requests charged                    9"] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert_eq!(fs::read(folder.path().join("tollgate.db")).unwrap(), untouched);

    let replica = target.clone().start().await;
    assert_eq!(view(&at(&replica, &ada)).await, before);
    let refresh = json!({"refresh_token": session["refresh_token"]});
    replica.anonymous().post("/sessions/refresh", &refresh).send().await.expect(200);
    replica.anonymous().post("/sessions", &credentials).send().await.expect(200);
    let ada = replica.signed_in("ada").await;
    // Twelve less five, with either value.
    let (old, new, single) = (at(&replica, &old), at(&replica, &new), at(&replica, &single));
    for key in [&old, &new, &old, &new, &old, &new, &new] {
        key.chat("hello").send().await.expect(200);
    }
    for key in [&old, &new, &single] {
        key.chat("hello").send().await.is_error(429, "rate_limit_exceeded");
    }
    let end = "UPDATE tollgate.keys SET earlier_until[1] = now() WHERE earlier_until <> '{}'";
    assert_eq!(database.client().await.execute(end, &[]).await.unwrap(), 1);
    old.chat("hello").send().await.is_error(401, "invalid_api_key");
    let again = ada.create_key("unlimited").header("idempotency-key", "the-call").send().await.expect(200);
    assert_eq!(again.body, called.body);
    let off_key = ada.as_identity(Identity::Key(again.json()["value"].as_str().unwrap().to_owned()));
    off_key.chat("hello").send().await.is_error(401, "invalid_api_key");
    ada.patch(&format!("/keys/{off}"), &json!({"enabled": true})).send().await.expect(200);
    off_key.chat("hello").send().await.expect(200);
    let (bob, _) = replica.signed_in("bob").await.key_on("few").await;
    assert_eq!(bob.used().await, 3);

    let eve = json!({"email": "eve@example.com", "password": PASSWORD});
    replica.anonymous().post("/sessions", &eve).send().await.is_problem(403, "account_blocked");
    let carol = at(&replica, &carol);
    assert_eq!(carol.get("/admin/audit").send().await.expect(200).json(), audit);
    let unblock = replica.command(&["accounts", "unblock", "eve@example.com"]).await;
    assert!(unblock.0.success(), "{}", unblock.1);
    let audit = carol.get("/admin/audit").send().await.expect(200).json();
    assert_eq!((audit.as_array().unwrap().len(), &audit[0]["action"]), (3, &json!("unblocked")), "{audit}");

    refused(&target, "the schema tollgate isn't empty (plans: 3, accounts: 4, operators: 1, ").await;
    let other = target.set("server.owner_key", "an-owner-key-that-was-not-there-before");
    let (status, said) = TestServer::run(&other, &["serve"]).await;
    assert!(!status.success() && said.contains("server.owner_key isn't the one"), "{said}");
}

#[tokio::test]
async fn what_cannot_be_moved_is_told_with_what_to_do() {
    let (folder, database) = (TempDir::new().unwrap(), Database::fresh().await);
    let nothing_yet = setup(&folder).set("postgres.url", database.url());
    refused(&nothing_yet, "there is no tollgate.db in ").await;
    let file = setup(&folder).start().await;
    let target = on_postgres(&folder, &database);
    refused(&target, "a tollgate uses ").await;
    let _key = file.with_key("few").await;
    stopped(file).await;

    refused(&target, "run `tollgate migrate`").await;
    migrated(&target).await;
    let print = format!("od -An -v -tx1 '{}'", folder.path().join("owner.key").display());
    refused(&target.clone().set("server.owner_key", "another-key-than-that-of-the-folder"), &print).await;
    refused(&target.clone().unset("server.owner_key"), &print).await;
    // Where the server has its key from its configuration, the folder knows none.
    let hidden = folder.path().join("hidden");
    fs::rename(folder.path().join("owner.key"), &hidden).unwrap();
    refused(&target.clone().unset("server.owner_key"), "set it as it is set for the server").await;
    fs::rename(hidden, folder.path().join("owner.key")).unwrap();

    let change =
        |sql: &str| rusqlite::Connection::open(folder.path().join("tollgate.db")).unwrap().execute_batch(sql).unwrap();
    let version: i64 = rusqlite::Connection::open(folder.path().join("tollgate.db"))
        .unwrap()
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    change("INSERT INTO carried_use VALUES (x'00', 'p', '2026-11-01', 1)");
    refused(&target, "which only the backend aws knows").await;
    change("DELETE FROM carried_use; PRAGMA user_version = 1000");
    refused(&target, "was written by a newer tollgate").await;
    change("PRAGMA user_version = 0");
    refused(&target, "has none of Tollgate's tables").await;
    assert_eq!(rows(&database).await, 0);

    let client = database.client().await;
    client.batch_execute("UPDATE tollgate.schema_version SET version = version + 1000").await.unwrap();
    change(&format!("PRAGMA user_version = {version}"));
    refused(&target, "newer than this tollgate's").await;
    client.batch_execute("UPDATE tollgate.schema_version SET version = version - 1000").await.unwrap();
    let strange = target.clone().set("server.session_key", "another-session-key-than-that-of-the-folder");
    assert!(moved(&strange).await.contains("or everybody has to sign in again"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_move_leaves_nothing_and_is_made_again() {
    let (folder, database) = (TempDir::new().unwrap(), Database::fresh().await);
    let mut file = setup(&folder).start().await;
    let key = file.with_key("few").await;
    key.chat("hello").send().await.expect(200);
    // What it wrote last stands in the log beside the file.
    file.sigkill();
    let target = on_postgres(&folder, &database);
    migrated(&target).await;

    let (holder, looker) = (database.client().await, database.client().await);
    holder.batch_execute("BEGIN; LOCK TABLE tollgate.usage_days IN SHARE MODE").await.unwrap();
    let waits = || async {
        let sql = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'COPY usage_days%'
                   AND datname = current_database()";
        looker.query_opt(sql, &[]).await.unwrap().map(drop)
    };
    tokio::select! {
        (status, said) = TestServer::run(&target, &MOVE) => panic!("{status}: {said}"),
        // The command is killed along with what waits for it.
        () = wait_until("the move is half done", waits) => {}
    }
    holder.batch_execute("ROLLBACK").await.unwrap();
    within("Postgres takes the half back", moved(&target)).await;
    let replica = target.start().await;
    assert_eq!(at(&replica, &key).used().await, 1);
}
