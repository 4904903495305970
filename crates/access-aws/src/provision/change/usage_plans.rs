//! What is missing or different of the usage plans, and what becomes of those that left the configuration.

use std::collections::BTreeSet;

use access::UsagePlan;
use api_types::{Quota, Throttle};

use super::{
    call::{Call, KeyCheck},
    limits_text::{limits, quota_text, throttle_text},
    patch::{NEW_API, Patch},
    step::Step,
};
use crate::{
    marks,
    provision::{
        found::{Found, FoundPlan},
        wanted::Wanted,
    },
};

/// Steps that make and change plans, and steps for those that left, which a key that is moved leaves before.
pub(super) fn steps(wanted: &Wanted, found: &Found, moved_key: Option<&str>) -> (Vec<Step>, Vec<Step>) {
    let mut kept: Vec<&str> = Vec::new();
    let api_id = found.api.as_ref().map(|api| api.id.as_str());
    let mut steps = Vec::new();
    for (index, plan) in wanted.plans.iter().enumerate() {
        let name = plan.plan().name.as_str();
        match found.plans.iter().find(|found| found.is_for(name)) {
            None => {
                let line = format!("usage plan {name:?} ({})", limits(plan.plan().quota, plan.plan().throttle));
                steps.push(Step::add(line, vec![Call::CreatePlan(index)]));
            }
            Some(found_plan) => {
                kept.push(&found_plan.id);
                steps.extend(update(wanted, plan, found_plan, api_id));
            }
        }
    }
    let left = found.plans.iter().filter(|plan| !kept.contains(&plan.id.as_str()));
    (steps, left.filter_map(|plan| leave(wanted, plan, api_id, moved_key)).collect())
}

fn update(wanted: &Wanted, plan: &UsagePlan, found: &FoundPlan, api_id: Option<&str>) -> Option<Step> {
    let shown = plan.plan();
    let mut changes = Vec::new();
    let mut patches = Vec::new();
    if found.name != shown.name.as_str() {
        changes.push(format!("name: {:?} -> {:?}", found.name, shown.name.as_str()));
        patches.push(Patch::replace("/name", shown.name.as_str()));
    }
    if found.description != shown.description {
        changes.push(format!("description: {:?} -> {:?}", found.description, shown.description));
        patches.push(Patch::replace("/description", shown.description.as_str()));
    }
    let (wants, has) = (shown.throttle, found.throttle);
    if wants != has {
        changes.push(format!("throttle: {} -> {}", throttle_text(has), throttle_text(wants)));
        match wants {
            None => patches.push(Patch::remove("/throttle", None)),
            Some(Throttle { rate, burst }) => {
                patches.push(set(has.is_some(), "/throttle/rateLimit", rate.to_string()));
                patches.push(set(has.is_some(), "/throttle/burstLimit", burst.to_string()));
            }
        }
    }
    let (wants, has) = (shown.quota, found.quota);
    if wants != has {
        changes.push(format!("quota: {} -> {}", quota_text(has), quota_text(wants)));
        match wants {
            Quota::Unlimited => patches.push(Patch::remove("/quota", None)),
            Quota::Limited { limit, offset, period } => {
                let is_there = has != Quota::Unlimited;
                patches.push(set(is_there, "/quota/limit", limit.to_string()));
                patches.push(set(is_there, "/quota/offset", offset.to_string()));
                patches.push(set(is_there, "/quota/period", period.as_str().to_owned()));
            }
        }
    }
    if let Some(patch) = put_on_stage(wanted, found, api_id) {
        changes.push(format!("stages: + {:?}", wanted.stage));
        patches.push(patch);
    }
    if patches.is_empty() {
        return None;
    }
    let line = format!("usage plan {:?} ({})", shown.name.as_str(), changes.join(", "));
    Some(Step::change(line, vec![Call::UpdatePlan(found.id.clone(), patches)]))
}

/// What puts a plan on our stage, if it isn't there: AWS takes a deleted stage out of its plans.
fn put_on_stage(wanted: &Wanted, found: &FoundPlan, api_id: Option<&str>) -> Option<Patch> {
    let on_ours = |(api, stage): &(String, String)| Some(api.as_str()) == api_id && *stage == wanted.stage;
    // The API may be made in the same run; its id is filled in then.
    let add = || Patch::add("/apiStages", format!("{}:{}", api_id.unwrap_or(NEW_API), wanted.stage));
    (!found.stages.iter().any(on_ours)).then(add)
}

/// A setting that isn't there is added, one that is there is replaced.
fn set(is_there: bool, path: &str, value: String) -> Patch {
    if is_there { Patch::replace(path, value) } else { Patch::add(path, value) }
}

/// A plan without a place in the configuration.
fn leave(wanted: &Wanted, found: &FoundPlan, api_id: Option<&str>, moved_key: Option<&str>) -> Option<Step> {
    let keys = found.keys.iter().flatten().filter(|key| Some(key.id.as_str()) != moved_key).count();
    let name = &found.name;
    if keys == 0 {
        return Some(Step::destroy(format!("usage plan {name:?}"), delete(found)));
    }
    let (mut changes, mut patches) = (Vec::new(), Vec::new());
    if !found.is_retired() {
        let go_on = if keys == 1 { "1 key goes".to_owned() } else { format!("{keys} keys go") };
        changes.push(format!("no new keys; its {go_on} on working"));
        patches.push(retire(found));
    }
    if let Some(patch) = put_on_stage(wanted, found, api_id) {
        changes.push(format!("stages: + {:?}", wanted.stage));
        patches.push(patch);
    }
    let line = format!("usage plan {name:?} ({})", changes.join(", "));
    (!patches.is_empty()).then(|| Step::change(line, vec![Call::UpdatePlan(found.id.clone(), patches)]))
}

/// Takes a plan off its stages, without which AWS deletes none, and deletes it; unless somebody got a key on it since
/// it was read: then it only takes no more.
fn delete(found: &FoundPlan) -> Vec<Call> {
    let instead: Vec<Patch> = (!found.is_retired()).then(|| retire(found)).into_iter().collect();
    let check =
        |instead| Call::CheckKeys(KeyCheck { plan: found.id.clone(), known: BTreeSet::new(), instead, refuses: false });
    let mut calls = vec![check(instead.clone())];
    if !found.stages.is_empty() {
        calls.push(Call::UpdatePlan(found.id.clone(), detach(found)));
        // Changes of plans wait for one another up to twenty seconds, in which people go on.
        calls.push(check(instead.into_iter().chain(attach(found)).collect()));
    }
    calls.push(Call::DeletePlan(found.id.clone()));
    calls
}

/// What ends the offer of a plan and lets its keys work on.
fn retire(found: &FoundPlan) -> Patch {
    Patch::replace("/description", format!("{}{}", marks::NO_NEW_KEYS, found.description))
}

/// What takes a plan off all its stages.
pub(super) fn detach(found: &FoundPlan) -> Vec<Patch> {
    found.stages.iter().map(|(api, stage)| Patch::remove("/apiStages", Some(format!("{api}:{stage}")))).collect()
}

/// What puts a plan back on all its stages.
pub(super) fn attach(found: &FoundPlan) -> Vec<Patch> {
    found.stages.iter().map(|(api, stage)| Patch::add("/apiStages", format!("{api}:{stage}"))).collect()
}
