//! What API Gateway itself answers, in OpenAI's shape: one table of gateway responses.
//!
//! The statuses and codes are those of the proxy's own errors, so that SDKs which call the stage directly understand
//! them too. Types and default statuses: API Gateway's developer guide, "Gateway response types". Templates only
//! replace variables; they aren't VTL.

use std::collections::BTreeMap;

use serde_json::json;

use crate::marks::{REFUSAL_HEADER, refusal};

/// One answer of API Gateway itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GatewayResponse {
    /// The status instead of AWS's own.
    pub(crate) status: Option<&'static str>,
    /// Response headers, as parameters of API Gateway.
    pub(crate) parameters: BTreeMap<String, String>,
    /// The JSON body, with API Gateway's variables.
    pub(crate) template: String,
}

/// What the body says.
enum Message {
    /// Ours.
    Text(&'static str),
    /// API Gateway's own.
    Theirs,
}

const INVALID_REQUEST: &str = "invalid_request_error";
const UPSTREAM: &str = "upstream_error";
const RETRY_SOON: (&str, &str) = ("Retry-After", "1");
const NEVER_RETRY: (&str, &str) = ("x-should-retry", "false");

/// All that we set, by response type.
pub(super) fn all() -> BTreeMap<&'static str, GatewayResponse> {
    use Message::{Text, Theirs};
    let route = "Unknown request URL. Only the paths of this API are served; the path starts with the stage and /v1.";
    let no_key = "Incorrect API key provided. Send a key of yours in the x-api-key header.";
    let denied = "You are not allowed to call this API.";
    let quota = "Rate limit reached: the quota of this key's plan is used up. Please try again in the plan's next \
                 period.";
    let throttle = "Requests come too fast for this key's plan. Please try again in 1s.";
    let failed = "The model's server could not be reached. Please try again.";
    let late = "The model's server did not answer in time. Please try again.";
    let large = "The request is larger than API Gateway takes.";
    let unknown_url = (INVALID_REQUEST, "unknown_url");
    let access_denied = (INVALID_REQUEST, "access_denied");
    BTreeMap::from([
        (
            "INVALID_API_KEY",
            of(Some("401"), refusal::INVALID_API_KEY, (INVALID_REQUEST, "invalid_api_key"), Text(no_key), &[]),
        ),
        // Without a method there is no key to ask for, so AWS asks for a signature of its own kind, whichever way the
        // request fails that: our methods take none.
        ("MISSING_AUTHENTICATION_TOKEN", of(Some("404"), refusal::ROUTE, unknown_url, Text(route), &[])),
        ("INVALID_SIGNATURE", of(Some("404"), refusal::ROUTE, unknown_url, Text(route), &[])),
        ("EXPIRED_TOKEN", of(Some("404"), refusal::ROUTE, unknown_url, Text(route), &[])),
        ("RESOURCE_NOT_FOUND", of(Some("404"), refusal::ROUTE, unknown_url, Text(route), &[])),
        ("ACCESS_DENIED", of(Some("403"), refusal::DENIED, access_denied, Text(denied), &[])),
        ("UNAUTHORIZED", of(Some("401"), refusal::DENIED, access_denied, Text(denied), &[])),
        ("WAF_FILTERED", of(Some("403"), refusal::DENIED, access_denied, Text(denied), &[])),
        (
            "QUOTA_EXCEEDED",
            of(Some("429"), refusal::QUOTA, ("requests", "rate_limit_exceeded"), Text(quota), &[NEVER_RETRY]),
        ),
        (
            "THROTTLED",
            of(Some("429"), refusal::THROTTLE, ("throttle", "rate_limit_exceeded"), Text(throttle), &[RETRY_SOON]),
        ),
        (
            "INTEGRATION_FAILURE",
            of(Some("502"), refusal::UPSTREAM_FAILED, (UPSTREAM, "upstream_unreachable"), Text(failed), &[]),
        ),
        (
            "INTEGRATION_TIMEOUT",
            of(Some("504"), refusal::UPSTREAM_TIMEOUT, (UPSTREAM, "upstream_timeout"), Text(late), &[]),
        ),
        (
            "REQUEST_TOO_LARGE",
            of(Some("413"), refusal::TOO_LARGE, (INVALID_REQUEST, "request_too_large"), Text(large), &[]),
        ),
        // A status here would become that of all others.
        ("DEFAULT_4XX", of(None, refusal::OTHER, (INVALID_REQUEST, "invalid_request"), Theirs, &[])),
        ("DEFAULT_5XX", of(None, refusal::FAULT, ("server_error", "gateway_error"), Theirs, &[])),
    ])
}

fn of(
    status: Option<&'static str>,
    mark: &str,
    (kind, code): (&str, &str),
    message: Message,
    headers: &[(&str, &str)],
) -> GatewayResponse {
    // The variable brings its own quotes.
    const THEIRS: &str = "\"$context.error.messageString\"";
    let (text, with) = match message {
        Message::Text(text) => (text, ""),
        Message::Theirs => ("$context.error.messageString", "$context.error.messageString"),
    };
    let body = json!({"error": {"message": text, "type": kind, "param": null, "code": code}}).to_string();
    let template = if with.is_empty() { body } else { body.replace(THEIRS, with) };
    let always = [
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Expose-Headers", "x-tollgate-refusal,retry-after,x-should-retry,x-amzn-requestid"),
        ("Cache-Control", "no-store"),
        (REFUSAL_HEADER, mark),
    ];
    let parameters = always
        .iter()
        .chain(headers)
        .map(|(name, value)| (format!("gatewayresponse.header.{name}"), format!("'{value}'")))
        .collect();
    GatewayResponse { status, parameters, template }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_response_is_json_in_openais_shape_with_a_mark() {
        for (kind, response) in all() {
            let body = response.template.replace("$context.error.messageString", "\"Forbidden\"");
            let body: serde_json::Value = serde_json::from_str(&body).unwrap_or_else(|e| panic!("{kind}: {e}: {body}"));
            let error = &body["error"];
            assert!(error["message"].is_string() && error["type"].is_string() && error["code"].is_string(), "{kind}");
            assert_eq!(error.as_object().unwrap().len(), 4, "{kind}");
            assert!(response.parameters.contains_key("gatewayresponse.header.x-tollgate-refusal"), "{kind}");
            assert_eq!(response.parameters["gatewayresponse.header.Access-Control-Allow-Origin"], "'*'");
        }
    }

    #[test]
    fn sdks_retry_a_throttle_and_not_a_spent_quota() {
        let all = all();
        assert_eq!(all["QUOTA_EXCEEDED"].parameters["gatewayresponse.header.x-should-retry"], "'false'");
        assert_eq!(all["THROTTLED"].parameters["gatewayresponse.header.Retry-After"], "'1'");
        assert_eq!(all["INVALID_API_KEY"].status, Some("401"));
        assert_eq!(all["DEFAULT_4XX"].status, None);
    }
}
