//! What the gateway's parts share: the control plane, our rows, what is known of both in memory, and whose turn it is.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicUsize},
    time::Duration,
};

use access::{RemoteKey, RemoteKeys, StoreError};
use api_types::{AccountId, InstallationId, OperationId};
use tokio::runtime::Handle;

use super::{
    known::{
        figures::Figures,
        health::Health,
        keys::LocalKeys,
        stage_links::StageLinks,
        stage_plans::{Place, StagePlans},
    },
    round_robin::RoundRobin,
};
use crate::{control::Control, error::failed};

/// Accounts whose changes wait for each other: a bound on memory, not a meaning.
const TURNS: usize = 64;

/// How long a change waits for the one before it.
const TURN_WAIT: Duration = Duration::from_secs(10);

pub(super) struct Shared {
    pub(super) control: Control,
    pub(super) rows: Arc<dyn RemoteKeys>,
    pub(super) place: Place,
    pub(super) installation: InstallationId,
    pub(super) keys: LocalKeys,
    pub(super) plans: StagePlans,
    pub(super) figures: Figures,
    pub(super) health: Health,
    pub(super) links: StageLinks,
    /// Which intents the next sweep looks at.
    pub(super) swept: RoundRobin,
    /// Of which keys API Gateway is told something next.
    pub(super) told: RoundRobin,
    /// How many keys without a row the log was told of.
    pub(super) orphans_told: AtomicUsize,
    /// Where work runs that must not stop with its caller.
    pub(super) runtime: Handle,
    turns: [tokio::sync::Mutex<()>; TURNS],
    under_way: Mutex<HashSet<OperationId>>,
}

impl Shared {
    /// Nothing was read from AWS yet; `keys` are the rows.
    pub(super) fn new(
        control: Control,
        rows: Arc<dyn RemoteKeys>,
        (place, installation): (Place, InstallationId),
        keys: Vec<RemoteKey>,
        runtime: Handle,
    ) -> Self {
        Self {
            control,
            rows,
            place,
            installation,
            keys: LocalKeys::new(keys),
            plans: StagePlans::default(),
            figures: Figures::default(),
            health: Health::default(),
            links: StageLinks::default(),
            swept: RoundRobin::default(),
            told: RoundRobin::default(),
            orphans_told: AtomicUsize::default(),
            runtime,
            turns: std::array::from_fn(|_| tokio::sync::Mutex::default()),
            under_way: Mutex::default(),
        }
    }

    /// Waits for this account's turn: its changes come one after another. Not for long, so that an account whose changes
    /// AWS keeps waiting gathers no queue of requests whose callers have gone.
    pub(super) async fn turn(&self, account: AccountId) -> Result<tokio::sync::MutexGuard<'_, ()>, StoreError> {
        let mut hasher = DefaultHasher::new();
        account.hash(&mut hasher);
        let at = usize::try_from(hasher.finish() % TURNS as u64).unwrap_or_default();
        let turn = tokio::time::timeout(TURN_WAIT, self.turns[at].lock()).await;
        turn.map_err(|_| failed("change a key", "another change of this account still waits for AWS"))
    }

    fn under_way(&self) -> MutexGuard<'_, HashSet<OperationId>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody is at this operation.
    pub(super) fn is_under_way(&self, operation: OperationId) -> bool {
        self.under_way().contains(&operation)
    }

    /// Marks an operation as under way until the guard goes.
    pub(super) fn begin(self: &Arc<Self>, operation: OperationId) -> UnderWay {
        self.under_way().insert(operation);
        UnderWay { shared: Arc::clone(self), operation }
    }
}

/// An operation that somebody is at; the sweeper leaves it alone.
pub(super) struct UnderWay {
    shared: Arc<Shared>,
    operation: OperationId,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.shared.under_way().remove(&self.operation);
    }
}
