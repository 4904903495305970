//! The backend: our rows about keys, the stage's plans, and API Gateway's control plane behind the traits of `access`.
//!
//! A request touches memory only ([`gate`], [`known`]). Changes of keys go to API Gateway and our rows, each account's in
//! turn ([`change`], by way of [`value`]), in tasks of their own: a caller who leaves doesn't leave them half done. What is
//! left half done by a crash, and what is changed in AWS's console, is looked after every now and then ([`upkeep`]).

mod answer;
mod change;
mod gate;
mod known;
mod registry;
mod round_robin;
mod shared;
mod upkeep;
mod value;

use std::{fmt, future::Future, sync::Arc};

use access::{Intent, IntentKind, RemoteChange, RemoteKeys, StoreError};
use api_types::{InstallationId, PlanName};
use tokio::runtime::Handle;

pub use answer::Keyless;
pub use known::stage_plans::{Place, plan_names};

use crate::control::Control;
use shared::Shared;

/// Amazon API Gateway as a registry and a gate. Clones share it.
#[derive(Clone)]
pub struct ApiGateway {
    shared: Arc<Shared>,
}

impl fmt::Debug for ApiGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiGateway").field("place", &self.shared.place).finish_non_exhaustive()
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
        let keys = rows.remote_keys().await?;
        Ok(Self { shared: Arc::new(Shared::new(control, rows, (place, installation), keys, runtime)) })
    }

    /// The order in which plans are shown; others follow by name.
    pub fn order_plans(&self, names: Vec<PlanName>) {
        self.shared.plans.set_order(names);
    }

    /// Runs a change to its end, whether or not the caller waits for it.
    async fn run_detached<T, E, Work>(&self, work: impl FnOnce(Arc<Shared>) -> Work) -> Result<T, E>
    where
        Work: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let task = self.shared.runtime.spawn(work(Arc::clone(&self.shared)));
        task.await.unwrap_or_else(|error| Err(StoreError::new("change a key", error).into()))
    }
}
