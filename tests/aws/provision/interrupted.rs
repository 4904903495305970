//! Stopped at any call, in any way: the next run comes to the same end, and nothing is there twice.

use std::collections::{BTreeSet, HashMap};

use access_aws::provision::{Credential, ProvisionError, Written};
use tests::{
    aws::{FakeAws, Fault, When},
    wait_until,
};

use super::shape::{assert_nothing_live_is_open, shape};
use crate::site::{apply, apply_with_key, daily, destroy, written};

/// What is interrupted.
#[derive(Debug, Clone, Copy)]
enum Scene {
    /// An apply from nothing, with a key for the operator.
    First,
    /// An apply that changes whatever can be changed.
    Change,
    /// A destroy of everything.
    Destroy,
}

fn changed() -> Written {
    Written {
        paths: vec!["POST /v1/chat/completions".to_owned()],
        credential: Some(Credential::new("sk-another-credential")),
        stage: "prod".to_owned(),
        plans: vec![daily(20), daily(30)],
        ..written()
    }
}

impl Scene {
    async fn prepared(self) -> FakeAws {
        let aws = FakeAws::start().await;
        match self {
            Self::First => {}
            Self::Change => drop(apply(&aws.endpoint_url(), written()).await.unwrap()),
            Self::Destroy => {
                apply_with_key(&aws.endpoint_url(), written(), "10RequestPerDay").await.unwrap();
                let plan = aws.plans()[0].id.clone();
                aws.console_create_key("a-value-of-twenty-or-more", Some(&plan));
            }
        }
        let _ = aws.take_calls();
        aws
    }

    async fn act(self, aws: &FakeAws) -> Result<(), ProvisionError> {
        let url = aws.endpoint_url();
        match self {
            Self::First => apply_with_key(&url, written(), "10RequestPerDay").await.map(drop),
            Self::Change => apply(&url, changed()).await.map(drop),
            Self::Destroy => destroy(&url, true).await,
        }
    }

    /// Each operation that writes, with how often; of the many gateway responses the first and one in their midst are
    /// enough.
    async fn writes(self) -> Vec<(&'static str, usize)> {
        let aws = self.prepared().await;
        self.act(&aws).await.unwrap();
        let mut counted: HashMap<&'static str, usize> = HashMap::new();
        let mut writes = Vec::new();
        for call in aws.take_calls().into_iter().filter(|call| !call.is_read()) {
            let count = counted.entry(call.operation).or_default();
            *count += 1;
            if call.operation != "PutGatewayResponse" || [1, 8].contains(count) {
                writes.push((call.operation, *count));
            }
        }
        writes
    }

    /// Each operation that reads.
    async fn reads(self) -> BTreeSet<&'static str> {
        let aws = self.prepared().await;
        self.act(&aws).await.unwrap();
        aws.take_calls().iter().filter(|call| call.is_read()).map(|call| call.operation).collect()
    }

    async fn goal(self) -> serde_json::Value {
        let aws = self.prepared().await;
        self.act(&aws).await.unwrap();
        shape(&aws)
    }
}

/// At each write, this fault; then again without.
async fn every_write_with(scene: Scene, fault: Fault) {
    let goal = scene.goal().await;
    for (operation, number) in scene.writes().await {
        let what = format!("{scene:?}, {fault:?} at {operation} {number}");
        let aws = scene.prepared().await;
        aws.fault(operation, When::Nth(number), fault.clone());
        let _ = scene.act(&aws).await;
        assert_eq!(aws.faults_waiting(), 0, "{what}: never met");
        assert_nothing_live_is_open(&aws, &what);
        scene.act(&aws).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(shape(&aws), goal, "{what}");
    }
}

/// A read whose reply is lost is repeated and nothing shows of it; one that isn't allowed is named, and the next run goes
/// on.
async fn every_read(scene: Scene) {
    let goal = scene.goal().await;
    for operation in scene.reads().await {
        let what = format!("{scene:?}, at {operation}");
        let aws = scene.prepared().await;
        aws.fault(operation, When::Next, Fault::DropReply);
        scene.act(&aws).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!((aws.faults_waiting(), shape(&aws)), (0, goal.clone()), "{what}");

        let aws = scene.prepared().await;
        aws.fault(operation, When::Next, Fault::AccessDenied);
        let error = scene.act(&aws).await.unwrap_err().to_string();
        assert!(error.contains("apigateway:GET on /") && error.contains(&format!("({operation})")), "{what}: {error}");
        assert_nothing_live_is_open(&aws, &what);
        scene.act(&aws).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(shape(&aws), goal, "{what}");
    }
}

