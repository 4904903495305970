//! Gateway responses: what API Gateway itself answers, each with a default that somebody may put another over.

use serde_json::{Map, Value, json};

use super::{
    apis,
    methods::{remove_member, set_member},
    patch::patches,
};
use crate::aws::{
    account::Account,
    answer::{Answered, AwsError, Reply},
    pages::list as paged,
    request::Request,
};

/// Each kind with its status; the two that stand for all others have none of their own.
const KINDS: [(&str, Option<u16>); 21] = [
    ("ACCESS_DENIED", Some(403)),
    ("API_CONFIGURATION_ERROR", Some(500)),
    ("AUTHORIZER_CONFIGURATION_ERROR", Some(500)),
    ("AUTHORIZER_FAILURE", Some(500)),
    ("BAD_REQUEST_BODY", Some(400)),
    ("BAD_REQUEST_PARAMETERS", Some(400)),
    ("DEFAULT_4XX", None),
    ("DEFAULT_5XX", None),
    ("EXPIRED_TOKEN", Some(403)),
    ("INTEGRATION_FAILURE", Some(504)),
    ("INTEGRATION_TIMEOUT", Some(504)),
    ("INVALID_API_KEY", Some(403)),
    ("INVALID_SIGNATURE", Some(403)),
    ("MISSING_AUTHENTICATION_TOKEN", Some(403)),
    ("QUOTA_EXCEEDED", Some(429)),
    ("REQUEST_TOO_LARGE", Some(413)),
    ("RESOURCE_NOT_FOUND", Some(404)),
    ("THROTTLED", Some(429)),
    ("UNAUTHORIZED", Some(401)),
    ("UNSUPPORTED_MEDIA_TYPE", Some(415)),
    ("WAF_FILTERED", Some(403)),
];

/// A gateway response that nobody put.
pub(crate) fn default_response(kind: &str) -> Map<String, Value> {
    let mut response = Map::from_iter([
        ("responseType".to_owned(), kind.into()),
        ("responseParameters".to_owned(), json!({})),
        ("responseTemplates".to_owned(), json!({"application/json": r#"{"message":$context.error.messageString}"#})),
        ("defaultResponse".to_owned(), true.into()),
    ]);
    let status = KINDS.iter().find(|(found, _)| *found == kind).and_then(|(_, status)| *status);
    if let Some(status) = status {
        response.insert("statusCode".to_owned(), status.to_string().into());
    }
    response
}

fn kind(request: &Request) -> Result<&str, AwsError> {
    let asked = request.parameter("type");
    if KINDS.iter().any(|(kind, _)| *kind == asked) {
        return Ok(asked);
    }
    Err(AwsError::bad_request(format!(
        "1 validation error detected: Value '{asked}' at 'responseType' failed to satisfy constraint: Member must \
         satisfy enum value set"
    )))
}

fn current(account: &mut Account, request: &Request) -> Result<Map<String, Value>, AwsError> {
    let kind = kind(request)?;
    let responses = &apis::found(account, request)?.surface.gateway_responses;
    Ok(responses.get(kind).cloned().unwrap_or_else(|| default_response(kind)))
}

fn keep(account: &mut Account, request: &Request, mut response: Map<String, Value>) -> Result<Value, AwsError> {
    response.insert("defaultResponse".to_owned(), false.into());
    let responses = &mut apis::found(account, request)?.surface.gateway_responses;
    responses.insert(kind(request)?.to_owned(), response.clone());
    Ok(response.into())
}

pub(super) fn put(account: &mut Account, request: &Request) -> Answered {
    let mut response = default_response(kind(request)?);
    let fields = request.fields()?;
    let (parameters, templates) = (fields.texts("responseParameters")?, fields.texts("responseTemplates")?);
    for (name, source) in &parameters {
        checked_parameter(name, source)?;
    }
    let mut given = fields.members(&["statusCode", "responseParameters"]);
    response.append(&mut given);
    if !templates.is_empty() {
        response.append(&mut fields.members(&["responseTemplates"]));
    }
    Ok(Reply::json(201, &keep(account, request, response)?))
}

fn checked_parameter(name: &str, source: &str) -> Result<(), AwsError> {
    let target = name.starts_with("gatewayresponse.header.");
    let text = source.len() >= 2 && source.starts_with('\'') && source.ends_with('\'');
    if target && (text || source.starts_with("context.") || source.starts_with("method.request.")) {
        return Ok(());
    }
    Err(super::integrations::invalid_mapping(&format!("Invalid mapping expression specified: {name}: {source}")))
}

pub(super) fn get(account: &mut Account, request: &Request) -> Answered {
    Ok(Reply::json(200, &current(account, request)?.into()))
}

pub(super) fn list(account: &mut Account, request: &Request) -> Answered {
    let responses = apis::found(account, request)?.surface.gateway_responses.clone();
    let all = KINDS.iter().map(|&(kind, _)| {
        let response = responses.get(kind).cloned().unwrap_or_else(|| default_response(kind));
        (kind.to_owned(), Value::from(response))
    });
    paged(request, all)
}

pub(super) fn update(account: &mut Account, request: &Request) -> Answered {
    let mut response = current(account, request)?;
    for patch in patches(request)? {
        let parts = patch.parts();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match (patch.verb.as_str(), parts.as_slice()) {
            ("replace", ["statusCode"]) => {
                response.insert("statusCode".to_owned(), patch.text().into());
            }
            ("add" | "replace", [map @ ("responseParameters" | "responseTemplates"), name]) => {
                if *map == "responseParameters" {
                    checked_parameter(name, &patch.text())?;
                }
                set_member(&mut response, map, name, patch.text().into());
            }
            ("remove", [map @ ("responseParameters" | "responseTemplates"), name]) => {
                remove_member(&mut response, map, name);
            }
            _ => {
                return Err(patch.refused("/statusCode, /responseParameters/<name>, /responseTemplates/<type>"));
            }
        }
    }
    Ok(Reply::json(200, &keep(account, request, response)?))
}

pub(super) fn delete(account: &mut Account, request: &Request) -> Answered {
    let kind = kind(request)?.to_owned();
    let removed = apis::found(account, request)?.surface.gateway_responses.remove(&kind);
    removed.ok_or_else(|| AwsError::not_found("Gateway response type not defined on api"))?;
    Ok(Reply::empty(202))
}
