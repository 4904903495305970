//! The data plane's errors as components of the OpenAPI document, in OpenAI's envelope.

use api_types::{
    PlanName, Timestamp,
    openai::{ErrorEnvelope, ErrorObject, SpentQuota},
};
use utoipa::{
    ToSchema,
    openapi::{ContentBuilder, Ref, Response, ResponseBuilder},
};

use super::{
    components::{self, ErrorResponse, example},
    headers,
};
use crate::openai_error::{ErrorKind, KINDS};

components::error_responses! { by error:
    /// The body can't be used, or names what can't be told to be the caller's own; or two different keys.
    InvalidRequestError = "400" ["invalid_body", "conflicting_credentials", "stored_state_refused", "upstream_refused"];
    /// Two different keys.
    ConflictingKeysError = "400" ["conflicting_credentials"];
    /// The key isn't good.
    InvalidApiKeyError = "401" ["invalid_api_key"] { WwwAuthenticate };
    /// The model isn't offered, or a response, conversation, item or container named isn't the caller's.
    NotFoundError = "404" [
        "model_not_found", "unknown_url", "previous_response_not_found", "conversation_not_found", "item_not_found",
        "container_not_found"
    ];
    /// The model isn't offered.
    ModelNotFoundError = "404" ["model_not_found"];
    /// The key was made elsewhere; only the upstream knows it.
    KeyMadeElsewhereError = "404" ["key_made_elsewhere"];
    /// The body didn't arrive in time, or the caller left.
    RequestTimeoutError = "408" ["request_timeout", "caller_left"];
    /// The body is too large, also once decoded.
    RequestTooLargeError = "413" ["request_too_large"];
    /// The body isn't JSON by its Content-Type, or its Content-Encoding isn't one that is known.
    UnsupportedMediaTypeError = "415" ["unsupported_content_encoding", "unsupported_content_type"] { AcceptEncoding };
    /// Over the quota or the throttle, too many wrong keys, or the upstream over a limit of its own.
    RateLimitError = "429" ["rate_limit_exceeded", "too_many_attempts", "upstream_rate_limited"] { RetryAfter, ShouldRetry };
    /// Too many wrong keys from this address.
    TooManyAttemptsError = "429" ["too_many_attempts"] { RetryAfter, ShouldRetry };
    /// The upstream failed.
    UpstreamError = "502" [
        "upstream_error", "upstream_unreachable", "upstream_disconnected", "upstream_bad_response", "upstream_auth",
        "upstream_misdirected"
    ] { ShouldRetry };
    /// Quotas can't be checked, the key isn't active yet, the upstream is down, or this server is shutting down.
    UnavailableError = "503" [
        "quota_store_unavailable", "key_activating", "upstream_unavailable", "shutting_down"
    ] { RetryAfter };
    /// The upstream took too long.
    UpstreamTimeoutError = "504" ["upstream_timeout"];
    /// Any other refusal or failure: also what the upstream refuses with another 4xx, in its own words.
    UnexpectedError = "default" ["internal_error", "method_not_allowed"] { Allow, RetryAfter };
}

components::groups! {
    /// What every call with a key may be refused for.
    KeyErrors = [ConflictingKeysError, InvalidApiKeyError, TooManyAttemptsError];
    /// What a call that the upstream answers may fail with.
    UpstreamErrors = [RateLimitError, UpstreamError, UpstreamTimeoutError];
    /// What a call with a body may be refused for, before the upstream or by it.
    RelayErrors = [
        InvalidRequestError, InvalidApiKeyError, NotFoundError, RequestTimeoutError, RequestTooLargeError,
        UnsupportedMediaTypeError, UpstreamErrors
    ];
}

fn error(told: ErrorResponse<'_, &str>) -> Response {
    let ErrorResponse { status, description, codes, headers: carried } = told;
    let is_of_status = |kind: &ErrorKind| status == "default" || status == kind.status.to_string();
    let kinds = KINDS.iter().filter(|kind| codes.contains(&kind.code) && is_of_status(kind));
    let examples = kinds.map(|kind| (example_name(kind), example(shown(kind), kind.when, kind.to_do)));
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(ErrorEnvelope::name())))
        .examples_from_iter(examples)
        .build();
    let mut response = ResponseBuilder::new().description(description).content("application/json", content).build();
    headers::attach(&mut response, carried);
    if codes.contains(&"rate_limit_exceeded") {
        headers::attach(&mut response, &headers::QUOTA);
    }
    response
}

/// The code, and for a throttle, which shares its code with a quota, its class.
pub fn example_name(kind: &ErrorKind) -> &'static str {
    if kind.class == "throttle" { kind.class } else { kind.code }
}

/// An error as the server would answer it.
pub fn shown(kind: &ErrorKind) -> ErrorEnvelope {
    let is_spent_quota = kind.code == "rate_limit_exceeded" && kind.class == "requests";
    let quota = is_spent_quota.then(spent).flatten();
    ErrorEnvelope {
        error: ErrorObject {
            message: kind.message.to_owned(),
            kind: kind.class.to_owned(),
            param: kind.param.map(str::to_owned),
            code: Some(kind.code.to_owned()),
            quota,
        },
    }
}

fn spent() -> Option<SpentQuota> {
    let plan = PlanName::parse("10RequestPerDay").ok()?;
    Some(SpentQuota { plan, limit: 10, used: 10, reset_at: Timestamp::from_second(1_795_305_600).ok() })
}
