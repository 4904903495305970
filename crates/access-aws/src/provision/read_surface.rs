//! Reads resources, methods, integrations and gateway responses of our API.

use std::collections::BTreeMap;

use aws_sdk_apigateway::{
    Client,
    operation::get_method::GetMethodOutput,
    types::{GatewayResponse, Integration, IntegrationType, Method},
};

use super::{
    credential::Credential,
    found::{FoundApi, FoundIntegration, FoundMethod, FoundRefusal},
    surface::MethodId,
};
use crate::{
    AwsError, action,
    control::{Control, PAGE},
};

/// Methods that are asked for one by one where the list names none.
const VERBS: [&str; 8] = ["ANY", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// Resources with their methods.
pub(crate) async fn resources(control: &Control, api: &mut FoundApi) -> Result<(), AwsError> {
    let send = |client: Client, position| {
        let request = client.get_resources().rest_api_id(&api.id).embed("methods").limit(PAGE);
        request.set_position(position).send()
    };
    let resources = control.pages(action::GET_RESOURCES, send, |page| (page.items, page.position)).await?;
    api.resources.clear();
    api.methods.clear();
    let names_methods = resources.iter().any(|r| r.resource_methods().is_some_and(|methods| !methods.is_empty()));
    for resource in resources {
        let (Some(id), Some(path)) = (resource.id, resource.path) else { continue };
        let told = resource.resource_methods.unwrap_or_default();
        let verbs: Vec<String> = if names_methods {
            told.keys().cloned().collect()
        } else if path == "/" {
            Vec::new()
        } else {
            VERBS.map(str::to_owned).to_vec()
        };
        for verb in verbs {
            let whole = told.get(&verb).filter(|method| is_whole(method));
            let found = match whole {
                Some(method) => Some(found_method(method.clone())),
                None => one_method(control, &api.id, &id, &verb).await?,
            };
            if let Some(found) = found {
                api.methods.insert(MethodId { path: path.clone(), verb }, found);
            }
        }
        if path == "/" {
            api.root_id = Some(id);
        } else {
            api.resources.insert(path, id);
        }
    }
    Ok(())
}

/// Whether the list tells all of this method that we compare; if not, it is asked for by itself.
fn is_whole(method: &Method) -> bool {
    let Some(integration) = method.method_integration() else { return false };
    let answers_itself = integration.r#type() == Some(&IntegrationType::Mock);
    let tells_answers = method.method_responses().is_some() && integration.integration_responses().is_some();
    method.api_key_required().is_some() && (tells_answers || !answers_itself)
}

/// Asks for one method, where the list doesn't tell all of it.
async fn one_method(control: &Control, api: &str, resource: &str, verb: &str) -> Result<Option<FoundMethod>, AwsError> {
    let asked = control
        .call(action::GET_METHOD, |client| {
            client.get_method().rest_api_id(api).resource_id(resource).http_method(verb).send()
        })
        .await;
    match asked {
        Ok(method) => Ok(Some(found_method(as_method(method)))),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// The same fields, which the SDK keeps in two types.
fn as_method(method: GetMethodOutput) -> Method {
    Method::builder()
        .set_http_method(method.http_method)
        .set_authorization_type(method.authorization_type)
        .set_api_key_required(method.api_key_required)
        .set_request_parameters(method.request_parameters)
        .set_method_responses(method.method_responses)
        .set_method_integration(method.method_integration)
        .build()
}

fn found_method(method: Method) -> FoundMethod {
    let reply = method.method_responses.and_then(|mut replies| replies.remove("200"));
    FoundMethod {
        // Where it isn't told, none is required: that is AWS's default.
        key_required: method.api_key_required.unwrap_or(false),
        authorization: method.authorization_type.unwrap_or_default(),
        parameters: method.request_parameters.unwrap_or_default().into_iter().collect(),
        reply_headers: reply.map(|reply| reply.response_parameters.unwrap_or_default().into_keys().collect()),
        integration: method.method_integration.map(found_integration),
    }
}

fn found_integration(integration: Integration) -> FoundIntegration {
    let reply = integration.integration_responses.and_then(|mut replies| replies.remove("200"));
    let mapped = integration.request_parameters.unwrap_or_default();
    FoundIntegration {
        kind: integration.r#type.map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
        verb: integration.http_method,
        uri: integration.uri,
        timeout: Some(integration.timeout_in_millis).filter(|timeout| *timeout != 0),
        transfer: integration.response_transfer_mode.map(|mode| mode.as_str().to_owned()),
        mapped: mapped.into_iter().map(|(name, value)| (name, Credential::new(&value))).collect(),
        template: integration.request_templates.and_then(|mut templates| templates.remove("application/json")),
        reply_headers: reply.map(|reply| reply.response_parameters.unwrap_or_default().into_iter().collect()),
    }
}

/// Gateway responses that were set.
pub(crate) async fn refusals(control: &Control, api: &mut FoundApi) -> Result<(), AwsError> {
    let reply = control
        .call(action::GET_GATEWAY_RESPONSES, |client| {
            client.get_gateway_responses().rest_api_id(&api.id).limit(PAGE).send()
        })
        .await?;
    let set = reply.items.unwrap_or_default().into_iter().filter(|response| !response.default_response);
    api.refusals = set.filter_map(found_refusal).collect();
    Ok(())
}

fn found_refusal(response: GatewayResponse) -> Option<(String, FoundRefusal)> {
    let parameters: BTreeMap<_, _> = response.response_parameters.unwrap_or_default().into_iter().collect();
    let template = response.response_templates.and_then(|mut templates| templates.remove("application/json"));
    let kind = response.response_type?.as_str().to_owned();
    Some((kind, FoundRefusal { status: response.status_code, parameters, template }))
}
