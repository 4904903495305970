//! The laws of every backend, on API Gateway as our fake plays it; plans get in as the provisioner puts them there.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod site;

use std::{process::ExitCode, sync::Arc};

use access::conformance::{self, Law, Stage, StageAnswer, World};
use access_aws::{ApiGateway, Place, marks::NO_NEW_KEYS, provision::Written};
use access_sqlite::{Options, SqliteStore};
use api_types::PlanName;
use tempfile::TempDir;
use tests::{FakeUpstream, aws::FakeAws};

use site::{daily, open, provisioner, written};

fn main() -> ExitCode {
    conformance::main("aws", ApiGateway::PROMISES, run)
}

fn run(law: &Law) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let site = Site::new().await;
        (law.run)(site.world()).await;
    });
}

/// A provisioned API in an account of AWS, and our store.
struct Site {
    aws: FakeAws,
    upstream: FakeUpstream,
    place: Place,
    store: SqliteStore,
    gateway: ApiGateway,
    _folder: TempDir,
}

impl Site {
    async fn new() -> Self {
        let aws = FakeAws::start().await;
        let upstream = FakeUpstream::start().await;
        let folder = TempDir::new().unwrap();
        let store = SqliteStore::open(&folder.path().join("tollgate.db"), Options::default()).unwrap();
        let wanted = written_for(&upstream, Vec::new());
        let applied = provisioner(&aws.endpoint_url(), wanted).await.apply(None, &mut |_| ()).await.unwrap();
        let place = Place { api_id: applied.api_id, stage: "live".to_owned() };
        let gateway = open(&aws.endpoint_url(), Arc::new(store.clone()), &place).await;
        gateway.refresh(aws.clock().now()).await.unwrap();
        Self { aws, upstream, place, store, gateway, _folder: folder }
    }

    fn world(self) -> World {
        let site = Arc::new(self);
        World {
            accounts: Arc::new(site.store.clone()),
            administration: Arc::new(site.store.clone()),
            registry: Arc::new(site.gateway.clone()),
            gate: Arc::new(site.gateway.clone()),
            owners: Arc::new(site.store.clone()),
            stage: Some(stage(&site)),
            apply_plans: Box::new(move |plans, now| {
                let site = Arc::clone(&site);
                Box::pin(async move {
                    site.aws.clock().set_now(now);
                    let names: Vec<PlanName> = plans.iter().map(|plan| plan.plan().name.clone()).collect();
                    let wanted = written_for(&site.upstream, plans);
                    let provisioner = provisioner(&site.aws.endpoint_url(), wanted).await;
                    provisioner.apply(None, &mut |_| ()).await.unwrap();
                    site.gateway.order_plans(names);
                    site.gateway.refresh(now).await?;
                    Ok(site.retired())
                })
            }),
        }
    }

    /// Plans that serve their keys and take no more.
    fn retired(&self) -> Vec<PlanName> {
        let is_retired = |text: &Option<String>| text.as_ref().is_some_and(|text| text.starts_with(NO_NEW_KEYS));
        let plans = self.aws.plans().into_iter().filter(|plan| is_retired(&plan.description));
        plans.map(|plan| PlanName::parse(&plan.name).unwrap()).collect()
    }
}

/// A configuration always has a plan; where a law has none, it is one that nobody asks for.
fn written_for(upstream: &FakeUpstream, mut plans: Vec<access::UsagePlan>) -> Written {
    if plans.is_empty() {
        plans.push(daily(1));
    }
    Written { base_url: upstream.base_url(), plans, ..written() }
}

/// A request straight to the stage, at the law's time.
fn stage(site: &Arc<Site>) -> Stage {
    let (site, client) = (Arc::clone(site), reqwest::Client::builder().no_proxy().build().unwrap());
    Box::new(move |key, now| {
        site.aws.clock().set_now(now);
        let url = format!("{}/v1/models", site.aws.invoke_url(&site.place.api_id, &site.place.stage));
        let call = client.get(url).header("x-api-key", key.reveal()).send();
        Box::pin(async move {
            let answer = call.await.unwrap();
            let headers = answer.headers().iter();
            let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
            StageAnswer { status: answer.status().as_u16(), headers: headers.collect() }
        })
    })
}
