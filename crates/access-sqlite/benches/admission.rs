//! What an admission costs with the durable count on: time and CPU, on one hot key, over 10,000 keys, and over 10,000 of
//! the 1,000,000 keys in a store.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{
    hint::black_box,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use access::{
    Accounts, Admission, Gate, KeySecret, NewKey, OwnerDigest, PasswordHash, PresentedKey, Registry, TimeZone,
    UsagePlan,
};
use access_sqlite::{Options, SqliteStore, Synchronous};
use api_types::{
    AccountId, AdmissionId, Email, KeyId, Plan, PlanName, Quota, SubscriptionId, Timestamp, limits::QUOTA_MAX,
};
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use futures_util::future::join_all;

/// So many ask at once.
const ASKERS: u64 = 64;
/// Other people's keys, which are in the store and aren't asked.
const CROWD: u32 = 990_000;
/// The crowd as the store would have made it one by one: what differs is that nobody knows the secrets. Ids have the
/// right length and, being random, the right spread over the indices.
const CROWD_SQL: &str = "
    CREATE TEMP TABLE crowd AS
        WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1)
        SELECT n + (SELECT coalesce(max(id), 0) FROM subscriptions) AS row,
               substr(lower(hex(randomblob(16))), 1, 26) AS id FROM numbers;";
const CROWD_INSERTS: [&str; 2] = [
    "INSERT INTO subscriptions (id, public_id, owner, plan, subscribed_on)
     SELECT row, 'sub_' || id, randomblob(32), (SELECT id FROM plans), '2026-11-01' FROM crowd",
    "INSERT INTO keys (id, account, subscription, digest, enabled, label, created_at)
     SELECT 'key_' || id, (SELECT id FROM accounts), row, randomblob(32), 1, '', 1793000000000 FROM crowd",
];

struct Bench {
    store: SqliteStore,
    keys: Vec<PresentedKey>,
    next: AtomicU64,
    _folder: tempfile::TempDir,
}

fn now() -> Timestamp {
    Timestamp::from_second(1_795_000_000).unwrap()
}

fn bytes(n: u64) -> [u8; 16] {
    u128::from(n).to_be_bytes()
}

