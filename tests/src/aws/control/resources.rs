//! Resources: the tree of paths under a REST API.

use serde_json::{Map, Value, json};

use super::apis;
use crate::aws::{
    account::{Account, Resource, RestApi},
    answer::{Answered, AwsError, Reply},
    pages::list as paged,
    request::Request,
};

pub(super) fn unknown() -> AwsError {
    AwsError::not_found("Invalid Resource identifier specified")
}

pub(super) fn found<'a>(account: &'a mut Account, request: &Request) -> Result<&'a mut Resource, AwsError> {
    let api = apis::found(account, request)?;
    api.surface.resources.get_mut(request.parameter("resource")).ok_or_else(unknown)
}

/// Methods are named only, unless the request embeds them.
fn shown(resource: &Resource, request: &Request) -> Value {
    let embeds = request.query_all("embed").any(|what| what == "methods");
    let mut body = json!({"id": resource.id, "path": resource.path});
    if let Some(parent) = &resource.parent {
        body["parentId"] = parent.as_str().into();
        body["pathPart"] = resource.part.as_str().into();
    }
    if !resource.methods.is_empty() {
        let methods = resource.methods.iter();
        let methods = methods.map(|(name, method)| (name.clone(), if embeds { method.clone() } else { Map::new() }));
        body["resourceMethods"] = methods.map(|(name, method)| (name, Value::from(method))).collect();
    }
    body
}

/// `{name}` or `{name+}`: what the variable is called, and whether it takes the rest of the path.
pub(crate) fn variable(part: &str) -> Option<(&str, bool)> {
    let name = part.strip_prefix('{')?.strip_suffix('}')?;
    Some(name.strip_suffix('+').map_or((name, false), |name| (name, true)))
}

fn checked_part(part: &str) -> Result<(), AwsError> {
    let name = variable(part).map_or(part, |(name, _)| name);
    if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-:$".contains(c)) {
        return Ok(());
    }
    Err(AwsError::bad_request(
        "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the \
         beginning and the end.",
    ))
}

pub(super) fn create(account: &mut Account, request: &Request) -> Answered {
    let part = request.fields()?.text("pathPart")?.unwrap_or_default();
    let parent = found(account, request)?.clone();
    checked_part(&part)?;
    if variable(&parent.part).is_some_and(|(_, is_greedy)| is_greedy) {
        return Err(AwsError::bad_request(format!(
            "Cannot create a child of a resource with a greedy path variable: {}",
            parent.path
        )));
    }
    let id = account.new_id(6);
    let api = apis::found(account, request)?;
    let mut siblings = api.surface.resources.values().filter(|other| other.parent.as_ref() == Some(&parent.id));
    if siblings.clone().any(|other| other.part == part) {
        return Err(AwsError::conflict(format!("Another resource with the same parent already has this name: {part}")));
    }
    let is_variable = variable(&part).is_some();
    if let Some(other) = siblings.find(|other| is_variable && variable(&other.part).is_some()) {
        return Err(AwsError::bad_request(format!(
            "A sibling ({}) of this resource already has a variable path part -- only one unique variable path part \
             is allowed",
            other.part
        )));
    }
    let path = format!("{}/{part}", parent.path.trim_end_matches('/'));
    let resource = Resource { id, parent: Some(parent.id), part, path, methods: Default::default() };
    let body = shown(&resource, request);
    api.surface.resources.insert(resource.id.clone(), resource);
    Ok(Reply::json(201, &body))
}

pub(super) fn get(account: &mut Account, request: &Request) -> Answered {
    Ok(Reply::json(200, &shown(found(account, request)?, request)))
}

pub(super) fn list(account: &mut Account, request: &Request) -> Answered {
    let resources = apis::found(account, request)?.surface.resources.values();
    paged(request, resources.map(|resource| (resource.id.clone(), shown(resource, request))))
}

pub(super) fn delete(account: &mut Account, request: &Request) -> Answered {
    let resource = found(account, request)?;
    if resource.parent.is_none() {
        return Err(AwsError::bad_request("Root resource cannot be deleted"));
    }
    let id = resource.id.clone();
    forget(apis::found(account, request)?, &id);
    Ok(Reply::empty(202))
}

fn forget(api: &mut RestApi, id: &str) {
    api.surface.resources.remove(id);
    let resources = api.surface.resources.values();
    let children: Vec<_> =
        resources.filter(|child| child.parent.as_deref() == Some(id)).map(|c| c.id.clone()).collect();
    children.iter().for_each(|child| forget(api, child));
}
