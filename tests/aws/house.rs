//! The backend over the fake: an account of AWS with a stage and a plan, our store, and people with keys.

use std::{future::Future, sync::Arc};

use access::{
    Accounts, Admission, CreateKeyError, End, Gate, KeyError, KeySecret, NewKey, Phase, PresentedKey, Registry,
    RemoteChange, RemoteKeys, conformance::account_of,
};
use access_aws::{ApiGateway, Place};
use access_sqlite::{Options, SqliteStore};
use api_types::{AccountId, AdmissionId, KeyChange, KeyEntry, KeyId, PlanName, QuotaStatus, SubscriptionId, Timestamp};
use tempfile::TempDir;
use tests::{
    FakeUpstream,
    aws::{FakeAws, Fault, Key, Quota, When},
    settled, wait_until,
};

use crate::site::{fresh, open};

/// The plan that everybody is on: ten requests a day.
pub const BASIC: &str = "basic";

/// What goes wrong with one call; some of it the SDK's retries mend, when it doesn't last.
pub const FAULTS: [Fault; 11] = [
    Fault::Throttle,
    Fault::ConcurrentModification,
    Fault::Status(500, "InternalFailure", "oops"),
    Fault::Status(503, "ServiceUnavailableException", "later"),
    Fault::DropReply,
    Fault::DropRequest,
    Fault::AccessDenied,
    Fault::ExpiredToken,
    Fault::KeyLimit,
    Fault::Html500,
    Fault::LoseConnection,
];

/// Each of those faults, once and for good.
pub fn faults() -> impl Iterator<Item = (Fault, When)> {
    FAULTS.into_iter().flat_map(|fault| [(fault.clone(), When::Next), (fault, When::Always)])
}

pub const SWITCH_OFF: KeyChange = KeyChange { enabled: Some(false), label: None };
pub const SWITCH_ON: KeyChange = KeyChange { enabled: Some(true), label: None };

/// An account of AWS and our store.
pub struct House {
    pub aws: FakeAws,
    pub store: SqliteStore,
    pub gateway: ApiGateway,
    pub place: Place,
    pub plan: String,
    now: Timestamp,
    client: reqwest::Client,
    _upstream: Arc<FakeUpstream>,
    _folder: TempDir,
}

/// Somebody with a key.
#[derive(Clone)]
pub struct Person {
    pub account: AccountId,
    pub key: KeyId,
    pub presented: PresentedKey,
    owner: access::OwnerDigest,
}

impl House {
    /// A stage with the basic plan, read once.
    pub async fn new() -> Self {
        let aws = FakeAws::start().await;
        // A day's noon, so that no test crosses midnight by chance.
        aws.clock().set_now("2026-11-21T12:00:00Z".parse().unwrap());
        let upstream = Arc::new(FakeUpstream::start().await);
        let (api_id, stage) = aws.seed_stage(&upstream.base_url());
        let plan = aws.add_plan(BASIC, Some(Quota::per_day(10)), None, &api_id, &stage);
        Self::at(aws, Place { api_id, stage }, plan, upstream).await
    }

    /// Another installation, with a store of its own, at the same stage.
    pub async fn beside(&self) -> Self {
        Self::at(self.aws.clone(), self.place.clone(), self.plan.clone(), Arc::clone(&self._upstream)).await
    }

    async fn at(aws: FakeAws, place: Place, plan: String, upstream: Arc<FakeUpstream>) -> Self {
        let folder = TempDir::new().unwrap();
        let store = SqliteStore::open(&folder.path().join("tollgate.db"), Options::default()).unwrap();
        let gateway = open(&aws.endpoint_url(), Arc::new(store.clone()), &place).await;
        let now = aws.clock().now();
        gateway.refresh(now).await.unwrap();
        let _ = aws.take_calls();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { aws, store, gateway, place, plan, now, client, _upstream: upstream, _folder: folder }
    }

    /// The present.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Time passes, here and there.
    pub fn pass(&mut self, seconds: i64) {
        self.now = self.later(seconds);
        self.aws.clock().set_now(self.now);
    }

    /// So many seconds later.
    pub fn later(&self, seconds: i64) -> Timestamp {
        Timestamp::from_second(self.now.as_second() + seconds).unwrap()
    }

    /// As after a restart.
    pub async fn restart(&mut self) {
        self.restart_unread().await;
        self.refresh().await;
    }

