//! The server before a stage: one made by hand, which gives AWS's own answers, or one that the provisioner made, whose
//! refusals are marked.

use access_aws::provision::Written;
use serde_json::Value;
use tests::{
    Caller, FakeUpstream, ServerSetup, TestServer,
    aws::{FakeAws, Quota},
};

use crate::site::{apply, daily, written};

/// An account of AWS with a stage before an upstream, and the plans `10RequestPerDay` and `3RequestPerDay`. Its clock
/// stands still, so that no test crosses midnight by chance and no bucket fills up.
pub struct Served {
    pub aws: FakeAws,
    pub upstream: FakeUpstream,
    pub api: String,
    pub stage: String,
}

impl Served {
    async fn before(upstream: FakeUpstream) -> Self {
        let aws = FakeAws::start().await;
        aws.clock().set_now(aws.clock().now());
        Self { aws, upstream, api: String::new(), stage: String::new() }
    }

    /// Made by hand: no gateway responses, and the upstream gets the caller's headers as they are.
    pub async fn by_hand() -> Self {
        let mut served = Self::before(FakeUpstream::start().await).await;
        (served.api, served.stage) = served.aws.seed_stage(&served.upstream.base_url());
        for limit in [10, 3] {
            let name = format!("{limit}RequestPerDay");
            served.aws.add_plan(&name, Some(Quota::per_day(limit)), None, &served.api, &served.stage);
        }
        served
    }

    /// Made by the provisioner.
    pub async fn provisioned() -> Self {
        let mut served = Self::before(FakeUpstream::start().await).await;
        let plans = vec![daily(10), daily(3)];
        let wanted = Written { base_url: served.upstream.base_url(), plans, ..written() };
        served.api = apply(&served.aws.endpoint_url(), wanted).await.unwrap().api_id;
        served.stage = "live".to_owned();
        served
    }

    /// Both.
    pub async fn each() -> [Self; 2] {
        [Self::by_hand().await, Self::provisioned().await]
    }

    pub fn is_provisioned(&self) -> bool {
        self.stage == "live"
    }

    pub fn setup(&self) -> ServerSetup {
        TestServer::setup().aws(&self.aws, &self.api, &self.stage)
    }

    pub async fn start(&self) -> TestServer {
        self.setup().start().await
    }

    /// The id of a plan.
    pub fn plan(&self, name: &str) -> String {
        self.aws.plans().into_iter().find(|plan| plan.name == name).unwrap().id
    }
}

/// Somebody's only key, as listed.
pub async fn listed(owner: &Caller) -> Value {
    let keys = owner.get("/keys").send().await.expect(200).json();
    assert_eq!(keys.as_array().unwrap().len(), 1, "{keys}");
    keys[0].clone()
}

/// What `/readyz` says; nothing while it is green.
pub async fn reason(server: &TestServer) -> Option<String> {
    let answer = server.anonymous().get("/readyz").send().await;
    if answer.status == 200 {
        return None;
    }
    Some(answer.is_problem(503, "store_unavailable")["detail"].as_str().unwrap().to_owned())
}
