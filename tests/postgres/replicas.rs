//! Replicas on one Postgres behave as one server, and say what is wrong where they can't.

use futures_util::future::join_all;
use tests::{Caller, Database, FakeUpstream, OwnPostgres, PlanSpec, ServerSetup, SlowLink, TestServer, wait_until};

const LIMIT: usize = 25;

fn setup(url: &str) -> ServerSetup {
    TestServer::setup().postgres(url).plans(&[PlanSpec::daily("few", LIMIT as u64), PlanSpec::unlimited("unlimited")])
}

/// Runs a command that must go well; what it said.
async fn succeeds(setup: &ServerSetup, command: &str) -> String {
    let (status, said) = TestServer::run(setup, &[command]).await;
    assert!(status.success(), "{command}: {said}");
    said
}

/// Runs a command that must not; what it said.
async fn fails(setup: &ServerSetup, command: &str) -> String {
    let (status, said) = TestServer::run(setup, &[command]).await;
    assert!(!status.success(), "{command}: {said}");
    said
}

/// The same caller at another replica.
fn at(replica: &TestServer, caller: &Caller) -> Caller {
    replica.anonymous().as_identity(caller.identity.clone())
}

/// So many requests to each at once: how many were answered 200.
async fn admitted(callers: &[&Caller], each: usize) -> usize {
    let requests = callers.iter().flat_map(|caller| (0..each).map(|_| caller.chat("hello").send()));
    join_all(requests).await.iter().filter(|answer| answer.status == 200).count()
}

#[tokio::test]
async fn two_replicas_admit_exactly_the_quota_and_obey_each_other_at_once() {
    let database = Database::fresh().await;
    let setup = setup(&database.url());
    succeeds(&setup, "migrate").await;
    let (one, two) = (setup.clone().start().await, setup.start().await);

    let ada = one.signed_in("ada").await;
    let (key, id) = at(&two, &ada).key_on("few").await;
    let there = at(&one, &key);
    assert_eq!(admitted(&[&key, &there], 30).await, LIMIT);
    for caller in [&key, &there] {
        caller.chat("hello").send().await.is_error(429, "rate_limit_exceeded");
        assert_eq!(caller.used().await, LIMIT as u64);
    }

    let (key, id_of_unlimited) = ada.key_on("unlimited").await;
    assert_ne!(id, id_of_unlimited);
    let there = at(&two, &key);
    assert_eq!(admitted(&[&key, &there], 3).await, 6);
    at(&two, &ada).delete(&format!("/keys/{id_of_unlimited}")).send().await.expect(204);
    for caller in [&key, &there] {
        caller.chat("hello").send().await.is_error(401, "invalid_api_key");
    }

    ada.delete("/sessions/current").send().await.expect(204);
    at(&two, &ada).get("/me").send().await.expect(401);
}

#[tokio::test]
async fn a_changed_plan_is_obeyed_by_replicas_that_knew_another() {
    let database = Database::fresh().await;
    let setup = setup(&database.url());
    succeeds(&setup, "migrate").await;
    let one = setup.clone().start().await;
    let key = one.with_key("few").await;
    assert_eq!(admitted(&[&key], 3).await, 3);
    let two = setup.plans(&[PlanSpec::daily("few", 5)]).start().await;
    assert_eq!(admitted(&[&key, &at(&two, &key)], 5).await, 2);
}

/// The newest version of the tables: each has a file.
fn newest() -> usize {
    let files = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/access-postgres/src/sql/schema");
    std::fs::read_dir(files).unwrap().count()
}

