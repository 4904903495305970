//! What others do between a plan and its steps.

use access_aws::provision::{Applied, ChangeSet, ProvisionError, Written};
use serde_json::json;
use tests::aws::{FakeAws, Fault, When};

use super::shape::shape;
use crate::site::{apply, daily, provisioner, while_it_hangs, written};

/// Without the plan of twenty.
fn one() -> Written {
    Written { plans: vec![daily(10)], ..written() }
}

fn other_upstream() -> Written {
    Written { base_url: "https://other.example.com/v1".to_owned(), ..written() }
}

/// Takes away what the plan of other wishes doesn't speak of.
fn drift(aws: &FakeAws) {
    let path = format!("/restapis/{}/gatewayresponses/QUOTA_EXCEEDED", aws.apis()[0].id);
    aws.console("DELETE", &path, &json!(null));
}

/// Shows a plan, lets others do something, and applies it; `agrees` to whatever else it takes by then. With what was
/// asked.
async fn shown_then(
    aws: &FakeAws,
    written: Written,
    meanwhile: fn(&FakeAws),
    agrees: bool,
) -> (Result<Applied, ProvisionError>, Vec<String>) {
    let provisioner = provisioner(&aws.endpoint_url(), written).await;
    let shown = provisioner.preview(None).await.unwrap();
    let _ = aws.take_calls();
    meanwhile(aws);
    let mut asked = Vec::new();
    let mut ask = |set: &ChangeSet| {
        asked.push(set.to_string());
        agrees
    };
    let applied = provisioner.apply_as_shown(&shown, None, &mut ask, &mut |_| ()).await;
    (applied, asked)
}

#[tokio::test]
async fn what_was_shown_is_made_without_asking() {
    let aws = FakeAws::start().await;
    let (applied, asked) = shown_then(&aws, written(), |_| (), false).await;
    assert!(applied.unwrap().steps > 0);
    assert_eq!(asked, [""; 0]);
    assert!(shown_then(&aws, other_upstream(), |_| (), false).await.0.is_ok());
}

#[tokio::test]
async fn what_was_not_shown_is_made_only_if_agreed_to() {
    let aws = FakeAws::start().await;
    apply(&aws.endpoint_url(), written()).await.unwrap();
    let (applied, asked) = shown_then(&aws, other_upstream(), drift, false).await;
    assert_eq!(applied.unwrap_err(), ProvisionError::NotAgreed { begun: false });
    assert!(asked[0].contains("+ gateway response QUOTA_EXCEEDED") && asked.len() == 1, "{asked:?}");
    assert!(aws.take_calls().iter().all(tests::aws::Call::is_read));
    let (applied, asked) = shown_then(&aws, written(), |_| (), true).await;
    assert_eq!((applied.unwrap().steps, asked.len()), (1, 0));
    let (applied, asked) = shown_then(&aws, other_upstream(), drift, true).await;
    assert!(applied.unwrap().steps > 1);
    assert_eq!(asked.len(), 1);
}

#[tokio::test]
async fn after_a_plan_without_steps_nothing_is_done() {
    let aws = FakeAws::start().await;
    let made = apply(&aws.endpoint_url(), written()).await.unwrap();
    let (applied, asked) = shown_then(&aws, written(), drift, true).await;
    let applied = applied.unwrap();
    assert_eq!((applied.steps, &applied.api_id, asked.len()), (0, &made.api_id, 0));
    assert_eq!(aws.calls().len(), 0);
}

#[tokio::test]
async fn a_lost_reply_asks_nobody_again() {
    for operation in ["CreateRestApi", "PutMethod", "CreateDeployment", "CreateStage", "CreateUsagePlan"] {
        let aws = FakeAws::start().await;
        aws.fault(operation, When::Next, Fault::DropReply);
        let (applied, asked) = shown_then(&aws, written(), |_| (), false).await;
        applied.unwrap_or_else(|error| panic!("{operation}: {error}"));
        assert_eq!(asked, [""; 0], "{operation}");
    }
}

#[tokio::test]
async fn a_plan_that_somebody_got_a_key_on_takes_no_more_instead_of_going() {
    // Before the plan is taken off its stage, and while it is.
    for changes_first in [true, false] {
        let aws = FakeAws::start().await;
        let url = aws.endpoint_url();
        apply(&url, written()).await.unwrap();
        let twenty = aws.plans().into_iter().find(|plan| plan.name == "20RequestPerDay").unwrap().id;
        if changes_first {
            let ten = aws.plans().into_iter().find(|plan| plan.name == "10RequestPerDay").unwrap().id;
            let patch = json!({"op": "replace", "path": "/description", "value": "changed"});
            aws.console("PATCH", &format!("/usageplans/{ten}"), &json!({"patchOperations": [patch]}));
        }
        let _ = aws.take_calls();
        aws.fault("UpdateUsagePlan", When::Next, Fault::Hang);
        let make = || drop(aws.console_create_key("a-value-of-twenty-or-more", Some(&twenty)));
        while_it_hangs(&aws, apply(&url, one()), make).await.unwrap();
        let left = aws.plans().into_iter().find(|plan| plan.id == twenty).unwrap();
        assert!(left.description.as_deref().unwrap().starts_with("[no new keys] "), "{left:?}");
        assert!(left.has_stage(&aws.apis()[0].id, "live") && left.keys.len() == 1, "{left:?}");
        let removed = aws.take_calls().iter().any(|call| call.body.to_string().contains("remove"));
        assert_eq!(removed, !changes_first, "a key that is there in time is never cut off");
        let before = shape(&aws);
        assert_eq!(apply(&url, one()).await.unwrap().steps, 0);
        assert_eq!(shape(&aws), before);
    }
}
