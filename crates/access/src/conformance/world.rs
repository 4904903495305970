//! What a backend gives a law: its traits over an empty store, and a way to apply plans.

use std::{future::Future, pin::Pin, sync::Arc};

use api_types::{PlanName, Timestamp};

use crate::{Accounts, Administration, Gate, PresentedKey, Registry, StateOwners, StoreError, UsagePlan};

/// What a gate that stands in front of the upstream answered to a request.
#[derive(Debug)]
pub struct StageAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
}

/// One request with a key through the gate that stands in front of the upstream.
pub type Stage = Box<dyn Fn(PresentedKey, Timestamp) -> Pin<Box<dyn Future<Output = StageAnswer>>>>;

/// Applying plans: the names of those that are retired.
pub type Applied = Pin<Box<dyn Future<Output = Result<Vec<PlanName>, StoreError>>>>;

/// How a backend applies the configuration's plans.
pub type ApplyPlans = Box<dyn Fn(Vec<UsagePlan>, Timestamp) -> Applied>;

/// An empty store.
pub struct World {
    /// People and their sessions.
    pub accounts: Arc<dyn Accounts>,
    /// What operators see and do.
    pub administration: Arc<dyn Administration>,
    /// Plans and keys.
    pub registry: Arc<dyn Registry>,
    /// Admission.
    pub gate: Arc<dyn Gate>,
    /// Who may name what the upstream keeps.
    pub owners: Arc<dyn StateOwners>,
    /// The way upstream, where a gate stands in front of it that has its say too.
    pub stage: Option<Stage>,
    /// How plans of the configuration get in.
    pub apply_plans: ApplyPlans,
}

impl World {
    /// Applies plans, as a start with this configuration would; the names of those that are retired.
    pub async fn apply(&self, plans: Vec<UsagePlan>, now: Timestamp) -> Vec<PlanName> {
        (self.apply_plans)(plans, now).await.unwrap()
    }
}
