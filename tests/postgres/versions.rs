//! Two versions of the program beside each other: a replica that runs while a newer one's tables are made goes on.

use futures_util::future::join_all;
use serde_json::json;
use tests::{Database, PlanSpec, TestServer};

/// What a later version may do to the tables: add to them. Each gets a column that has a default, so that rows are written
/// anew, and the version becomes one that this program doesn't start with.
const LATER: &str = "DO $$ DECLARE found text; BEGIN
    FOR found IN SELECT tablename FROM pg_tables WHERE schemaname = 'tollgate' LOOP
        EXECUTE format('ALTER TABLE tollgate.%I ADD COLUMN of_a_later_version uuid NOT NULL DEFAULT gen_random_uuid()', found);
    END LOOP;
    CREATE TABLE tollgate.of_a_later_version (id bigint);
    UPDATE tollgate.schema_version SET version = version + 1;
END $$";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_runs_goes_on_with_the_tables_of_a_later_version() {
    let database = Database::fresh().await;
    let plans = [PlanSpec::daily("many", 500).throttled(1000.0, 1000)];
    let setup = TestServer::setup().postgres(&database.url()).plans(&plans);
    let (status, said) = TestServer::run(&setup, &["migrate"]).await;
    assert!(status.success(), "{said}");
    let server = setup.clone().start().await;
    // All that is asked later was asked before: statements are prepared once for each connection.
    let asks = async |name: &str| {
        let ada = server.signed_in(name).await;
        let (key, id) = ada.key_on("many").await;
        key.chat("hello").send().await.expect(200);
        ada.post(&format!("/keys/{id}/rotate"), &json!({"grace_seconds": 60})).send().await.expect(200);
        ada.get("/keys").send().await.expect(200);
        ada.get(&format!("/keys/{id}/usage")).send().await.expect(200);
        ada.get("/me/sessions").send().await.expect(200);
        let again = server.signed_in(name).await;
        again.delete("/sessions/current").send().await.expect(204);
        server.anonymous().get("/plans").send().await.expect(200);
        server.anonymous().get("/v1/key").header("x-api-key", &tests::unknown_key(7)).send().await.expect(401);
        (ada, key)
    };
    let all = async |when: &str| {
        let names: Vec<_> = (0..8).map(|number| format!("{when}{number}")).collect();
        // Over all connections of the pool, and many in one transaction.
        join_all(names.iter().map(|name| asks(name))).await
    };
    let before = all("before").await;
    database.client().await.batch_execute(LATER).await.unwrap();
    let chats = before.iter().flat_map(|(_, key)| (0..10).map(|_| key.chat("hello").send()));
    for answer in join_all(chats).await {
        answer.expect(200);
    }
    all("after").await;
    for (ada, key) in before {
        assert_eq!(key.used().await, 11);
        ada.delete_account().send().await.expect(204);
    }
    let said = server.output().text();
    assert!(!said.contains("ERROR"), "{said}");
    let (status, said) = TestServer::run(&setup, &["serve"]).await;
    assert!(!status.success() && said.contains("run the newer tollgate"), "{said}");
}
