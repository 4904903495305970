//! A fake of Amazon API Gateway for what no emulator does: its bad days, its usage, streams, slow activation.
//!
//! One server on a loopback port speaks the control plane's REST-JSON and calls deployed APIs under
//! `/_aws/execute-api/{api}/{stage}/…`. It says what AWS says as far as that is documented or recorded; a script of
//! calls that runs against other emulators too keeps it from drifting. Unlike AWS it is exact where AWS promises an
//! approximation only (throttle and quota), and its day is the UTC day.
//!
//! ```ignore
//! let aws = FakeAws::start().await;
//! let (api, stage) = aws.seed_stage(&upstream.base_url());
//! let plan = aws.add_plan("basic", Some(Quota::per_day(10)), None, &api, &stage);
//! aws.console_create_key("a-value-of-twenty-or-more", Some(&plan));
//! aws.fault("CreateUsagePlanKey", When::Next, Fault::DropReply);
//! // … the server under test runs with aws.endpoint_url() and aws.invoke_url(&api, &stage) + "/v1"
//! assert_eq!(aws.calls_of("CreateApiKey").len(), 1);
//! ```

mod account;
mod answer;
mod calls;
mod clock;
mod console;
mod control;
mod data_plane;
mod faults;
mod limits;
mod meter;
mod pages;
mod request;
mod server;
#[cfg(test)]
mod tests;

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use reqwest::{Client, redirect::Policy};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

use account::Account;
use server::{Shared, lock};

pub use account::{ApiStage, Deployment, Key, Plan, Resource, RestApi, Stage, Surface};
pub use calls::Call;
pub use clock::Clock;
pub use faults::{Fault, When};
pub use limits::{Period, Quota, Throttle};

/// The fake. Clones are the same one; it ends with the last of them.
#[derive(Clone)]
pub struct FakeAws {
    address: SocketAddr,
    clock: Clock,
    shared: Arc<Shared>,
    _serving: Arc<JoinSet<()>>,
}

impl FakeAws {
    /// Starts an empty account on a free port.
    ///
    /// # Panics
    /// If there is none.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        let client = Client::builder().no_proxy().redirect(Policy::none()).pool_max_idle_per_host(0).build();
        let clock = Clock::default();
        let shared = Arc::new(Shared {
            account: Mutex::new(Account::new(clock.clone())),
            faults: Mutex::default(),
            calls: Mutex::default(),
            is_away: watch::Sender::new(false),
            release: watch::Sender::new(()),
            hanging: AtomicUsize::new(0),
            client: client.expect("a client without TLS"),
        });
        let mut serving = JoinSet::new();
        serving.spawn(server::accept(listener, Arc::clone(&shared)));
        Self { address, clock, shared, _serving: Arc::new(serving) }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The control plane's URL, as `AWS_ENDPOINT_URL` wants it.
    #[must_use]
    pub fn endpoint_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A stage's URL, without a slash at its end.
    #[must_use]
    pub fn invoke_url(&self, api: &str, stage: &str) -> String {
        format!("http://{}{}{api}/{stage}", self.address, data_plane::PREFIX)
    }

    /// Its time, which a test may set.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Every call of the control plane so far, in the order in which they came.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.shared.calls).list()
    }

    /// The calls of one operation.
    #[must_use]
    pub fn calls_of(&self, operation: &str) -> Vec<Call> {
        self.calls().into_iter().filter(|call| call.operation == operation).collect()
    }

    /// Every call since the last time of this, which are then forgotten.
    #[must_use]
    pub fn take_calls(&self) -> Vec<Call> {
        lock(&self.shared.calls).take()
    }

    /// From now on the calls of `operation` (such as `CreateApiKey`, or `*` for all) that `when` counts meet this
    /// fault. A retry by the SDK is a call.
    pub fn fault(&self, operation: &str, when: When, fault: Fault) -> &Self {
        lock(&self.shared.faults).add(operation, when, fault);
        self
    }

    /// No call meets a fault any more; those that hang go on hanging.
    pub fn clear_faults(&self) {
        lock(&self.shared.faults).clear();
    }

    /// How many faults have not met all their calls; those set for always don't count.
    #[must_use]
    pub fn faults_waiting(&self) -> usize {
        lock(&self.shared.faults).waiting()
    }

    /// Those that hang now get their answer.
    pub fn release_hanging(&self) {
        self.shared.release.send_replace(());
    }

    /// How many calls hang now; a caller who left doesn't count.
    #[must_use]
    pub fn hanging(&self) -> usize {
        self.shared.hanging.load(Ordering::SeqCst)
    }

    /// AWS is away: each connection is closed at once, those that are open too.
    pub fn refuse_connections(&self) {
        self.shared.is_away.send_replace(true);
    }

    /// AWS is back.
    pub fn accept_connections(&self) {
        self.shared.is_away.send_replace(false);
    }

    /// From now on the data plane doesn't know keys that are created or enabled again, until
    /// [`release_activation`](Self::release_activation).
    pub fn hold_activation(&self) {
        lock(&self.shared.account).holds_activation = true;
    }

    /// The data plane knows all keys, and new ones at once.
    pub fn release_activation(&self) {
        let mut account = lock(&self.shared.account);
        account.holds_activation = false;
        account.keys.values_mut().for_each(|key| key.active = true);
    }

    /// All keys, by id.
    #[must_use]
    pub fn keys(&self) -> Vec<Key> {
        lock(&self.shared.account).keys.values().cloned().collect()
    }

    /// All usage plans with the ids of their keys, by id.
    #[must_use]
    pub fn plans(&self) -> Vec<Plan> {
        lock(&self.shared.account).plans.values().cloned().collect()
    }

    /// All REST APIs with everything in them, by id.
    #[must_use]
    pub fn apis(&self) -> Vec<RestApi> {
        lock(&self.shared.account).apis.values().cloned().collect()
    }
}
