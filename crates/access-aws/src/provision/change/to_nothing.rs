//! The steps from what there is to nothing of ours.

use std::collections::BTreeSet;

use super::{
    api,
    call::{Call, KeyCheck},
    step::Step,
    usage_plans::{attach, detach},
};
use crate::{
    marks,
    provision::{
        error::ProvisionError,
        found::{Found, FoundKey, FoundPlan, Tags},
        wanted::Wanted,
    },
};

/// All steps, in the order that AWS demands: a plan that is on a stage isn't deleted, nor is an API while one of its
/// stages is on a plan.
pub(crate) fn to_nothing(wanted: &Wanted, found: &Found, with_keys: bool) -> Result<Vec<Step>, ProvisionError> {
    let operator = found.operator_key.as_ref().map(|key| &key.id);
    let on_plans = found.plans.iter().flat_map(|plan| plan.keys.iter().flatten().map(move |key| (plan, key)));
    let people: Vec<(&FoundPlan, &FoundKey)> = on_plans.filter(|(_, key)| Some(&key.id) != operator).collect();
    let mut known: BTreeSet<String> = people.iter().map(|(_, key)| key.id.clone()).collect();
    if !people.is_empty() && !with_keys {
        return Err(ProvisionError::KeysInUse { keys: known.len(), begun: false });
    }
    let on_stages = found.plans.iter().filter(|plan| !plan.stages.is_empty());
    let mut steps: Vec<Step> = on_stages.map(off_its_stages).collect();
    // Keys before their plans: of a plan that is gone nobody could tell whose keys were on it.
    let mut going: BTreeSet<&String> = BTreeSet::new();
    for (plan, key) in people {
        // One that vanished meanwhile is gone already.
        let Some(tags) = &key.tags else { continue };
        let (id, owner) = (&key.id, not_of(wanted, tags));
        if let Some(owner) = owner {
            let line = format!("API key {id} ({owner}: taken off its plan, stays)");
            let detach = Call::DetachKey { plan: plan.id.clone(), key: id.clone() };
            steps.push(Step::change(line, vec![detach]));
        } else if going.insert(id) {
            steps.push(key_goes(id, "of a person"));
        }
    }
    known.extend(operator.cloned());
    steps.extend(operator.map(|id| key_goes(id, "the operator's")));
    steps.extend(found.plans.iter().map(|plan| plan_goes(plan, &known, with_keys)));
    steps.extend(found.api.as_ref().map(api::delete));
    Ok(steps)
}

fn off_its_stages(plan: &FoundPlan) -> Step {
    let line = format!("usage plan {:?} (off its stages)", plan.name);
    Step::change(line, vec![Call::UpdatePlan(plan.id.clone(), detach(plan))])
}

fn key_goes(id: &str, whose: &str) -> Step {
    Step::destroy(format!("API key {id} ({whose})"), vec![Call::DeleteKey(id.to_owned())])
}

fn plan_goes(plan: &FoundPlan, known: &BTreeSet<String>, with_keys: bool) -> Step {
    let check = KeyCheck {
        plan: plan.id.clone(),
        known: known.clone(),
        // Where people's keys go, the next look sees the new one.
        instead: if with_keys { Vec::new() } else { attach(plan) },
        refuses: !with_keys,
    };
    let calls = vec![Call::CheckKeys(check), Call::DeletePlan(plan.id.clone())];
    Step::destroy(format!("usage plan {:?}", plan.name), calls)
}

/// Why a key on our plans isn't of this API. The server's own keys name no API: their plans tell.
fn not_of(wanted: &Wanted, tags: &Tags) -> Option<String> {
    if tags.get(marks::TAG_MANAGED_BY).is_none_or(|by| by != marks::MANAGED_BY) {
        return Some("not Tollgate's".to_owned());
    }
    let other = tags.get(marks::TAG_API).filter(|api| **api != wanted.api_name)?;
    Some(format!("of the API {other:?}"))
}