    /// As after a restart, before anything was read from AWS.
    pub async fn restart_unread(&mut self) {
        self.restart_over(Arc::new(self.store.clone())).await;
    }

    /// The same with a store that a test stands in front of.
    pub async fn restart_over(&mut self, rows: Arc<dyn RemoteKeys>) {
        self.gateway = open(&self.aws.endpoint_url(), rows, &self.place).await;
    }

    /// Reads plans and keys again.
    pub async fn refresh(&self) {
        self.gateway.refresh(self.now).await.unwrap();
    }

    /// A process of its own does this over the same store, and is killed when a call of this operation hangs.
    pub async fn killed_at<Work>(
        &self,
        operation: &str,
        fault: Fault,
        work: impl FnOnce(ApiGateway, Timestamp) -> Work + Send + 'static,
    ) where
        Work: Future<Output = ()> + Send,
    {
        let process = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (aws, store, place, now) = (self.aws.clone(), self.store.clone(), self.place.clone(), self.now);
        let (begin, begun) = tokio::sync::oneshot::channel::<()>();
        process.spawn(async move {
            let gateway = open(&aws.endpoint_url(), Arc::new(store), &place).await;
            gateway.refresh(now).await.unwrap();
            begin.send(()).unwrap();
            work(gateway, now).await;
        });
        begun.await.unwrap();
        self.aws.fault(operation, When::Next, fault);
        wait_until("the call hangs", || async { (self.aws.hanging() == 1).then_some(()) }).await;
        process.shutdown_background();
        settled(0, || async { self.aws.hanging() }).await;
        self.aws.clear_faults();
    }

    /// An owner signs up.
    pub async fn sign_up(&self, owner: u8) -> (AccountId, access::OwnerDigest) {
        let (row, digest) = account_of(owner, self.now);
        let id = row.id;
        self.store.create_account(row).await.unwrap();
        (id, digest)
    }

    /// A key for an account.
    pub async fn key_for(&self, (account, owner): (AccountId, access::OwnerDigest)) -> Result<Person, CreateKeyError> {
        Self::key_from(&self.gateway, (account, owner), self.now).await
    }

    /// The same from any gateway.
    pub async fn key_from(
        gateway: &ApiGateway,
        (account, owner): (AccountId, access::OwnerDigest),
        now: Timestamp,
    ) -> Result<Person, CreateKeyError> {
        let key = KeyId::from_random(fresh());
        let (secret, presented) = secret(key);
        let new = NewKey {
            secret: &secret,
            account,
            owner,
            plan_name: PlanName::parse(BASIC).unwrap(),
            subscription: SubscriptionId::from_random(fresh()),
            max_keys: None,
            call: None,
            now,
        };
        gateway.create_key(new).await?;
        Ok(Person { account, key, presented, owner })
    }

    /// An owner who signs up and takes a key.
    pub async fn person(&self, owner: u8) -> Person {
        let account = self.sign_up(owner).await;
        self.key_for(account).await.unwrap()
    }

    /// A rotation without grace, or until then.
    pub async fn rotate(&self, person: &mut Person, until: Option<Timestamp>) -> Result<(), KeyError> {
        person.presented = Self::rotate_from(&self.gateway, person, until, self.now).await?;
        Ok(())
    }

