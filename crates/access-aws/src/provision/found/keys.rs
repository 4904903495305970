//! Keys on our usage plans, and the operator's own.

use std::collections::HashMap;

use aws_sdk_apigateway::{Client, types::ApiKey};

use super::tags::{Tags, is_ours};
use crate::{
    AwsError, action,
    control::{Control, PAGE},
    marks,
    provision::wanted::{OperatorKey, Wanted},
    usage_plans,
};

/// A key on a plan; its value is not kept.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct FoundKey {
    pub(crate) id: String,
    /// `None` where they weren't asked for, or the key vanished meanwhile.
    pub(crate) tags: Option<Tags>,
}

/// The key that the provisioner made for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FoundOperatorKey {
    pub(crate) id: String,
    /// Ids of the plans that it is on.
    pub(crate) plan_ids: Vec<String>,
}

/// The keys on a plan. AWS sends their values along; they are dropped here.
pub(crate) async fn keys_on(control: &Control, plan_id: &str) -> Result<Vec<FoundKey>, AwsError> {
    let send = |client: Client, position| {
        client.get_usage_plan_keys().usage_plan_id(plan_id).limit(PAGE).set_position(position).send()
    };
    match control.pages(action::GET_USAGE_PLAN_KEYS, send, |page| (page.items, page.position)).await {
        Ok(keys) => Ok(keys.into_iter().filter_map(|key| Some(FoundKey { id: key.id?, tags: None })).collect()),
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Reads the tags of these keys: of those whose list entry tells them at once, of the others one by one.
pub(super) async fn read_tags<'a>(
    control: &Control,
    keys: impl Iterator<Item = &'a mut FoundKey>,
) -> Result<(), AwsError> {
    let mut keys = keys.peekable();
    if keys.peek().is_none() {
        return Ok(());
    }
    let told = keys_named(control, "").await?;
    let told = told.into_iter().filter_map(|key| Some((key.id?, key.tags.filter(|tags| !tags.is_empty())?)));
    let mut told: HashMap<String, Tags> = told.collect();
    for key in keys {
        if !told.contains_key(&key.id)
            && let Some(tags) = tags_of(control, &key.id).await?
        {
            told.insert(key.id.clone(), tags);
        }
        key.tags = told.get(&key.id).cloned();
    }
    Ok(())
}

/// All keys whose names start so; without their values.
async fn keys_named(control: &Control, prefix: &str) -> Result<Vec<ApiKey>, AwsError> {
    let send = |client: Client, position| {
        let request = client.get_api_keys().name_query(prefix).include_values(false).limit(PAGE);
        request.set_position(position).send()
    };
    let mut keys = control.pages(action::GET_API_KEYS, send, |page| (page.items, page.position)).await?;
    keys.retain(|key| key.name().unwrap_or("").starts_with(prefix));
    Ok(keys)
}

/// The tags of a key; `None` when it isn't there.
async fn tags_of(control: &Control, key_id: &str) -> Result<Option<Tags>, AwsError> {
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
pub(super) async fn operator_key(control: &Control, wanted: &Wanted) -> Result<Option<FoundOperatorKey>, AwsError> {
    let name = OperatorKey::name(&wanted.api_name);
    for key in keys_named(control, &name).await? {
        let Some(id) = key.id.filter(|_| key.name.as_deref() == Some(name.as_str())) else { continue };
        let tags = match key.tags.filter(|tags| !tags.is_empty()) {
            Some(tags) => tags,
            None => tags_of(control, &id).await?.unwrap_or_default(),
        };
        if is_ours(Some(&tags), wanted) == Some(true)
            && tags.get(marks::TAG_OWNER).is_some_and(|o| o == marks::OPERATOR)
        {
            let plans = usage_plans::list(control, Some(&id)).await?;
            return Ok(Some(FoundOperatorKey { id, plan_ids: plans.into_iter().filter_map(|plan| plan.id).collect() }));
        }
    }
    Ok(None)
}
