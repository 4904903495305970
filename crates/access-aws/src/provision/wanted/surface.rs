//! What of the API goes live with a deployment: resources, methods, integrations and gateway responses, and their hash.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    checked::Wanted,
    credential::Credential,
    gateway_responses::{self, GatewayResponse},
    routes::Route,
};

/// The wanted surface.
#[derive(Debug, Clone)]
pub(crate) struct Surface {
    /// Paths of all resources but the root; what lies above comes first.
    pub(crate) resources: BTreeSet<String>,
    /// The methods.
    pub(crate) methods: BTreeMap<MethodId, Method>,
    /// Gateway responses by their type.
    pub(crate) gateway_responses: BTreeMap<&'static str, GatewayResponse>,
    /// What a deployment of this surface has as its description.
    pub(crate) mark: String,
}

/// A method's place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MethodId {
    /// Its resource's path.
    pub(crate) path: String,
    /// `ANY` or an HTTP method.
    pub(crate) verb: String,
}

/// A method with its integration.
#[derive(Debug, Clone)]
pub(crate) enum Method {
    /// Asks for a key and passes the request to the upstream.
    Proxy(Proxy),
    /// Answers a browser's preflight itself, without a key, which browsers don't send with it.
    Preflight(BTreeMap<&'static str, String>),
}

/// An HTTP_PROXY integration.
#[derive(Debug, Clone)]
pub(crate) struct Proxy {
    /// Parameters of the path, declared.
    pub(crate) parameters: BTreeMap<&'static str, bool>,
    /// Where it goes.
    pub(crate) uri: String,
    /// Milliseconds.
    pub(crate) timeout: i32,
    /// What is mapped: the path, and headers that are overwritten.
    pub(crate) mapped: BTreeMap<&'static str, Mapped>,
}

/// The right side of a parameter mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mapped {
    /// An expression or a constant without a secret.
    Plain(&'static str),
    /// The credential, as a constant.
    Credential(Credential),
}

impl Mapped {
    /// As AWS gets it.
    pub(crate) fn text(&self) -> zeroize::Zeroizing<String> {
        zeroize::Zeroizing::new(match self {
            Self::Plain(text) => (*text).to_owned(),
            Self::Credential(credential) => format!("'Bearer {}'", credential.reveal()),
        })
    }
}

/// The header that carries the upstream's credential. Always overwritten: the caller's own may hold their key, which
/// the upstream must not see.
pub(crate) const AUTHORIZATION: &str = "integration.request.header.Authorization";
/// HTTP_PROXY passes the caller's key on unless it is overwritten.
pub(crate) const API_KEY: &str = "integration.request.header.x-api-key";
/// A cookie of the upstream's would act for its owner.
pub(crate) const COOKIE: &str = "integration.request.header.Cookie";
/// All callers share the upstream's account, so that one could be given another's answer by it.
pub(crate) const IDEMPOTENCY_KEY: &str = "integration.request.header.Idempotency-Key";
/// What stands in these headers where there is nothing to say.
const NO_CREDENTIAL: &str = "'Bearer none'";
const NOTHING: &str = "'none'";
/// Never the same twice, unlike a constant, and unlike `context.requestId`, which callers may set (API Gateway's
/// developer guide, "Context variables").
const ONE_REQUEST: &str = "context.extendedRequestId";

// `OpenAI-Organization` and `OpenAI-Project` can't be kept from the upstream: a mapping overwrites a header but drops
// none, and OpenAI refuses requests that name an unknown or an empty one ("No such organization"), so that no constant
// is harmless. A key of one project makes them harmless; `warnings` says so.

/// Headers that browsers may send: ours, OpenAI's, and those that its SDKs add to each request. None that Tollgate's
/// own proxy keeps from the upstream.
const ALLOWED_HEADERS: &str = "authorization,content-type,accept,x-api-key,openai-beta,x-stainless-arch,\
    x-stainless-async,x-stainless-custom-poll-interval,x-stainless-lang,x-stainless-os,\
    x-stainless-package-version,x-stainless-poll-helper,x-stainless-raw-response,x-stainless-read-timeout,\
    x-stainless-retry-count,x-stainless-runtime,x-stainless-runtime-version,x-stainless-timeout";

/// Starts the description of our deployments.
pub(crate) const DEPLOYMENT_MARK: &str = "sha256:";

impl Surface {
    /// The surface that the configuration asks for.
    pub(crate) fn of(wanted: &Wanted) -> Self {
        let resources: BTreeSet<String> = wanted.routes.iter().flat_map(Route::resources).map(str::to_owned).collect();
        let mut methods = BTreeMap::new();
        for route in &wanted.routes {
            let id = MethodId { path: route.path.clone(), verb: route.verb.clone() };
            methods.insert(id, Method::Proxy(proxy(wanted, route)));
            let verbs: Vec<&str> =
                wanted.routes.iter().filter(|r| r.path == route.path).map(|r| r.verb.as_str()).collect();
            let preflight = MethodId { path: route.path.clone(), verb: "OPTIONS".to_owned() };
            methods.insert(preflight, Method::Preflight(preflight_headers(&verbs)));
        }
        let mut surface = Self { resources, methods, gateway_responses: gateway_responses::all(), mark: String::new() };
        surface.mark = surface.hash(wanted);
        surface
    }

