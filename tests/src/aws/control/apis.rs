//! REST APIs.

use serde_json::{Map, Value, json};

use super::{
    patch::{Patch, patches},
    tags::{as_value, checked},
};
use crate::aws::{
    account::{ACCOUNT_ID, Account, Resource, RestApi},
    answer::{Answered, AwsError, Reply},
    pages::list as paged,
    request::{Request, epoch_seconds},
};

const SETTABLE: &[&str] = &[
    "name",
    "description",
    "version",
    "binaryMediaTypes",
    "minimumCompressionSize",
    "apiKeySource",
    "endpointConfiguration",
    "policy",
    "disableExecuteApiEndpoint",
    "securityPolicy",
];

pub(super) fn unknown(id: &str) -> AwsError {
    AwsError::not_found(format!("Invalid API identifier specified {ACCOUNT_ID}:{id}"))
}

pub(super) fn found<'a>(account: &'a mut Account, request: &Request) -> Result<&'a mut RestApi, AwsError> {
    let id = request.parameter("api");
    account.apis.get_mut(id).ok_or_else(|| unknown(id))
}

/// The answer to a creation has no tags when there are none; so it is in a list.
fn shown(api: &RestApi, with_empty_tags: bool) -> Value {
    let mut body = api.fields.clone();
    body.insert("id".to_owned(), api.id.as_str().into());
    body.insert("rootResourceId".to_owned(), api.root.as_str().into());
    if with_empty_tags || !api.tags.is_empty() {
        body.insert("tags".to_owned(), as_value(&api.tags));
    }
    body.into()
}

fn checked_fields(fields: &Map<String, Value>) -> Result<(), AwsError> {
    if fields.get("name").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err(AwsError::bad_request("Name cannot be null or empty"));
    }
    let source = fields.get("apiKeySource").and_then(Value::as_str);
    if !matches!(source, Some("HEADER" | "AUTHORIZER")) {
        return Err(AwsError::bad_request("Enumeration value for ApiKeySource must be one of: [HEADER, AUTHORIZER]"));
    }
    let types = fields.get("endpointConfiguration").map(|configuration| &configuration["types"]);
    match types.and_then(Value::as_array).map(Vec::as_slice) {
        Some([Value::String(kind)]) if matches!(kind.as_str(), "EDGE" | "REGIONAL" | "PRIVATE") => Ok(()),
        _ => Err(AwsError::bad_request("Endpoint type must be one of: [EDGE, REGIONAL, PRIVATE]")),
    }
}

pub(super) fn create(account: &mut Account, request: &Request) -> Answered {
    let given = request.fields()?;
    let mut fields = Map::from_iter([
        ("createdDate".to_owned(), epoch_seconds(account.now())),
        ("apiKeySource".to_owned(), "HEADER".into()),
        ("disableExecuteApiEndpoint".to_owned(), false.into()),
        ("endpointConfiguration".to_owned(), json!({"types": ["EDGE"]})),
    ]);
    fields.append(&mut given.members(SETTABLE));
    if fields["endpointConfiguration"].get("ipAddressType").is_none_or(Value::is_null) {
        fields["endpointConfiguration"]["ipAddressType"] = "ipv4".into();
    }
    checked_fields(&fields)?;
    let tags = checked(given.texts("tags")?)?;
    let (id, root) = (account.new_id(10), account.new_id(10));
    let mut api = RestApi { id, fields, tags, root: root.clone(), ..RestApi::default() };
    let resource = Resource {
        id: root.clone(),
        parent: None,
        part: String::new(),
        path: "/".to_owned(),
        methods: Default::default(),
    };
    api.surface.resources.insert(root, resource);
    let body = shown(&api, false);
    account.apis.insert(api.id.clone(), api);
    Ok(Reply::json(201, &body))
}

pub(super) fn get(account: &mut Account, request: &Request) -> Answered {
    Ok(Reply::json(200, &shown(found(account, request)?, true)))
}

pub(super) fn list(account: &mut Account, request: &Request) -> Answered {
    paged(request, account.apis.values().map(|api| (api.id.clone(), shown(api, false))))
}

pub(super) fn update(account: &mut Account, request: &Request) -> Answered {
    let api = found(account, request)?;
    let mut fields = api.fields.clone();
    for patch in patches(request)? {
        apply(&mut fields, &patch)?;
    }
    checked_fields(&fields)?;
    api.fields = fields;
    Ok(Reply::json(200, &shown(api, true)))
}

fn apply(fields: &mut Map<String, Value>, patch: &Patch) -> Result<(), AwsError> {
    let parts = patch.parts();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match (patch.verb.as_str(), parts.as_slice()) {
        ("replace", [name @ ("name" | "description" | "version" | "apiKeySource" | "policy")]) => {
            fields.insert((*name).to_owned(), patch.text().into());
        }
        ("replace", ["disableExecuteApiEndpoint"]) => {
            fields.insert("disableExecuteApiEndpoint".to_owned(), patch.flag().into());
        }
        ("replace", ["minimumCompressionSize"]) => {
            fields.insert("minimumCompressionSize".to_owned(), patch.parsed::<u32>()?.into());
        }
        ("replace", ["endpointConfiguration", "types", _]) => {
            fields["endpointConfiguration"]["types"] = json!([patch.text()]);
        }
        ("replace", ["endpointConfiguration", "ipAddressType"]) => {
            fields["endpointConfiguration"]["ipAddressType"] = patch.text().into();
        }
        ("add", ["binaryMediaTypes", kind]) => {
            let types = fields.entry("binaryMediaTypes").or_insert_with(|| json!([]));
            types.as_array_mut().into_iter().for_each(|types| types.push((*kind).into()));
        }
        ("remove", ["binaryMediaTypes", kind]) => {
            let types = fields.get_mut("binaryMediaTypes").and_then(Value::as_array_mut);
            types.into_iter().for_each(|types| types.retain(|found| found != kind));
        }
        _ => {
            return Err(patch.refused(
                "/name, /description, /version, /apiKeySource, /policy, /disableExecuteApiEndpoint, \
                 /minimumCompressionSize, /endpointConfiguration/types/<type>, /endpointConfiguration/ipAddressType, \
                 /binaryMediaTypes/<type>",
            ));
        }
    }
    Ok(())
}

pub(super) fn delete(account: &mut Account, request: &Request) -> Answered {
    let id = found(account, request)?.id.clone();
    account.forget_stage(&id, None);
    account.apis.remove(&id);
    Ok(Reply::empty(202))
}
