//! Plans of the configuration, brought into the file at start.

use access::{StoreError, UsagePlan};
use api_types::{PlanName, Timestamp};

use super::SqliteStore;
use crate::sql::{
    plans::{all, apply},
    store_error,
};

/// What applying the configuration's plans came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedPlans {
    /// Plans that the configuration no longer has but somebody is on: they serve their keys and take no new ones.
    pub retired: Vec<PlanName>,
}

impl SqliteStore {
    /// Makes the configuration's plans, whose names are unique, the ones on offer, in this order. Usage stays. A plan
    /// that is left out goes on serving its keys but takes no new ones; it is deleted once nobody is on it.
    ///
    /// # Errors
    /// When it could not be written; the plans are then as before.
    pub async fn apply_plans(&self, plans: Vec<UsagePlan>, now: Timestamp) -> Result<AppliedPlans, StoreError> {
        let doing = "apply plans";
        self.run(doing, move |state| {
            state.purge_if_due(now);
            state.take_blocks_back()?;
            let applied = state.change(doing, |conn| Ok(apply(conn, &plans)?));
            let plans = all(&state.conn).map_err(store_error(doing))?;
            state.ledger().plans = plans;
            applied.map(|retired| AppliedPlans { retired })
        })
        .await
    }
}
