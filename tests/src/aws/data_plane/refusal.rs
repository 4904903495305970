//! What API Gateway answers itself: its own text, or the gateway response that the deployment carries.

use serde_json::{Map, Value};

use super::call::Context;
use crate::aws::{answer::Reply, control::default_response};

/// Why API Gateway answers itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    ConfigurationError,
    IntegrationFailure,
    IntegrationTimeout,
    InvalidApiKey,
    MissingAuthenticationToken,
    QuotaExceeded,
    RequestTooLarge,
    Throttled,
}

impl Refusal {
    /// The gateway response's type, the code in `x-amzn-ErrorType`, and `$context.error.message`.
    fn texts(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::ConfigurationError => {
                ("API_CONFIGURATION_ERROR", "InternalServerErrorException", "Internal server error")
            }
            Self::IntegrationFailure => {
                ("INTEGRATION_FAILURE", "InternalServerErrorException", "Network error communicating with endpoint")
            }
            Self::IntegrationTimeout => {
                ("INTEGRATION_TIMEOUT", "InternalServerErrorException", "Endpoint request timed out")
            }
            Self::InvalidApiKey => ("INVALID_API_KEY", "ForbiddenException", "Forbidden"),
            Self::MissingAuthenticationToken => {
                ("MISSING_AUTHENTICATION_TOKEN", "MissingAuthenticationTokenException", "Missing Authentication Token")
            }
            Self::QuotaExceeded => ("QUOTA_EXCEEDED", "LimitExceededException", "Limit Exceeded"),
            Self::RequestTooLarge => ("REQUEST_TOO_LARGE", "RequestTooLargeException", "Request Too Long"),
            Self::Throttled => ("THROTTLED", "TooManyRequestsException", "Too Many Requests"),
        }
    }
}

/// Of an API or a stage that doesn't exist: no deployment, so no gateway responses.
pub(super) fn of_no_stage() -> Reply {
    Reply::json(403, &serde_json::json!({"message": "Forbidden"})).with_header("x-amzn-ErrorType", "ForbiddenException")
}

/// The answer. A response put for the type goes before one put for all of its class, which goes before the default.
pub(super) fn reply(context: &Context<'_>, refusal: Refusal) -> Reply {
    let (kind, code, message) = refusal.texts();
    let own = default_response(kind);
    let status = |response: &Map<String, Value>| response.get("statusCode")?.as_str()?.parse::<u16>().ok();
    let usual = status(&own).unwrap_or(500);
    let class = if usual < 500 { "DEFAULT_4XX" } else { "DEFAULT_5XX" };
    let put = &context.surface.gateway_responses;
    let response = put.get(kind).or_else(|| put.get(class)).unwrap_or(&own);
    let fill = |template: &str| {
        let replaced = [
            ("$context.error.messageString", Value::from(message).to_string()),
            ("$context.error.message", message.to_owned()),
            ("$context.error.responseType", kind.to_owned()),
            ("$context.requestId", context.request_id.to_owned()),
            ("$context.apiId", context.api.id.clone()),
            ("$context.stage", context.stage.name.clone()),
        ];
        replaced.iter().fold(template.to_owned(), |text, (name, value)| text.replace(name, value))
    };
    let templates = response.get("responseTemplates").and_then(Value::as_object);
    let template = templates.and_then(|all| all.get_key_value("application/json").or_else(|| all.iter().next()));
    let (media, template) = template
        .map_or(("application/json", ""), |(media, template)| (media.as_str(), template.as_str().unwrap_or_default()));
    let mut reply = Reply::new(status(response).unwrap_or(usual), media, fill(template));
    for (name, source) in response.get("responseParameters").and_then(Value::as_object).into_iter().flatten() {
        let name = name.strip_prefix("gatewayresponse.header.").unwrap_or(name);
        let source = source.as_str().unwrap_or_default();
        let value = match source.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
            Some(text) => Some(text.to_owned()),
            None if source.starts_with("context.") => Some(fill(&format!("${source}"))),
            None => source
                .strip_prefix("method.request.header.")
                .and_then(|header| context.request.header(&header.to_ascii_lowercase()))
                .map(str::to_owned),
        };
        if let Some(value) = value {
            reply.headers.retain(|(found, _)| !found.eq_ignore_ascii_case(name));
            reply = reply.with_header(name, value);
        }
    }
    reply.with_header("x-amzn-ErrorType", code)
}
