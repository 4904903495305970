//! The configuration: its sections, defaults and bounds. `load.rs` reads it, `plans.rs` checks the plans.

mod load;
mod plans;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use access::UsagePlan;
use api_types::limits::CHAT_BODY_MAX_BYTES;
use serde::{Deserialize, Deserializer, de::Error as _};

pub use load::{ConfigError, Environment, Overrides, load};
pub use plans::default_plans;

use crate::source::Network;

/// Everything that can be configured, checked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where we listen and how we are reached.
    pub server: ServerConfig,
    /// What is logged, and how.
    pub log: LogConfig,
    /// The embedded backend.
    pub embedded: EmbeddedConfig,
    /// Where requests go.
    pub upstream: UpstreamConfig,
    /// Limits on sign-up, sign-in and keys.
    pub accounts: AccountsConfig,
    /// Bounds on requests.
    pub limits: LimitsConfig,
    /// The usage plans, in the order shown.
    #[serde(deserialize_with = "plans::deserialize")]
    pub plans: Vec<UsagePlan>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            server: ServerConfig::default(),
            log: LogConfig::default(),
            embedded: EmbeddedConfig::default(),
            upstream: UpstreamConfig::default(),
            accounts: AccountsConfig::default(),
            limits: LimitsConfig::default(),
            plans: default_plans(),
        }
    }
}

/// `[server]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Folder of the database and the session key.
    pub data_dir: PathBuf,
    /// Scheme and host under which people reach us, where a proxy stands in front.
    pub public_url: Option<PublicUrl>,
    /// Who may name the caller's address in `X-Forwarded-For`.
    pub trusted_proxies: Vec<Network>,
    /// How long a caller's connection may take nothing of what we send before it counts as gone.
    #[serde(rename = "peer_timeout_seconds")]
    pub peer_timeout: Seconds,
    /// How long open streams may go on after SIGTERM.
    #[serde(rename = "shutdown_grace_seconds")]
    pub shutdown_grace: Seconds,
    /// The key that signs sessions, at least 32 characters; left out, one is made in the data folder.
    pub session_key: Option<Secret>,
    /// Whether `/metrics` answers callers from elsewhere too.
    pub metrics_public: bool,
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
            peer_timeout: Seconds::of(120),
            shutdown_grace: Seconds::of(30),
            session_key: None,
            metrics_public: false,
            page_dir: None,
        }
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
#[derive(Debug, Clone, Deserialize)]
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
    /// Pause between two words of the demo model.
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
            demo_pace_ms: 40,
        }
    }
}

/// `[accounts]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccountsConfig {
    /// Most keys of an account; left out, one on every plan.
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
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Largest request body under `/v1`, in bytes.
    pub chat_body_max_bytes: usize,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self { chat_body_max_bytes: CHAT_BODY_MAX_BYTES }
    }
}

/// A span of time, configured as a number of seconds above 0 and at most a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seconds(pub Duration);

impl Seconds {
    const fn of(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(from)?;
        if seconds > 0.0 && seconds <= 86_400.0 {
            Ok(Self(Duration::from_secs_f64(seconds)))
        } else {
            Err(D::Error::custom("must be a number of seconds above 0 and at most 86400"))
        }
    }
}

/// A credential; shown to nobody.
#[derive(Clone)]
pub struct Secret(zeroize::Zeroizing<String>);

impl Secret {
    /// A credential from its text, trimmed.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(zeroize::Zeroizing::new(text.trim().to_owned()))
    }

    /// The credential, to be sent.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = zeroize::Zeroizing::new(String::deserialize(from)?);
        let secret = Self::new(&text);
        if secret.0.is_empty() || !secret.0.bytes().all(|c| c.is_ascii_graphic()) {
            return Err(D::Error::custom("must be a credential without spaces or line breaks"));
        }
        Ok(secret)
    }
}

/// The upstream's base URL: http or https, no credentials, query or fragment, no slash at its end.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl(url::Url);

impl BaseUrl {
    /// OpenAI's own API.
    ///
    /// # Panics
    /// Never: the text is a URL.
    #[must_use]
    pub fn openai() -> Self {
        Self(url::Url::parse("https://api.openai.com/v1").expect("a literal URL"))
    }

    /// Whether it is OpenAI's own host, over https.
    #[must_use]
    pub fn is_openai(&self) -> bool {
        self.0.scheme() == "https" && self.0.host_str() == Some("api.openai.com")
    }

    /// The URL, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }
}

impl std::fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Reads a URL of ours or of the upstream, without what could hide a secret or a second meaning.
fn plain_url<E: serde::de::Error>(text: &str) -> Result<url::Url, E> {
    let wrong = || E::custom("must be a URL like https://api.openai.com/v1");
    let url = url::Url::parse(text).map_err(|_| wrong())?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(wrong());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(E::custom("must not hold a credential; use upstream.api_key"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(E::custom("must not have a query or a fragment"));
    }
    Ok(url)
}

impl<'de> Deserialize<'de> for BaseUrl {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        plain_url(&String::deserialize(from)?).map(Self)
    }
}

/// Scheme and host under which people reach the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    /// Without a slash at its end, as a browser's `Origin` says it.
    pub origin: String,
    /// Whether it is https, so that cookies are marked `Secure`.
    pub is_https: bool,
}

impl<'de> Deserialize<'de> for PublicUrl {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let url = plain_url::<D::Error>(&String::deserialize(from)?)?;
        if url.path() != "/" {
            return Err(D::Error::custom("must be scheme and host only, like https://llm.example.com"));
        }
        Ok(Self { origin: url.origin().ascii_serialization(), is_https: url.scheme() == "https" })
    }
}
