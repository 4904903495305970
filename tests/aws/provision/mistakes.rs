//! The mistakes that provisioning samples make, one by one: ours makes none of them.

use access_aws::provision::Written;
use serde_json::Value;
use tests::{
    FakeUpstream,
    aws::{FakeAws, Fault, RestApi, When},
};

use crate::site::{apply, apply_with_key, written};

async fn made() -> (FakeAws, RestApi) {
    let aws = FakeAws::start().await;
    apply(&aws.endpoint_url(), written()).await.unwrap();
    let api = aws.apis().remove(0);
    (aws, api)
}

fn method(api: &RestApi, path: &str, verb: &str) -> Value {
    let live = &api.deployments[&api.stages["live"].deployment].surface;
    let resource = live.resources.values().find(|resource| resource.path == path).unwrap();
    Value::Object(resource.methods[verb].clone())
}

#[tokio::test]
async fn plans_name_the_stage_and_not_a_resource() {
    let (aws, api) = made().await;
    for plan in aws.plans() {
        assert_eq!(plan.stages.len(), 1);
        assert!(api.stages.contains_key(&plan.stages[0].stage), "{plan:?}");
    }
}

#[tokio::test]
async fn every_method_has_an_integration_a_deployment_and_a_stage() {
    let (_, api) = made().await;
    for verb in ["ANY", "OPTIONS"] {
        assert!(method(&api, "/v1/{proxy+}", verb)["methodIntegration"].is_object(), "{verb}");
    }
}

#[tokio::test]
async fn the_key_is_required_but_for_preflights() {
    let (_, api) = made().await;
    assert_eq!(method(&api, "/v1/{proxy+}", "ANY")["apiKeyRequired"], true);
    assert_eq!(method(&api, "/v1/{proxy+}", "OPTIONS")["apiKeyRequired"], false);
}

#[tokio::test]
async fn the_api_is_regional_streams_and_waits_long_enough() {
    let (_, api) = made().await;
    assert_eq!(api.fields["endpointConfiguration"]["types"], serde_json::json!(["REGIONAL"]));
    assert_eq!(api.fields["apiKeySource"], "HEADER");
    let integration = &method(&api, "/v1/{proxy+}", "ANY")["methodIntegration"];
    assert_eq!(integration["responseTransferMode"], "STREAM");
    assert_eq!(integration["timeoutInMillis"], 600_000);
    assert_eq!(integration["type"], "HTTP_PROXY");
}

#[tokio::test]
async fn calls_are_made_in_the_order_that_aws_demands() {
    let aws = FakeAws::start().await;
    apply_with_key(&aws.endpoint_url(), written(), "10RequestPerDay").await.unwrap();
    let calls = aws.calls();
    let last = |name: &str| calls.iter().rposition(|call| call.operation == name).unwrap();
    let first = |name: &str| calls.iter().position(|call| call.operation == name).unwrap();
    assert!(last("PutIntegration") < first("CreateDeployment"));
    assert!(last("PutGatewayResponse") < first("CreateDeployment"));
    assert!(first("CreateDeployment") < first("CreateStage"));
    assert!(first("CreateStage") < first("CreateUsagePlan"));
    assert!(last("CreateUsagePlan") < first("CreateApiKey"));
    let deployment = &calls[first("CreateDeployment")].body;
    assert!(deployment.get("stageName").is_none(), "a deployment makes no stage anew");
    let key = &calls[first("CreateApiKey")].body;
    assert_eq!(key["enabled"], true);
    assert_eq!(calls[first("CreateUsagePlanKey")].body["keyType"], "API_KEY");
    assert!(calls.iter().all(|call| call.status.is_some_and(|status| status < 300)), "{calls:?}");
}

#[tokio::test]
async fn offset_and_burst_are_what_was_chosen() {
    let (aws, _) = made().await;
    for plan in aws.plans() {
        assert_eq!(plan.quota.unwrap().offset, 0);
        let throttle = plan.throttle.unwrap();
        assert!(f64::from(throttle.burst) >= throttle.rate);
    }
}

