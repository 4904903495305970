//! Plans of the configuration, brought into the database at start.

use access::{StoreError, UsagePlan};
use api_types::{PlanName, Timestamp};

use super::PostgresStore;
use crate::sql::plans::apply;

/// What applying the configuration's plans came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedPlans {
    /// Plans that the configuration no longer has but somebody is on: they serve their keys and take no new ones.
    pub retired: Vec<PlanName>,
}

impl PostgresStore {
    /// Makes the configuration's plans, whose names are unique, the ones on offer, in this order. Usage stays. A plan
    /// that is left out goes on serving its keys but takes no new ones; it is deleted once nobody is on it. All replicas
    /// obey from then on.
    ///
    /// # Errors
    /// When it could not be written; the plans are then as before.
    pub async fn apply_plans(&self, plans: Vec<UsagePlan>, now: Timestamp) -> Result<AppliedPlans, StoreError> {
        self.purge_if_due(now).await;
        let retired =
            self.change("apply plans", move |step| Box::pin(async move { Ok(apply(step, &plans).await?) })).await;
        retired.map(|retired| AppliedPlans { retired })
    }
}
