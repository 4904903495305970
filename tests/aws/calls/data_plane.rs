//! Calls of a live stage: who is let in, and how much.

use aws_sdk_apigateway::types::GatewayResponseType;
use reqwest::Method;
use tests::FakeUpstream;

use super::{
    fixtures::{
        Api, NOWHERE, enabled_key, per_day, prepared_key, prepared_on_plan, prepared_plan, stage, throttle, value_of,
    },
    recorder::{Invocation, Invoked, Recorder},
};

pub async fn calls(recorder: &mut Recorder<'_>) {
    let upstream = FakeUpstream::start().await;
    let uri = format!("{}/chat/completions", upstream.base_url());
    callers(recorder, &uri).await;
    limits(recorder, &uri).await;
    what_goes_upstream(recorder, &upstream, &uri).await;
    own_answers(recorder, &uri).await;
}

fn nothing_else(_: &Invoked) -> String {
    String::new()
}

/// `POST /chat` with a key.
fn post<'a>(api: &'a Api, key: &'a str) -> Invocation<'a> {
    Invocation { api: &api.id, stage: "live", method: Method::POST, path: "/chat", key: Some(key) }
}

/// A live API in front of this URI, and an unlimited plan for it.
async fn live_with_plan(recorder: &mut Recorder<'_>, name: &str, uri: &str) -> (Api, String) {
    let api = Api::with_method(recorder, name, true, uri).await;
    api.go_live(recorder, "live").await;
    let plan = recorder.aws.create_usage_plan().name(name).api_stages(stage(&api.id, "live"));
    let plan = prepared_plan(recorder, plan).await;
    (api, plan)
}

async fn callers(recorder: &mut Recorder<'_>, uri: &str) {
    let aws = recorder.aws.clone();
    let (api, plan) = live_with_plan(recorder, "callers", uri).await;
    let right = prepared_key(recorder, "right").await;
    prepared_on_plan(recorder, &plan, &right).await;
    let right = value_of("right");
    recorder.invoke("call with a key", &post(&api, &right), nothing_else).await;
    recorder.invoke("call without a key", &Invocation { key: None, ..post(&api, "") }, nothing_else).await;
    recorder.invoke("call with a wrong key", &post(&api, &value_of("wrong")), nothing_else).await;
    let disabled = recorder.prepare("a key", enabled_key(&aws, "off").enabled(false).send()).await.id.unwrap();
    prepared_on_plan(recorder, &plan, &disabled).await;
    recorder.invoke("call with a disabled key", &post(&api, &value_of("off")), nothing_else).await;
    prepared_key(recorder, "on no plan").await;
    recorder.invoke("call with a key on no plan", &post(&api, &value_of("on no plan")), nothing_else).await;
    let gone = prepared_key(recorder, "gone").await;
    prepared_on_plan(recorder, &plan, &gone).await;
    recorder.prepare("a deletion", aws.delete_api_key().api_key(&gone).send()).await;
    recorder.invoke("call with a deleted key", &post(&api, &value_of("gone")), nothing_else).await;
    let left = prepared_key(recorder, "left").await;
    prepared_on_plan(recorder, &plan, &left).await;
    recorder.prepare("leaving", aws.delete_usage_plan_key().usage_plan_id(&plan).key_id(&left).send()).await;
    recorder.invoke("call with a key that left its plan", &post(&api, &value_of("left")), nothing_else).await;
    recorder.invoke("call of another path", &Invocation { path: "/other", ..post(&api, &right) }, nothing_else).await;
    let get = Invocation { method: Method::GET, ..post(&api, &right) };
    recorder.invoke("call of another verb", &get, nothing_else).await;
    recorder
        .invoke("call of an unknown stage", &Invocation { stage: "other", ..post(&api, &right) }, nothing_else)
        .await;
    let open = Api::with_method(recorder, "open", false, uri).await;
    open.go_live(recorder, "live").await;
    let without = Invocation { key: None, ..post(&open, "") };
    recorder.invoke("call without a key where none is required", &without, nothing_else).await;
}