#[tokio::test]
async fn everything_is_tagged_and_a_second_run_doubles_nothing() {
    let (aws, api) = made().await;
    apply(&aws.endpoint_url(), written()).await.unwrap();
    assert_eq!((aws.apis().len(), aws.plans().len()), (1, 2));
    let tags = aws.plans().into_iter().map(|plan| plan.tags).chain([api.tags, api.stages["live"].tags.clone()]);
    for tags in tags {
        assert_eq!((tags["managed-by"].as_str(), tags["tollgate:api"].as_str()), ("tollgate", "tollgate"));
    }
}

/// Through the fake's data plane: the address, a key, a browser's preflight, and what the upstream sees.
#[tokio::test]
async fn the_endpoint_can_be_called_with_the_key_and_the_upstream_never_sees_it() {
    let upstream = FakeUpstream::start().await;
    let aws = FakeAws::start().await;
    let written = Written { base_url: upstream.base_url(), ..written() };
    let applied = apply_with_key(&aws.endpoint_url(), written, "10RequestPerDay").await.unwrap();
    let key = applied.operator_key.unwrap();
    let url = format!("{}/v1/chat/completions", aws.invoke_url(&applied.api_id, "live"));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let body = serde_json::json!({"model": "m", "messages": [{"role": "user", "content": "x"}]});
    let answer = client
        .post(&url)
        .header("x-api-key", key.reveal())
        .bearer_auth("the-callers-own")
        .header("cookie", "session=the-callers-own")
        .header("idempotency-key", "the-callers-own")
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let received = &upstream.received()[0];
    let seen = format!("{:?}", received.headers);
    assert!(!seen.contains(key.reveal()) && !seen.contains("the-callers-own"), "{seen}");
    assert!(seen.contains("Bearer sk-upstream-sekret-credential"), "{seen}");
    let without = client.post(&url).json(&body).send().await.unwrap();
    assert_eq!(without.status(), 401);
    assert_eq!(without.headers()["x-tollgate-refusal"], "invalid_api_key");
    let error: Value = without.json().await.unwrap();
    assert_eq!(error["error"]["code"], "invalid_api_key");
    let preflight = client.request(reqwest::Method::OPTIONS, &url).send().await.unwrap();
    assert_eq!(preflight.status(), 200);
    assert_eq!(preflight.headers()["access-control-allow-origin"], "*");
    let allowed = preflight.headers()["access-control-allow-headers"].to_str().unwrap();
    for header in ["x-api-key", "authorization", "content-type", "x-stainless-retry-count"] {
        assert!(allowed.split(',').any(|found| found == header), "{header}");
    }
    for header in ["openai-organization", "openai-project", "idempotency-key", "cookie"] {
        assert!(allowed.split(',').all(|found| found != header), "{header}");
    }
}

/// Upstreams take requests of one idempotency key for one request, and all callers share an account there.
#[tokio::test]
async fn no_caller_is_given_anothers_answer_by_an_idempotency_key() {
    let upstream = FakeUpstream::start().await;
    let aws = FakeAws::start().await;
    let written = Written { base_url: upstream.base_url(), ..written() };
    let applied = apply_with_key(&aws.endpoint_url(), written, "10RequestPerDay").await.unwrap();
    let key = applied.operator_key.unwrap();
    let url = format!("{}/v1/models", aws.invoke_url(&applied.api_id, "live"));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for _ in 0..2 {
        let call = client.get(&url).header("x-api-key", key.reveal()).header("idempotency-key", "the-same");
        assert_eq!(call.send().await.unwrap().status(), 200);
    }
    let sent: Vec<_> = upstream.received().iter().map(|r| r.header("idempotency-key").unwrap().to_owned()).collect();
    assert!(sent[0] != sent[1] && !sent.contains(&"the-same".to_owned()), "{sent:?}");
}

/// AWS repeats a mapping that it doesn't like.
#[tokio::test]
async fn what_aws_repeats_of_a_mapping_is_told_without_the_credential() {
    let aws = FakeAws::start().await;
    let said = "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping \
                expression specified: 'Bearer sk-upstream-sekret-credential']";
    aws.fault("PutIntegration", When::Next, Fault::Status(400, "BadRequestException", said));
    let error = apply(&aws.endpoint_url(), written()).await.unwrap_err();
    let told = format!("{error} {error:?}");
    assert!(told.contains("Invalid mapping expression specified: 'Bearer …']"), "{told}");
    assert!(!told.contains("sekret"), "{told}");
}
