//! What admissions cost on Postgres: a table over replicas and subscriptions. `cargo xtask bench cluster` starts the
//! Postgres and runs it.

#![expect(clippy::unwrap_used, reason = "a benchmark stops at the first surprise")]
#![expect(clippy::disallowed_methods, reason = "it measures, and is told by its environment where Postgres is")]

use std::{
    env, fs,
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
use access_postgres::{Clock, Options, PostgresStore, migrate};
use api_types::{AccountId, AdmissionId, KeyId, Period, Plan, PlanName, Quota, SubscriptionId, Timestamp};
use futures_util::{StreamExt as _, future::join_all, stream};
use tokio_postgres::{Client, NoTls};

/// So many ask at once.
const ASKERS: usize = 256;
const SUBSCRIPTIONS: [usize; 3] = [1, 100, 10_000];
const REPLICAS: [usize; 3] = [1, 2, 4];
/// Processor time in `/proc` comes in hundredths of a second.
const TICKS: f64 = 100.0;

fn now() -> Timestamp {
    Timestamp::now()
}

fn options(url: &str) -> Options {
    Options {
        url: url.to_owned(),
        authorities: None,
        schema: "bench".to_owned(),
        pool_size: 8,
        patience: Duration::from_secs(30),
        clock: Clock::Database,
    }
}

/// The accounts with a key each; made once.
async fn fill(store: &PostgresStore) -> Vec<PresentedKey> {
    let name = PlanName::parse("p").unwrap();
    let quota = Quota::Limited { limit: 1_000_000_000, period: Period::Month, offset: 0 };
    // Without a throttle: none may be as quick as one subscription is here.
    let plan = Plan { name: name.clone(), description: String::new(), quota, throttle: None, time_zone: None };
    store.apply_plans(vec![UsagePlan::new(plan, TimeZone::utc()).unwrap()], now()).await.unwrap();
    let most = SUBSCRIPTIONS[SUBSCRIPTIONS.len() - 1];
    let keys = stream::iter(0..most as u128).map(|n| {
        let name = name.clone();
        async move {
            let id = n.to_be_bytes();
            let (mut account, _) = account_of(1, now());
            account.id = AccountId::from_random(id);
            account.email = api_types::Email::parse(&format!("owner{n}@example.com")).unwrap();
            let (account_id, mut owner) = (account.id, [0; 32]);
            owner[..16].copy_from_slice(&id);
            store.create_account(account).await.unwrap();
            let secret = KeySecret::new(KeyId::from_random(id), owner);
            let subscription = SubscriptionId::from_random(id);
            let owner = access::OwnerDigest(owner);
            let new = NewKey {
                secret: &secret,
                account: account_id,
                owner,
                plan_name: name,
                subscription,
                max_keys: None,
                call: None,
                now: now(),
            };
            store.create_key(new).await.unwrap();
            PresentedKey::parse(&secret.reveal()).unwrap()
        }
    });
    keys.buffered(64).collect().await
}

/// Asks for so long, each asker at this pace or as fast as it is answered; how long each admission took.
async fn load(
    stores: &[PostgresStore],
    keys: &[PresentedKey],
    time: Duration,
    pace: Option<Duration>,
) -> Vec<Duration> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let end = Instant::now() + time;
    let ask = |asker: usize| {
        let (store, keys) = (stores[asker % stores.len()].clone(), keys.to_vec());
        tokio::runtime::Handle::current().spawn(async move {
            let (mut took, mut at) = (Vec::new(), asker);
            let mut due = Instant::now() + pace.unwrap_or_default().mul_f64(asker as f64 / ASKERS as f64);
            while Instant::now() < end {
                if let Some(pace) = pace {
                    tokio::time::sleep_until(due.into()).await;
                    due += pace;
                }
                // A stride that visits all keys in no order.
                at = (at + 7_919) % keys.len();
                let began = Instant::now();
                let id = AdmissionId::from_random(u128::from(NEXT.fetch_add(1, Ordering::Relaxed)).to_be_bytes());
                let admission = store.admit(&keys[at], id, now()).await.unwrap();
                let Admission::Granted(pass) = admission else { panic!("{admission:?}") };
                took.push(began.elapsed());
                store
                    .settle(&pass, End { phase: Phase::FirstByte, status: Some(200), caller_left: false }, now())
                    .await
                    .unwrap();
            }
            took
        })
    };
    let mut took: Vec<Duration> =
        join_all((0..ASKERS).map(ask)).await.into_iter().flat_map(|took| took.unwrap()).collect();
    took.sort_unstable();
    took
}

