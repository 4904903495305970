//! What a backend gives a law: its traits over an empty store, and a way to apply plans.

use std::{future::Future, pin::Pin, sync::Arc};

use api_types::{PlanName, Timestamp};

use crate::{Accounts, Gate, Registry, StoreError, UsagePlan};

/// Applying plans: the names of those that are retired.
pub type Applied = Pin<Box<dyn Future<Output = Result<Vec<PlanName>, StoreError>>>>;

/// How a backend applies the configuration's plans.
pub type ApplyPlans = Box<dyn Fn(Vec<UsagePlan>, Timestamp) -> Applied>;

/// An empty store.
pub struct World {
    /// Its accounts.
    pub accounts: Arc<dyn Accounts>,
    /// Its registry.
    pub registry: Arc<dyn Registry>,
    /// Its gate.
    pub gate: Arc<dyn Gate>,
    /// How plans of the configuration get in.
    pub apply_plans: ApplyPlans,
}

impl World {
    /// Applies plans, as a start with this configuration would; the names of those that are retired.
    pub async fn apply(&self, plans: Vec<UsagePlan>, now: Timestamp) -> Vec<PlanName> {
        (self.apply_plans)(plans, now).await.unwrap()
    }
}
