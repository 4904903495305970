//! From nothing: what is made, and what a second run does.

use std::collections::BTreeSet;

use access_aws::provision::{Credential, Written};
use serde_json::json;
use tests::aws::FakeAws;

use super::shape::{assert_nothing_live_is_open, shape};
use crate::site::{CREDENTIAL, apply, apply_with_key, daily, plan, provisioner, written};

#[tokio::test]
async fn from_nothing_to_a_stage_with_its_plans() {
    let aws = FakeAws::start().await;
    let applied = apply(&aws.endpoint_url(), written()).await.unwrap();
    let [api] = &aws.apis()[..] else { panic!("one API") };
    assert_eq!(api.id, applied.api_id);
    assert_eq!(applied.invoke_url, None, "an emulator has addresses of its own");
    assert_eq!(api.tags["managed-by"], "tollgate");
    assert_eq!(api.tags["tollgate:api"], "tollgate");
    assert_eq!(api.stages.len(), 1);
    assert_eq!(api.deployments.len(), 1);
    assert_nothing_live_is_open(&aws, "applied");
    let plans = aws.plans();
    assert_eq!(plans.len(), 2);
    for plan in plans {
        assert!(plan.has_stage(&api.id, "live"), "{plan:?}");
        assert!(plan.quota.is_some() && plan.throttle.is_some(), "{plan:?}");
    }
    assert!(aws.keys().is_empty());
}

#[tokio::test]
async fn a_plan_shows_what_apply_then_does_and_changes_nothing() {
    let aws = FakeAws::start().await;
    let shown = plan(&aws.endpoint_url(), written()).await;
    assert!(aws.calls().iter().all(tests::aws::Call::is_read));
    assert!(shown.contains("+ REST API \"tollgate\""), "{shown}");
    assert!(shown.contains("+ method ANY /v1/{proxy+} (key required)"), "{shown}");
    assert!(
        shown.contains("+ usage plan \"10RequestPerDay\" (10 per day, 10 per second with bursts of 20)"),
        "{shown}"
    );
    let steps = shown.lines().filter(|line| line.starts_with("  + ")).count();
    assert!(shown.contains(&format!("Plan: {steps} to add, 0 to change, 0 to destroy.")), "{shown}");
    assert!(!shown.contains(CREDENTIAL));
    assert_eq!(apply(&aws.endpoint_url(), written()).await.unwrap().steps, steps);
}

#[tokio::test]
async fn a_second_apply_with_nothing_to_change_reads_only_and_says_so() {
    let aws = FakeAws::start().await;
    apply_with_key(&aws.endpoint_url(), written(), "10RequestPerDay").await.unwrap();
    let before = shape(&aws);
    let _ = aws.take_calls();
    assert!(plan(&aws.endpoint_url(), written()).await.starts_with("No changes. The API is as configured."));
    let applied = apply_with_key(&aws.endpoint_url(), written(), "10RequestPerDay").await.unwrap();
    assert_eq!(applied.steps, 0);
    let calls = aws.take_calls();
    assert!(!calls.is_empty() && calls.iter().all(tests::aws::Call::is_read), "{calls:?}");
    assert_eq!(shape(&aws), before);
}

#[tokio::test]
async fn the_operators_key_is_made_once_and_shown_once() {
    let aws = FakeAws::start().await;
    let url = aws.endpoint_url();
    let applied = apply_with_key(&url, written(), "10RequestPerDay").await.unwrap();
    let [key] = &aws.keys()[..] else { panic!("one key") };
    let value = applied.operator_key.unwrap();
    assert_eq!(key.value, value.reveal());
    assert!(value.reveal().starts_with("op_") && key.enabled);
    assert_eq!(key.name.as_deref(), Some("tollgate/tollgate/operator"));
    let again = apply_with_key(&url, written(), "10RequestPerDay").await.unwrap();
    assert!(again.operator_key.is_none());
    assert_eq!(again.known_operator_key.as_ref(), Some(&key.id));
    // To another plan it moves: a key is on one plan of a stage.
    apply_with_key(&url, written(), "20RequestPerDay").await.unwrap();
    assert_eq!(aws.keys().len(), 1);
    let on: Vec<_> = aws.plans().into_iter().filter(|plan| plan.keys.contains(&key.id)).map(|plan| plan.name).collect();
    assert_eq!(on, ["20RequestPerDay"]);
    // From what somebody else put it on it isn't taken.
    let (api, stage) = aws.seed_stage("http://127.0.0.1:9/v1");
    let foreign = aws.add_plan("somebody's", None, None, &api, &stage);
    aws.console_attach_key(&key.id, &foreign);
    apply_with_key(&url, written(), "10RequestPerDay").await.unwrap();
    let on = aws.plans().into_iter().filter(|plan| plan.keys.contains(&key.id)).map(|plan| plan.name);
    assert_eq!(on.collect::<BTreeSet<_>>(), BTreeSet::from(["10RequestPerDay", "somebody's"].map(str::to_owned)));
    let error = apply_with_key(&url, written(), "gold").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "--operator-key \"gold\": no such plan; configured are 10RequestPerDay, 20RequestPerDay"
    );
}

