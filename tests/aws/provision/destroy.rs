//! Taking it away: all of it, nothing else, and not over people's heads.

use access_aws::provision::ProvisionError;
use serde_json::json;
use tests::aws::FakeAws;

use super::{
    shape::shape,
    site::{apply, apply_with_key, destroy, provisioner, written},
};

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
    assert_eq!(error, ProvisionError::KeysInUse { keys: 1 });
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
    let shown = provisioner(&url, written()).await.destruction(true).await.unwrap().to_string();
    assert!(shown.contains(&format!("~ API key {foreign} (not Tollgate's: taken off its plan, stays)")), "{shown}");
    assert!(shown.contains("(of a person)"), "{shown}");
    destroy(&url, true).await.unwrap();
    assert!(aws.apis().is_empty() && aws.plans().is_empty());
    assert_eq!(aws.keys().into_iter().map(|key| key.id).collect::<Vec<_>>(), [foreign]);
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
