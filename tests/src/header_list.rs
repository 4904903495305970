//! Every response header that may leave the server; an unlisted one fails the test that got it.

use reqwest::{StatusCode, header::HeaderMap};

/// Headers of any answer, which HTTP itself tells or all answers have alike: the OpenAPI document doesn't repeat them.
pub const EVERYWHERE: &[&str] = &[
    "connection",
    "content-length",
    "content-security-policy",
    "content-type",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "date",
    "referrer-policy",
    "strict-transport-security",
    "transfer-encoding",
    "vary",
    "x-content-type-options",
];

/// Headers of any answer, which the document tells with each that may have them.
const DOCUMENTED: &[&str] = &["accept-encoding", "cache-control", "retry-after", "x-request-id"];

/// Headers of the page, its files and the management calls.
const PORTAL: &[&str] = &[
    "allow",
    "content-disposition",
    "content-encoding",
    "etag",
    "idempotency-replayed",
    "last-modified",
    "link",
    "location",
    "next-cursor",
    "set-cookie",
    "www-authenticate",
    "x-frame-options",
];

/// Headers of the data plane. The last line is the upstream's: what OpenAI tells about its own work.
const DATA_PLANE: &[&str] = &[
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-allow-private-network",
    "access-control-expose-headers",
    "access-control-max-age",
    "allow",
    "ratelimit",
    "ratelimit-policy",
    "www-authenticate",
    "x-accel-buffering",
    "x-ratelimit-limit-requests",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-reset-requests",
    "x-should-retry",
    "openai-model",
    "openai-organization",
    "openai-processing-ms",
    "openai-version",
];

/// Calls that hand out or take back session cookies.
const SETS_COOKIES: &[&str] = &["/accounts", "/sessions", "/me"];

/// Headers that a proxy in front adds.
const PROXY: &[&str] = &["server"];

/// Checks an answer's headers.
///
/// # Panics
/// On an unlisted header, a cookie where none belongs, or a missing request id or policy.
pub(crate) fn check(path: &str, status: StatusCode, headers: &HeaderMap, is_proxied: bool) {
    let more = if path.starts_with("/v1/") { DATA_PLANE } else { PORTAL };
    for name in headers.keys() {
        let lists = [EVERYWHERE, DOCUMENTED, more, if is_proxied { PROXY } else { &[] }];
        let listed = lists.iter().any(|list| list.contains(&name.as_str()));
        assert!(listed, "{path} answered {status} with the unlisted header {name}");
    }
    assert!(headers.contains_key("content-security-policy"), "{path} answered {status} without a policy");
    let may_set = SETS_COOKIES.iter().any(|prefix| path.starts_with(prefix));
    assert!(may_set || !headers.contains_key("set-cookie"), "{path} set a cookie");
    let id = headers.get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
    assert!(id.starts_with("req_"), "{path} answered {status} with the request id {id:?}");
    assert_eq!(headers.get_all("x-request-id").iter().count(), 1, "{path} has two request ids");
}