/// The process dies at each write, before AWS does it or after; then a new one runs.
async fn killed_at_every_write(scene: Scene, fault: Fault) {
    let goal = scene.goal().await;
    for (operation, number) in scene.writes().await {
        let what = format!("{scene:?}, killed in {operation} {number}, {fault:?}");
        let aws = scene.prepared().await;
        aws.fault(operation, When::Nth(number), fault.clone());
        let stopped = wait_until("the call hangs", || async { (aws.hanging() > 0).then_some(()) });
        tokio::select! {
            ended = scene.act(&aws) => panic!("{what}: ended with {ended:?}"),
            () = stopped => {}
        }
        assert_nothing_live_is_open(&aws, &what);
        scene.act(&aws).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(shape(&aws), goal, "{what}");
    }
}

#[tokio::test]
async fn first_apply_with_a_lost_reply_at_every_call() {
    every_write_with(Scene::First, Fault::DropReply).await;
}

#[tokio::test]
async fn first_apply_with_a_lost_request_at_every_call() {
    every_write_with(Scene::First, Fault::DropRequest).await;
}

#[tokio::test]
async fn first_apply_without_permission_at_every_call() {
    every_write_with(Scene::First, Fault::AccessDenied).await;
}

#[tokio::test]
async fn first_apply_killed_before_every_call() {
    killed_at_every_write(Scene::First, Fault::Hang).await;
}

#[tokio::test]
async fn first_apply_killed_after_every_call() {
    killed_at_every_write(Scene::First, Fault::HangReply).await;
}

#[tokio::test]
async fn change_with_a_lost_reply_at_every_call() {
    every_write_with(Scene::Change, Fault::DropReply).await;
}

#[tokio::test]
async fn change_killed_after_every_call() {
    killed_at_every_write(Scene::Change, Fault::HangReply).await;
}

#[tokio::test]
async fn destroy_with_a_lost_reply_at_every_call() {
    every_write_with(Scene::Destroy, Fault::DropReply).await;
}

#[tokio::test]
async fn destroy_killed_after_every_call() {
    killed_at_every_write(Scene::Destroy, Fault::HangReply).await;
}

#[tokio::test]
async fn first_apply_with_every_read_failing_once() {
    every_read(Scene::First).await;
}

#[tokio::test]
async fn change_with_every_read_failing_once() {
    every_read(Scene::Change).await;
}

#[tokio::test]
async fn destroy_with_every_read_failing_once() {
    every_read(Scene::Destroy).await;
}

#[tokio::test]
async fn lost_replies_are_mended_in_the_same_run() {
    let scene = Scene::First;
    let goal = scene.goal().await;
    for (operation, number) in scene.writes().await {
        for fault in [Fault::DropReply, Fault::DropRequest] {
            let aws = scene.prepared().await;
            aws.fault(operation, When::Nth(number), fault.clone());
            let key = apply_with_key(&aws.endpoint_url(), written(), "10RequestPerDay").await.unwrap().operator_key;
            assert_eq!(shape(&aws), goal, "{fault:?} at {operation} {number}");
            assert_eq!(key.unwrap().reveal(), aws.keys()[0].value, "{fault:?} at {operation} {number}");
        }
    }
}

#[tokio::test]
async fn a_throttled_control_plane_is_waited_for() {
    let aws = FakeAws::start().await;
    for operation in ["CreateRestApi", "CreateDeployment", "CreateUsagePlan", "GetResources"] {
        aws.fault(operation, When::First(2), Fault::Throttle);
    }
    apply(&aws.endpoint_url(), written()).await.unwrap();
    assert_eq!(aws.faults_waiting(), 0);
    assert_eq!(aws.apis().len(), 1);
}

#[tokio::test]
async fn a_missing_permission_is_named_in_one_line() {
    let aws = FakeAws::start().await;
    aws.fault("CreateDeployment", When::Always, Fault::AccessDenied);
    let error = apply(&aws.endpoint_url(), written()).await.unwrap_err().to_string();
    assert!(error.contains("apigateway:POST on /restapis/*/deployments") && !error.contains('\n'), "{error}");
}
