//! What this installation is and promises, as `GET /about` tells the page.

use serde::{Deserialize, Serialize};

/// Answer of `GET /about`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(
    feature = "openapi",
    schema(example = json!({
        "version": "0.1.0", "backend": "embedded",
        "promises": {
            "quota": "exact", "survives": "process_kill", "fair_charge": true, "reset_known": true, "key_at_rest": "digest"
        },
        "upstream": {"kind": "demo", "model": "tollgate-demo"}, "sign_up": "open", "sign_up_domains": []
    }))
)]
pub struct About {
    /// The server's version.
    pub version: String,
    /// Which backend keeps plans and keys.
    pub backend: String,
    /// What that backend keeps to.
    pub promises: Promises,
    /// Where requests go.
    pub upstream: UpstreamInfo,
    /// Who may make an account.
    pub sign_up: SignUpMode,
    /// Whose addresses may, where `sign_up` is `domains`; empty else.
    pub sign_up_domains: Vec<String>,
}

/// Who may make an account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SignUpMode {
    /// Everybody.
    #[default]
    Open,
    /// Whoever has an address of one of the domains.
    Domains,
    /// Whoever is invited.
    Invite,
    /// Everybody; keys come after an operator's approval.
    Approval,
    /// Nobody.
    Closed,
}

/// What answers the requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", try_from = "UpstreamFields")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum UpstreamInfo {
    /// The built-in demo model.
    #[cfg_attr(feature = "openapi", schema(title = "DemoUpstream"))]
    Demo {
        /// The model's name.
        model: String,
    },
    /// An OpenAI-compatible server.
    #[cfg_attr(feature = "openapi", schema(title = "ConfiguredUpstream"))]
    Configured {
        /// The model used when a request names none.
        #[cfg_attr(feature = "openapi", schema(required))]
        default_model: Option<String>,
    },
}

/// The fields of both kinds; the page reads them all and then looks at the kind.
#[derive(Deserialize)]
struct UpstreamFields {
    kind: UpstreamKind,
    model: Option<String>,
    default_model: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum UpstreamKind {
    Demo,
    Configured,
}

impl TryFrom<UpstreamFields> for UpstreamInfo {
    type Error = &'static str;

    fn try_from(from: UpstreamFields) -> Result<Self, Self::Error> {
        match from.kind {
            UpstreamKind::Demo => Ok(Self::Demo { model: from.model.ok_or("the demo model's name is missing")? }),
            UpstreamKind::Configured => Ok(Self::Configured { default_model: from.default_model }),
        }
    }
}

/// What a backend keeps, said plainly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Promises {
    /// How strictly quota and throttle hold.
    pub quota: QuotaPromise,
    /// What a counted request survives.
    pub survives: Survival,
    /// Whether a failed request's charge is given back.
    pub fair_charge: bool,
    /// Whether the reset time is known.
    pub reset_known: bool,
    /// How a key's value is stored.
    pub key_at_rest: KeyAtRest,
}

/// How strictly a quota holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum QuotaPromise {
    /// Never one over, never one under.
    Exact,
    /// About that many.
    BestEffort,
}

/// What a counted request survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Survival {
    /// A killed process; a power cut may lose the last few counts.
    ProcessKill,
    /// A power cut too.
    PowerCut,
    /// Another service's promise.
    Provider,
}

/// How a key's value is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum KeyAtRest {
    /// As SHA-256: nobody can read it.
    Digest,
    /// In clear, readable by the provider's console users.
    Clear,
}
