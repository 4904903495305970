//! The backend: our rows about keys, the stage's plans, and API Gateway's control plane behind the traits of `access`.
//!
//! A request touches memory only ([`gate`]). Changes of keys go to API Gateway and our rows, each account's in turn
//! ([`make`], [`create`], [`rotate`], [`change`]), in tasks of their own: a caller who leaves doesn't leave them half
//! done. What is left half done by a crash, the sweeper ends ([`sweep`]); what is changed in AWS's console, the next
//! reading notices ([`refresh`]).

mod carry;
mod change;
mod create;
mod gate;
mod local_keys;
mod make;
mod names;
mod plans;
mod refresh;
mod registry;
mod rotate;
mod stage_link;
mod sweep;
mod uses;

use std::{
    collections::HashSet,
    fmt,
    future::Future,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicUsize},
    time::Duration,
};

use access::{Intent, IntentKind, RemoteChange, RemoteKeys, StoreError};
use api_types::{AccountId, InstallationId, OperationId, PlanName};
use tokio::runtime::Handle;

pub use gate::Keyless;
pub use plans::plan_names;

use crate::{control::Control, error::failed};
use local_keys::LocalKeys;
use plans::Plans;
use refresh::Health;
use stage_link::StageLinks;
use uses::Uses;

/// Accounts whose changes wait for each other: a bound on memory, not a meaning.
const TURNS: usize = 64;

/// How long a change waits for the one before it.
const TURN_WAIT: Duration = Duration::from_secs(10);

/// The stage whose plans and keys these are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The REST API's id.
    pub api_id: String,
    /// The stage's name.
    pub stage: String,
}

/// Amazon API Gateway as a registry and a gate. Clones share it.
#[derive(Clone)]
pub struct ApiGateway {
    inner: Arc<Inner>,
}

struct Inner {
    control: Control,
    rows: Arc<dyn RemoteKeys>,
    place: Place,
    installation: InstallationId,
    keys: LocalKeys,
    plans: Plans,
    uses: Uses,
    health: Health,
    links: StageLinks,
    turns: [tokio::sync::Mutex<()>; TURNS],
    under_way: Mutex<HashSet<OperationId>>,
    /// How many intents the sweeps were to look at so far: where the next one begins.
    swept: AtomicUsize,
    /// The same for keys of which API Gateway is to be told something.
    told: AtomicUsize,
    /// How many keys without a row the log was told of.
    orphans_told: AtomicUsize,
    runtime: Handle,
}

impl fmt::Debug for ApiGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiGateway").field("place", &self.inner.place).finish_non_exhaustive()
    }
}

impl ApiGateway {
    /// Reads our rows; asks AWS nothing. Work that must not stop with its caller runs on `runtime`. `candidate` becomes
    /// this store's name among others, the first time.
    ///
    /// # Errors
    /// When the rows can't be read.
    pub async fn open(
        control: Control,
        rows: Arc<dyn RemoteKeys>,
        place: Place,
        candidate: InstallationId,
        runtime: Handle,
    ) -> Result<Self, StoreError> {
        let installation = rows.installation(candidate).await?;
        // Nobody is at what an earlier process began: its values were shown to nobody, and go.
        let begun = rows.intents().await?.into_iter().filter(|intent| intent.kind == IntentKind::Create);
        let intents: Vec<Intent> = begun.map(|intent| Intent { kind: IntentKind::Remove, ..intent }).collect();
        if !intents.is_empty() {
            rows.change_remote(RemoteChange { intents, ..RemoteChange::default() }).await?;
        }
        let keys = LocalKeys::new(rows.remote_keys().await?);
        let inner = Inner {
            control,
            rows,
            place,
            installation,
            keys,
            plans: Plans::default(),
            uses: Uses::default(),
            health: Health::default(),
            links: StageLinks::default(),
            turns: std::array::from_fn(|_| tokio::sync::Mutex::default()),
            under_way: Mutex::default(),
            swept: AtomicUsize::default(),
            told: AtomicUsize::default(),
            orphans_told: AtomicUsize::default(),
            runtime,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The order in which plans are shown; others follow by name.
    pub fn order_plans(&self, names: Vec<PlanName>) {
        self.inner.plans.set_order(names);
    }

    /// Runs a change to its end, whether or not the caller waits for it.
    async fn to_the_end<T, E, Work>(&self, work: impl FnOnce(Arc<Inner>) -> Work) -> Result<T, E>
    where
        Work: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let task = self.inner.runtime.spawn(work(Arc::clone(&self.inner)));
        task.await.unwrap_or_else(|error| Err(StoreError::new("change a key", error).into()))
    }
}

impl Inner {
    /// Waits for this account's turn: its changes come one after another. Not for long, so that an account whose changes
    /// AWS keeps waiting gathers no queue of requests whose callers have gone.
    async fn turn(&self, account: AccountId) -> Result<tokio::sync::MutexGuard<'_, ()>, StoreError> {
        let mut hasher = DefaultHasher::new();
        account.hash(&mut hasher);
        let at = usize::try_from(hasher.finish() % TURNS as u64).unwrap_or_default();
        let turn = tokio::time::timeout(TURN_WAIT, self.turns[at].lock()).await;
        turn.map_err(|_| failed("change a key", "another change of this account still waits for AWS"))
    }

    fn under_way(&self) -> MutexGuard<'_, HashSet<OperationId>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Marks an operation as under way until the guard goes.
    fn begin(self: &Arc<Self>, operation: OperationId) -> UnderWay {
        self.under_way().insert(operation);
        UnderWay { inner: Arc::clone(self), operation }
    }
}

/// An operation that somebody is at; the sweeper leaves it alone.
struct UnderWay {
    inner: Arc<Inner>,
    operation: OperationId,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.inner.under_way().remove(&self.operation);
    }
}
