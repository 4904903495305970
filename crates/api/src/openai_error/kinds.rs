//! What each error under `/v1` is: told once, for the OpenAPI document's examples and the page about errors.

/// What is said of a kind of error.
#[derive(Debug, Clone, Copy)]
pub struct ErrorKind {
    /// The status it comes with.
    pub status: u16,
    /// OpenAI's class of error.
    pub class: &'static str,
    /// Its code.
    pub code: &'static str,
    /// When it comes.
    pub when: &'static str,
    /// What its reader can do.
    pub to_do: &'static str,
    /// What one of them says, for example.
    pub message: &'static str,
    /// The field at fault in that example.
    pub param: Option<&'static str>,
}

const REQUEST: &str = super::INVALID_REQUEST;
const SERVER: &str = super::SERVER_ERROR;
const UPSTREAM: &str = "upstream_error";

const fn kind(
    (status, class, code): (u16, &'static str, &'static str),
    when: &'static str,
    to_do: &'static str,
    message: &'static str,
) -> ErrorKind {
    ErrorKind { status, class, code, when, to_do, message, param: None }
}

const fn at(param: &'static str, kind: ErrorKind) -> ErrorKind {
    ErrorKind { param: Some(param), ..kind }
}

/// All of them, by status. A spent quota and a throttle share their code, as at OpenAI; the class tells them apart.
pub const KINDS: &[ErrorKind] = &[
    at(
        "messages",
        kind(
            (400, REQUEST, "invalid_body"),
            "The body isn't JSON, or lacks or misspells a field that is needed; param names it.",
            "Mend the body as the message says.",
            "The field 'messages' is missing: add it to the body.",
        ),
    ),
    kind(
        (400, REQUEST, "conflicting_credentials"),
        "x-api-key and Authorization hold different keys.",
        "Send one of them.",
        "authorization and x-api-key hold different keys. Send one of them, or the same in both.",
    ),
    at(
        "file_ids",
        kind(
            (400, REQUEST, "stored_state_refused"),
            "The body names something that the upstream keeps, whose owner can't be told: files, vector stores and the like.",
            "Send the content itself, as the message says.",
            "file_ids names uploaded files, which all callers of this server would share. Send their content in the request.",
        ),
    ),
    kind(
        (400, REQUEST, "upstream_refused"),
        "The model's server refused the request with a 4xx that gives no reason that can be passed on; the status is its own.",
        "Compare the request with what the model takes.",
        "The model's server refused the request with status 400: it gave no reason that can be passed on.",
    ),
    kind(
        (401, REQUEST, "invalid_api_key"),
        "The key is missing, malformed, unknown, revoked, disabled or expired: one answer for all.",
        "Send a key of yours; GET /keys tells whether it is enabled.",
        "Incorrect API key provided. Send a key of yours as 'Authorization: Bearer tg_…' or in the x-api-key header; you \
         can create one on this server's page.",
    ),
    at(
        "model",
        kind(
            (404, REQUEST, "model_not_found"),
            "The model isn't offered here.",
            "Use one that GET /v1/models lists.",
            "The model 'gpt-0' is not offered here; GET /v1/models lists those that are.",
        ),
    ),
    kind(
        (404, REQUEST, "unknown_url"),
        "The path isn't served, or not by what answers here.",
        "Let the base URL end in /v1, and look at this page for the calls that there are.",
        "Unknown request URL: GET /v1/model. See /docs for what this server offers.",
    ),
    at(
        "previous_response_id",
        kind(
            (404, REQUEST, "previous_response_not_found"),
            "The response to go on from isn't known as one of the account's.",
            "Name one that an answer to a key of your account named in the last 30 days.",
            "Previous response with id 'resp_0' not found. Only what an answer to a key of your account named in the last \
             30 days can be named here.",
        ),
    ),
    at(
        "conversation",
        kind(
            (404, REQUEST, "conversation_not_found"),
            "The conversation isn't known as one of the account's.",
            "As for previous_response_not_found.",
            "Conversation with id 'conv_0' not found. Only what an answer to a key of your account named in the last 30 \
             days can be named here.",
        ),
    ),
    at(
        "input",
        kind(
            (404, REQUEST, "item_not_found"),
            "An item named by its id isn't known as one of the account's.",
            "As for previous_response_not_found.",
            "Item with id 'msg_0' not found. Only what an answer to a key of your account named in the last 30 days can be \
             named here.",
        ),
    ),
    at(
        "container",
        kind(
            (404, REQUEST, "container_not_found"),
            "The container isn't known as one of the account's.",
            "As for previous_response_not_found.",
            "Container with id 'cntr_0' not found. Only what an answer to a key of your account named in the last 30 days \
             can be named here.",
        ),
    ),
    kind(
        (404, REQUEST, "key_made_elsewhere"),
        "The key was made outside of this server, so that its plan isn't known.",
        "Ask whoever made it.",
        "This key was not made on this server, so its plan and use are not known here.",
    ),
    kind(
        (405, REQUEST, "method_not_allowed"),
        "The path exists, the method doesn't.",
        "Use one of those that the header Allow lists.",
        "/v1/models doesn't take DELETE. It takes GET, HEAD, OPTIONS.",
    ),
    kind(
        (408, REQUEST, "request_timeout"),
        "The body came too slowly.",
        "Try again on a better connection.",
        "The request body did not arrive in time.",
    ),
    kind(
        (408, REQUEST, "caller_left"),
        "Over HTTP/1.0, the caller closed its side before the answer began.",
        "Keep the connection open, or use HTTP/1.1.",
        "You closed your side of the connection before the answer began, which over HTTP/1.0 means that you left. Keep it \
         open, or use HTTP/1.1.",
    ),
    kind(
        (413, REQUEST, "request_too_large"),
        "The body is larger than the operator allows, also once decoded.",
        "Send less: smaller images, a shorter history.",
        "The request body is larger than the 20971520 bytes allowed here.",
    ),
    kind(
        (415, REQUEST, "unsupported_content_encoding"),
        "The Content-Encoding isn't one that is known.",
        "Use one of those in the header Accept-Encoding, or none.",
        "The Content-Encoding of the request body isn't known here. Known are: gzip, deflate, zstd.",
    ),
    kind(
        (415, REQUEST, "unsupported_content_type"),
        "The Content-Type says that the body isn't JSON.",
        "Send the header Content-Type: application/json.",
        "The Content-Type of the request body isn't taken here. Send JSON, marked with the header 'content-type: \
         application/json'.",
    ),
    kind(
        (429, "requests", "rate_limit_exceeded"),
        "The plan's quota is spent. error.quota has the figures.",
        "Wait as Retry-After says, or take a larger plan. x-should-retry: false keeps SDKs from trying at once.",
        "Rate limit reached for plan 10RequestPerDay on requests per day (RPD): Limit 10, Used 10, Requested 1. Please try \
         again in 7h12m5s (at 2026-11-22T00:00:00Z).",
    ),
    kind(
        (429, "throttle", "rate_limit_exceeded"),
        "Requests come faster than the plan's throttle lets through.",
        "Wait as Retry-After says; SDKs do so by themselves.",
        "Requests come too fast for plan 10RequestPerDay: it allows 10 per second with bursts of 20. Please try again in 1s.",
    ),
    kind(
        (429, "requests", "too_many_attempts"),
        "Too many wrong keys came from the address.",
        "Mend the key, and wait as Retry-After says. A key that was right lately passes all the same.",
        "Too many wrong API keys came from your address. Try again in 300 seconds.",
    ),
    kind(
        (429, UPSTREAM, "upstream_rate_limited"),
        "The model's server is over a limit of its own.",
        "Try again later.",
        "The model's server is over its own limit. Please try again later.",
    ),
    kind(
        (500, SERVER, "internal_error"),
        "This server's own fault. Its log has the cause under the request's id.",
        "Try again; tell the operator the x-request-id.",
        "Something went wrong on our side. Please try again.",
    ),
    kind((502, UPSTREAM, "upstream_error"), "The model's server failed.", "Try again.", "The model's server failed."),
    kind(
        (502, UPSTREAM, "upstream_unreachable"),
        "The model's server can't be reached.",
        "Try again in a moment.",
        "The model's server can't be reached.",
    ),
    kind(
        (502, UPSTREAM, "upstream_disconnected"),
        "The model's server broke off before its answer began, or in the middle of a small one.",
        "Try again.",
        "The model's server closed the connection before it answered.",
    ),
    kind(
        (502, UPSTREAM, "upstream_bad_response"),
        "What came from the model's server isn't an API answer.",
        "Tell the operator.",
        "The model's server answered with something that isn't an API answer.",
    ),
    kind(
        (502, UPSTREAM, "upstream_auth"),
        "The model's server doesn't accept this server's own account.",
        "Tell the operator; trying again is no use.",
        "The model's server does not accept this server's account; its operator has to mend that.",
    ),
    kind(
        (502, UPSTREAM, "upstream_misdirected"),
        "The server's configuration names a wrong address of Amazon API Gateway.",
        "Tell the operator; trying again is no use.",
        "This server sends requests to a wrong address of Amazon API Gateway; its operator has to mend aws.invoke_url.",
    ),
    kind(
        (503, UPSTREAM, "upstream_unavailable"),
        "The model's server is overloaded or down.",
        "Try again in a moment.",
        "The model's server is not available right now.",
    ),
    kind(
        (503, SERVER, "quota_store_unavailable"),
        "Quotas can't be checked, and without that nothing is let through.",
        "Try again, as Retry-After says.",
        "Quotas can't be checked right now. Please try again in a few seconds.",
    ),
    kind(
        (503, SERVER, "key_activating"),
        "With keys in Amazon API Gateway: the key is new.",
        "Try again, as Retry-After says; it takes up to two minutes.",
        "This key is new and is being activated, which takes up to two minutes. Please try again in a moment.",
    ),
    kind(
        (503, SERVER, "shutting_down"),
        "The server is being stopped or restarted.",
        "Try again, as Retry-After says.",
        "This server is shutting down. Please try again.",
    ),
    kind(
        (504, UPSTREAM, "upstream_timeout"),
        "The model's server didn't begin to answer in time.",
        "Try again, or ask for less.",
        "The model's server did not begin to answer in time.",
    ),
];
