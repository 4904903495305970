//! Makes, changes and deletes usage plans, and puts the operator's key on one.

use std::time::Duration;

use api_types::{
    Quota, Throttle,
    limits::{QUOTA_MAX, THROTTLE_BURST_MAX},
};
use aws_sdk_apigateway::{
    Client,
    types::{ApiStage, QuotaPeriodType, QuotaSettings, ThrottleSettings},
};

use super::{
    credential::Credential,
    error::ProvisionError,
    execute::{Execution, Made, gone},
    operator_key, read_plans,
    step::{Leaving, OperatorKeyStep, Patch},
};
use crate::{
    AwsError, ErrorKind, action,
    control::{Control, once},
    marks,
};

/// How often the deletion of a plan that was just taken off its stages is tried, and the first pause, which doubles.
const DELETE_TRIES: u32 = 4;
const DETACHED_SOON: Duration = Duration::from_secs(1);

/// The only type of key there is.
pub(crate) const KEY_TYPE: &str = "API_KEY";

// A checked plan's numbers fit API Gateway's, which have 32 bits and a sign, so that none is ever cut here.
const _: () = assert!(QUOTA_MAX <= i32::MAX.unsigned_abs() as u64 && THROTTLE_BURST_MAX <= i32::MAX.unsigned_abs());

fn number(number: impl TryInto<i32>) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}

/// Creates the wanted plan of this index, on our stage.
pub(crate) async fn create(execution: &mut Execution<'_>, index: usize) -> Result<(), ProvisionError> {
    let Some(plan) = execution.wanted.plans.get(index) else { return Ok(()) };
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
    let stage = ApiStage::builder().api_id(execution.api_id()).stage(&execution.wanted.stage).build();
    let send = |client: Client| {
        let mut request = client
            .create_usage_plan()
            .name(name)
            .description(&plan.plan().description)
            .api_stages(stage.clone())
            .set_quota(quota.clone())
            .set_throttle(throttle.clone())
            .tags(marks::TAG_PLAN, marks::plan_tag(name));
        for (tag, value) in marks::tags(&execution.wanted.api_name) {
            request = request.tags(tag, value);
        }
        request.customize().config_override(once()).send()
    };
    let created = execution.control.call(action::CREATE_USAGE_PLAN, send).await?;
    execution.plans.insert(name.to_owned(), created.id.unwrap_or_default());
    Ok(())
}

/// All changes of a plan in one call: AWS allows one every twenty seconds.
pub(crate) async fn update(execution: &Execution<'_>, id: &str, patches: &[Patch]) -> Result<(), ProvisionError> {
    let patches: Vec<Patch> = patches.iter().map(|patch| patch.of_api(execution.api_id())).collect();
    Ok(patch(execution.control, id, &patches).await?)
}

async fn patch(control: &Control, id: &str, patches: &[Patch]) -> Result<(), AwsError> {
    let send = |client: Client| {
        let request = client.update_usage_plan().usage_plan_id(id);
        request.set_patch_operations(Some(Patch::operations(patches))).send()
    };
    control.call(action::UPDATE_USAGE_PLAN, send).await.map(drop)
}

/// Takes a plan off its stages, without which AWS deletes none, and deletes it; unless somebody got a key on it since
/// it was read: then it only takes no more.
pub(crate) async fn leave(control: &Control, plan: &Leaving) -> Result<(), AwsError> {
    let mut instead: Vec<Patch> = plan.retire.iter().cloned().collect();
    if has_keys(control, &plan.id).await? {
        return change(control, &plan.id, &instead).await;
    }
    if !plan.detach.is_empty() {
        change(control, &plan.id, &plan.detach).await?;
        // Changes of plans wait for one another up to twenty seconds, in which people go on.
        if has_keys(control, &plan.id).await? {
            instead.extend(plan.attach.iter().cloned());
            return change(control, &plan.id, &instead).await;
        }
    }
    delete(control, &plan.id).await
}

async fn has_keys(control: &Control, id: &str) -> Result<bool, AwsError> {
    Ok(!read_plans::keys_on(control, id).await?.is_empty())
}