#[tokio::test]
async fn sessions_of_the_first_version_go_on() {
    let database = Database::fresh().await;
    let (setup, client) = (setup(&database.url()), database.client().await);
    let first = include_str!("../../crates/access-postgres/src/sql/schema/0001.sql");
    client
        .batch_execute(&format!(
            "CREATE SCHEMA tollgate;
             SET search_path TO tollgate;
             CREATE TABLE schema_version (one boolean PRIMARY KEY DEFAULT true CHECK (one), version bigint NOT NULL);
             INSERT INTO schema_version (version) VALUES (1);
             {first};
             INSERT INTO accounts VALUES ('acc_1', 'ada@example.com', 'x', '2026-11-20T12:00Z');
             INSERT INTO sessions VALUES ('ses_1', 'acc_1', '2026-11-20T12:00Z', '2026-12-21T12:00Z')"
        ))
        .await
        .unwrap();
    assert!(succeeds(&setup, "migrate").await.contains("from version 1"));
    let kept = "SELECT client = '' AND last_used_at = '2026-11-21T12:00Z' FROM sessions WHERE id = 'ses_1'";
    assert!(client.query_one(kept, &[]).await.unwrap().get::<_, bool>(0));
    // A replica of the version before goes on meanwhile.
    let by_an_older_one = "INSERT INTO sessions (id, account, created_at, expires_at)
                           VALUES ('ses_2', 'acc_1', now(), now() + interval '30 days')";
    client.execute(by_an_older_one, &[]).await.unwrap();
}