    /// SHA-256 of all that a deployment fixes. The credential goes in as a digest that was made slowly.
    fn hash(&self, wanted: &Wanted) -> String {
        let digest = wanted.credential.as_ref().map(|credential| credential.digest(&wanted.api_name));
        let methods: Vec<Value> = self
            .methods
            .iter()
            .map(|(id, method)| match method {
                Method::Proxy(proxy) => {
                    let mapped: BTreeMap<&str, Option<&str>> = proxy
                        .mapped
                        .iter()
                        .map(|(name, value)| match value {
                            Mapped::Plain(text) => (*name, Some(*text)),
                            Mapped::Credential(_) => (*name, digest.as_deref()),
                        })
                        .collect();
                    json!([id.path, id.verb, "key", proxy.parameters, proxy.uri, proxy.timeout, "STREAM", mapped])
                }
                Method::Preflight(headers) => json!([id.path, id.verb, "open", headers]),
            })
            .collect();
        let responses: Vec<Value> = self
            .gateway_responses
            .iter()
            .map(|(kind, response)| json!([kind, response.status, response.parameters, response.template]))
            .collect();
        let canonical = json!(["surface 1", "HEADER", methods, responses]).to_string();
        format!("{DEPLOYMENT_MARK}{}", data_encoding::HEXLOWER.encode(&Sha256::digest(canonical.as_bytes())))
    }
}

fn proxy(wanted: &Wanted, route: &Route) -> Proxy {
    let authorization = match &wanted.credential {
        Some(credential) => Mapped::Credential(credential.clone()),
        None => Mapped::Plain(NO_CREDENTIAL),
    };
    let mut mapped = BTreeMap::from([
        (AUTHORIZATION, authorization),
        (API_KEY, Mapped::Plain(NOTHING)),
        (COOKIE, Mapped::Plain(NOTHING)),
        (IDEMPOTENCY_KEY, Mapped::Plain(ONE_REQUEST)),
    ]);
    let mut parameters = BTreeMap::new();
    if route.is_greedy() {
        parameters.insert("method.request.path.proxy", true);
        mapped.insert("integration.request.path.proxy", Mapped::Plain("method.request.path.proxy"));
    }
    let uri = format!("{}{}", wanted.base_url, route.upstream_path());
    let timeout = i32::try_from(wanted.timeout.as_millis()).unwrap_or(i32::MAX);
    Proxy { parameters, uri, timeout, mapped }
}

fn preflight_headers(verbs: &[&str]) -> BTreeMap<&'static str, String> {
    let verbs = if verbs.contains(&"ANY") { "GET,POST,PUT,PATCH,DELETE,HEAD".to_owned() } else { verbs.join(",") };
    BTreeMap::from([
        ("method.response.header.Access-Control-Allow-Origin", "'*'".to_owned()),
        ("method.response.header.Access-Control-Allow-Headers", format!("'{ALLOWED_HEADERS}'")),
        ("method.response.header.Access-Control-Allow-Methods", format!("'{verbs},OPTIONS'")),
        ("method.response.header.Access-Control-Max-Age", "'7200'".to_owned()),
    ])
}

