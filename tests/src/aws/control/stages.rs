//! Stages: a name in the URL that points to a deployment.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    apis,
    methods::{remove_member, set_member},
    patch::{Patch, patches},
    tags::{as_value, checked},
};
use crate::aws::{
    account::{Account, Stage},
    answer::{Answered, AwsError, Reply},
    request::{Request, epoch_seconds},
};

const SETTABLE: &[&str] = &["description", "variables", "tracingEnabled", "documentationVersion"];

pub(super) fn unknown() -> AwsError {
    AwsError::not_found("Invalid stage identifier specified")
}

pub(super) fn unknown_deployment() -> AwsError {
    AwsError::not_found("Invalid Deployment identifier specified")
}

pub(super) fn checked_name(name: &str) -> Result<(), AwsError> {
    if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
        return Ok(());
    }
    Err(AwsError::bad_request("Stage name only allows a-zA-Z0-9_"))
}

pub(super) fn new(name: &str, deployment: &str, now: Timestamp) -> Stage {
    let fields = Map::from_iter([
        ("createdDate".to_owned(), epoch_seconds(now)),
        ("lastUpdatedDate".to_owned(), epoch_seconds(now)),
        ("cacheClusterEnabled".to_owned(), false.into()),
        ("cacheClusterStatus".to_owned(), "NOT_AVAILABLE".into()),
        ("methodSettings".to_owned(), json!({})),
        ("tracingEnabled".to_owned(), false.into()),
    ]);
    Stage { name: name.to_owned(), deployment: deployment.to_owned(), fields, tags: Default::default() }
}

pub(super) fn touch(stage: &mut Stage, now: Timestamp) {
    stage.fields.insert("lastUpdatedDate".to_owned(), epoch_seconds(now));
}

/// No answer has tags when there are none.
fn shown(stage: &Stage) -> Value {
    let mut body = stage.fields.clone();
    body.insert("stageName".to_owned(), stage.name.as_str().into());
    body.insert("deploymentId".to_owned(), stage.deployment.as_str().into());
    if !stage.tags.is_empty() {
        body.insert("tags".to_owned(), as_value(&stage.tags));
    }
    body.into()
}

pub(super) fn create(account: &mut Account, request: &Request) -> Answered {
    let fields = request.fields()?;
    let name = fields.text("stageName")?.unwrap_or_default();
    let deployment = fields.text("deploymentId")?.unwrap_or_default();
    let tags = checked(fields.texts("tags")?)?;
    let now = account.now();
    let api = apis::found(account, request)?;
    checked_name(&name)?;
    if !api.deployments.contains_key(&deployment) {
        return Err(unknown_deployment());
    }
    if api.stages.contains_key(&name) {
        return Err(AwsError::conflict("Stage already exists"));
    }
    let mut stage = Stage { tags, ..new(&name, &deployment, now) };
    stage.fields.append(&mut fields.members(SETTABLE));
    let body = shown(&stage);
    api.stages.insert(name, stage);
    Ok(Reply::json(201, &body))
}

fn found<'a>(account: &'a mut Account, request: &Request) -> Result<&'a mut Stage, AwsError> {
    apis::found(account, request)?.stages.get_mut(request.parameter("stage")).ok_or_else(unknown)
}

pub(super) fn get(account: &mut Account, request: &Request) -> Answered {
    Ok(Reply::json(200, &shown(found(account, request)?)))
}

/// Never in pages.
pub(super) fn list(account: &mut Account, request: &Request) -> Answered {
    let deployment = request.query("deploymentId");
    let stages = apis::found(account, request)?.stages.values();
    let asked = stages.filter(|stage| deployment.is_none_or(|deployment| stage.deployment == deployment));
    let items: Vec<_> = asked.map(shown).collect();
    Ok(Reply::json(200, &json!({"item": items})))
}

pub(super) fn update(account: &mut Account, request: &Request) -> Answered {
    let mut stage = found(account, request)?.clone();
    for patch in patches(request)? {
        apply(&mut stage, &patch)?;
    }
    touch(&mut stage, account.now());
    let api = apis::found(account, request)?;
    if !api.deployments.contains_key(&stage.deployment) {
        return Err(unknown_deployment());
    }
    let body = shown(&stage);
    api.stages.insert(stage.name.clone(), stage);
    Ok(Reply::json(200, &body))
}

fn apply(stage: &mut Stage, patch: &Patch) -> Result<(), AwsError> {
    let parts = patch.parts();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match (patch.verb.as_str(), parts.as_slice()) {
        ("replace", ["deploymentId"]) => stage.deployment = patch.text(),
        ("replace", ["description"]) => {
            stage.fields.insert("description".to_owned(), patch.text().into());
        }
        ("replace", ["tracingEnabled"]) => {
            stage.fields.insert("tracingEnabled".to_owned(), patch.flag().into());
        }
        ("add" | "replace", ["variables", name]) => {
            set_member(&mut stage.fields, "variables", name, patch.text().into());
        }
        ("remove", ["variables", name]) => remove_member(&mut stage.fields, "variables", name),
        ("replace", [path, method, "throttling", name @ ("rateLimit" | "burstLimit")]) => {
            let of_method = format!("{}/{method}", path.trim_start_matches('/'));
            let settings = stage.fields.entry("methodSettings").or_insert_with(|| json!({}));
            match *name {
                "rateLimit" => settings[&of_method]["throttlingRateLimit"] = patch.parsed::<f64>()?.into(),
                _ => settings[&of_method]["throttlingBurstLimit"] = patch.parsed::<i64>()?.into(),
            }
        }
        _ => {
            return Err(AwsError::bad_request(format!(
                "Invalid method setting path: {}. Must be one of: [/deploymentId, /description, /variables/\
                 {{variable_name}}, /tracingEnabled, /{{resourcePath}}/{{httpMethod}}/throttling/burstLimit, \
                 /{{resourcePath}}/{{httpMethod}}/throttling/rateLimit]",
                patch.path
            )));
        }
    }
    Ok(())
}

pub(super) fn delete(account: &mut Account, request: &Request) -> Answered {
    let name = found(account, request)?.name.clone();
    let api = apis::found(account, request)?;
    api.stages.remove(&name);
    let id = api.id.clone();
    account.forget_stage(&id, Some(&name));
    Ok(Reply::empty(202))
}