/// Commits, bytes of WAL, and processor time of Postgres's processes and of this one, in seconds, so far.
async fn spent(client: &Client) -> (f64, f64, f64, f64) {
    let sql = "SELECT (pg_current_wal_insert_lsn() - '0/0')::float8,
                      (SELECT sum(xact_commit)::float8 FROM pg_stat_database),
                      array(SELECT pid FROM pg_stat_activity)";
    let row = client.query_one(sql, &[]).await.unwrap();
    let (wal, commits, pids): (f64, f64, Vec<i32>) = (row.get(0), row.get(1), row.get(2));
    let of = |pid: String| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let fields: Vec<f64> = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(|field| field.parse().unwrap_or_default())
            .collect();
        fields.iter().sum::<f64>() / TICKS
    };
    let postgres = pids.into_iter().map(|pid| of(pid.to_string())).sum();
    (commits, wal, postgres, of("self".to_owned()))
}

fn milliseconds(took: &[Duration], share: f64) -> f64 {
    took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1_000.0
}

async fn run() {
    let url = env::var("TOLLGATE_POSTGRES")
        .expect("TOLLGATE_POSTGRES says where Postgres is: run `cargo xtask bench cluster`");
    let seconds = env::args().find_map(|argument| argument.parse().ok()).unwrap_or(5.0);
    let time = Duration::from_secs_f64(seconds);
    migrate(&options(&url)).await.unwrap();
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::runtime::Handle::current().spawn(connection);
    let filling = PostgresStore::open(options(&url), [255; 16]).await.unwrap();
    let keys = fill(&filling).await;
    filling.close().await.unwrap();
    client.batch_execute("ANALYZE").await.unwrap();
    println!(
        "| replicas | subscriptions | admissions/s | p50 ms | p99 ms | p99 ms at half | commits/s | WAL bytes | CPU µs, Postgres | CPU µs, here |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for replicas in REPLICAS {
        let mut stores = Vec::new();
        for replica in 0..replicas {
            stores.push(PostgresStore::open(options(&url), [replica as u8 * 16; 16]).await.unwrap());
        }
        let stores = Arc::new(stores);
        for subscriptions in SUBSCRIPTIONS {
            let keys = &keys[..subscriptions];
            load(&stores, keys, time / 4, None).await;
            let before = spent(&client).await;
            let began = Instant::now();
            let took = load(&stores, keys, time, None).await;
            let (elapsed, after) = (began.elapsed().as_secs_f64(), spent(&client).await);
            let (count, rate) = (took.len() as f64, took.len() as f64 / elapsed);
            let half = load(&stores, keys, time, Some(Duration::from_secs_f64(ASKERS as f64 / (rate / 2.0)))).await;
            println!(
                "| {replicas} | {subscriptions} | {rate:.0} | {:.1} | {:.1} | {:.1} | {:.0} | {:.0} | {:.0} | {:.0} |",
                milliseconds(&took, 0.5),
                milliseconds(&took, 0.99),
                milliseconds(&half, 0.99),
                (after.0 - before.0) / elapsed,
                (after.1 - before.1) / count,
                (after.2 - before.2) / count * 1e6,
                (after.3 - before.3) / count * 1e6,
            );
        }
        for store in stores.iter() {
            store.close().await.unwrap();
        }
    }
}

fn main() {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(run());
}
