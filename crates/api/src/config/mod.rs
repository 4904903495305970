//! The configuration: its sections, defaults and bounds. `load.rs` reads it, `plans.rs` checks the plans.

mod aws;
mod cors;
mod error;
mod load;
mod page;
mod plans;
mod postgres;
mod public_url;
mod sign_up;
mod tls;
mod values;

use std::{net::SocketAddr, path::PathBuf};

use access::UsagePlan;
use api_types::limits::{CHAT_BODY_LARGEST_MAX_BYTES, CHAT_BODY_MAX_BYTES};
use serde::Deserialize;
use validator::Validate;

pub use aws::AwsConfig;
pub use cors::{AllowedOrigins, CorsConfig};
pub use error::ConfigError;
pub use load::{Environment, Overrides, SOCKET_ADDRESS, load, load_for_migration, load_without_backend};
pub use page::{Accent, PageConfig};
pub use plans::default_plans;
pub use postgres::PostgresConfig;
pub use public_url::PublicUrl;
pub use sign_up::{Domain, SignUpConfig};
pub use tls::TlsConfig;
pub use values::{BaseUrl, Seconds, Secret};

use crate::{base_path::BasePath, source::Network};

/// Longest pause between two words of the demo model.
const DEMO_PACE_MAX_MS: u64 = 60_000;

/// Everything that can be configured, checked.
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where plans and keys live.
    pub backend: BackendName,
    /// Where we listen and how we are reached.
    #[validate(nested)]
    pub server: ServerConfig,
    /// A certificate of our own.
    pub tls: TlsConfig,
    /// What is logged, and how.
    pub log: LogConfig,
    /// The embedded backend.
    pub embedded: EmbeddedConfig,
    /// Postgres.
    #[validate(nested)]
    pub postgres: PostgresConfig,
    /// Amazon API Gateway.
    #[validate(nested)]
    pub aws: AwsConfig,
    /// Where requests go.
    #[validate(nested)]
    pub upstream: UpstreamConfig,
    /// Limits on sign-up, sign-in and keys.
    #[validate(nested)]
    pub accounts: AccountsConfig,
    /// Who may make an account.
    pub sign_up: SignUpConfig,
    /// Bounds on requests.
    #[validate(nested)]
    pub limits: LimitsConfig,
    /// Pages of other origins.
    pub cors: CorsConfig,
    /// How the page looks.
    #[validate(nested)]
    pub page: PageConfig,
    /// The usage plans, in the order shown.
    #[serde(deserialize_with = "plans::deserialize")]
    pub plans: Vec<UsagePlan>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            backend: BackendName::default(),
            server: ServerConfig::default(),
            tls: TlsConfig::default(),
            log: LogConfig::default(),
            embedded: EmbeddedConfig::default(),
            postgres: PostgresConfig::default(),
            aws: AwsConfig::default(),
            upstream: UpstreamConfig::default(),
            accounts: AccountsConfig::default(),
            sign_up: SignUpConfig::default(),
            limits: LimitsConfig::default(),
            cors: CorsConfig::default(),
            page: PageConfig::default(),
            plans: default_plans(),
        }
    }
}

impl Config {
    /// Where people reach us, without a slash at its end.
    #[must_use]
    pub fn place(&self) -> String {
        match &self.server.public_url {
            Some(url) => format!("{}{}", url.origin, url.path.join("")),
            None => self.local_place(),
        }
    }

    /// Where whoever is on this machine reaches us: not by `public_url`.
    #[must_use]
    pub fn local_place(&self) -> String {
        let (scheme, listen) = (if self.tls.files().is_some() { "https" } else { "http" }, self.server.listen);
        if listen.ip().is_unspecified() {
            format!("{scheme}://127.0.0.1:{}", listen.port())
        } else {
            format!("{scheme}://{listen}")
        }
    }

    /// By which of `http` and `https` people reach us.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        if self.is_https() { "https" } else { "http" }
    }

    /// Whether people reach us by https: through a proxy that speaks it, or with a certificate of our own.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.tls.files().is_some() || self.server.public_url.as_ref().is_some_and(|url| url.is_https)
    }
}

/// Where plans and keys live.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BackendName {
    /// In our own SQLite file.
    #[default]
    Embedded,
    /// In a Postgres that any number of replicas share.
    Postgres,
    /// In Amazon API Gateway. Accounts, and rows about those keys, stay in our file.
    Aws,
}

impl BackendName {
    /// Whether something of it lies in the data folder.
    #[must_use]
    pub fn uses_the_data_folder(self) -> bool {
        match self {
            Self::Embedded | Self::Aws => true,
            Self::Postgres => false,
        }
    }

    /// Whether this backend is a gate that requests pass on their way upstream.
    #[must_use]
    pub fn stands_before_the_upstream(self) -> bool {
        match self {
            Self::Embedded | Self::Postgres => false,
            Self::Aws => true,
        }
    }
}

