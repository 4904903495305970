//! Finds what is ours: the API by its tags, and what hangs on it.

use std::collections::HashMap;

use aws_sdk_apigateway::{
    Client,
    types::{EndpointType, RestApi},
};

use super::{
    error::ProvisionError,
    found::{Found, FoundApi, FoundDeployment, FoundStage},
    read_plans, read_surface,
    wanted::Wanted,
};
use crate::{
    AwsError, action,
    control::{Control, PAGE},
    marks,
};

/// How much is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// What a plan needs: keys only of plans that left the configuration, and the operator's key if it is wanted.
    Plan {
        /// Whether the operator's key is looked for.
        operator_key: bool,
    },
    /// The keys of all plans, and the operator's key too.
    All,
}

/// Reads all.
pub(crate) async fn read(control: &Control, wanted: &Wanted, depth: Depth) -> Result<Found, ProvisionError> {
    let mut api = api(control, wanted).await?;
    if let Some(api) = &mut api {
        read_surface::resources(control, api).await?;
        read_surface::refusals(control, api).await?;
        api.deployments = deployments(control, &api.id).await?;
        api.stages = stages(control, &api.id, wanted).await?;
    }
    let plans = read_plans::plans(control, wanted, api.as_ref(), depth).await?;
    let operator_key = match depth {
        Depth::Plan { operator_key: false } => None,
        _ => read_plans::operator_key(control, wanted).await?,
    };
    Ok(Found { api, plans, operator_key })
}

/// The one REST API with our tags.
pub(crate) async fn api(control: &Control, wanted: &Wanted) -> Result<Option<FoundApi>, ProvisionError> {
    let send = |client: Client, position| client.get_rest_apis().limit(PAGE).set_position(position).send();
    let mut ours: Vec<FoundApi> = Vec::new();
    for entry in control.pages(action::GET_REST_APIS, send, |page| (page.items, page.position)).await? {
        match is_ours(entry.tags.as_ref(), wanted) {
            Some(true) => ours.push(found_api(entry)),
            Some(false) => {}
            // The list may leave tags out.
            None if entry.name() == Some(wanted.api_name.as_str()) => {
                ours.extend(look_at(control, entry, wanted).await?);
            }
            None => {}
        }
    }
    if ours.len() > 1 {
        let ids = ours.into_iter().map(|api| api.id).collect();
        return Err(ProvisionError::SeveralApis { api_name: wanted.api_name.clone(), ids });
    }
    Ok(ours.pop())
}

async fn look_at(control: &Control, entry: RestApi, wanted: &Wanted) -> Result<Option<FoundApi>, AwsError> {
    let Some(id) = entry.id() else { return Ok(None) };
    let asked = control.call(action::GET_REST_API, |client| client.get_rest_api().rest_api_id(id).send()).await;
    match asked {
        Ok(api) => Ok((is_ours(api.tags.as_ref(), wanted) == Some(true)).then(|| found_api(entry))),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether these tags are ours; `None` when there are no tags to go by.
pub(crate) fn is_ours(tags: Option<&HashMap<String, String>>, wanted: &Wanted) -> Option<bool> {
    let tags = tags.filter(|tags| !tags.is_empty())?;
    Some(marks::tags(&wanted.api_name).iter().all(|(name, value)| tags.get(*name) == Some(value)))
}

fn found_api(api: RestApi) -> FoundApi {
    let types = api.endpoint_configuration.and_then(|e| e.types).unwrap_or_default();
    FoundApi {
        id: api.id.unwrap_or_default(),
        name: api.name.unwrap_or_default(),
        key_source: api.api_key_source.map(|source| source.as_str().to_owned()),
        endpoint_types: types.iter().map(EndpointType::as_str).map(str::to_owned).collect(),
        endpoint_disabled: api.disable_execute_api_endpoint,
        root_id: api.root_resource_id,
        ..FoundApi::default()
    }
}

async fn deployments(control: &Control, api_id: &str) -> Result<Vec<FoundDeployment>, AwsError> {
    let send = |client: Client, position| {
        client.get_deployments().rest_api_id(api_id).limit(PAGE).set_position(position).send()
    };
    let deployments = control.pages(action::GET_DEPLOYMENTS, send, |page| (page.items, page.position)).await?;
    let found = deployments.into_iter().map(|deployment| FoundDeployment {
        id: deployment.id.unwrap_or_default(),
        description: deployment.description.unwrap_or_default(),
    });
    Ok(found.collect())
}

async fn stages(control: &Control, api_id: &str, wanted: &Wanted) -> Result<Vec<FoundStage>, AwsError> {
    let reply = control.call(action::GET_STAGES, |client| client.get_stages().rest_api_id(api_id).send()).await?;
    let found = reply.item.unwrap_or_default().into_iter().map(|stage| FoundStage {
        is_ours: is_ours(stage.tags.as_ref(), wanted) == Some(true),
        name: stage.stage_name.unwrap_or_default(),
        deployment_id: stage.deployment_id.unwrap_or_default(),
    });
    Ok(found.collect())
}
