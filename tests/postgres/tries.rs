//! Limits on tries hold for all replicas of one Postgres together, and a restart forgets nothing.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Answer, Caller, Database, Identity, PASSWORD, ServerSetup, TestServer, unknown_key, wait_until};

const LIMIT: u32 = 6;

/// Two replicas and the database, with `LIMIT` for one of the limits.
async fn two(limit: &str) -> (TestServer, TestServer, Database) {
    let database = Database::fresh().await;
    let setup = setup(&database, limit);
    let (status, said) = TestServer::run(&setup, &["migrate"]).await;
    assert!(status.success(), "{said}");
    (setup.clone().start().await, setup.start().await, database)
}

fn setup(database: &Database, limit: &str) -> ServerSetup {
    TestServer::setup().postgres(&database.url()).set(&format!("accounts.{limit}"), LIMIT.to_string())
}

fn credentials(name: &str, password: &str) -> Value {
    json!({"email": format!("{name}@example.com"), "password": password})
}

async fn sign_in(at: &TestServer, name: &str, password: &str) -> Answer {
    at.anonymous().post("/sessions", &credentials(name, password)).send().await
}

async fn sign_up(at: &TestServer, name: &str) -> Answer {
    at.anonymous().post("/accounts", &credentials(name, PASSWORD)).send().await
}

async fn guess(at: &TestServer, number: u8) -> Answer {
    let caller: Caller = at.anonymous().as_identity(Identity::Key(unknown_key(number)));
    caller.chat("guess").send().await
}

#[track_caller]
fn is_too_many(answer: &Answer, longest_wait: u64) {
    answer.is_problem(429, "too_many_attempts");
    assert!((1..=longest_wait).contains(&answer.number("retry-after")), "{:?}", answer.headers);
}

/// How many tries the database has rows for.
async fn rows(database: &Database) -> i64 {
    database.client().await.query_one("SELECT count(*) FROM tollgate.tries", &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failed_sign_ins_are_counted_over_all_replicas_and_a_restart() {
    let (mut one, two, database) = two("failed_sign_ins").await;
    one.signed_in("ada").await;
    one.signed_in("bob").await;
    for _ in 0..LIMIT / 2 {
        for replica in [&one, &two] {
            sign_in(replica, "ada", "a wrong password").await.is_problem(401, "wrong_credentials");
        }
        // Those that end well cost nothing.
        sign_in(&two, "bob", PASSWORD).await.expect(200);
    }
    for replica in [&one, &two] {
        is_too_many(&sign_in(replica, "ada", PASSWORD).await, 300);
        sign_in(replica, "bob", PASSWORD).await.expect(200);
    }
    one.restart().await;
    is_too_many(&sign_in(&one, "ada", PASSWORD).await, 300);

    let client = database.client().await;
    let ids = client.query("SELECT id FROM tollgate.tries", &[]).await.unwrap();
    assert!(!ids.is_empty() && ids.iter().all(|row| row.get::<_, Vec<u8>>(0).len() == 16));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_sign_ins_at_two_replicas_get_no_more_than_the_limit() {
    let (one, two, _database) = two("failed_sign_ins_per_source").await;
    let tries = (0..LIMIT * 2).flat_map(|number| {
        [&one, &two]
            .map(|replica| async move { sign_in(replica, &format!("nobody{number}"), "a wrong password").await })
    });
    let answers = join_all(tries).await;
    let tried = answers.iter().filter(|answer| answer.status == 401).count();
    assert!(tried <= LIMIT as usize, "{tried} of {LIMIT} were tried");
    assert!(answers.iter().all(|answer| [401, 429, 503].contains(&answer.status)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sign_ups_are_counted_over_all_replicas_and_a_restart() {
    let (mut one, two, _database) = two("sign_ups_per_hour").await;
    for number in 0..LIMIT / 2 {
        sign_up(&one, &format!("ada{number}")).await.expect(201);
        sign_up(&two, &format!("bob{number}")).await.expect(201);
    }
    for replica in [&one, &two] {
        is_too_many(&sign_up(replica, "eve").await, 3600);
    }
    one.restart().await;
    is_too_many(&sign_up(&one, "eve").await, 3600);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_keys_are_counted_over_all_replicas_and_a_restart() {
    let database = Database::fresh().await;
    let most = 1_000;
    let setup = setup(&database, "failed_sign_ins").set("accounts.failed_keys_per_source", most.to_string());
    let (status, said) = TestServer::run(&setup, &["migrate"]).await;
    assert!(status.success(), "{said}");
    let (mut one, two) = (setup.clone().start().await, setup.start().await);
    let holder = one.with_key("10RequestPerDay").await;
    holder.chat("hello").send().await.expect(200);
    for _ in 0..9 {
        let guesses = (0..111).map(|number| guess(&one, number));
        assert!(join_all(guesses).await.iter().all(|answer| answer.status == 401));
    }
    // Long before its own would be enough, the other one hears of them.
    assert!(guesses_until_refused(&two).await < most / 2);
    assert!(guesses_until_refused(&one).await < most / 2);
    holder.chat("hello").send().await.expect(200);

    one.restart().await;
    assert!(guesses_until_refused(&one).await < most / 2);
    let refused = guess(&one, 0).await;
    refused.is_error(429, "too_many_attempts");
    assert!((1..=300).contains(&refused.number("retry-after")), "{:?}", refused.headers);
}

/// How many wrong keys a replica looks at before it refuses to.
async fn guesses_until_refused(replica: &TestServer) -> u32 {
    let made = AtomicU32::new(0);
    let refused = || async {
        made.fetch_add(1, Relaxed);
        (guess(replica, 0).await.status == 429).then_some(())
    };
    wait_until("wrong keys are refused", refused).await;
    made.into_inner()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_wrong_keys_is_few_rows_and_few_writes() {
    let database = Database::fresh().await;
    let setup = setup(&database, "failed_sign_ins").set("accounts.failed_keys_per_source", "1000000");
    let (status, said) = TestServer::run(&setup, &["migrate"]).await;
    assert!(status.success(), "{said}");
    let server = setup.start().await;
    let started = std::time::Instant::now();
    for _ in 0..50 {
        let guesses = (0..100).map(|number| guess(&server, number));
        assert!(join_all(guesses).await.iter().all(|answer| answer.status == 401));
    }
    // At most one write a second, and one at each end.
    let most = i64::try_from(started.elapsed().as_secs()).unwrap() + 2;
    let client = database.client().await;
    let writes = || async {
        let row = client.query_one("SELECT counted FROM tollgate.tries", &[]).await.unwrap();
        let counted: Vec<u8> = row.get(0);
        let tries = counted.chunks(12).map(|entry| u32::from_be_bytes(entry[8..].try_into().unwrap())).sum::<u32>();
        (tries == 5_000).then_some(())
    };
    wait_until("all are counted", writes).await;
    assert_eq!(rows(&database).await, 1);
    // Each write is a change with a number of its own; the server makes no other here.
    let changes: i64 = client.query_one("SELECT count(*) FROM tollgate.changes", &[]).await.unwrap().get(0);
    assert!((1..=most + 8).contains(&changes), "{changes} writes for 5,000 tries, at most {most} were due");
}
