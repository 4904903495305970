//! The keys of a usage plan: a key is in one plan at most for each stage. All answers show its value, as AWS's do.

use serde_json::{Value, json};

use super::{keys, plans};
use crate::aws::{
    account::{Account, Key},
    answer::{Answered, AwsError, Reply},
    pages::list as paged,
    request::Request,
};

/// The codes are AWS's; of the texts nothing is published.
fn unknown() -> AwsError {
    AwsError::not_found("Invalid Usage Plan Key identifier specified")
}

fn in_this_plan() -> AwsError {
    AwsError::conflict("Usage Plan Key already exists")
}

pub(super) fn in_another_plan() -> AwsError {
    AwsError::conflict("API Key is already in another Usage Plan of the same API Stage")
}

fn shown(key: &Key) -> Value {
    let mut body = json!({"id": key.id, "type": "API_KEY", "value": key.value});
    if let Some(name) = &key.name {
        body["name"] = name.as_str().into();
    }
    body
}

pub(super) fn create(account: &mut Account, request: &Request) -> Answered {
    let fields = request.fields()?;
    let plan = plans::found(account, request)?;
    let kind = fields.text("keyType")?.unwrap_or_default();
    if kind != "API_KEY" {
        return Err(AwsError::bad_request(format!("Invalid Usage Plan Key type specified: {kind}")));
    }
    let key = account.keys.get(&fields.text("keyId")?.unwrap_or_default()).ok_or_else(keys::unknown)?;
    if plan.keys.contains(&key.id) {
        return Err(in_this_plan());
    }
    if plan.stages.iter().any(|stage| account.plan_of(&key.id, &stage.api, &stage.stage).is_some()) {
        return Err(in_another_plan());
    }
    let (body, plan, key) = (shown(key), plan.id.clone(), key.id.clone());
    if let Some(plan) = account.plans.get_mut(&plan) {
        plan.keys.insert(key);
    }
    Ok(Reply::json(201, &body))
}

pub(super) fn get(account: &mut Account, request: &Request) -> Answered {
    let plan = plans::found(account, request)?;
    let key = account.keys.get(request.parameter("key")).filter(|key| plan.keys.contains(&key.id));
    Ok(Reply::json(200, &shown(key.ok_or_else(unknown)?)))
}

/// Of a plan that doesn't exist AWS gives an empty list.
pub(super) fn list(account: &mut Account, request: &Request) -> Answered {
    let prefix = request.query("name").unwrap_or_default();
    let ids = account.plans.get(request.parameter("plan")).map(|plan| plan.keys.clone()).unwrap_or_default();
    let keys = ids.iter().filter_map(|id| account.keys.get(id));
    let matching = keys.filter(|key| key.name.as_deref().unwrap_or_default().starts_with(prefix));
    paged(request, matching.map(|key| (key.id.clone(), shown(key))))
}

pub(super) fn delete(account: &mut Account, request: &Request) -> Answered {
    let plan = account.plans.get_mut(request.parameter("plan")).ok_or_else(plans::unknown)?;
    if plan.keys.remove(request.parameter("key")) { Ok(Reply::empty(202)) } else { Err(unknown()) }
}
