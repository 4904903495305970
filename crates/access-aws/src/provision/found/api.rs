//! The REST API with our tags, and what hangs on it.

use aws_sdk_apigateway::{
    Client,
    types::{EndpointType, RestApi},
};

use super::{
    surface::{self, FoundSurface},
    tags::is_ours,
};
use crate::{
    AwsError, action,
    control::{Control, PAGE},
    provision::{error::ProvisionError, wanted::Wanted},
};

/// The REST API.
#[derive(Debug, Default, Clone)]
pub(crate) struct FoundApi {
    pub(crate) id: String,
    pub(crate) name: String,
    /// `HEADER` or `AUTHORIZER`; `None` where AWS doesn't tell.
    pub(crate) key_source: Option<String>,
    /// `REGIONAL`, `EDGE` or `PRIVATE`.
    pub(crate) endpoint_types: Vec<String>,
    /// Whether the stage's address was switched off.
    pub(crate) endpoint_disabled: bool,
    pub(crate) surface: FoundSurface,
    pub(crate) deployments: Vec<FoundDeployment>,
    pub(crate) stages: Vec<FoundStage>,
}

/// A deployment.
#[derive(Debug, Default, Clone)]
pub(crate) struct FoundDeployment {
    pub(crate) id: String,
    pub(crate) description: String,
}

/// A stage of the API.
#[derive(Debug, Default, Clone)]
pub(crate) struct FoundStage {
    pub(crate) name: String,
    pub(crate) deployment_id: String,
    /// Whether it has our tags.
    pub(crate) is_ours: bool,
}

/// The one REST API with our tags.
pub(super) async fn read(control: &Control, wanted: &Wanted) -> Result<Option<FoundApi>, ProvisionError> {
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
    let Some(mut api) = ours.pop() else { return Ok(None) };
    api.surface = FoundSurface::read(control, &api.id).await?;
    api.surface.gateway_responses = surface::gateway_responses(control, &api.id).await?;
    api.deployments = deployments(control, &api.id).await?;
    api.stages = stages(control, &api.id, wanted).await?;
    Ok(Some(api))
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

fn found_api(api: RestApi) -> FoundApi {
    let types = api.endpoint_configuration.and_then(|e| e.types).unwrap_or_default();
    FoundApi {
        id: api.id.unwrap_or_default(),
        name: api.name.unwrap_or_default(),
        key_source: api.api_key_source.map(|source| source.as_str().to_owned()),
        endpoint_types: types.iter().map(EndpointType::as_str).map(str::to_owned).collect(),
        endpoint_disabled: api.disable_execute_api_endpoint,
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
