//! What a log at its finest may hold: never a key's value, though AWS's SDK would write whole requests.

use tests::settled;

use crate::served::{Served, listed};

/// The log is searched for every key of the test when the server is dropped.
#[tokio::test]
async fn no_level_of_the_log_shows_a_key() {
    let served = Served::by_hand().await;
    for level in ["trace", "info,aws_smithy_runtime::client::orchestrator=trace,aws_smithy_runtime=trace"] {
        let server = served.setup().set("log.level", level).start().await;
        let ada = server.signed_in("ada").await;
        let (key, id) = ada.key_on("10RequestPerDay").await;
        key.chat("hello").send().await.expect(200);
        settled(serde_json::json!("active"), || async { listed(&ada).await["state"].clone() }).await;
        ada.delete(&format!("/keys/{id}")).send().await.expect(204);
        assert!(!server.output().text().contains("aws_smithy_runtime"), "{level}");
    }
}
