//! Replicas whose clocks are wrong, and are set while they run: periods are Postgres's.
#![cfg(target_os = "linux")]

use std::{fs, path::PathBuf};

use jiff::Timestamp;
use tempfile::TempDir;
use tests::{Caller, Database, PlanSpec, ServerSetup, TestServer, settled};
use tokio_postgres::Client;

const LIMIT: usize = 20;
/// In minutes.
const DAY: i64 = 24 * 60;
/// As the library's own programs name it to the loader, which knows the place of the machine's libraries.
const LIBFAKETIME: &str = "/usr/$LIB/faketime/libfaketime.so.1";

/// A clock that is apart from the machine's by what a file says.
struct WrongClock {
    apart: PathBuf,
    _folder: TempDir,
}

impl WrongClock {
    fn new(minutes: i64) -> Self {
        let folder = TempDir::new().unwrap();
        let clock = Self { apart: folder.path().join("apart"), _folder: folder };
        clock.set(minutes);
        clock
    }

    /// Sets it to so many minutes before the machine's, whoever goes by it.
    fn set(&self, minutes: i64) {
        // At once, so that nobody reads half of it.
        let new = self.apart.with_extension("new");
        fs::write(&new, format!("{minutes:+}m")).unwrap();
        fs::rename(new, &self.apart).unwrap();
    }

    /// A server that goes by it in all but how long something takes.
    fn of(&self, setup: ServerSetup) -> ServerSetup {
        setup
            .variable("LD_PRELOAD", LIBFAKETIME)
            .variable("FAKETIME_TIMESTAMP_FILE", &self.apart.display().to_string())
            .variable("FAKETIME_NO_CACHE", "1")
            .variable("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    }
}

/// Waits until a replica's clock is so many minutes before Postgres's, as its answers say; they take their date from the
/// clock once or twice a second.
async fn until_apart(replica: &TestServer, postgres: &Client, minutes: i64) {
    let apart = "SELECT round(extract(epoch FROM to_timestamp($1, 'Dy, DD Mon YYYY HH24:MI:SS') - now()) / 60)::bigint";
    settled(minutes, || async {
        let answer = replica.anonymous().get("/healthz").send().await;
        postgres.query_one(apart, &[&answer.header("date")]).await.unwrap().get(0)
    })
    .await;
}

/// The end of the day that Postgres has, in milliseconds since 1970.
async fn end_of_the_day(zone: &str, postgres: &Client) -> i64 {
    let end = "SELECT extract(epoch FROM (date_trunc('day', now() AT TIME ZONE $1) + interval '1 day')
                                         AT TIME ZONE $1)::bigint * 1000";
    postgres.query_one(end, &[&zone]).await.unwrap().get(0)
}

/// How many of so many requests are admitted, one after the other.
async fn admitted(key: &Caller, requests: usize) -> usize {
    let mut admitted = 0;
    for _ in 0..requests {
        let answer = key.chat("hello").send().await;
        match answer.status {
            200 => admitted += 1,
            _ => {
                answer.is_error(429, "rate_limit_exceeded");
            }
        }
    }
    admitted
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_replicas_take_the_time_for_the_quota_is_that_of_postgres() {
    let database = Database::fresh().await;
    let postgres = database.client().await;
    let zone = tests::calm_time_zone();
    let setup = TestServer::setup().postgres(&database.url()).plans(&[PlanSpec::daily("few", LIMIT as u64)]);
    let (status, said) = TestServer::run(&setup, &["migrate"]).await;
    assert!(status.success(), "{said}");
    let (first, second) = (WrongClock::new(-10), WrongClock::new(DAY));
    let (one, two) = (first.of(setup.clone()).start().await, second.of(setup).start().await);

    let key = one.with_key("few").await;
    let there = two.anonymous().as_identity(key.identity.clone());
    let status = |caller: Caller| async move { caller.get("/v1/key").send().await.expect(200).json()["quota"].clone() };
    let mut sum = 0;
    // Each is set while it runs, ahead and back.
    for (of_one, of_two) in [(-10, DAY), (3 * DAY, -10), (-DAY, 0), (40, -2 * DAY)] {
        first.set(of_one);
        second.set(of_two);
        until_apart(&one, &postgres, of_one).await;
        until_apart(&two, &postgres, of_two).await;
        sum += admitted(&key, 3).await + admitted(&there, 3).await;
        assert_eq!(status(key.clone()).await, status(there.clone()).await);
        assert_eq!(key.used().await, sum as u64);
    }
    assert_eq!(sum, LIMIT);
    for caller in [key, there] {
        caller.chat("hello").send().await.is_error(429, "rate_limit_exceeded");
        let reset_at: Timestamp = status(caller).await["reset_at"].as_str().unwrap().parse().unwrap();
        assert_eq!(reset_at.as_millisecond(), end_of_the_day(zone, &postgres).await);
    }
}
