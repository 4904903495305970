//! What somebody changed in the console is shown, and put back.

use access::{TimeZone, UsagePlan};
use access_aws::provision::Written;
use api_types::Quota;
use serde_json::json;
use tests::aws::{FakeAws, Throttle};

use super::shape::{assert_nothing_live_is_open, shape};
use crate::site::{apply, daily, plan, written};

/// Paths of what the provisioner made.
struct Made {
    aws: FakeAws,
    api: String,
    method: String,
    plan: String,
}

impl Made {
    async fn new() -> Self {
        let aws = FakeAws::start().await;
        apply(&aws.endpoint_url(), written()).await.unwrap();
        let api = aws.apis().remove(0);
        let proxy = api.surface.resources.values().find(|resource| resource.path == "/v1/{proxy+}").unwrap();
        let plan = aws.plans().into_iter().find(|plan| plan.name == "10RequestPerDay").unwrap();
        Self {
            method: format!("/restapis/{}/resources/{}/methods/ANY", api.id, proxy.id),
            api: format!("/restapis/{}", api.id),
            plan: format!("/usageplans/{}", plan.id),
            aws,
        }
    }

    fn patch(&self, path: &str, op: &str, at: &str, value: &str) {
        self.aws.console("PATCH", path, &json!({"patchOperations": [{"op": op, "path": at, "value": value}]}));
    }
}

