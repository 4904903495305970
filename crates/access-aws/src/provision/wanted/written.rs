//! The configuration of the API, as written: not checked yet.

use std::time::Duration;

use access::UsagePlan;

use super::credential::Credential;

/// The configuration, as written.
#[derive(Debug, Clone)]
pub struct Written {
    /// The API's name, by which we know what we own.
    pub api_name: String,
    /// The stage's name.
    pub stage: String,
    /// Paths, such as `/v1/{proxy+}`, or method and path, such as `POST /v1/chat/completions`.
    pub paths: Vec<String>,
    /// The upstream's base URL with its `/v1`.
    pub base_url: String,
    /// The upstream's credential, without `Bearer`.
    pub credential: Option<Credential>,
    /// How long the upstream's whole answer may take; API Gateway allows 15
    /// minutes, which is used where it is more.
    pub timeout: Duration,
    /// The usage plans.
    pub plans: Vec<UsagePlan>,
    /// The models that may be used, and the one for requests that name none: held by Tollgate's own proxy only.
    pub models: Vec<String>,
    /// See [`models`](Self::models).
    pub default_model: Option<String>,
}
