//! Reads our usage plans, and what keys are on them.

use aws_sdk_apigateway::{
    Client,
    types::{ApiKey, UsagePlan},
};

use super::{
    diff_plans::configured_as,
    found::{FoundApi, FoundKey, FoundOperatorKey, FoundPlan},
    read::{Depth, is_ours},
    wanted::Wanted,
};
use crate::{
    AwsError, action,
    control::{Control, PAGE},
    marks, usage_plans,
};

/// The usage plans with our tags.
pub(crate) async fn plans(
    control: &Control,
    wanted: &Wanted,
    api: Option<&FoundApi>,
    depth: Depth,
) -> Result<Vec<FoundPlan>, AwsError> {
    let mut found = Vec::new();
    for entry in usage_plans::list(control, None).await? {
        let plan = match is_ours(entry.tags.as_ref(), wanted) {
            Some(true) => Some(entry),
            Some(false) => None,
            // The list leaves tags out; what is attached to others' stages alone isn't ours.
            None if may_be_ours(&entry, wanted, api) => look_at(control, &entry, wanted).await?,
            None => None,
        };
        found.extend(plan.map(found_plan));
    }
    // Always in the same order, so that a second run decides the same.
    found.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    for at in 0..found.len() {
        let is_wanted = configured_as(wanted, &found[at]).is_some() && first_of_its_kind(&found, at);
        if depth == Depth::All || !is_wanted {
            found[at].keys = Some(keys_on(control, &found[at].id).await?);
        }
    }
    Ok(found)
}

/// Whether none before it is for the same plan of the configuration.
fn first_of_its_kind(plans: &[FoundPlan], at: usize) -> bool {
    let kind = |plan: &FoundPlan| plan.plan_tag.clone().unwrap_or_else(|| marks::plan_tag(&plan.name));
    plans[..at].iter().all(|plan| kind(plan) != kind(&plans[at]))
}

fn may_be_ours(plan: &UsagePlan, wanted: &Wanted, api: Option<&FoundApi>) -> bool {
    let stages = plan.api_stages();
    stages.is_empty()
        || stages.iter().any(|stage| api.is_some_and(|api| stage.api_id() == Some(api.id.as_str())))
        || wanted.plans.iter().any(|wanted| plan.name() == Some(wanted.plan().name.as_str()))
}

async fn look_at(control: &Control, entry: &UsagePlan, wanted: &Wanted) -> Result<Option<UsagePlan>, AwsError> {
    let Some(id) = entry.id() else { return Ok(None) };
    let asked = control.call(action::GET_USAGE_PLAN, |client| client.get_usage_plan().usage_plan_id(id).send()).await;
    match asked {
        Ok(plan) if is_ours(plan.tags.as_ref(), wanted) == Some(true) => {
            let mut entry = entry.clone();
            entry.tags = plan.tags;
            Ok(Some(entry))
        }
        Ok(_) => Ok(None),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

fn found_plan(plan: UsagePlan) -> FoundPlan {
    let (quota, throttle) = (usage_plans::quota(&plan), usage_plans::throttle(&plan));
    let stages = plan.api_stages.unwrap_or_default().into_iter();
    FoundPlan {
        id: plan.id.unwrap_or_default(),
        name: plan.name.unwrap_or_default(),
        description: plan.description.unwrap_or_default(),
        plan_tag: plan.tags.and_then(|mut tags| tags.remove(marks::TAG_PLAN)),
        quota,
        throttle,
        stages: stages.map(|s| (s.api_id.unwrap_or_default(), s.stage.unwrap_or_default())).collect(),
        keys: None,
    }
}

/// The keys on a plan. AWS sends their values along; they are dropped here.
pub(crate) async fn keys_on(control: &Control, plan_id: &str) -> Result<Vec<FoundKey>, AwsError> {
    let send = |client: Client, position| {
        client.get_usage_plan_keys().usage_plan_id(plan_id).limit(PAGE).set_position(position).send()
    };
    match control.pages(action::GET_USAGE_PLAN_KEYS, send, |page| (page.items, page.position)).await {
        Ok(keys) => Ok(keys.into_iter().filter_map(|key| Some(FoundKey { id: key.id? })).collect()),
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// All keys whose names start so; without their values.
pub(crate) async fn keys_named(control: &Control, prefix: &str) -> Result<Vec<ApiKey>, AwsError> {
    let send = |client: Client, position| {
        let request = client.get_api_keys().name_query(prefix).include_values(false).limit(PAGE);
        request.set_position(position).send()
    };
    let mut keys = control.pages(action::GET_API_KEYS, send, |page| (page.items, page.position)).await?;
    keys.retain(|key| key.name().unwrap_or("").starts_with(prefix));
    Ok(keys)
}

/// The tags of a key; `None` when it isn't there.
pub(crate) async fn tags_of(
    control: &Control,
    key_id: &str,
) -> Result<Option<std::collections::HashMap<String, String>>, AwsError> {
    let asked = control
        .call(action::GET_API_KEY, |client| client.get_api_key().api_key(key_id).include_value(false).send())
        .await;
    match asked {
        Ok(key) => Ok(Some(key.tags.unwrap_or_default())),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// The operator's key and the plans that it is on.
pub(crate) async fn operator_key(control: &Control, wanted: &Wanted) -> Result<Option<FoundOperatorKey>, AwsError> {
    let name = super::operator_key::name(&wanted.api_name);
    for key in keys_named(control, &name).await? {
        let Some(id) = key.id.filter(|_| key.name.as_deref() == Some(name.as_str())) else { continue };
        let tags = match key.tags.filter(|tags| !tags.is_empty()) {
            Some(tags) => tags,
            None => tags_of(control, &id).await?.unwrap_or_default(),
        };
        if is_ours(Some(&tags), wanted) == Some(true)
            && tags.get(marks::TAG_OWNER).is_some_and(|o| o == marks::OPERATOR)
        {
            let plan_ids =
                usage_plans::list(control, Some(&id)).await?.into_iter().filter_map(|plan| plan.id).collect();
            return Ok(Some(FoundOperatorKey { id, plan_ids }));
        }
    }
    Ok(None)
}
