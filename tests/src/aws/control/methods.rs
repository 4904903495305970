//! Methods of a resource and their responses.

use serde_json::{Map, Value, json};

use super::{
    patch::{Patch, patches},
    resources,
};
use crate::aws::{
    account::Account,
    answer::{Answered, AwsError, Reply},
    request::Request,
};

const VERBS: [&str; 8] = ["ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];
const SETTABLE: &[&str] = &[
    "authorizationType",
    "authorizerId",
    "apiKeyRequired",
    "operationName",
    "requestParameters",
    "requestModels",
    "requestValidatorId",
    "authorizationScopes",
];

fn unknown() -> AwsError {
    AwsError::not_found("Invalid Method identifier specified")
}

pub(super) fn unknown_status() -> AwsError {
    AwsError::not_found("Invalid Response status code specified")
}

pub(super) type Method = Map<String, Value>;

pub(super) fn found<'a>(account: &'a mut Account, request: &Request) -> Result<&'a mut Method, AwsError> {
    let methods = &mut resources::found(account, request)?.methods;
    methods.get_mut(request.parameter("method")).ok_or_else(unknown)
}

fn checked_authorization(method: &Method) -> Result<(), AwsError> {
    let kind = method.get("authorizationType").and_then(Value::as_str).unwrap_or_default();
    let known = ["NONE", "AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS"];
    if known.contains(&kind) {
        return Ok(());
    }
    Err(AwsError::bad_request(
        "Invalid authorization type specified. Valid options are [AWS_IAM, NONE, CUSTOM, COGNITO_USER_POOLS]",
    ))
}

pub(super) fn put(account: &mut Account, request: &Request) -> Answered {
    let verb = request.parameter("method").to_owned();
    let fields = request.fields()?;
    fields.flag("apiKeyRequired")?;
    let resource = resources::found(account, request)?;
    if !VERBS.contains(&verb.as_str()) {
        return Err(AwsError::bad_request("Invalid HTTP method specified"));
    }
    if resource.methods.contains_key(&verb) {
        return Err(AwsError::conflict("Method already exists for this resource"));
    }
    let mut method = Method::from_iter([
        ("httpMethod".to_owned(), verb.as_str().into()),
        ("apiKeyRequired".to_owned(), false.into()),
    ]);
    method.append(&mut fields.members(SETTABLE));
    checked_authorization(&method)?;
    let body = method.clone().into();
    resource.methods.insert(verb, method);
    Ok(Reply::json(201, &body))
}

pub(super) fn get(account: &mut Account, request: &Request) -> Answered {
    Ok(Reply::json(200, &found(account, request)?.clone().into()))
}

pub(super) fn update(account: &mut Account, request: &Request) -> Answered {
    let method = found(account, request)?;
    let mut changed = method.clone();
    for patch in patches(request)? {
        apply(&mut changed, &patch)?;
    }
    checked_authorization(&changed)?;
    *method = changed;
    Ok(Reply::json(200, &method.clone().into()))
}

fn apply(method: &mut Method, patch: &Patch) -> Result<(), AwsError> {
    let parts = patch.parts();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match (patch.verb.as_str(), parts.as_slice()) {
        ("replace", ["apiKeyRequired"]) => {
            method.insert("apiKeyRequired".to_owned(), patch.flag().into());
        }
        ("replace", [name @ ("authorizationType" | "authorizerId" | "operationName" | "requestValidatorId")]) => {
            method.insert((*name).to_owned(), patch.text().into());
        }
        ("add" | "replace", ["requestParameters", name]) => {
            set_member(method, "requestParameters", name, patch.flag().into());
        }
        ("add" | "replace", ["requestModels", name]) => set_member(method, "requestModels", name, patch.text().into()),
        ("remove", [map @ ("requestParameters" | "requestModels"), name]) => remove_member(method, map, name),
        _ => {
            return Err(patch.refused(
                "/apiKeyRequired, /authorizationType, /authorizerId, /operationName, /requestValidatorId, \
                 /requestParameters/<name>, /requestModels/<type>",
            ));
        }
    }
    Ok(())
}

/// Sets a member of a map within `fields`, which is made if it isn't there.
pub(super) fn set_member(fields: &mut Map<String, Value>, map: &str, name: &str, value: Value) {
    fields.entry(map).or_insert_with(|| json!({}))[name] = value;
}

/// Removes a member of a map within `fields`.
pub(super) fn remove_member(fields: &mut Map<String, Value>, map: &str, name: &str) {
    if let Some(members) = fields.get_mut(map).and_then(Value::as_object_mut) {
        members.remove(name);
    }
}

pub(super) fn delete(account: &mut Account, request: &Request) -> Answered {
    let methods = &mut resources::found(account, request)?.methods;
    methods.remove(request.parameter("method")).ok_or_else(unknown)?;
    Ok(Reply::empty(204))
}

pub(super) fn put_response(account: &mut Account, request: &Request) -> Answered {
    let status = request.parameter("status");
    let mut response = request.fields()?.members(&["responseParameters", "responseModels"]);
    response.insert("statusCode".to_owned(), status.into());
    let method = found(account, request)?;
    if !status.parse::<u16>().is_ok_and(|status| (100..600).contains(&status)) {
        return Err(AwsError::bad_request("Invalid status code specified"));
    }
    if response_of(method, status).is_some() {
        return Err(AwsError::conflict("Response already exists for this resource"));
    }
    set_member(method, "methodResponses", status, response.clone().into());
    Ok(Reply::json(201, &response.into()))
}

pub(super) fn response_of<'a>(method: &'a Method, status: &str) -> Option<&'a Value> {
    method.get("methodResponses").and_then(|all| all.get(status))
}

pub(super) fn get_response(account: &mut Account, request: &Request) -> Answered {
    let method = found(account, request)?;
    Ok(Reply::json(200, response_of(method, request.parameter("status")).ok_or_else(unknown_status)?))
}

pub(super) fn delete_response(account: &mut Account, request: &Request) -> Answered {
    let (method, status) = (found(account, request)?, request.parameter("status"));
    response_of(method, status).ok_or_else(unknown_status)?;
    remove_member(method, "methodResponses", status);
    Ok(Reply::empty(204))
}
