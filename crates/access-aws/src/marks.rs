//! The marks by which the provisioner, the server and people in the console know what is Tollgate's in an AWS account.

use sha2::{Digest, Sha256};

/// Tag on everything that Tollgate makes, with [`MANAGED_BY`] as its value.
pub const TAG_MANAGED_BY: &str = "managed-by";
/// The value of [`TAG_MANAGED_BY`].
pub const MANAGED_BY: &str = "tollgate";
/// Tag with the configured name of the API that a thing belongs to.
pub const TAG_API: &str = "tollgate:api";
/// Tag of a usage plan: the digest of its configured name, since tags take fewer characters than names.
pub const TAG_PLAN: &str = "tollgate:plan-id";
/// Tag of a key that is nobody's account: whose it is.
pub const TAG_OWNER: &str = "tollgate:owner";
/// The value of [`TAG_OWNER`] on the key that `tollgate aws apply --operator-key` makes.
pub const OPERATOR: &str = "operator";

/// Start of a usage plan's description that has left the configuration: its keys go on working, new ones aren't made.
pub const NO_NEW_KEYS: &str = "[no new keys] ";

/// Response header of every answer that API Gateway itself gives in our API, so that it can be told from an upstream's.
pub const REFUSAL_HEADER: &str = "x-tollgate-refusal";

/// Values of [`REFUSAL_HEADER`].
pub mod refusal {
    /// No key, or one that is unknown, disabled, or in no plan of the stage.
    pub const INVALID_API_KEY: &str = "invalid_api_key";
    /// The plan's quota is used up.
    pub const QUOTA: &str = "quota";
    /// Requests come faster than the plan allows.
    pub const THROTTLE: &str = "throttle";
    /// No such path or method.
    pub const ROUTE: &str = "route";
    /// A firewall or an authorizer in front of the API refused.
    pub const DENIED: &str = "denied";
    /// The request is larger than API Gateway takes.
    pub const TOO_LARGE: &str = "too_large";
    /// The upstream couldn't be reached.
    pub const UPSTREAM_FAILED: &str = "upstream_failed";
    /// The upstream didn't answer in time.
    pub const UPSTREAM_TIMEOUT: &str = "upstream_timeout";
    /// Any other refusal of API Gateway.
    pub const OTHER: &str = "other";
    /// A fault of API Gateway or of the API's configuration.
    pub const FAULT: &str = "fault";
}

/// The tags of everything that belongs to the API of this name.
#[must_use]
pub fn tags(api_name: &str) -> [(&'static str, String); 2] {
    [(TAG_MANAGED_BY, MANAGED_BY.to_owned()), (TAG_API, api_name.to_owned())]
}

/// What the names of all keys of the API of this name start with.
#[must_use]
pub fn key_name_prefix(api_name: &str) -> String {
    format!("tollgate/{api_name}/")
}

/// The value of [`TAG_PLAN`] for a plan of this name.
#[must_use]
pub fn plan_tag(plan_name: &str) -> String {
    let digest = Sha256::digest(plan_name.as_bytes());
    data_encoding::HEXLOWER.encode(&digest[..8])
}