/// `[server]`
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Folder of the database and the session key.
    pub data_dir: PathBuf,
    /// Where people reach us, when a proxy stands in front.
    pub public_url: Option<PublicUrl>,
    /// Who may name the caller's address in `X-Forwarded-For`.
    pub trusted_proxies: Vec<Network>,
    /// How long a connection without a request stays open.
    #[serde(rename = "keep_alive_seconds")]
    pub keep_alive: Seconds,
    /// How long a caller's connection may take nothing of what we send before it counts as gone.
    #[serde(rename = "peer_timeout_seconds")]
    pub peer_timeout: Seconds,
    /// How long open streams may go on after SIGTERM.
    #[serde(rename = "shutdown_grace_seconds")]
    pub shutdown_grace: Seconds,
    /// The key that signs sessions, at least 32 characters, or `hex:` and the 64 digits of one that was made in a data
    /// folder; left out, one is made there.
    #[validate(length(min = 32, message = "must have at least 32 characters"))]
    pub session_key: Option<Secret>,
    /// The key of owners' digests, in the same forms.
    #[validate(length(min = 32, message = "must have at least 32 characters"))]
    pub owner_key: Option<Secret>,
    /// Whether `/metrics` answers callers from elsewhere too.
    pub metrics_public: bool,
    /// Where `/metrics` answers everybody, and nowhere else then.
    pub metrics_listen: Option<SocketAddr>,
    /// Folder of the page's files, instead of those inside the binary.
    pub page_dir: Option<PathBuf>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8000)),
            data_dir: PathBuf::from("tollgate-data"),
            public_url: None,
            trusted_proxies: Vec::new(),
            // Longer than nginx and AWS's load balancers keep an idle connection, 60 seconds: whoever closes first must be
            // the one that sends the next request, or that request meets a closed door.
            keep_alive: Seconds::of(75),
            peer_timeout: Seconds::of(120),
            shutdown_grace: Seconds::of(30),
            session_key: None,
            owner_key: None,
            metrics_public: false,
            metrics_listen: None,
            page_dir: None,
        }
    }
}

impl ServerConfig {
    /// What the paths of all that we serve begin with.
    #[must_use]
    pub fn base_path(&self) -> &BasePath {
        self.public_url.as_ref().map_or(BasePath::ROOT, |url| &url.path)
    }
}

/// `[log]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// For people or for programs.
    pub format: LogFormat,
    /// A `tracing` filter, such as `info` or `info,api=debug`.
    pub level: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: "info".to_owned() }
    }
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object per line.
    Json,
}

/// `[embedded]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EmbeddedConfig {
    /// What the counters survive.
    pub synchronous: Synchronous,
}

/// How hard a count is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Synchronous {
    /// Survives a killed process.
    #[default]
    Normal,
    /// Survives a power cut; costs a flush per admission.
    Full,
}

/// `[upstream]`
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct UpstreamConfig {
    /// Base URL with its `/v1`, as in OpenAI's SDKs. Without one the demo model answers.
    pub base_url: Option<BaseUrl>,
    /// The credential that the upstream gets as a bearer token.
    pub api_key: Option<Secret>,
    /// A file that holds the credential.
    pub api_key_file: Option<PathBuf>,
    /// The model for requests that name none.
    pub default_model: Option<String>,
    /// The models that may be used; empty is all.
    pub models: Vec<String>,
    /// Bound on connecting.
    #[serde(rename = "connect_timeout_seconds")]
    pub connect_timeout: Seconds,
    /// Bound on waiting for the upstream's answer to begin.
    #[serde(rename = "first_byte_timeout_seconds")]
    pub first_byte_timeout: Seconds,
    /// Bound on silence in mid-answer.
    #[serde(rename = "idle_timeout_seconds")]
    pub idle_timeout: Seconds,
    /// Bound on the whole request.
    #[serde(rename = "total_timeout_seconds")]
    pub total_timeout: Seconds,
    /// Silence after which a heartbeat comment goes to the caller.
    #[serde(rename = "heartbeat_seconds")]
    pub heartbeat: Seconds,
    /// Whether all callers may name what the upstream keeps, whoever's answer named it.
    pub shared_state: bool,
    /// Pause between two words of the demo model.
    #[validate(range(max = DEMO_PACE_MAX_MS, message = "must be from 0 to 60000"))]
    pub demo_pace_ms: u64,
}

impl Default for UpstreamConfig {
    fn default() -> Self {
        Self {
            base_url: None,
            api_key: None,
            api_key_file: None,
            default_model: None,
            models: Vec::new(),
            connect_timeout: Seconds::of(10),
            first_byte_timeout: Seconds::of(600),
            idle_timeout: Seconds::of(300),
            total_timeout: Seconds::of(3600),
            heartbeat: Seconds::of(15),
            shared_state: false,
            demo_pace_ms: 40,
        }
    }
}

/// `[accounts]`
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct AccountsConfig {
    /// Most keys of an account; left out, one on every plan.
    #[validate(range(min = 1, message = "must be at least 1; leave it out for one on every plan"))]
    pub max_subscriptions: Option<u32>,
    /// Sign-ups per hour and source.
    pub sign_ups_per_hour: u32,
    /// Failed sign-ins in five minutes per source and account.
    pub failed_sign_ins: u32,
    /// Failed sign-ins in five minutes per source.
    pub failed_sign_ins_per_source: u32,
    /// Wrong API keys in five minutes per source.
    pub failed_keys_per_source: u32,
}

impl Default for AccountsConfig {
    fn default() -> Self {
        Self {
            max_subscriptions: None,
            sign_ups_per_hour: 5,
            failed_sign_ins: 10,
            failed_sign_ins_per_source: 50,
            failed_keys_per_source: 100,
        }
    }
}

/// `[limits]`
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Largest request body under `/v1`, in bytes.
    #[validate(range(min = 1, max = CHAT_BODY_LARGEST_MAX_BYTES, message = "must be from 1 to 1073741824"))]
    pub chat_body_max_bytes: usize,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self { chat_body_max_bytes: CHAT_BODY_MAX_BYTES }
    }
}