#[tokio::test]
async fn what_is_not_ready_for_replicas_is_told_with_what_to_do() {
    let database = Database::fresh().await;
    let setup = setup(&database.url());
    let newest = newest();
    let said = fails(&setup, "serve").await;
    assert!(said.contains("no tables") && said.contains("run `tollgate migrate`"), "{said}");
    assert!(fails(&setup, "check").await.contains("run `tollgate migrate`"));

    let made = format!("made the tables of version {newest} in the schema tollgate");
    assert!(succeeds(&setup, "migrate").await.contains(&made));
    assert!(succeeds(&setup, "migrate").await.contains("nothing to do"));
    assert!(succeeds(&setup, "check").await.contains("store          ok: Postgres"));

    let one = setup.clone().start().await;
    for key in ["session_key", "owner_key"] {
        let other = setup.clone().set(&format!("server.{key}"), "another-key-than-that-of-the-other-replicas");
        let said = fails(&other, "serve").await;
        assert!(said.contains(&format!("server.{key} isn't the one")), "{said}");
    }
    let client = database.client().await;
    for (version, says) in [
        (999, format!("newer than this tollgate's {newest}")),
        (0, format!("are of version 0, this tollgate needs {newest}")),
    ] {
        client.execute("UPDATE tollgate.schema_version SET version = $1", &[&i64::from(version)]).await.unwrap();
        let said = fails(&setup, "serve").await;
        assert!(said.contains(&says), "{said}");
    }
    drop(one);

    let nowhere = setup.clone().set("postgres.url", "postgres://ada:sekret@127.0.0.1:1/tollgate");
    let said = fails(&nowhere, "serve").await;
    assert!(said.contains("Postgres: can't connect") && !said.contains("sekret"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_is_gone_is_a_503_and_mends_itself() {
    let mut postgres = OwnPostgres::start().await;
    let upstream = FakeUpstream::start().await;
    let setup = setup(&postgres.url()).upstream(&upstream).set("postgres.timeout_seconds", "2");
    succeeds(&setup, "migrate").await;
    let server = setup.start().await;
    let key = server.with_key("few").await;
    key.chat("hello").send().await.expect(200);

    postgres.kill9().await;
    let refused = key.chat("hello").send().await;
    refused.is_error(503, "quota_store_unavailable");
    assert_ne!(refused.header("retry-after"), "");
    server.anonymous().get("/readyz").send().await.is_problem(503, "store_unavailable");
    assert!(server.output().text().contains("can't connect"), "the log doesn't say why");
    server.anonymous().get("/plans").send().await.is_problem(503, "store_unavailable");
    assert_eq!(upstream.posts(), 1, "nothing was sent that wasn't counted");

    postgres.start_again().await;
    let answers = || async { (server.anonymous().get("/readyz").send().await.status == 200).then_some(()) };
    wait_until("the server is ready again", answers).await;
    assert_eq!(admitted(&[&key], 30).await, LIMIT - 1);
    assert_eq!(key.used().await, LIMIT as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_reply_is_lost_is_charged_once_and_answered() {
    let database = Database::fresh().await;
    let link = SlowLink::in_front_of(&database.url()).await;
    let setup = setup(&link.url());
    succeeds(&setup, "migrate").await;
    let server = setup.start().await;
    let key = server.with_key("few").await;
    for used in 1..=5 {
        link.lose_reply("COMMIT\0");
        key.chat("hello").send().await.expect(200);
        assert!(link.has_lost(), "no commit lost its reply");
        assert_eq!(key.used().await, used);
    }
    assert_eq!(server.output().text().matches("the reply to a commit was lost").count(), 5);
}

#[tokio::test]
async fn what_decides_is_found_by_index_and_never_sorted() {
    let database = Database::fresh().await;
    let setup = setup(&database.url());
    succeeds(&setup, "migrate").await;
    let client = database.client().await;
    let fill = "SET search_path TO tollgate;
        INSERT INTO plans (name, description, quota_offset, time_zone, position, offered) VALUES ('p', '', 0, 'UTC', 0, true);
        INSERT INTO accounts SELECT n::text, n::text, '', now() FROM generate_series(1, 20000) n;
        INSERT INTO subscriptions (public_id, owner, plan, subscribed_on)
            SELECT n::text, n::text::bytea, 1, now() FROM generate_series(1, 20000) n;
        INSERT INTO keys (id, account, subscription, digest, enabled, label, created_at)
            SELECT n::text, n::text, n, '', true, '', now() FROM generate_series(1, 20000) n;
        INSERT INTO usage_days SELECT id, now(), 0, 0, 0 FROM subscriptions;
        ANALYZE";
    client.batch_execute(fill).await.unwrap();
    for statement in access_postgres::HOT_STATEMENTS {
        let prepared = client.prepare(statement).await.unwrap();
        let nulls = vec!["NULL"; prepared.params().len()].join(", ");
        let nulls = if nulls.is_empty() { nulls } else { format!("({nulls})") };
        // As it is planned for any batch, and not for this one.
        let explain = format!(
            "SET plan_cache_mode TO force_generic_plan; DEALLOCATE ALL;
             PREPARE hot AS {statement}; EXPLAIN EXECUTE hot{nulls}"
        );
        let mut plan = String::new();
        for message in client.simple_query(&explain).await.unwrap() {
            if let tokio_postgres::SimpleQueryMessage::Row(row) = message {
                plan.push_str(row.get(0).unwrap());
                plan.push('\n');
            }
        }
        let is_small = |line: &str| line.contains("plans_version") || line.contains("lanes");
        let slow: Vec<_> = plan.lines().filter(|line| line.contains("Sort") || line.contains("Seq Scan")).collect();
        assert!(slow.iter().all(|line| is_small(line)), "{statement}\n{plan}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_whose_reply_is_lost_is_made_once_and_answered() {
    let database = Database::fresh().await;
    let link = SlowLink::in_front_of(&database.url()).await;
    let setup = setup(&link.url());
    succeeds(&setup, "migrate").await;
    let server = setup.start().await;
    let ada = server.signed_in("ada").await;
    link.lose_reply("COMMIT\0");
    let (key, id) = ada.key_on("few").await;
    assert!(link.has_lost(), "no commit lost its reply");
    key.chat("hello").send().await.expect(200);
    link.lose_reply("COMMIT\0");
    let rotated = ada.post(&format!("/keys/{id}/rotate"), &serde_json::json!({})).send().await.expect(200);
    assert!(link.has_lost(), "no commit lost its reply");
    key.chat("hello").send().await.is_error(401, "invalid_api_key");
    let new = key.as_identity(tests::Identity::Key(rotated.json()["value"].as_str().unwrap().to_owned()));
    new.chat("hello").send().await.expect(200);
}
