//! Against other people's idea of AWS: moto's control plane, MiniStack's control and data plane.

use access_aws::provision::Written;
use serde_json::{Value, json};
use tests::{FakeUpstream, MiniStack, Moto};

use crate::site::{apply, apply_with_key, daily, destroy, plan, provisioner, written};

/// From nothing, again, its status, and away.
async fn there_and_back(endpoint_url: &str) {
    let applied = apply_with_key(endpoint_url, written(), "10RequestPerDay").await.unwrap();
    assert!(applied.operator_key.is_some() && applied.steps > 0);
    let again = apply(endpoint_url, written()).await.unwrap();
    assert_eq!((again.steps, &again.api_id), (0, &applied.api_id));
    let status = provisioner(endpoint_url, written()).await.status().await.unwrap();
    assert!(status.is_as_configured(), "{status}");
    assert!(status.to_string().contains("10RequestPerDay: 1 key;"), "{status}");
    destroy(endpoint_url, false).await.unwrap();
    let status = provisioner(endpoint_url, written()).await.status().await.unwrap().to_string();
    assert!(status.contains("Nothing is there yet"), "{status}");
}

#[tokio::test]
async fn moto_there_and_back() {
    let moto = Moto::start().await;
    there_and_back(moto.endpoint_url()).await;
}

#[tokio::test]
async fn ministack_there_and_back() {
    let ministack = MiniStack::start().await;
    there_and_back(ministack.endpoint_url()).await;
}

#[tokio::test]
async fn moto_is_redeployed_when_the_upstream_changes() {
    let moto = Moto::start().await;
    let url = moto.endpoint_url();
    let first = apply(url, written()).await.unwrap();
    let other = || Written { base_url: "https://other.example.com/v1".to_owned(), ..written() };
    let shown = plan(url, other()).await;
    assert!(shown.contains("-> https://other.example.com/v1/{proxy}") && shown.contains("+ deployment"), "{shown}");
    assert_eq!(apply(url, other()).await.unwrap().api_id, first.api_id);
    assert_eq!(apply(url, other()).await.unwrap().steps, 0);
}

#[tokio::test]
async fn ministack_lets_a_key_through_until_its_quota_is_spent() {
    let ministack = MiniStack::start().await;
    let upstream = FakeUpstream::start().await;
    let written = Written { base_url: upstream.base_url(), plans: vec![daily(3), daily(20)], ..written() };
    let applied = apply_with_key(ministack.endpoint_url(), written, "3RequestPerDay").await.unwrap();
    let key = applied.operator_key.unwrap();
    let url = format!("{}/v1/chat/completions", ministack.invoke_url(&applied.api_id, "live"));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let call = |key: Option<String>| {
        let request = client.post(&url).json(&json!({"model": "m", "messages": []}));
        key.into_iter().fold(request, |request, key| request.header("x-api-key", key)).send()
    };
    for _ in 0..3 {
        let answer = call(Some(key.reveal().to_owned())).await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    // MiniStack maps no headers, so what the upstream sees of them is the fake's to show.
    assert_eq!(upstream.received()[0].path, "/v1/chat/completions");
    let spent = call(Some(key.reveal().to_owned())).await.unwrap();
    assert_eq!(spent.status(), 429);
    assert_eq!(spent.headers()["x-tollgate-refusal"], "quota");
    assert_eq!(spent.headers()["x-should-retry"], "false");
    let error: Value = spent.json().await.unwrap();
    assert_eq!(error["error"]["code"], "rate_limit_exceeded");
    let without = call(None).await.unwrap();
    assert_eq!(without.status(), 401);
    assert_eq!(without.headers()["x-tollgate-refusal"], "invalid_api_key");
    assert_eq!(upstream.received().len(), 3);
}
