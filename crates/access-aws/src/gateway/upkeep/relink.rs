//! Usage plans that lost their link with our stage. AWS drops it without a word when the stage is deleted, so that a stage
//! made anew is on no plan: then it is put back. A plan that was taken off a stage that is still the same stays off.

use std::time::Duration;

use access::StoreError;
use api_types::Timestamp;
use aws_sdk_apigateway::types::{Op, PatchOperation};

use crate::{
    action::{GET_STAGE, UPDATE_USAGE_PLAN},
    error::{AwsError, ErrorKind},
    gateway::{
        known::stage_plans::{self, AllPlans},
        shared::Shared,
    },
};

/// AWS's clock and ours may differ, and a stage is made a moment before its plans are linked.
const CLOCKS_DIFFER: Duration = Duration::from_secs(60);

/// Our stage, as far as it matters to its plans.
pub(crate) enum OurStage {
    /// Nobody had to ask, or nobody may.
    NotAsked,
    /// It isn't there.
    Gone,
    /// It is there.
    There,
}

impl Shared {
    /// Puts plans back that lost their link with a stage that was made anew, and reads again. `plans` is what was read.
    pub(crate) async fn relink_plans(&self, plans: &mut AllPlans, now: Timestamp) -> Result<OurStage, StoreError> {
        let lost = self.links.lost(plans, self.keys.all(), now);
        if lost.is_empty() && !plans.here.is_empty() {
            return Ok(OurStage::NotAsked);
        }
        let made_at = match self.stage_made_at().await {
            Ok(Some(made_at)) => made_at,
            Ok(None) => return Ok(OurStage::Gone),
            // A policy of before this was asked.
            Err(error) if error.kind == ErrorKind::Denied => {
                tracing::warn!(%error, "whether the stage was made anew is not known");
                return Ok(OurStage::NotAsked);
            }
            Err(error) => return Err(error.into()),
        };
        let mut linked = 0;
        for (plan, seen) in lost {
            if made_at.saturating_add(CLOCKS_DIFFER).is_ok_and(|made_at| made_at < seen) {
                self.links.taken_off(plan);
                continue;
            }
            tracing::warn!(plan, stage = %self.place.stage, "the stage was made anew; the usage plan is linked to it again");
            self.link(&plan).await?;
            linked += 1;
        }
        if linked > 0 {
            *plans = stage_plans::read(&self.control, &self.place).await?;
            self.links.lost(plans, self.keys.all(), now);
        }
        Ok(OurStage::There)
    }

    /// When our stage was made; `None` if it isn't there.
    async fn stage_made_at(&self) -> Result<Option<Timestamp>, AwsError> {
        let (api, stage) = (&self.place.api_id, &self.place.stage);
        let ask = |client: aws_sdk_apigateway::Client| client.get_stage().rest_api_id(api).stage_name(stage).send();
        match self.control.call(GET_STAGE, ask).await {
            // Without a date it is as old as can be: nothing is linked by mistake.
            Ok(stage) => Ok(Some(
                stage.created_date().and_then(|at| Timestamp::from_second(at.secs()).ok()).unwrap_or(Timestamp::MIN),
            )),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn link(&self, plan: &str) -> Result<(), AwsError> {
        let value = format!("{}:{}", self.place.api_id, self.place.stage);
        let patch = PatchOperation::builder().op(Op::Add).path("/apiStages").value(value).build();
        let update = |client: aws_sdk_apigateway::Client| {
            client.update_usage_plan().usage_plan_id(plan).patch_operations(patch.clone()).send()
        };
        self.control.call(UPDATE_USAGE_PLAN, update).await.map(drop)
    }
}
