//! Reading again what API Gateway has: plans, keys, and the figures that somebody looks at.

use access::StoreError;
use api_types::Timestamp;

use super::relink::OurStage;
use crate::{
    control::Control,
    error::failed,
    gateway::{ApiGateway, known::stage_plans, shared::Shared},
};

impl ApiGateway {
    /// Reads plans and keys again: what was changed or deleted in AWS's console shows here from now on, and keys of ours
    /// that no row and no intent knows are removed. About one call per 500 keys. Then the figures that somebody looked
    /// at lately, with a call each.
    ///
    /// # Errors
    /// The first thing that could not be read, or that can't be right. Without a plan of our stage nothing else is read:
    /// in the wrong account or region no key is there, and that must mean nothing.
    pub async fn refresh(&self, now: Timestamp) -> Result<(), StoreError> {
        let shared = &self.shared;
        let outcome = Control::in_background(shared.read_all(now)).await;
        shared.health.set(outcome.clone());
        outcome
    }
}

impl Shared {
    async fn read_all(&self, now: Timestamp) -> Result<(), StoreError> {
        self.read_plans(now).await?;
        self.reconcile_keys(now).await?;
        self.reattach_keys(now).await?;
        self.read_watched(now).await
    }

    async fn read_plans(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut plans = stage_plans::read(&self.control, &self.place).await?;
        let stage = self.relink_plans(&mut plans, now).await;
        let is_empty = plans.here.is_empty();
        self.plans.set(plans.here);
        let what = match stage? {
            OurStage::Gone => "there is no",
            OurStage::There | OurStage::NotAsked if is_empty => "no usage plan is attached to",
            OurStage::There | OurStage::NotAsked => return Ok(()),
        };
        let cause = format!(
            "{what} stage {:?} of API {:?}: check aws.api_id and aws.stage, or make it with `tollgate aws apply`, which \
             prints both",
            self.place.stage, self.place.api_id
        );
        Err(failed("list plans", cause))
    }
}
