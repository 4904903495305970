//! What a method's integration makes of a call: an answer of a mock, or a request to an HTTP endpoint.

use std::time::Duration;

use serde_json::{Map, Value};

use super::{
    call::{Context, Decision, Forward},
    refusal::{self, Refusal},
    routing::Route,
};
use crate::aws::answer::Reply;

/// Belonging to one connection, or written anew.
const NOT_FORWARDED: [&str; 9] = [
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "keep-alive",
    "te",
    "upgrade",
    "expect",
    "proxy-connection",
];

pub(super) fn of(context: &Context<'_>, route: &Route<'_>) -> Result<Decision, Refusal> {
    let integration = route.method.get("methodIntegration").and_then(Value::as_object);
    let integration = integration.ok_or(Refusal::ConfigurationError)?;
    match integration.get("type").and_then(Value::as_str) {
        Some("MOCK") => mock(integration).map(Decision::Answer),
        Some("HTTP_PROXY") => Ok(Decision::Forward(Box::new(proxy(context, route, integration)))),
        _ => Err(Refusal::ConfigurationError),
    }
}

/// The request template says the status, the integration's response of that status the headers and the body.
fn mock(integration: &Map<String, Value>) -> Result<Reply, Refusal> {
    let template = integration.get("requestTemplates").and_then(|all| all.get("application/json")?.as_str());
    let said: Value = template.and_then(|text| serde_json::from_str(text).ok()).ok_or(Refusal::ConfigurationError)?;
    let status = said["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
    let status = status.ok_or(Refusal::ConfigurationError)?;
    let response = integration.get("integrationResponses").and_then(|all| all.get(status.to_string()));
    let response = response.ok_or(Refusal::ConfigurationError)?;
    let body = response["responseTemplates"]["application/json"].as_str().unwrap_or_default();
    let mut reply = Reply::new(status, "application/json", body);
    for (name, source) in response["responseParameters"].as_object().into_iter().flatten() {
        let name = name.strip_prefix("method.response.header.").unwrap_or(name);
        if let Some(text) = source.as_str().and_then(unquoted) {
            reply = reply.with_header(name, text);
        }
    }
    Ok(reply)
}

fn unquoted(source: &str) -> Option<&str> {
    source.strip_prefix('\'')?.strip_suffix('\'')
}

fn proxy(context: &Context<'_>, route: &Route<'_>, integration: &Map<String, Value>) -> Forward {
    let request = context.request;
    let text = |name: &str| integration.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut url = text("uri").to_owned();
    let mut query: Vec<String> = request.raw_query.iter().filter(|query| !query.is_empty()).cloned().collect();
    let mut headers: Vec<_> =
        request.headers.iter().filter(|(name, _)| !NOT_FORWARDED.contains(&name.as_str())).cloned().collect();
    let mapped = integration.get("requestParameters").and_then(Value::as_object);
    for (target, source) in mapped.into_iter().flatten() {
        let Some(value) = value(context, route, source.as_str().unwrap_or_default()) else { continue };
        let target = target.strip_prefix("integration.request.").unwrap_or(target);
        match target.split_once('.') {
            Some(("path", name)) => url = url.replace(&format!("{{{name}}}"), &value),
            Some(("querystring", name)) => query.push(format!("{name}={value}")),
            Some(("header", name)) => {
                headers.retain(|(found, _)| !found.eq_ignore_ascii_case(name));
                headers.push((name.to_ascii_lowercase(), value));
            }
            _ => {}
        }
    }
    headers.push(("x-amzn-apigateway-api-id".to_owned(), context.api.id.clone()));
    headers.push(("x-forwarded-for".to_owned(), "127.0.0.1".to_owned()));
    headers.push(("x-forwarded-proto".to_owned(), "https".to_owned()));
    if !query.is_empty() {
        let joint = if url.contains('?') { '&' } else { '?' };
        url = format!("{url}{joint}{}", query.join("&"));
    }
    let method = match text("httpMethod") {
        "ANY" => request.method.clone(),
        method => method.to_owned(),
    };
    let millis = integration.get("timeoutInMillis").and_then(Value::as_u64).unwrap_or_default();
    let failed = |refusal| refusal::reply(context, refusal).with_header("x-amzn-RequestId", context.request_id);
    Forward {
        method,
        url,
        headers,
        body: request.body.clone(),
        is_stream: text("responseTransferMode") == "STREAM",
        timeout: Duration::from_millis(millis),
        request_id: context.request_id.to_owned(),
        on_failure: failed(Refusal::IntegrationFailure),
        on_timeout: failed(Refusal::IntegrationTimeout),
    }
}

/// What a mapping takes: a text in quotes, or a part of the request.
fn value(context: &Context<'_>, route: &Route<'_>, source: &str) -> Option<String> {
    if let Some(text) = unquoted(source) {
        return Some(text.to_owned());
    }
    match source {
        "context.requestId" => return Some(context.request_id.to_owned()),
        "context.extendedRequestId" => return Some(format!("{}=", context.request_id)),
        _ => {}
    }
    match source.strip_prefix("method.request.")?.split_once('.')? {
        ("path", name) => route.variables.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone()),
        ("header", name) => context.request.header(&name.to_ascii_lowercase()).map(str::to_owned),
        ("querystring", name) => context.request.query(name).map(str::to_owned),
        _ => None,
    }
}
