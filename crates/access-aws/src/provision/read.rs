//! Finds what is ours: the API by its tags, and what hangs on it.

use std::collections::HashMap;

use aws_sdk_apigateway::types::{EndpointType, RestApi};

use super::{
    error::ProvisionError,
    found::{Found, FoundApi, FoundDeployment, FoundStage},
    paced::Paced,
    read_plans, read_surface,
    wanted::Wanted,
};
use crate::{AwsError, action, marks};

/// Most entries of a page (API Gateway's own maximum).
pub(crate) const PAGE: i32 = 500;

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
pub(crate) async fn read(calls: &Paced, wanted: &Wanted, depth: Depth) -> Result<Found, ProvisionError> {
    let mut api = api(calls, wanted).await?;
    if let Some(api) = &mut api {
        read_surface::resources(calls, api).await?;
        read_surface::refusals(calls, api).await?;
        api.deployments = deployments(calls, &api.id).await?;
        api.stages = stages(calls, &api.id, wanted).await?;
    }
    let plans = read_plans::plans(calls, wanted, api.as_ref(), depth).await?;
    let operator_key = match depth {
        Depth::Plan { operator_key: false } => None,
        _ => read_plans::operator_key(calls, wanted).await?,
    };
    Ok(Found { api, plans, operator_key })
}

/// The one REST API with our tags.
pub(crate) async fn api(calls: &Paced, wanted: &Wanted) -> Result<Option<FoundApi>, ProvisionError> {
    let mut ours: Vec<FoundApi> = Vec::new();
    let mut position = None;
    loop {
        let page = calls
            .call(action::GET_REST_APIS, |client| {
                client.get_rest_apis().limit(PAGE).set_position(position.clone()).send()
            })
            .await?;
        for entry in page.items.unwrap_or_default() {
            match is_ours(entry.tags.as_ref(), wanted) {
                Some(true) => ours.push(found_api(entry)),
                Some(false) => {}
                // The list may leave tags out.
                None if entry.name() == Some(wanted.api_name.as_str()) => {
                    ours.extend(look_at(calls, entry, wanted).await?)
                }
                None => {}
            }
        }
        if page.position.is_none() || page.position == position {
            break;
        }
        position = page.position;
    }
    if ours.len() > 1 {
        let ids = ours.into_iter().map(|api| api.id).collect();
        return Err(ProvisionError::SeveralApis { api_name: wanted.api_name.clone(), ids });
    }
    Ok(ours.pop())
}

async fn look_at(calls: &Paced, entry: RestApi, wanted: &Wanted) -> Result<Option<FoundApi>, AwsError> {
    let Some(id) = entry.id() else { return Ok(None) };
    let asked = calls.call(action::GET_REST_API, |client| client.get_rest_api().rest_api_id(id).send()).await;
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

async fn deployments(calls: &Paced, api_id: &str) -> Result<Vec<FoundDeployment>, AwsError> {
    let mut found = Vec::new();
    let mut position = None;
    loop {
        let page = calls
            .call(action::GET_DEPLOYMENTS, |client| {
                client.get_deployments().rest_api_id(api_id).limit(PAGE).set_position(position.clone()).send()
            })
            .await?;
        found.extend(page.items.unwrap_or_default().into_iter().map(|deployment| FoundDeployment {
            id: deployment.id.unwrap_or_default(),
            description: deployment.description.unwrap_or_default(),
        }));
        if page.position.is_none() || page.position == position {
            return Ok(found);
        }
        position = page.position;
    }
}

async fn stages(calls: &Paced, api_id: &str, wanted: &Wanted) -> Result<Vec<FoundStage>, AwsError> {
    let reply = calls.call(action::GET_STAGES, |client| client.get_stages().rest_api_id(api_id).send()).await?;
    let found = reply.item.unwrap_or_default().into_iter().map(|stage| FoundStage {
        is_ours: is_ours(stage.tags.as_ref(), wanted) == Some(true),
        name: stage.stage_name.unwrap_or_default(),
        deployment_id: stage.deployment_id.unwrap_or_default(),
    });
    Ok(found.collect())
}