async fn limits(recorder: &mut Recorder<'_>, uri: &str) {
    let aws = recorder.aws.clone();
    let api = Api::with_method(recorder, "limits", true, uri).await;
    api.go_live(recorder, "live").await;
    // So slow a refill that no machine is slow enough to see it.
    for (limit, quota, rate) in
        [("a spent quota", Some(per_day(2)), None), ("an empty bucket", None, Some(throttle(0.001, 2)))]
    {
        let plan = aws.create_usage_plan().name(limit).api_stages(stage(&api.id, "live"));
        let plan = prepared_plan(recorder, plan.set_quota(quota).set_throttle(rate)).await;
        let key = prepared_key(recorder, limit).await;
        prepared_on_plan(recorder, &plan, &key).await;
        let value = value_of(limit);
        let call = post(&api, &value);
        recorder.invoke(&format!("first call before {limit}"), &call, nothing_else).await;
        recorder.invoke(&format!("last call before {limit}"), &call, nothing_else).await;
        recorder
            .invoke(&format!("call with {limit}"), &call, |answer| {
                let promised = if answer.retry_after.is_some() { ", Retry-After" } else { "" };
                let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
                format!("{}{promised}", body["message"].as_str().unwrap_or("another body"))
            })
            .await;
    }
}

async fn what_goes_upstream(recorder: &mut Recorder<'_>, upstream: &FakeUpstream, uri: &str) {
    let aws = recorder.aws.clone();
    for (step, overriding) in
        [("call that takes the caller's key upstream", false), ("call with the caller's key overridden upstream", true)]
    {
        let api = Api::prepared(recorder, step).await;
        let method = aws.put_method().rest_api_id(&api.id).resource_id(&api.chat).http_method("POST");
        recorder.prepare("POST /chat", method.authorization_type("NONE").api_key_required(true).send()).await;
        let mut integration = api.integration(&aws, uri);
        if overriding {
            integration = integration
                .request_parameters("integration.request.header.x-api-key", "'none'")
                .request_parameters("integration.request.header.authorization", "'Bearer upstream'");
        }
        recorder.prepare("an integration", integration.send()).await;
        api.go_live(recorder, "live").await;
        let plan = aws.create_usage_plan().name(step).api_stages(stage(&api.id, "live"));
        let plan = prepared_plan(recorder, plan).await;
        let key = prepared_key(recorder, step).await;
        prepared_on_plan(recorder, &plan, &key).await;
        let value = value_of(step);
        let _ = upstream.take_received();
        recorder
            .invoke(step, &post(&api, &value), |_| match upstream.take_received().as_slice() {
                [received] => {
                    let sent = received.header("x-api-key").unwrap_or("no key");
                    let sent = if sent == value { "the caller's key" } else { sent };
                    format!("{sent}, {}", received.header("authorization").unwrap_or("no authorization"))
                }
                _ => "nothing upstream".to_owned(),
            })
            .await;
    }
    let (api, plan) = live_with_plan(recorder, "upstream away", NOWHERE).await;
    let key = prepared_key(recorder, "upstream away").await;
    prepared_on_plan(recorder, &plan, &key).await;
    recorder.invoke("call while the upstream is away", &post(&api, &value_of("upstream away")), nothing_else).await;
}

async fn own_answers(recorder: &mut Recorder<'_>, uri: &str) {
    let aws = recorder.aws.clone();
    let api = Api::with_method(recorder, "own answers", true, uri).await;
    for (kind, status) in [(GatewayResponseType::InvalidApiKey, "401"), (GatewayResponseType::QuotaExceeded, "429")] {
        let template = r#"{"error":{"message":$context.error.messageString,"code":"own"}}"#;
        let put = aws.put_gateway_response().rest_api_id(&api.id).response_type(kind).status_code(status);
        let put = put.response_templates("application/json", template);
        let put = put.response_parameters("gatewayresponse.header.Retry-After", "'60'");
        recorder.prepare("a gateway response", put.send()).await;
    }
    api.go_live(recorder, "live").await;
    let plan = aws.create_usage_plan().name("own answers").api_stages(stage(&api.id, "live")).quota(per_day(1));
    let plan = prepared_plan(recorder, plan).await;
    let key = prepared_key(recorder, "own answers").await;
    prepared_on_plan(recorder, &plan, &key).await;
    let see = |answer: &Invoked| {
        let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let message = if body["error"]["code"] == "own" { body["error"]["message"].as_str() } else { None };
        format!("{}, Retry-After {}", message.unwrap_or("another body"), answer.retry_after.as_deref().unwrap_or("-"))
    };
    let wrong = value_of("wrong");
    recorder.invoke("call with a wrong key and an answer of our own", &post(&api, &wrong), see).await;
    let value = value_of("own answers");
    let _ = recorder.ask(&post(&api, &value)).await;
    recorder.invoke("call with a spent quota and an answer of our own", &post(&api, &value), see).await;
}
