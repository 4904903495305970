//! Taking it away: all of it, nothing else, and not over people's heads.

use std::collections::BTreeSet;

use access_aws::provision::{ProvisionError, Written};
use serde_json::json;
use tests::aws::{FakeAws, Fault, When};

use super::shape::shape;
use crate::site::{apply, apply_with_key, daily, destroy, provisioner, while_it_hangs, written};

#[tokio::test]
async fn destroy_leaves_nothing_of_ours_and_everything_of_others() {
    let aws = FakeAws::start().await;
    let url = aws.endpoint_url();
    let (api, stage) = aws.seed_stage("http://127.0.0.1:9/v1");
    let plan = aws.add_plan("10RequestPerDay", None, None, &api, &stage);
    aws.console_create_key("somebody-elses-own-key-value", Some(&plan));
    let before = shape(&aws);
    apply_with_key(&url, written(), "10RequestPerDay").await.unwrap();
    assert_ne!(shape(&aws), before);
    destroy(&url, false).await.unwrap();
    assert_eq!(shape(&aws), before);
    destroy(&url, false).await.unwrap();
}

#[tokio::test]
async fn destroy_refuses_while_people_have_keys() {
    let aws = FakeAws::start().await;
    let url = aws.endpoint_url();
    apply(&url, written()).await.unwrap();
    let plan = aws.plans()[0].id.clone();
    aws.console_create_key("a-value-of-twenty-or-more", Some(&plan));
    let before = shape(&aws);
    let _ = aws.take_calls();
    let error = destroy(&url, false).await.unwrap_err();
    assert_eq!(error, ProvisionError::KeysInUse { keys: 1, begun: false });
    assert!(error.to_string().contains("--with-keys"), "{error}");
    assert!(aws.calls().iter().all(tests::aws::Call::is_read));
    assert_eq!(shape(&aws), before);
}

#[tokio::test]
async fn with_keys_deletes_tollgates_and_lets_others_live() {
    let aws = FakeAws::start().await;
    let url = aws.endpoint_url();
    apply(&url, written()).await.unwrap();
    let plan = aws.plans()[0].id.clone();
    let foreign = aws.console_create_key("a-value-of-twenty-or-more", Some(&plan));
    let body = json!({
        "name": "tollgate/x/y", "value": "a-person-has-this-key-value", "enabled": true,
        "tags": {"managed-by": "tollgate"},
    });
    let person = aws.console("POST", "/apikeys", &body);
    aws.console_attach_key(person["id"].as_str().unwrap(), &plan);
    let body = json!({
        "name": "tollgate/other/operator", "value": "the-operator-of-another-api", "enabled": true,
        "tags": {"managed-by": "tollgate", "tollgate:api": "other"},
    });
    let other = aws.console("POST", "/apikeys", &body)["id"].as_str().unwrap().to_owned();
    aws.console_attach_key(&other, &plan);
    let shown = provisioner(&url, written()).await.preview_destroy(true).await.unwrap().to_string();
    assert!(shown.contains(&format!("~ API key {foreign} (not Tollgate's: taken off its plan, stays)")), "{shown}");
    assert!(shown.contains(&format!("~ API key {other} (of the API \"other\": taken off its plan, stays)")), "{shown}");
    assert!(shown.contains("(of a person)"), "{shown}");
    destroy(&url, true).await.unwrap();
    assert!(aws.apis().is_empty() && aws.plans().is_empty());
    let left: BTreeSet<_> = aws.keys().into_iter().map(|key| key.id).collect();
    assert_eq!(left, BTreeSet::from([foreign, other]));
}

/// A server goes on offering a plan until it reads again.
#[tokio::test]
async fn a_key_that_is_made_meanwhile_stops_a_destroy_that_may_delete_none() {
    let aws = FakeAws::start().await;
    let url = aws.endpoint_url();
    apply(&url, written()).await.unwrap();
    let second = aws.plans().into_iter().find(|plan| plan.name == "20RequestPerDay").unwrap();
    aws.fault("DeleteUsagePlan", When::Next, Fault::Hang);
    let make = || drop(aws.console_create_key("a-value-of-twenty-or-more", Some(&second.id)));
    let error = while_it_hangs(&aws, destroy(&url, false), make).await.unwrap_err();
    assert_eq!(error, ProvisionError::KeysInUse { keys: 1, begun: true });
    let [left] = &aws.plans()[..] else { panic!("one plan") };
    assert_eq!((&left.id, left.keys.len()), (&second.id, 1));
    assert!(left.has_stage(&aws.apis()[0].id, "live"), "its key goes on working");
    apply(&url, written()).await.unwrap();
    assert_eq!(aws.plans().len(), 2);
}

#[tokio::test]
async fn a_key_that_is_made_meanwhile_goes_with_the_others() {
    let aws = FakeAws::start().await;
    let url = aws.endpoint_url();
    apply(&url, written()).await.unwrap();
    let second = aws.plans().into_iter().find(|plan| plan.name == "20RequestPerDay").unwrap().id;
    aws.fault("DeleteUsagePlan", When::Next, Fault::Hang);
    let make = || {
        let tags = json!({"managed-by": "tollgate"});
        let body = json!({"name": "x", "value": "a-person-has-this-key-value", "enabled": true, "tags": tags});
        aws.console_attach_key(aws.console("POST", "/apikeys", &body)["id"].as_str().unwrap(), &second);
    };
    while_it_hangs(&aws, destroy(&url, true), make).await.unwrap();
    assert!(aws.apis().is_empty() && aws.plans().is_empty() && aws.keys().is_empty());
}

/// "Cannot delete Usage Plan … because there are API Stages associated with it", right after it was taken off them.
#[tokio::test]
async fn a_plan_that_seems_to_be_on_its_stages_still_is_waited_for() {
    for times in [1, 4, 9] {
        let aws = FakeAws::start().await;
        let url = aws.endpoint_url();
        apply(&url, written()).await.unwrap();
        aws.fault("DeleteUsagePlan", When::First(times), Fault::StagesLinger);
        destroy(&url, false).await.unwrap_or_else(|error| panic!("{times}: {error}"));
        assert!(aws.apis().is_empty() && aws.plans().is_empty());

        apply(&url, written()).await.unwrap();
        aws.fault("DeleteUsagePlan", When::First(times), Fault::StagesLinger);
        let fewer = Written { plans: vec![daily(10)], ..written() };
        apply(&url, fewer).await.unwrap_or_else(|error| panic!("{times}: {error}"));
        assert_eq!(aws.plans().len(), 1);
    }
}

/// Not for ever.
#[tokio::test]
async fn a_plan_that_stays_on_its_stages_is_given_up_on() {
    let aws = FakeAws::start().await;
    let url = aws.endpoint_url();
    apply(&url, written()).await.unwrap();
    aws.fault("DeleteUsagePlan", When::Always, Fault::StagesLinger);
    let error = destroy(&url, false).await.unwrap_err().to_string();
    assert!(error.contains("this still differs: - usage plan \"10RequestPerDay\""), "{error}");
    assert!(aws.calls_of("DeleteUsagePlan").len() < 50);
}

#[tokio::test]
async fn what_is_gone_already_is_no_obstacle() {
    let aws = FakeAws::start().await;
    let url = aws.endpoint_url();
    apply(&url, written()).await.unwrap();
    let api = aws.apis()[0].id.clone();
    let plan = aws.plans()[0].id.clone();
    aws.console_delete_stage(&api, "live");
    aws.console_delete_plan(&plan);
    destroy(&url, false).await.unwrap();
    assert!(aws.apis().is_empty() && aws.plans().is_empty());
}
