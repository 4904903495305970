//! Deployments: a snapshot of a REST API's surface, live wherever a stage points to it.

use serde_json::{Value, json};

use super::{apis, patch::patches, stages};
use crate::aws::{
    account::{Account, Deployment, Surface},
    answer::{Answered, AwsError, Reply},
    pages::list as paged,
    request::{Request, epoch_seconds},
};

fn shown(deployment: &Deployment) -> Value {
    let mut body = json!({"id": deployment.id, "createdDate": epoch_seconds(deployment.created)});
    if let Some(description) = &deployment.description {
        body["description"] = description.as_str().into();
    }
    body
}

fn checked(surface: &Surface) -> Result<(), AwsError> {
    let methods = || surface.resources.values().flat_map(|resource| resource.methods.values());
    if methods().next().is_none() {
        return Err(AwsError::bad_request("The REST API doesn't contain any methods"));
    }
    if methods().any(|method| !method.contains_key("methodIntegration")) {
        return Err(AwsError::bad_request("No integration defined for method"));
    }
    Ok(())
}

/// With a stage's name it makes the stage too, or points the one that is there to it.
pub(super) fn create(account: &mut Account, request: &Request) -> Answered {
    let fields = request.fields()?;
    let (description, stage) = (fields.text("description")?, fields.text("stageName")?);
    let (id, now) = (account.new_id(6), account.now());
    let api = apis::found(account, request)?;
    checked(&api.surface)?;
    if let Some(name) = &stage {
        stages::checked_name(name)?;
        let stage = api.stages.entry(name.clone()).or_insert_with(|| stages::new(name, &id, now));
        stage.deployment.clone_from(&id);
        stages::touch(stage, now);
    }
    let deployment = Deployment { id: id.clone(), description, created: now, surface: api.surface.clone() };
    let body = shown(&deployment);
    api.deployments.insert(id, deployment);
    Ok(Reply::json(201, &body))
}

fn found<'a>(account: &'a mut Account, request: &Request) -> Result<&'a mut Deployment, AwsError> {
    apis::found(account, request)?
        .deployments
        .get_mut(request.parameter("deployment"))
        .ok_or_else(stages::unknown_deployment)
}

pub(super) fn get(account: &mut Account, request: &Request) -> Answered {
    Ok(Reply::json(200, &shown(found(account, request)?)))
}

pub(super) fn list(account: &mut Account, request: &Request) -> Answered {
    let deployments = apis::found(account, request)?.deployments.values();
    paged(request, deployments.map(|deployment| (deployment.id.clone(), shown(deployment))))
}

pub(super) fn update(account: &mut Account, request: &Request) -> Answered {
    let deployment = found(account, request)?;
    let mut description = deployment.description.clone();
    for patch in patches(request)? {
        match (patch.verb.as_str(), patch.path.as_str()) {
            ("replace", "/description") => description = patch.value,
            _ => return Err(patch.refused("/description")),
        }
    }
    deployment.description = description;
    Ok(Reply::json(200, &shown(deployment)))
}

pub(super) fn delete(account: &mut Account, request: &Request) -> Answered {
    let id = found(account, request)?.id.clone();
    let api = apis::found(account, request)?;
    if api.stages.values().any(|stage| stage.deployment == id) {
        return Err(AwsError::bad_request("Active stages pointing to this deployment must be moved or deleted"));
    }
    api.deployments.remove(&id);
    Ok(Reply::empty(202))
}