#[tokio::test]
async fn a_new_credential_goes_live_with_a_new_deployment_and_is_never_shown() {
    let aws = FakeAws::start().await;
    let url = aws.endpoint_url();
    apply(&url, written()).await.unwrap();
    let old = aws.apis()[0].stages["live"].deployment.clone();
    let changed = || Written { credential: Some(Credential::new("sk-another-sekret")), ..written() };
    let shown = plan(&url, changed()).await;
    assert!(shown.contains("header.Authorization (sensitive, changed)"), "{shown}");
    assert!(!shown.contains("sekret"), "{shown}");
    let _ = aws.take_calls();
    apply(&url, changed()).await.unwrap();
    let api = &aws.apis()[0];
    let live = &api.stages["live"].deployment;
    assert_ne!(*live, old);
    assert_eq!(api.deployments.len(), 1, "the old one is gone");
    let shown = format!("{:?}", api.deployments[live].surface);
    assert!(shown.contains("'Bearer sk-another-sekret'") && !shown.contains(CREDENTIAL));
    let made: Vec<_> = aws.take_calls().into_iter().map(|call| call.operation).collect();
    assert!(!made.contains(&"CreateStage") && !made.contains(&"DeleteStage"), "{made:?}");
    assert_eq!(made.iter().filter(|operation| **operation == "CreateDeployment").count(), 1);
}

#[tokio::test]
async fn changed_plans_take_one_call_each_and_no_deployment() {
    let aws = FakeAws::start().await;
    let url = aws.endpoint_url();
    apply(&url, written()).await.unwrap();
    let _ = aws.take_calls();
    let mut plans = vec![daily(10), daily(20)];
    let mut changed = plans[0].plan().clone();
    changed.description = "Ten.".to_owned();
    changed.quota = api_types::Quota::Limited { limit: 300, period: api_types::Period::Month, offset: 3 };
    changed.throttle = None;
    plans[0] = access::UsagePlan::new(changed, access::TimeZone::utc()).unwrap();
    let shown = plan(&url, Written { plans: plans.clone(), ..written() }).await;
    assert!(shown.contains("quota: 10 per day -> 300 per month offset 3"), "{shown}");
    assert!(shown.contains("Plan: 0 to add, 1 to change, 0 to destroy."), "{shown}");
    apply(&url, Written { plans, ..written() }).await.unwrap();
    let writes: Vec<_> = aws.take_calls().into_iter().filter(|call| !call.is_read()).collect();
    assert_eq!(writes.iter().map(|call| call.operation).collect::<Vec<_>>(), ["UpdateUsagePlan"]);
    let plan = aws.plans().into_iter().find(|plan| plan.name == "10RequestPerDay").unwrap();
    assert_eq!(plan.description.as_deref(), Some("Ten."));
    assert_eq!(plan.throttle, None);
    let quota = plan.quota.unwrap();
    assert_eq!((quota.limit, quota.offset, quota.period), (300, 3, tests::aws::Period::Month));
}