    /// The same from any gateway; gives the new value.
    pub async fn rotate_from(
        gateway: &ApiGateway,
        person: &Person,
        until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<PresentedKey, KeyError> {
        let (secret, presented) = secret(person.key);
        gateway.rotate_key(person.account, &secret, until, now).await?;
        Ok(presented)
    }

    /// Switches somebody's key.
    pub async fn change(&self, person: &Person, change: KeyChange) -> Result<KeyEntry, KeyError> {
        self.gateway.change_key(person.account, person.key, change, self.now).await
    }

    /// Ends somebody's key.
    pub async fn revoke(&self, person: &Person) -> Result<(), KeyError> {
        self.gateway.revoke_key(person.account, person.key, self.now).await
    }

    /// One request straight to the stage: the status.
    pub async fn call(&self, key: &PresentedKey) -> u16 {
        let url = self.aws.invoke_url(&self.place.api_id, &self.place.stage);
        let call = self.client.get(format!("{url}/v1/models")).header("x-api-key", key.reveal());
        call.send().await.unwrap().status().as_u16()
    }

    /// So many requests straight to the stage, all of which come through.
    pub async fn use_up(&self, key: &PresentedKey, requests: usize) {
        for _ in 0..requests {
            assert_eq!(self.call(key).await, 200);
        }
    }

    /// How many requests the stage still lets through with this key.
    pub async fn left(&self, key: &PresentedKey) -> usize {
        let mut left = 0;
        while left < 100 && self.call(key).await == 200 {
            left += 1;
        }
        left
    }

    /// A request with this key that ended with this status, or before any came.
    pub async fn ended(&self, key: &PresentedKey, status: Option<u16>) {
        let admitted = self.gateway.admit(key, AdmissionId::from_random(fresh()), self.now).await.unwrap();
        let Admission::Granted(pass) = admitted else { panic!("{admitted:?}") };
        let phase = if status == Some(200) { Phase::FirstByte } else { Phase::Sent };
        self.gateway.settle(&pass, End { phase, status, caller_left: false }, self.now).await.unwrap();
    }

    /// Whether our gate refuses a key without asking AWS.
    pub async fn is_refused(&self, key: &PresentedKey, now: Timestamp) -> bool {
        let id = AdmissionId::from_random(fresh());
        self.gateway.admit(key, id, now).await.unwrap() == Admission::Unknown
    }

    /// What somebody's only key is said to have used of its quota.
    pub async fn used(&self, person: &Person) -> u64 {
        match self.listed(person.account).await[0].quota {
            QuotaStatus::Limited { used, .. } => used,
            QuotaStatus::Unlimited => panic!("unlimited"),
        }
    }

    /// Keys that are to be removed, as a process killed in the middle of that leaves them.
    pub async fn leave_to_be_removed(&mut self, people: &[Person]) {
        for person in people {
            let rows = self.store.remote_keys().await.unwrap();
            let row = rows.into_iter().find(|row| row.id == person.key).unwrap();
            let intents = vec![row.removal(&row.value, self.now)];
            let change = RemoteChange { remove: vec![row.id], intents, ..RemoteChange::default() };
            self.store.change_remote(change).await.unwrap();
        }
        self.restart().await;
    }

    /// Somebody's keys as listed.
    pub async fn listed(&self, account: AccountId) -> Vec<KeyEntry> {
        self.gateway.keys(account, self.now).await.unwrap()
    }

    /// All that the sweeper would do in the next half hour.
    pub async fn sweep(&self) {
        for seconds in [0, 60, 1_000] {
            self.gateway.sweep(self.later(seconds)).await.unwrap();
            self.gateway.refresh(self.later(seconds)).await.unwrap();
        }
    }

    /// Until when the only row's old values work, as the store has it.
    pub async fn store_earlier(&self) -> Vec<Timestamp> {
        self.store.remote_keys().await.unwrap()[0].earlier.iter().map(|old| old.until).collect()
    }

    /// The keys that AWS has.
    pub fn remote(&self) -> Vec<Key> {
        self.aws.keys()
    }

    /// Asserts that AWS and we have exactly these keys, each attached to the plan, and that nothing is unfinished.
    pub async fn assert_consistent(&self, what: &str) {
        let rows = self.store.remote_keys().await.unwrap();
        let mut ours: Vec<_> = rows.iter().map(|row| row.value.remote_id.clone()).collect();
        ours.extend(rows.iter().flat_map(|row| row.earlier.iter().map(|old| old.value.remote_id.clone())));
        let mut theirs: Vec<_> = self.remote().into_iter().map(|key| key.id).collect();
        ours.sort();
        theirs.sort();
        assert_eq!(ours, theirs, "{what}: rows and AWS differ");
        let plans = self.aws.plans();
        let plan = plans.iter().find(|plan| plan.id == self.plan).unwrap();
        assert!(ours.iter().all(|id| plan.keys.contains(id)), "{what}: a key is in no plan");
        assert_eq!(plan.keys.len(), ours.len(), "{what}: the plan has others");
        let waiting = self.store.intents().await.unwrap();
        let grace: usize = rows.iter().map(|row| row.earlier.len()).sum();
        assert_eq!(waiting.len(), grace, "{what}: {waiting:?}");
    }
}

impl Person {
    /// Account and address, to ask for another key.
    pub fn owner(&self) -> (AccountId, access::OwnerDigest) {
        (self.account, self.owner)
    }
}

fn secret(key: KeyId) -> (KeySecret, PresentedKey) {
    let mut random = [7; 32];
    random[16..].copy_from_slice(&fresh());
    (KeySecret::new(key, random), PresentedKey::parse(&KeySecret::new(key, random).reveal()).unwrap())
}