/// Deletes a plan that is on no stage. AWS may not know that everywhere yet, and is given a moment; where that isn't
/// enough, whoever looks again sees what is on the plan by then.
pub(crate) async fn delete(control: &Control, id: &str) -> Result<(), AwsError> {
    let delete = || async {
        let send = |client: Client| client.delete_usage_plan().usage_plan_id(id).send();
        gone(control.call(action::DELETE_USAGE_PLAN, send).await)
    };
    let mut pause = DETACHED_SOON;
    for _ in 1..DELETE_TRIES {
        match delete().await {
            Err(error) if error.is_still_on_stages() => control.pause(pause).await,
            answer => return answer,
        }
        pause *= 2;
    }
    delete().await
}

/// Changes a plan that may be gone.
pub(crate) async fn change(control: &Control, id: &str, patches: &[Patch]) -> Result<(), AwsError> {
    if patches.is_empty() {
        return Ok(());
    }
    gone(patch(control, id, patches).await)
}

/// Takes a key off a plan.
pub(crate) async fn detach_key(control: &Control, plan: &str, key: &str) -> Result<(), AwsError> {
    let send = |client: Client| client.delete_usage_plan_key().usage_plan_id(plan).key_id(key).send();
    gone(control.call(action::DELETE_USAGE_PLAN_KEY, send).await)
}

/// Deletes a key, which takes it off its plans.
pub(crate) async fn delete_key(control: &Control, key: &str) -> Result<(), AwsError> {
    gone(control.call(action::DELETE_API_KEY, |client| client.delete_api_key().api_key(key).send()).await)
}

/// Makes the operator's key, or moves it.
pub(crate) async fn operator_key(
    execution: &Execution<'_>,
    step: &OperatorKeyStep,
    made: &mut Made,
) -> Result<(), ProvisionError> {
    let control = execution.control;
    let plan = execution.plans.get(&step.plan).ok_or(ProvisionError::Vanished("the operator key's plan"))?;
    if let Some((id, from)) = &step.moved {
        // A key is on one plan of a stage only, so it leaves one before it enters the other.
        for plan in from {
            detach_key(control, plan, id).await?;
        }
        return Ok(attach(control, plan, id).await?);
    }
    let Some(operator) = execution.operator else { return Ok(()) };
    let name = operator_key::name(&execution.wanted.api_name);
    if let Some(unfinished) = &step.unfinished {
        // Made but never put on a plan, so its value was never shown: in an earlier run, or in this one.
        if made.operator_key.is_none() {
            made.operator_key = value_of(control, unfinished).await?;
        }
        return Ok(attach(control, plan, unfinished).await?);
    }
    let send = |client: Client| {
        let mut request = client
            .create_api_key()
            .name(&name)
            .description("Made by `tollgate aws apply --operator-key`.")
            // AWS makes keys switched off unless told.
            .enabled(true)
            .value(operator.value().reveal())
            .tags(marks::TAG_OWNER, marks::OPERATOR);
        for (tag, value) in marks::tags(&execution.wanted.api_name) {
            request = request.tags(tag, value);
        }
        request.customize().config_override(once()).send()
    };
    match control.call(action::CREATE_API_KEY, send).await {
        Ok(key) => {
            made.operator_key = Some(operator.value().clone());
            Ok(attach(control, plan, key.id.as_deref().unwrap_or_default()).await?)
        }
        Err(error) => {
            // Its value is random: whatever key has it now or turns out to have been made is this one.
            if matches!(error.kind, ErrorKind::NoAnswer | ErrorKind::Conflict) {
                made.operator_key = Some(operator.value().clone());
            }
            Err(error.into())
        }
    }
}

async fn value_of(control: &Control, key: &str) -> Result<Option<Credential>, AwsError> {
    let send = |client: Client| client.get_api_key().api_key(key).include_value(true).send();
    Ok(control.call(action::GET_API_KEY, send).await?.value.as_deref().map(Credential::new))
}

async fn attach(control: &Control, plan: &str, key: &str) -> Result<(), AwsError> {
    let send = |client: Client| {
        let request = client.create_usage_plan_key().usage_plan_id(plan).key_id(key).key_type(KEY_TYPE);
        request.customize().config_override(once()).send()
    };
    control.call(action::CREATE_USAGE_PLAN_KEY, send).await.map(drop)
}
