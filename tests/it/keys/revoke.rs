//! `DELETE /keys/{id}`: ended for good, and at once.

use tests::{FakeUpstream, TestServer};
use tokio::task::JoinSet;

#[tokio::test]
async fn a_revoked_key_is_refused_at_once() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let (key, id) = ada.key_on("10RequestPerDay").await;
    key.chat("hello").send().await.expect(200);
    ada.delete(&format!("/keys/{id}")).send().await.expect(204);
    key.chat("hello").send().await.is_error(401, "invalid_api_key");
    key.get("/v1/models").send().await.is_error(401, "invalid_api_key");
    ada.delete(&format!("/keys/{id}")).send().await.is_problem(404, "not_found");
    assert_eq!(ada.get("/keys").send().await.expect(200).json().as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn under_load_no_request_that_starts_after_the_revocation_passes() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let (key, id) = ada.key_on("unlimited").await;
    let mut load = JoinSet::new();
    for _ in 0..8 {
        let key = key.clone();
        load.spawn(async move { while key.chat("hello").send().await.status == 200 {} });
    }
    for _ in 0..20 {
        key.chat("hello").send().await.expect(200);
    }
    ada.delete(&format!("/keys/{id}")).send().await.expect(204);
    for _ in 0..20 {
        key.chat("hello").send().await.is_error(401, "invalid_api_key");
    }
    let _ = load.join_all().await;
}

#[tokio::test]
async fn a_new_key_on_the_plan_goes_on_with_the_count() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let (key, id) = ada.key_on("10RequestPerDay").await;
    for _ in 0..4 {
        key.chat("hello").send().await.expect(200);
    }
    ada.delete(&format!("/keys/{id}")).send().await.expect(204);
    let (new, new_id) = ada.key_on("10RequestPerDay").await;
    assert_ne!(new_id, id);
    assert_eq!(new.used().await, 4);
}

#[tokio::test]
async fn a_stream_under_way_is_not_cut_by_revoking_its_key() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let ada = server.signed_in("ada").await;
    let (key, id) = ada.key_on("10RequestPerDay").await;
    upstream.by_hand();
    let (mut exchange, mut events) = tokio::join!(
        async {
            let mut exchange = upstream.exchange().await;
            exchange.start_stream().await;
            exchange.send_text("before").await;
            exchange
        },
        key.chat_stream("hello").stream()
    );
    assert_eq!(events.next_text().await, "before");
    ada.delete(&format!("/keys/{id}")).send().await.expect(204);
    exchange.send_text("after").await;
    assert_eq!(events.next_text().await, "after");
    exchange.finish_stream().await;
    assert_eq!(events.rest().await.last().unwrap(), "[DONE]");
}
