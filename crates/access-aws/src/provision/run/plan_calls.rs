//! The calls about usage plans.

use std::{ops::ControlFlow, time::Duration};

use api_types::{
    Quota, Throttle,
    limits::{QUOTA_MAX, THROTTLE_BURST_MAX},
};
use aws_sdk_apigateway::{
    Client,
    types::{ApiStage, QuotaPeriodType, QuotaSettings, ThrottleSettings},
};

use super::execution::{Execution, gone};
use crate::{
    marks,
    provision::{
        change::{Call, KeyCheck, Patch},
        error::ProvisionError,
        found::keys_on,
    },
};

/// How often the deletion of a plan that was just taken off its stages is tried, and the first pause, which doubles.
const DELETE_TRIES: u32 = 4;
const DETACHED_SOON: Duration = Duration::from_secs(1);

// A checked plan's numbers fit API Gateway's, which have 32 bits and a sign, so that none is ever cut here.
const _: () = assert!(QUOTA_MAX <= i32::MAX.unsigned_abs() as u64 && THROTTLE_BURST_MAX <= i32::MAX.unsigned_abs());

fn number(number: impl TryInto<i32>) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}

impl Execution<'_> {
    /// Creates the wanted plan of this index, on our stage.
    pub(super) async fn create_plan(&mut self, index: usize) -> Result<(), ProvisionError> {
        let Some(plan) = self.wanted.plans.get(index) else { return Ok(()) };
        let name = plan.plan().name.as_str();
        let quota = match plan.plan().quota {
            Quota::Unlimited => None,
            Quota::Limited { limit, period, offset } => {
                let settings = QuotaSettings::builder().limit(number(limit)).offset(number(offset));
                Some(settings.period(QuotaPeriodType::from(period.as_str())).build())
            }
        };
        let throttle = plan.plan().throttle.map(|Throttle { rate, burst }| {
            ThrottleSettings::builder().rate_limit(rate).burst_limit(number(burst)).build()
        });
        let stage = ApiStage::builder().api_id(self.api_id()).stage(&self.wanted.stage).build();
        let send = |client: Client| {
            let mut request = client
                .create_usage_plan()
                .name(name)
                .description(&plan.plan().description)
                .api_stages(stage.clone())
                .set_quota(quota.clone())
                .set_throttle(throttle.clone())
                .tags(marks::TAG_PLAN, marks::plan_tag(name));
            for (tag, value) in marks::tags(&self.wanted.api_name) {
                request = request.tags(tag, value);
            }
            request.send()
        };
        let created = self.send(send).await?;
        self.plans.insert(name.to_owned(), created.id.unwrap_or_default());
        Ok(())
    }

    /// All changes of a plan in one call: AWS allows one every twenty seconds. What is gone meanwhile, the next look sees.
    pub(super) async fn update_plan(&self, id: &str, patches: &[Patch]) -> Result<(), ProvisionError> {
        let patches: Vec<Patch> = patches.iter().map(|patch| patch.of_api(self.api_id())).collect();
        let send = |client: Client| {
            let request = client.update_usage_plan().usage_plan_id(id);
            request.set_patch_operations(Some(Patch::operations(&patches))).send()
        };
        Ok(gone(self.send(send).await)?)
    }

    /// Goes on where no keys but those that are known are on a plan.
    pub(super) async fn check_keys(&mut self, check: &KeyCheck) -> Result<ControlFlow<()>, ProvisionError> {
        let keys = keys_on(self.control, &check.plan).await?;
        let keys = keys.iter().filter(|key| !check.known.contains(&key.id)).count();
        if keys == 0 {
            return Ok(ControlFlow::Continue(()));
        }
        if !check.instead.is_empty() {
            Box::pin(self.make(&Call::UpdatePlan(check.plan.clone(), check.instead.clone()))).await.map(drop)?;
        }
        if check.refuses { Err(ProvisionError::KeysInUse { keys, begun: true }) } else { Ok(ControlFlow::Break(())) }
    }

    /// Deletes a plan that is on no stage. AWS may not know that everywhere yet, and is given a moment; where that isn't
    /// enough, whoever looks again sees what is on the plan by then.
    pub(super) async fn delete_plan(&self, id: &str) -> Result<(), ProvisionError> {
        let mut pause = DETACHED_SOON;
        for number in 1..=DELETE_TRIES {
            let send = |client: Client| client.delete_usage_plan().usage_plan_id(id).send();
            match gone(self.send(send).await) {
                Err(error) if error.is_still_on_stages() && number < DELETE_TRIES => self.control.pause(pause).await,
                answer => return Ok(answer?),
            }
            pause *= 2;
        }
        Ok(())
    }
}