impl Bench {
    async fn new(keys: u64, synchronous: Synchronous) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("tollgate.db"), Options { synchronous }).unwrap();
        let plan_name = PlanName::parse("p").unwrap();
        let quota = Quota::Limited { limit: QUOTA_MAX, period: api_types::Period::Month, offset: 0 };
        let plan = Plan { name: plan_name.clone(), description: String::new(), quota, throttle: None, time_zone: None };
        store.apply_plans(vec![UsagePlan::new(plan, TimeZone::utc()).unwrap()], now()).await.unwrap();
        let (account, email) = (AccountId::from_random(bytes(1)), Email::parse("a@example.com").unwrap());
        let password_hash = PasswordHash::from_phc(String::new());
        let row = access::Account::new(account, email, password_hash, now());
        store.create_account(row).await.unwrap();
        let make = |n: u64| {
            let (store, plan_name) = (store.clone(), plan_name.clone());
            async move {
                let mut owner = [0; 32];
                owner[..16].copy_from_slice(&bytes(n));
                let secret = KeySecret::new(KeyId::from_random(bytes(n)), owner);
                let subscription = SubscriptionId::from_random(bytes(n));
                let owner = OwnerDigest(owner);
                let new = NewKey {
                    secret: &secret,
                    account,
                    owner,
                    plan_name,
                    subscription,
                    max_keys: None,
                    call: None,
                    now: now(),
                };
                store.create_key(new).await.unwrap();
                PresentedKey::parse(&secret.reveal()).unwrap()
            }
        };
        let mut presented = Vec::new();
        for n in 0..keys {
            presented.push(make(n).await);
        }
        Self { store, keys: presented, next: AtomicU64::new(0), _folder: folder }
    }

    /// The same in a store that holds many more, opened anew: nothing of it is in memory.
    async fn in_a_crowd(keys: u64) -> Self {
        let Self { store, keys, next, _folder } = Self::new(keys, Synchronous::Normal).await;
        store.close().await.unwrap();
        drop(store);
        let path = _folder.path().join("tollgate.db");
        let mut connection = rusqlite::Connection::open(&path).unwrap();
        let transaction = connection.transaction().unwrap();
        transaction.execute(CROWD_SQL, [CROWD]).unwrap();
        for statement in CROWD_INSERTS {
            transaction.execute(statement, []).unwrap();
        }
        transaction.commit().unwrap();
        drop(connection);
        let store = SqliteStore::open(&path, Options { synchronous: Synchronous::Normal }).unwrap();
        Self { store, keys, next, _folder }
    }

    async fn admit(&self) {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        // A stride coprime to the number of keys: neighbours in time aren't neighbours in the table.
        let at = usize::try_from(n.wrapping_mul(7_919)).unwrap() % self.keys.len();
        let admission = self.store.admit(&self.keys[at], AdmissionId::from_random(bytes(n)), now()).await.unwrap();
        let Admission::Granted(pass) = black_box(admission) else { panic!("refused") };
        let end = access::End { phase: access::Phase::FirstByte, status: Some(200), caller_left: false };
        self.store.settle(&pass, end, now()).await.unwrap();
    }

    /// Runs so many admissions by 64 askers, each with its settlement.
    async fn run(&self, admissions: u64) -> Duration {
        let start = Instant::now();
        let rounds = admissions.div_ceil(ASKERS);
        join_all((0..ASKERS).map(|_| async {
            for _ in 0..rounds {
                self.admit().await;
            }
        }))
        .await;
        start.elapsed().mul_f64(admissions as f64 / (rounds * ASKERS) as f64)
    }
}

/// CPU time of every thread of this process so far; none where there is no procfs.
fn cpu() -> Option<Duration> {
    let threads = std::fs::read_dir("/proc/self/task").ok()?;
    let nanoseconds = |entry: std::io::Result<std::fs::DirEntry>| -> Option<u64> {
        let text = std::fs::read_to_string(entry.ok()?.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse().ok()
    };
    Some(Duration::from_nanos(threads.filter_map(nanoseconds).sum()))
}

fn measure(
    group: &mut BenchmarkGroup<'_, WallTime>,
    (name, keys): (&str, String),
    runtime: &tokio::runtime::Runtime,
    bench: &Bench,
) {
    let (mut total, cpu_before) = (0, cpu());
    group.bench_function(BenchmarkId::new(name, &keys), |bencher| {
        bencher.iter_custom(|admissions| {
            total += admissions.div_ceil(ASKERS) * ASKERS;
            runtime.block_on(bench.run(admissions))
        });
    });
    // A filter on the command line leaves some out.
    if total > 0
        && let (Some(before), Some(after)) = (cpu_before, cpu())
    {
        let micros = (after - before).as_secs_f64() * 1e6 / total as f64;
        println!("admission/{name}/{keys}: {micros:.2} µs of CPU each, askers, settlement and all, of {total}");
    }
}

fn admission(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut group = criterion.benchmark_group("admission");
    group.throughput(Throughput::Elements(1)).sample_size(10).measurement_time(Duration::from_secs(3));
    for (synchronous, name) in [(Synchronous::Normal, "normal"), (Synchronous::Full, "full")] {
        for keys in [1, 10_000] {
            let bench = runtime.block_on(Bench::new(keys, synchronous));
            measure(&mut group, (name, keys.to_string()), &runtime, &bench);
        }
    }
    let bench = runtime.block_on(Bench::in_a_crowd(10_000));
    measure(&mut group, ("normal", "10000 of 1000000".to_owned()), &runtime, &bench);
    group.finish();
}

criterion_group!(benches, admission);
criterion_main!(benches);
