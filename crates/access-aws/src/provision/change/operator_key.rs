//! The operator's key: made, finished, or moved to another plan.

use super::{call::Call, step::Step};
use crate::provision::{
    found::{Found, FoundOperatorKey},
    wanted::{OperatorKey, Wanted},
};

/// What is missing of the operator's key on the plan of this name.
pub(super) fn step(wanted: &Wanted, found: &Found, plan_name: &str) -> Option<Step> {
    let name = OperatorKey::name(&wanted.api_name);
    let line = format!("API key {name:?} on plan {plan_name:?} (value shown once)");
    let attach = |key: Option<&String>| Call::AttachOperatorKey { key: key.cloned(), plan_name: plan_name.to_owned() };
    let Some(key) = &found.operator_key else {
        return Some(Step::add(line, vec![Call::CreateOperatorKey, attach(None)]));
    };
    if key.plan_ids.is_empty() {
        return Some(Step::add(line, vec![Call::ReadOperatorKey(key.id.clone()), attach(Some(&key.id))]));
    }
    // A key is on one plan of a stage only, so it leaves one before it enters the other. What somebody else put it on
    // stays as it is.
    let key = moved(found, plan_name)?;
    let ours = key.plan_ids.iter().filter(|id| found.plans.iter().any(|plan| plan.id == **id));
    let leave = ours.map(|plan| Call::DetachKey { plan: plan.clone(), key: key.id.clone() });
    let line = format!("API key {name:?} (plan: another -> {plan_name:?})");
    Some(Step::change(line, leave.chain([attach(Some(&key.id))]).collect()))
}

/// The key, if it is on other plans than that of this name.
pub(super) fn moved<'a>(found: &'a Found, plan_name: &str) -> Option<&'a FoundOperatorKey> {
    let is_on = |id: &String| found.plans.iter().any(|plan| plan.id == *id && plan.is_for(plan_name));
    let key = found.operator_key.as_ref()?;
    (!key.plan_ids.is_empty() && !key.plan_ids.iter().any(is_on)).then_some(key)
}
