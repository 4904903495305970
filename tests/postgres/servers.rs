//! What other tests take for granted of the Postgres that they are given.

use tests::{Database, OwnPostgres, connect, wait_until, within};

const BUSY: &str = "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b";
const BUSY_BACKENDS: &str =
    "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%generate_series(1, 100000) b'";
const COUNT: &str = "SELECT count(*) FROM charges";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fresh_database_answers_knows_no_other_and_goes() {
    let (one, other) = (Database::fresh().await, Database::fresh().await);
    let client = one.client().await;
    client.batch_execute("CREATE TABLE charges (id int); INSERT INTO charges VALUES (1)").await.unwrap();
    assert_eq!(client.query_one(COUNT, &[]).await.unwrap().get::<_, i64>(0), 1);
    assert!(other.client().await.query_one(COUNT, &[]).await.is_err(), "two tests share a database");

    let (url, name) = (one.url(), one.url().rsplit_once('/').unwrap().1.to_owned());
    assert_eq!(known(&other, &name).await, 1);
    drop(one);
    assert!(client.query_one(COUNT, &[]).await.is_err(), "{url} answers who is still connected");
    assert_eq!(known(&other, &name).await, 0);
}

async fn known(database: &Database, name: &str) -> i64 {
    let count = "SELECT count(*) FROM pg_database WHERE datname = $1";
    database.client().await.query_one(count, &[&name]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_comes_back_with_what_was_committed_and_nothing_else() {
    let mut postgres = OwnPostgres::start().await;
    let client = postgres.client().await;
    client.batch_execute("CREATE TABLE charges (id int); INSERT INTO charges VALUES (1)").await.unwrap();
    // Of others, in a transaction that has no end yet.
    let open = postgres.client().await;
    open.batch_execute("BEGIN; INSERT INTO charges VALUES (2)").await.unwrap();

    // Busy: it would notice the death of a server that is killed alone after hours only.
    let busy = postgres.client().await;
    let busy = async move { busy.simple_query(BUSY).await };
    let busy = tokio::task::JoinSet::from_iter([busy]).join_all();
    let is_busy =
        || async { (client.query_one(BUSY_BACKENDS, &[]).await.unwrap().get::<_, i64>(0) == 1).then_some(()) };
    wait_until("a backend is busy", is_busy).await;

    postgres.kill9().await;
    let ended = within("a query of a killed server", busy).await;
    assert!(ended[0].is_err(), "a killed server answers");
    assert!(client.query_one(COUNT, &[]).await.is_err(), "a killed server answers");
    assert!(open.batch_execute("COMMIT").await.is_err(), "a killed server commits");

    postgres.start_again().await;
    let client = connect(&postgres.url()).await;
    assert_eq!(client.query_one(COUNT, &[]).await.unwrap().get::<_, i64>(0), 1);

    client.batch_execute("INSERT INTO charges VALUES (3)").await.unwrap();
    postgres.stop().await;
    postgres.start_again().await;
    assert_eq!(postgres.client().await.query_one(COUNT, &[]).await.unwrap().get::<_, i64>(0), 2);
}
