//! What one admission with its settlement costs at each gate, side by side: the embedded one, which counts on the disk,
//! and API Gateway's, which leaves the counting to AWS.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use access::{
    Accounts, Admission, End, Gate, KeySecret, NewKey, Phase, PresentedKey, Registry, TimeZone, UsagePlan,
    conformance::account_of,
};
use access_aws::{ApiGateway, Control, ControlSettings, Place, Role};
use access_sqlite::{Options, SqliteStore};
use api_types::{AdmissionId, InstallationId, KeyId, Plan, PlanName, Quota, SubscriptionId, Timestamp};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures_util::future::join_all;
use tests::aws::FakeAws;
use tokio::runtime::Runtime;

/// So many ask at once.
const ASKERS: u64 = 64;
const PLAN: &str = "p";

fn now() -> Timestamp {
    Timestamp::from_second(1_795_000_000).unwrap()
}

fn plan_name() -> PlanName {
    PlanName::parse(PLAN).unwrap()
}

/// A gate and a key that is good there.
struct Open {
    gate: Arc<dyn Gate>,
    key: PresentedKey,
    next: AtomicU64,
}

impl Open {
    async fn new(store: &SqliteStore, registry: &dyn Registry, gate: Arc<dyn Gate>) -> Self {
        let (row, owner) = account_of(1, now());
        let account = row.id;
        store.create_account(row).await.unwrap();
        let secret = KeySecret::new(KeyId::from_random([1; 16]), [2; 32]);
        let subscription = SubscriptionId::from_random([1; 16]);
        let plan_name = plan_name();
        let new =
            NewKey { secret: &secret, account, owner, plan_name, subscription, max_keys: None, call: None, now: now() };
        registry.create_key(new).await.unwrap();
        Self { gate, key: PresentedKey::parse(&secret.reveal()).unwrap(), next: AtomicU64::new(1) }
    }

    /// Runs so many admissions by 64 askers, each with its settlement.
    async fn run(&self, admissions: u64) -> Duration {
        let start = Instant::now();
        let rounds = admissions.div_ceil(ASKERS);
        let ask = async || {
            for _ in 0..rounds {
                let id = AdmissionId::from_random(u128::from(self.next.fetch_add(1, Ordering::Relaxed)).to_be_bytes());
                let admission = self.gate.admit(&self.key, id, now()).await.unwrap();
                let Admission::Granted(pass) = black_box(admission) else { panic!("refused") };
                let end = End { phase: Phase::FirstByte, status: Some(200), caller_left: false };
                self.gate.settle(&pass, end, now()).await.unwrap();
            }
        };
        join_all((0..ASKERS).map(|_| ask())).await;
        start.elapsed().mul_f64(admissions as f64 / (rounds * ASKERS) as f64)
    }
}

fn store(folder: &tempfile::TempDir, name: &str) -> SqliteStore {
    let folder = folder.path().join(name);
    std::fs::create_dir(&folder).unwrap();
    SqliteStore::open(&folder.join("tollgate.db"), Options::default()).unwrap()
}

async fn embedded(folder: &tempfile::TempDir) -> Open {
    let store = store(folder, "embedded");
    let plan = Plan {
        name: plan_name(),
        description: String::new(),
        quota: Quota::Unlimited,
        throttle: None,
        time_zone: None,
    };
    store.apply_plans(vec![UsagePlan::new(plan, TimeZone::utc()).unwrap()], now()).await.unwrap();
    Open::new(&store, &store, Arc::new(store.clone())).await
}

async fn aws(folder: &tempfile::TempDir, fake: &FakeAws) -> Open {
    let store = store(folder, "aws");
    let (api_id, stage) = fake.seed_stage("http://127.0.0.1:9/v1");
    fake.add_plan(PLAN, None, None, &api_id, &stage);
    let settings = ControlSettings {
        region: Some("us-east-1".to_owned()),
        endpoint_url: Some(fake.endpoint_url()),
        attempt_timeout: Duration::from_secs(5),
    };
    let control = Control::new(&settings, Role::Server).await.unwrap();
    let candidate = InstallationId::from_random([1; 16]);
    let place = Place { api_id, stage };
    let runtime = tokio::runtime::Handle::current();
    let gateway = ApiGateway::open(control, Arc::new(store.clone()), place, candidate, runtime).await.unwrap();
    gateway.refresh(now()).await.unwrap();
    Open::new(&store, &gateway, Arc::new(gateway.clone())).await
}

fn gates(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let fake = runtime.block_on(FakeAws::start());
    let mut group = criterion.benchmark_group("gate");
    group.throughput(Throughput::Elements(1)).sample_size(10).measurement_time(Duration::from_secs(3));
    for (name, open) in
        [("embedded", runtime.block_on(embedded(&folder))), ("aws", runtime.block_on(aws(&folder, &fake)))]
    {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|admissions| runtime.block_on(open.run(admissions)));
        });
    }
    group.finish();
}

criterion_group!(benches, gates);
criterion_main!(benches);