/// Something that people do, and what `plan` says to it.
type Drift = (fn(&Made), &'static str);

const DRIFTS: [Drift; 14] = [
    (|m| m.patch(&m.method, "replace", "/apiKeyRequired", "false"), "apiKeyRequired: false -> true"),
    (|m| m.patch(&m.method, "replace", "/authorizationType", "AWS_IAM"), "authorizationType: AWS_IAM -> NONE"),
    (
        |m| m.patch(&format!("{}/integration", m.method), "replace", "/uri", "https://evil.example.com/{proxy}"),
        "uri: https://evil.example.com/{proxy} -> https://models.example.com/v1/{proxy}",
    ),
    (
        |m| m.patch(&format!("{}/integration", m.method), "replace", "/timeoutInMillis", "29000"),
        "timeoutInMillis: 29000 -> 600000",
    ),
    (
        |m| {
            // AWS takes no long timeout without streaming.
            let patch = |path: &str, value: &str| json!({"op": "replace", "path": path, "value": value});
            let both = [patch("/responseTransferMode", "BUFFERED"), patch("/timeoutInMillis", "29000")];
            m.aws.console("PATCH", &format!("{}/integration", m.method), &json!({"patchOperations": both}));
        },
        "responseTransferMode: BUFFERED -> STREAM",
    ),
    (
        |m| {
            let at = "/requestParameters/integration.request.header.x-api-key";
            m.patch(&format!("{}/integration", m.method), "replace", at, "'another-header'");
        },
        "header.x-api-key (sensitive, changed)",
    ),
    (
        |m| drop(m.aws.console("DELETE", &format!("{}/integration", m.method), &json!(null))),
        "integration: none -> HTTP_PROXY",
    ),
    (|m| drop(m.aws.console("DELETE", &m.method, &json!(null))), "+ method ANY /v1/{proxy+}"),
    (
        |m| {
            let open = json!({"authorizationType": "NONE", "apiKeyRequired": false});
            m.aws.console("PUT", &m.method.replace("/ANY", "/GET"), &open);
        },
        "- method GET /v1/{proxy+}",
    ),
    (
        |m| {
            let refusal = json!({"statusCode": "418"});
            m.aws.console("PUT", &format!("{}/gatewayresponses/INVALID_API_KEY", m.api), &refusal);
        },
        "gateway response INVALID_API_KEY (status: 418 -> 401",
    ),
    (
        |m| drop(m.aws.console("DELETE", &format!("{}/gatewayresponses/QUOTA_EXCEEDED", m.api), &json!(null))),
        "+ gateway response QUOTA_EXCEEDED",
    ),
    (|m| m.patch(&m.plan, "replace", "/quota/limit", "1000000"), "quota: 1000000 per day -> 10 per day"),
    (|m| m.patch(&m.plan, "replace", "/name", "renamed"), "name: \"renamed\" -> \"10RequestPerDay\""),
    (
        |m| {
            let deployment = m.aws.console("POST", &format!("{}/deployments", m.api), &json!({}));
            let id = deployment["id"].as_str().unwrap();
            m.patch(&format!("{}/stages/live", m.api), "replace", "/deploymentId", id);
        },
        "~ stage \"live\" (deployment:",
    ),
];

#[tokio::test]
async fn what_the_console_changed_is_shown_and_put_back() {
    let goal = shape(&Made::new().await.aws);
    for (drift, line) in DRIFTS {
        let made = Made::new().await;
        drift(&made);
        let url = made.aws.endpoint_url();
        let shown = plan(&url, written()).await;
        assert!(shown.contains(line), "{line} is not in:\n{shown}");
        apply(&url, written()).await.unwrap_or_else(|error| panic!("{line}: {error}"));
        assert_eq!(shape(&made.aws), goal, "{line}");
        assert_nothing_live_is_open(&made.aws, line);
        assert!(plan(&url, written()).await.starts_with("No changes."), "{line}");
    }
}

#[tokio::test]
async fn a_deleted_stage_comes_back_with_its_plans() {
    let made = Made::new().await;
    let goal = shape(&made.aws);
    let plan = made.plan.rsplit('/').next().unwrap().to_owned();
    let key = made.aws.console_create_key("a-value-of-twenty-or-more", Some(&plan));
    made.aws.console_delete_stage(made.api.rsplit('/').next().unwrap(), "live");
    assert!(made.aws.plans().iter().all(|plan| plan.stages.is_empty()), "AWS drops it from them silently");
    apply(&made.aws.endpoint_url(), written()).await.unwrap();
    made.aws.console_delete_key(&key);
    assert_eq!(shape(&made.aws), goal);
}

#[tokio::test]
async fn a_deleted_api_comes_back_under_its_plans_and_their_keys() {
    let made = Made::new().await;
    let plan = made.plan.rsplit('/').next().unwrap().to_owned();
    let key = made.aws.console_create_key("a-value-of-twenty-or-more", Some(&plan));
    made.aws.console("DELETE", &made.api, &json!(null));
    let applied = apply(&made.aws.endpoint_url(), written()).await.unwrap();
    for plan in made.aws.plans() {
        assert!(plan.has_stage(&applied.api_id, "live") && plan.stages.len() == 1, "{plan:?}");
    }
    assert!(made.aws.plans().iter().any(|found| found.id == plan && found.keys.contains(&key)));
}

#[tokio::test]
async fn an_open_method_that_somebody_deployed_is_off_the_stage_again() {
    let made = Made::new().await;
    made.patch(&made.method, "replace", "/apiKeyRequired", "false");
    made.aws.console("POST", &format!("{}/deployments", made.api), &json!({"stageName": "live"}));
    apply(&made.aws.endpoint_url(), written()).await.unwrap();
    assert_nothing_live_is_open(&made.aws, "after an open deployment");
    assert_eq!(made.aws.apis()[0].deployments.len(), 1);
}

/// AWS takes a deleted stage out of its usage plans without a word, and a new one of the name is on none.
#[tokio::test]
async fn a_stage_that_was_made_anew_gets_its_plans_back() {
    let made = Made::new().await;
    let url = made.aws.endpoint_url();
    let (api, leaving) = (made.aws.apis()[0].id.clone(), made.plan.trim_start_matches("/usageplans/").to_owned());
    made.aws.console_create_key("a-value-of-twenty-or-more", Some(&leaving));
    let fewer = || Written { plans: vec![daily(20)], ..written() };
    // It takes no new keys; the one that it has goes on working.
    apply(&url, fewer()).await.unwrap();
    made.aws.console_delete_stage(&api, "live");
    assert!(made.aws.plans().iter().all(|plan| plan.stages.is_empty()));
    let said = plan(&url, fewer()).await;
    assert_eq!(said.matches("stages: + \"live\"").count(), 2, "{said}");
    apply(&url, fewer()).await.unwrap();
    assert!(made.aws.plans().iter().all(|plan| plan.has_stage(&api, "live")));
    assert!(plan(&url, fewer()).await.contains("No changes."));
}

#[tokio::test]
async fn a_plan_that_loses_its_quota_keeps_its_throttle() {
    let made = Made::new().await;
    let url = made.aws.endpoint_url();
    let mut unlimited = daily(10).plan().clone();
    unlimited.quota = Quota::Unlimited;
    let unlimited = || UsagePlan::new(unlimited.clone(), TimeZone::utc()).unwrap();
    apply(&url, Written { plans: vec![unlimited(), daily(20)], ..written() }).await.unwrap();
    let there = made.aws.plans().into_iter().find(|plan| plan.name == "10RequestPerDay").unwrap();
    assert_eq!((there.quota, there.throttle), (None, Some(Throttle { rate: 10.0, burst: 20 })));
    let said = plan(&url, Written { plans: vec![unlimited(), daily(20)], ..written() }).await;
    assert!(said.contains("No changes."), "{said}");
}

#[tokio::test]
async fn half_a_throttle_is_taken_off_a_plan_that_shall_have_none() {
    let made = Made::new().await;
    let url = made.aws.endpoint_url();
    let mut free = daily(10).plan().clone();
    free.throttle = None;
    let free = UsagePlan::new(free, TimeZone::utc()).unwrap();
    let wanted = || Written { plans: vec![free.clone(), daily(20)], ..written() };
    apply(&url, wanted()).await.unwrap();
    let id = made.aws.plans().into_iter().find(|plan| plan.name == "10RequestPerDay").unwrap().id;
    let patch = json!({"op": "add", "path": "/throttle/rateLimit", "value": "2.5"});
    made.aws.console("PATCH", &format!("/usageplans/{id}"), &json!({"patchOperations": [patch]}));
    let said = plan(&url, wanted()).await;
    assert!(said.contains("throttle: 2.5 per second with bursts of 0 -> no throttle"), "{said}");
    apply(&url, wanted()).await.unwrap();
    assert!(plan(&url, wanted()).await.contains("No changes."));
}
