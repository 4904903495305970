//! Whose answer it is that came in place of the one asked for: API Gateway's own are told from an upstream's.

use access::UpstreamHead;

use crate::marks::{REFUSAL_HEADER, refusal};

/// Whose answer it is, and what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// The model's server.
    Upstream,
    /// API Gateway: no key, or one that opens nothing.
    Key,
    /// API Gateway: it has no such path.
    Route,
    /// API Gateway: the quota is used up.
    Quota,
    /// API Gateway: too fast.
    Throttle,
}

impl Answer {
    /// By our gateway responses' mark, else by API Gateway's own header, which an upstream can't send through it:
    /// API Gateway renames an upstream's own (developer guide, "known issues": `x-amzn-Remapped-…`).
    pub(super) fn of(head: UpstreamHead<'_>) -> Self {
        match head.header(REFUSAL_HEADER) {
            Some(refusal::INVALID_API_KEY) => return Self::Key,
            Some(refusal::ROUTE) => return Self::Route,
            Some(refusal::QUOTA) => return Self::Quota,
            Some(refusal::THROTTLE) => return Self::Throttle,
            // A firewall's or an authorizer's, which says nothing of the key.
            Some(refusal::DENIED) => return Self::Upstream,
            _ => {}
        }
        let kind = head.header("x-amzn-errortype").map(|kind| kind.split(':').next().unwrap_or_default());
        match (head.status, kind) {
            (401 | 403, Some("ForbiddenException")) => Self::Key,
            (403, Some("MissingAuthenticationTokenException")) => Self::Route,
            (429, Some("LimitExceededException")) => Self::Quota,
            (429, Some("TooManyRequestsException")) => Self::Throttle,
            _ => Self::Upstream,
        }
    }
}

/// What a failed request without a key tells of the address that it was sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyless {
    /// It leads to a stage of ours, which asks for a key.
    Asks,
    /// It leads to a stage that asks for a key, or to none: API Gateway answers both alike.
    AsksOrIsNoStage,
    /// It leads to a stage that has no such path.
    NoSuchPath,
    /// It isn't API Gateway that answered.
    Elsewhere,
}

impl Keyless {
    /// Reads the head of an answer to a request without a key, and the beginning of its body: of API Gateway's own
    /// answers some emulators give the body alone.
    #[must_use]
    pub fn of(head: UpstreamHead<'_>, text: Option<&str>) -> Self {
        match Answer::of(head) {
            Answer::Key if head.header(REFUSAL_HEADER).is_some() => Self::Asks,
            Answer::Key => Self::AsksOrIsNoStage,
            Answer::Route => Self::NoSuchPath,
            Answer::Upstream if head.status == 403 => match text.and_then(message_of).as_deref() {
                Some("Forbidden") => Self::AsksOrIsNoStage,
                Some("Missing Authentication Token") => Self::NoSuchPath,
                _ => Self::Elsewhere,
            },
            Answer::Upstream | Answer::Quota | Answer::Throttle => Self::Elsewhere,
        }
    }
}

/// The message of an answer in API Gateway's own form.
fn message_of(text: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Own {
        message: String,
    }
    serde_json::from_str::<Own>(text).ok().map(|own| own.message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstreams_own_refusal_is_not_taken_for_api_gateways() {
        let of = |status, headers| Answer::of(UpstreamHead { status, headers });
        assert_eq!(of(403, &[]), Answer::Upstream);
        assert_eq!(of(429, &[("retry-after", "1")]), Answer::Upstream);
        assert_eq!(of(403, &[("x-amzn-remapped-x-amzn-errortype", "ForbiddenException")]), Answer::Upstream);
        assert_eq!(of(403, &[("x-amzn-errortype", "AccessDeniedException")]), Answer::Upstream);
        assert_eq!(of(403, &[("x-amzn-errortype", "ForbiddenException")]), Answer::Key);
        assert_eq!(of(403, &[("x-amzn-errortype", "ForbiddenException:http://internal")]), Answer::Key);
        assert_eq!(of(401, &[("x-tollgate-refusal", "invalid_api_key")]), Answer::Key);
        assert_eq!(of(403, &[("x-amzn-errortype", "MissingAuthenticationTokenException")]), Answer::Route);
        assert_eq!(of(429, &[("x-amzn-errortype", "LimitExceededException")]), Answer::Quota);
        assert_eq!(of(429, &[("x-amzn-errortype", "TooManyRequestsException")]), Answer::Throttle);
        assert_eq!(of(429, &[("x-tollgate-refusal", "throttle")]), Answer::Throttle);
        // A firewall's refusal has the class that one of a key has.
        let denied = [(REFUSAL_HEADER, refusal::DENIED), ("x-amzn-errortype", "ForbiddenException")];
        assert_eq!(of(403, &denied), Answer::Upstream);
    }
}
