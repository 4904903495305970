//! Lets pages of other origins call `/v1`, where `[cors]` says so (the Fetch standard, section 3.2).
//!
//! A key opens `/v1` and never a cookie, so that a page gains nothing that its visitor didn't type into it; the portal,
//! which a cookie opens, allows nobody. A page must be able to read why it was refused, and when to come back: every
//! answer carries the headers, those that the outermost middleware makes itself among them (401, 404, 429, draining, a
//! panic). actix-cors can't do that: it answers as a layer of its own, leaves those answers out, refuses strangers in its
//! own words, and answers a preflight with a 200 that no request id and no line in the log go with.

use actix_web::{
    HttpResponse,
    dev::ServiceRequest,
    http::{
        Method,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    web::Data,
};

use crate::{config::AllowedOrigins, planes::is_data_plane, state::State};

const REQUEST_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-request-private-network");
const ALLOW_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-allow-private-network");
/// What the calls under `/v1` use.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST");
/// How long a browser may keep the answer to a preflight; two hours are the most that Chromium does.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");
/// What a page may read of an answer beside what it always may. SDKs wait and report by these.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "retry-after, x-should-retry, x-request-id, x-ratelimit-limit-requests, x-ratelimit-remaining-requests, \
     x-ratelimit-reset-requests, ratelimit, ratelimit-policy, www-authenticate, openai-processing-ms, openai-version",
);

/// What a request's answer says to the browser about pages of other origins.
#[derive(Debug, Clone, Default)]
pub struct Cors {
    /// The origin that may read the answer.
    allowed: Option<HeaderValue>,
    /// The answer depends on who asks.
    varies: bool,
}

impl Cors {
    /// What the configuration says about this request.
    #[must_use]
    pub fn of(request: &ServiceRequest) -> Self {
        let Some(state) = request.app_data::<Data<State>>().filter(|_| is_data_plane(request.path())) else {
            return Self::default();
        };
        match &state.config.cors.allowed_origins {
            AllowedOrigins::All => Self { allowed: Some(HeaderValue::from_static("*")), varies: false },
            AllowedOrigins::These(origins) => {
                let asks = request.headers().get(header::ORIGIN);
                let allowed = asks.filter(|asks| origins.iter().any(|origin| origin.as_bytes() == asks.as_bytes()));
                Self { allowed: allowed.cloned(), varies: !origins.is_empty() }
            }
        }
    }

    /// The answer to a browser that asks beforehand whether a page may make a call. It comes without a key, and is the
    /// same for every call: a page that asks for what isn't there can read that it isn't.
    #[must_use]
    pub fn preflight(&self, request: &ServiceRequest) -> Option<HttpResponse> {
        let asked = request.headers();
        let is_preflight = request.method() == Method::OPTIONS
            && asked.contains_key(header::ORIGIN)
            && asked.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if !is_preflight || self.allowed.is_none() {
            return None;
        }
        let mut answer = HttpResponse::NoContent();
        answer.insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, METHODS));
        answer.insert_header((header::ACCESS_CONTROL_MAX_AGE, MAX_AGE));
        // All that are asked for: SDKs send a dozen of their own, and none opens anything but the key. A wildcard
        // wouldn't cover `authorization`.
        if let Some(names) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
            answer.insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone()));
        }
        answer.append_header((header::VARY, "Access-Control-Request-Headers"));
        if asked.get(REQUEST_PRIVATE_NETWORK).is_some_and(|asks| asks == "true") {
            answer.insert_header((ALLOW_PRIVATE_NETWORK, "true"));
        }
        Some(answer.finish())
    }

    /// Says so in an answer.
    pub fn mark(&self, headers: &mut HeaderMap) {
        if let Some(origin) = &self.allowed {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
        if self.varies {
            headers.append(header::VARY, HeaderValue::from_static("Origin"));
        }
    }
}
