//! What there is in the fake without its ids, so that two ways to get there can be compared.

use serde_json::{Value, json};
use tests::aws::{FakeAws, RestApi, Surface};

/// Everything in the account.
pub fn shape(aws: &FakeAws) -> Value {
    let apis = aws.apis();
    let mut plans: Vec<Value> = aws
        .plans()
        .into_iter()
        .map(|plan| {
            let stages: Vec<_> = plan
                .stages
                .iter()
                .map(|stage| (apis.iter().position(|api| api.id == stage.api), stage.stage.clone()))
                .collect();
            let mut keys: Vec<_> = aws.keys().into_iter().filter(|key| plan.keys.contains(&key.id)).collect();
            keys.sort_by(|a, b| a.name.cmp(&b.name));
            let keys: Vec<_> = keys.into_iter().map(|key| (key.name, key.enabled)).collect();
            let (quota, throttle) = (format!("{:?}", plan.quota), format!("{:?}", plan.throttle));
            json!([plan.name, plan.description, stages, quota, throttle, keys, plan.tags])
        })
        .collect();
    plans.sort_by_key(Value::to_string);
    let mut keys: Vec<Value> = aws.keys().into_iter().map(|key| json!([key.name, key.enabled, key.tags])).collect();
    keys.sort_by_key(Value::to_string);
    json!({"apis": apis.iter().map(api).collect::<Vec<_>>(), "plans": plans, "keys": keys})
}

fn api(api: &RestApi) -> Value {
    let mut fields = api.fields.clone();
    fields.remove("createdDate");
    let mut deployments: Vec<_> =
        api.deployments.values().map(|d| json!([d.description, surface(&d.surface)])).collect();
    deployments.sort_by_key(Value::to_string);
    let stages: Vec<_> = api
        .stages
        .values()
        .map(|stage| json!([stage.name, api.deployments[&stage.deployment].description, stage.tags]))
        .collect();
    json!([fields, api.tags, surface(&api.surface), deployments, stages])
}

/// Paths with their methods, and the gateway responses.
pub fn surface(surface: &Surface) -> Value {
    let mut resources: Vec<Value> = surface
        .resources
        .values()
        .map(|resource| {
            let mut methods = json!(resource.methods);
            without_ids(&mut methods);
            json!([resource.path, methods])
        })
        .collect();
    resources.sort_by_key(Value::to_string);
    json!([resources, surface.gateway_responses])
}

/// A cache's namespace is the resource's id.
fn without_ids(value: &mut Value) {
    if let Value::Object(map) = value {
        map.remove("cacheNamespace");
        map.values_mut().for_each(without_ids);
    }
}

/// Asserts what may never be otherwise, however an apply ended: what is live asks for a key, and has our credential.
pub fn assert_nothing_live_is_open(aws: &FakeAws, what: &str) {
    for api in aws.apis() {
        for stage in api.stages.values() {
            let live = &api.deployments[&stage.deployment].surface;
            for resource in live.resources.values() {
                for (verb, method) in resource.methods.iter().filter(|(verb, _)| *verb != "OPTIONS") {
                    let at = format!("{what}: {verb} {}", resource.path);
                    assert_eq!(method["apiKeyRequired"], true, "{at}");
                    let mapped = &method["methodIntegration"]["requestParameters"];
                    let authorization = mapped["integration.request.header.Authorization"].as_str().unwrap();
                    assert!(authorization.starts_with("'Bearer "), "{at}");
                    assert_eq!(mapped["integration.request.header.x-api-key"], "'none'", "{at}");
                }
            }
        }
    }
}
