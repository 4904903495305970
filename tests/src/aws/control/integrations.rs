//! Integrations: where a method's requests go, with what changed on their way.

use serde_json::{Map, Value, json};

use super::{
    methods::{self, Method, remove_member, set_member},
    patch::{Patch, patches},
};
use crate::aws::{
    account::Account,
    answer::{Answered, AwsError, Reply},
    request::Request,
};

const SETTABLE: &[&str] = &[
    "type",
    "httpMethod",
    "uri",
    "connectionType",
    "connectionId",
    "credentials",
    "requestParameters",
    "requestTemplates",
    "passthroughBehavior",
    "cacheNamespace",
    "cacheKeyParameters",
    "contentHandling",
    "timeoutInMillis",
    "tlsConfig",
    "responseTransferMode",
];
/// The default, and the most without a raised quota, in milliseconds.
const LONGEST_BUFFERED: i64 = 29_000;
const LONGEST_STREAM: i64 = 900_000;
const SHORTEST: i64 = 50;

fn unknown() -> AwsError {
    AwsError::not_found("Invalid Integration identifier specified")
}

pub(super) type Integration = Map<String, Value>;

pub(super) fn found<'a>(account: &'a mut Account, request: &Request) -> Result<&'a mut Integration, AwsError> {
    let integration = methods::found(account, request)?.get_mut("methodIntegration");
    integration.and_then(Value::as_object_mut).ok_or_else(unknown)
}

/// Takes the place of one that is there, its responses included.
pub(super) fn put(account: &mut Account, request: &Request) -> Answered {
    let fields = request.fields()?;
    fields.integer("timeoutInMillis")?;
    fields.texts("requestParameters")?;
    let method = methods::found(account, request)?;
    let mut integration = Map::from_iter([
        ("passthroughBehavior".to_owned(), "WHEN_NO_MATCH".into()),
        ("timeoutInMillis".to_owned(), LONGEST_BUFFERED.into()),
        ("cacheNamespace".to_owned(), request.parameter("resource").into()),
        ("cacheKeyParameters".to_owned(), json!([])),
        ("responseTransferMode".to_owned(), "BUFFERED".into()),
    ]);
    integration.append(&mut fields.members(SETTABLE));
    checked(&integration, method)?;
    method.insert("methodIntegration".to_owned(), integration.clone().into());
    Ok(Reply::json(201, &integration.into()))
}

fn checked(integration: &Integration, method: &Method) -> Result<(), AwsError> {
    let text = |name: &str| integration.get(name).and_then(Value::as_str).unwrap_or_default();
    let kind = text("type");
    if !["HTTP", "HTTP_PROXY", "MOCK", "AWS", "AWS_PROXY"].contains(&kind) {
        return Err(AwsError::bad_request("Enumeration value for IntegrationType must be non-empty"));
    }
    if kind != "MOCK" && text("httpMethod").is_empty() {
        return Err(AwsError::bad_request("Enumeration value for HttpMethod must be non-empty"));
    }
    let is_http = text("uri").starts_with("http://") || text("uri").starts_with("https://");
    if kind.starts_with("HTTP") && !is_http {
        return Err(AwsError::bad_request("Invalid HTTP endpoint specified for URI"));
    }
    let longest = match (text("responseTransferMode"), kind) {
        ("BUFFERED", _) => LONGEST_BUFFERED,
        ("STREAM", "HTTP_PROXY" | "AWS_PROXY") => LONGEST_STREAM,
        ("STREAM", _) => {
            return Err(AwsError::bad_request(
                "Response transfer mode STREAM is only supported for HTTP_PROXY and AWS_PROXY integrations",
            ));
        }
        _ => return Err(AwsError::bad_request("Response transfer mode must be one of: [BUFFERED, STREAM]")),
    };
    let timeout = integration.get("timeoutInMillis").and_then(Value::as_i64).unwrap_or_default();
    if !(SHORTEST..=longest).contains(&timeout) {
        return Err(AwsError::bad_request(format!("Timeout should be between {SHORTEST} ms and {longest} ms")));
    }
    let mapped = integration.get("requestParameters").and_then(Value::as_object);
    mapped.into_iter().flatten().try_for_each(|(target, source)| checked_mapping(target, source, method))
}

/// What a request mapping takes must be a text in single quotes, of the context, or a parameter that the method declares.
fn checked_mapping(target: &str, source: &Value, method: &Method) -> Result<(), AwsError> {
    let source = source.as_str().unwrap_or_default();
    let targets = ["integration.request.path.", "integration.request.querystring.", "integration.request.header."];
    if !targets.iter().any(|prefix| target.len() > prefix.len() && target.starts_with(prefix)) {
        return Err(invalid_mapping(&format!("Invalid mapping expression parameter specified: {target}")));
    }
    let is_text = source.len() >= 2 && source.starts_with('\'') && source.ends_with('\'');
    if is_text || source.starts_with("context.") || source.starts_with("stageVariables.") {
        return Ok(());
    }
    if !source.starts_with("method.request.") {
        return Err(invalid_mapping(&format!("Invalid mapping expression specified: {source}")));
    }
    let declared = method.get("requestParameters").and_then(Value::as_object);
    if source == "method.request.body" || declared.is_some_and(|declared| declared.contains_key(source)) {
        return Ok(());
    }
    Err(invalid_mapping(&format!("Invalid mapping expression parameter specified: {source}")))
}

pub(super) fn invalid_mapping(what: &str) -> AwsError {
    AwsError::bad_request(format!(
        "Invalid mapping expression specified: Validation Result: warnings : [], errors : [{what}]"
    ))
}

pub(super) fn get(account: &mut Account, request: &Request) -> Answered {
    Ok(Reply::json(200, &found(account, request)?.clone().into()))
}

pub(super) fn update(account: &mut Account, request: &Request) -> Answered {
    let mut changed = found(account, request)?.clone();
    for patch in patches(request)? {
        apply(&mut changed, &patch)?;
    }
    let method = methods::found(account, request)?;
    checked(&changed, method)?;
    method.insert("methodIntegration".to_owned(), changed.clone().into());
    Ok(Reply::json(200, &changed.into()))
}

fn apply(integration: &mut Integration, patch: &Patch) -> Result<(), AwsError> {
    const TEXTS: [&str; 7] = [
        "uri",
        "httpMethod",
        "responseTransferMode",
        "passthroughBehavior",
        "connectionType",
        "credentials",
        "cacheNamespace",
    ];
    let parts = patch.parts();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match (patch.verb.as_str(), parts.as_slice()) {
        ("replace", ["timeoutInMillis"]) => {
            integration.insert("timeoutInMillis".to_owned(), patch.parsed::<i64>()?.into());
        }
        ("replace", [name]) if TEXTS.contains(name) => {
            integration.insert((*name).to_owned(), patch.text().into());
        }
        ("add" | "replace", [map @ ("requestParameters" | "requestTemplates"), name]) => {
            set_member(integration, map, name, patch.text().into());
        }
        ("remove", [map @ ("requestParameters" | "requestTemplates"), name]) => remove_member(integration, map, name),
        _ => {
            return Err(patch.refused(
                "/uri, /httpMethod, /timeoutInMillis, /responseTransferMode, /passthroughBehavior, /connectionType, \
                 /credentials, /cacheNamespace, /requestParameters/<name>, /requestTemplates/<type>",
            ));
        }
    }
    Ok(())
}

pub(super) fn delete(account: &mut Account, request: &Request) -> Answered {
    methods::found(account, request)?.remove("methodIntegration").ok_or_else(unknown)?;
    Ok(Reply::empty(204))
}
