//! The embedded gate against the model of the rules.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod house;

use std::path::PathBuf;

use access::{
    Registry as _, Span,
    conformance::{
        World,
        model::{Bucket, Subject, check, steps},
    },
};
use access_sqlite::{Options, SqliteStore};
use api_types::{AccountId, QuotaStatus, Timestamp};
use async_trait::async_trait;
use proptest::prelude::*;
use tempfile::TempDir;

struct Embedded {
    folder: TempDir,
    store: SqliteStore,
    worlds: [World; 1],
}

impl Embedded {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder);
        let worlds = [house::world(&store)];
        Self { folder, store, worlds }
    }
}

fn path(folder: &TempDir) -> PathBuf {
    folder.path().join("tollgate.db")
}

fn open(folder: &TempDir) -> SqliteStore {
    SqliteStore::open(&path(folder), Options::default()).unwrap()
}

#[async_trait(?Send)]
impl Subject for Embedded {
    fn stores(&self) -> &[World] {
        &self.worlds
    }

    async fn restart(&mut self, _: usize) {
        self.store.close().await.unwrap();
        self.store = open(&self.folder);
        self.worlds = [house::world(&self.store)];
    }

    fn bucket(&self) -> Bucket {
        Bucket::InMemory(None)
    }

    /// What the file would tell a process that starts after this one was killed now.
    async fn used_after_a_kill(&self, account: AccountId, _: &Span, now: Timestamp) -> u64 {
        let copy = tempfile::tempdir().unwrap();
        for file in ["tollgate.db", "tollgate.db-wal"] {
            std::fs::copy(self.folder.path().join(file), copy.path().join(file)).unwrap();
        }
        let entry = open(&copy).keys(account, now).await.unwrap().remove(0);
        let QuotaStatus::Limited { used, .. } = entry.quota else { panic!("unlimited") };
        used
    }

    /// A block at most, a thousandth of the quota and none of its last thousand.
    fn written_ahead(&self, limit: u64, admitted: u64) -> u64 {
        (limit / 1_000).min(limit.saturating_sub(admitted).saturating_sub(999))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 500, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_is_decided_as_the_model_does(steps in steps(200)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(check(&mut Embedded::new(), steps));
    }
}