#[tokio::test]
async fn a_plan_that_left_the_configuration_goes_unless_somebody_has_a_key_on_it() {
    let aws = FakeAws::start().await;
    let url = aws.endpoint_url();
    apply(&url, written()).await.unwrap();
    let twenty = aws.plans().into_iter().find(|plan| plan.name == "20RequestPerDay").unwrap();
    let key = aws.console_create_key("a-value-of-twenty-or-more", Some(&twenty.id));
    let one = || Written { plans: vec![daily(10)], ..written() };
    let shown = plan(&url, one()).await;
    assert!(shown.contains("~ usage plan \"20RequestPerDay\" (no new keys; its 1 key goes on working)"), "{shown}");
    apply(&url, one()).await.unwrap();
    let left = aws.plans().into_iter().find(|plan| plan.id == twenty.id).unwrap();
    assert!(left.description.as_deref().unwrap().starts_with("[no new keys] "), "{left:?}");
    assert!(left.keys.contains(&key));
    assert_eq!(apply(&url, one()).await.unwrap().steps, 0, "said once");
    // Configured again, it is offered again.
    apply(&url, written()).await.unwrap();
    let back = aws.plans().into_iter().find(|plan| plan.id == twenty.id).unwrap();
    assert_eq!(back.description.as_deref(), Some("20 requests per day."));
    // Without keys it goes.
    aws.console_delete_key(&key);
    apply(&url, one()).await.unwrap();
    assert!(aws.plans().iter().all(|plan| plan.id != twenty.id));
}

#[tokio::test]
async fn other_paths_take_the_place_of_the_old_ones() {
    let aws = FakeAws::start().await;
    let url = aws.endpoint_url();
    apply(&url, written()).await.unwrap();
    let listed =
        Written { paths: ["POST /v1/chat/completions", "GET /v1/models"].map(str::to_owned).to_vec(), ..written() };
    let clean = FakeAws::start().await;
    apply(&clean.endpoint_url(), listed.clone()).await.unwrap();
    let shown = plan(&url, listed.clone()).await;
    assert!(shown.contains("- resource /v1/{proxy+} and all below it"), "{shown}");
    apply(&url, listed).await.unwrap();
    assert_eq!(shape(&aws), shape(&clean));
}

#[tokio::test]
async fn another_stage_takes_the_place_of_the_old_one_and_its_keys() {
    let aws = FakeAws::start().await;
    let url = aws.endpoint_url();
    apply(&url, written()).await.unwrap();
    let plan = aws.plans()[0].id.clone();
    aws.console_create_key("a-value-of-twenty-or-more", Some(&plan));
    let moved = || Written { stage: "prod".to_owned(), ..written() };
    apply(&url, moved()).await.unwrap();
    let api = &aws.apis()[0];
    assert_eq!(api.stages.keys().collect::<Vec<_>>(), ["prod"]);
    for plan in aws.plans() {
        assert!(plan.has_stage(&api.id, "prod") && plan.stages.len() == 1, "{plan:?}");
    }
    assert_eq!(aws.plans().iter().map(|plan| plan.keys.len()).sum::<usize>(), 1);
    assert_eq!(apply(&url, moved()).await.unwrap().steps, 0);
}

#[tokio::test]
async fn two_apis_with_our_tags_are_named_and_none_is_touched() {
    let aws = FakeAws::start().await;
    let url = aws.endpoint_url();
    apply(&url, written()).await.unwrap();
    let tags = json!({"managed-by": "tollgate", "tollgate:api": "tollgate"});
    aws.console("POST", "/restapis", &json!({"name": "another", "tags": tags}));
    let _ = aws.take_calls();
    let error = apply(&url, written()).await.unwrap_err().to_string();
    for api in aws.apis() {
        assert!(error.contains(&api.id), "{error}");
    }
    assert!(aws.calls().iter().all(tests::aws::Call::is_read));
}

#[tokio::test]
async fn status_tells_what_is_there() {
    let aws = FakeAws::start().await;
    let url = aws.endpoint_url();
    let status = |written| async { provisioner(&aws.endpoint_url(), written).await.status().await.unwrap() };
    assert!(status(written()).await.to_string().contains("run `tollgate aws apply`"));
    apply_with_key(&url, written(), "10RequestPerDay").await.unwrap();
    let now = status(written()).await;
    assert!(now.is_as_configured());
    let shown = now.to_string();
    assert!(shown.contains("live: serves what is configured"), "{shown}");
    assert!(shown.contains("10RequestPerDay: 1 key;"), "{shown}");
    assert!(shown.contains("an emulator has addresses of its own") && !shown.contains("amazonaws.com"), "{shown}");
    let other = status(Written { base_url: "https://other.example.com/v1".to_owned(), ..written() }).await;
    assert!(!other.is_as_configured());
    assert!(other.to_string().contains("serves something else than is configured"), "{other}");
}