/// The template that makes a MOCK integration answer 200.
pub(crate) const MOCK_TEMPLATE: &str = "{\"statusCode\": 200}";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provision::{samples, wanted::Written};

    fn surface(change: fn(&mut Written)) -> Surface {
        let mut written = samples::written();
        change(&mut written);
        Surface::of(&Wanted::new(written).unwrap())
    }

    #[test]
    fn any_change_of_what_goes_live_changes_the_hash_and_nothing_else_does() {
        let mark = surface(|_| ()).mark;
        assert_eq!(mark.len(), "sha256:".len() + 64);
        assert_eq!(mark, surface(|_| ()).mark);
        assert_eq!(mark, surface(|w| w.plans.truncate(1)).mark, "usage plans need no deployment");
        assert_eq!(mark, surface(|w| w.stage = "other".to_owned()).mark);
        for change in [
            (|w| w.base_url = "https://other.example/v1".to_owned()) as fn(&mut Written),
            |w| w.credential = Some(Credential::new("sk-other")),
            |w| w.credential = None,
            |w| w.timeout = std::time::Duration::from_secs(1),
            |w| w.paths = vec!["POST /v1/chat/completions".to_owned()],
        ] {
            assert_ne!(mark, surface(change).mark);
        }
    }

    #[test]
    fn the_callers_key_never_reaches_the_upstream() {
        for change in [(|_| ()) as fn(&mut Written), |w| w.credential = None] {
            for method in surface(change).methods.values() {
                let Method::Proxy(proxy) = method else { continue };
                assert!(proxy.mapped[AUTHORIZATION].text().starts_with("'Bearer "));
                assert_eq!(*proxy.mapped[API_KEY].text(), "'none'");
            }
        }
    }

    #[test]
    fn browsers_are_not_invited_to_send_what_the_proxy_keeps_from_the_upstream() {
        for header in ["openai-organization", "openai-project", "idempotency-key", "cookie"] {
            assert!(ALLOWED_HEADERS.split(',').all(|allowed| allowed != header), "{header}");
        }
        assert!(ALLOWED_HEADERS.split(',').all(|allowed| allowed.trim() == allowed && !allowed.is_empty()));
    }

    #[test]
    fn every_path_has_a_method_with_a_key_and_a_preflight_without() {
        let surface = surface(|w| {
            w.paths = ["POST /v1/chat/completions", "GET /v1/models"].map(str::to_owned).to_vec();
        });
        let shown: Vec<String> = surface.methods.keys().map(|id| format!("{} {}", id.verb, id.path)).collect();
        assert_eq!(
            shown,
            ["OPTIONS /v1/chat/completions", "POST /v1/chat/completions", "GET /v1/models", "OPTIONS /v1/models"]
        );
        assert_eq!(
            surface.resources.iter().collect::<Vec<_>>(),
            ["/v1", "/v1/chat", "/v1/chat/completions", "/v1/models"]
        );
        for (id, method) in &surface.methods {
            assert_eq!(id.verb == "OPTIONS", matches!(method, Method::Preflight(_)));
        }
    }

    #[test]
    fn debug_output_and_hash_hold_no_credential() {
        let surface = surface(|_| ());
        assert!(!format!("{surface:?}").contains(samples::CREDENTIAL));
    }
}
