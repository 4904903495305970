//! How many calls are foretold, from which the time is reckoned, and how many it takes.

use std::collections::BTreeMap;

use access_aws::{
    Action,
    provision::{Event, OperatorKey, Written},
};
use serde_json::json;
use tests::aws::FakeAws;

use crate::site::{apply, apply_with_key, daily, provisioner, written};

/// Writes are foretold exactly: among them are those for which AWS makes one wait. Reads are within a third.
fn assert_foretold(aws: &FakeAws, foretold: &[Action], what: &str) {
    let made = aws.take_calls();
    let mut writes: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut reads = (0_usize, 0_usize);
    for action in foretold {
        match action.method {
            "GET" => reads.0 += 1,
            _ => writes.entry(action.name).or_default().0 += 1,
        }
    }
    for call in &made {
        match call.is_read() {
            true => reads.1 += 1,
            false => writes.entry(call.operation).or_default().1 += 1,
        }
    }
    for (operation, (foretold, made)) in writes {
        assert_eq!(foretold, made, "{what}: {operation}");
    }
    assert!(reads.0.abs_diff(reads.1) * 10 <= reads.1 * 3, "{what}: {} reads foretold, {} made", reads.0, reads.1);
}

#[tokio::test]
async fn apply_takes_the_calls_that_its_plan_foretells() {
    let aws = FakeAws::start().await;
    let changed = Written {
        base_url: "https://other.example.com/v1".to_owned(),
        stage: "prod".to_owned(),
        plans: vec![daily(20), daily(30)],
        ..written()
    };
    for (what, written, plan) in [
        ("first", written(), "10RequestPerDay"),
        ("change", changed.clone(), "30RequestPerDay"),
        ("none", changed, "30RequestPerDay"),
    ] {
        let key = OperatorKey::new(plan, [7; 32]);
        let provisioner = provisioner(&aws.endpoint_url(), written).await;
        let set = provisioner.preview(Some(&key)).await.unwrap();
        let _ = aws.take_calls();
        let asks = &mut |_: &_| panic!("{what}: asks");
        provisioner.apply_as_shown(&set, Some(&key), asks, &mut |_| ()).await.unwrap();
        assert_foretold(&aws, &set.calls(), what);
    }
}

#[tokio::test]
async fn destroy_takes_the_calls_that_it_foretells() {
    let aws = FakeAws::start().await;
    let url = aws.endpoint_url();
    apply(&url, written()).await.unwrap();
    apply_with_key(&url, written(), "10RequestPerDay").await.unwrap();
    let plan = aws.plans()[0].id.clone();
    aws.console_create_key("a-value-of-twenty-or-more", Some(&plan));
    for person in 0..20 {
        let (name, value) = (format!("person {person}"), format!("the-key-of-person-number-{person}"));
        let tags = json!({"managed-by": "tollgate"});
        let body = json!({"name": name, "value": value, "enabled": true, "tags": tags});
        aws.console_attach_key(aws.console("POST", "/apikeys", &body)["id"].as_str().unwrap(), &plan);
    }
    let provisioner = provisioner(&url, written()).await;
    let set = provisioner.preview_destroy(true).await.unwrap();
    let _ = aws.take_calls();
    provisioner.destroy(true, &mut |_: Event<'_>| ()).await.unwrap();
    assert_foretold(&aws, &set.calls(), "destroy");
}
