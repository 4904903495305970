//! The control plane: the one way to the SDK, through which every call goes.

mod call;
mod pace;
mod redact;

use std::{
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_config::{BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_apigateway::{
    Client,
    config::{
        interceptors::InterceptorContext,
        retry::{ClassifyRetry, RetryAction},
    },
};
use aws_smithy_http_client::tls;
use tokio::time::Instant;
use zeroize::Zeroizing;

pub(crate) use call::PAGE;
pub(crate) use pace::Pace;

use crate::action::{Action, Role};

/// The SDK's own retries, for throttling, lost connections and failures of AWS.
const TRIES: u32 = 3;
const FIRST_BACKOFF: Duration = Duration::from_millis(200);
const LONGEST_BACKOFF: Duration = Duration::from_secs(2);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Where the control plane is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlSettings {
    /// The region; `None` takes AWS_REGION or the profile's.
    pub region: Option<String>,
    /// Another address than AWS's own, for VPC endpoints and emulators; `None` takes AWS_ENDPOINT_URL if set.
    pub endpoint_url: Option<String>,
    /// How long one try of a call may take.
    pub attempt_timeout: Duration,
}

/// API Gateway's control plane, for one role. Cheap to clone.
#[derive(Clone)]
pub struct Control {
    client: Client,
    client_without_retries: Client,
    role: Role,
    region: String,
    is_local: bool,
    shared: Arc<Shared>,
}

/// What all calls have in common.
struct Shared {
    started: Instant,
    pace: Mutex<Pace>,
    /// The provisioner's calls so far.
    made: Mutex<Vec<Action>>,
    /// What is sent and must not come back in an error.
    secrets: Mutex<Vec<Zeroizing<String>>>,
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").field("role", &self.role).field("region", &self.region).finish_non_exhaustive()
    }
}

/// Why there can be no client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// Without a region nothing can be asked.
    #[error("no AWS region is set: set aws.region or AWS_REGION")]
    NoRegion,
    /// What stands for one isn't one.
    #[error("{0:?} is no AWS region; write it like eu-central-1")]
    BadRegion(String),
    /// Keys' values would travel in clear.
    #[error("AWS_ENDPOINT_URL must start with https://, unless it is on this machine: people's keys travel there")]
    PlainEndpoint,
}

impl Control {
    /// Makes the client. Asks nothing yet: credentials are looked for at the first call, and again when they expire.
    ///
    /// # Errors
    /// When there is no region or it can't be one, or the environment names an address that isn't private.
    pub async fn new(settings: &ControlSettings, role: Role) -> Result<Self, ControlError> {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
            .build_https();
        let attempt = settings.attempt_timeout;
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT.min(attempt))
            .operation_attempt_timeout(attempt)
            .operation_timeout(attempt * (TRIES + 1))
            .build();
        let retries = RetryConfig::standard()
            .with_max_attempts(TRIES)
            .with_initial_backoff(FIRST_BACKOFF)
            .with_max_backoff(LONGEST_BACKOFF);
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(http)
            .retry_config(retries)
            .timeout_config(timeouts);
        if let Some(region) = &settings.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(url) = &settings.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        let config = loader.load().await;
        let region = config.region().ok_or(ControlError::NoRegion)?.to_string();
        if !region.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-') {
            return Err(ControlError::BadRegion(region));
        }
        let is_local = config.endpoint_url().is_some_and(is_loopback);
        if !is_local && config.endpoint_url().is_some_and(|url| !url.starts_with("https://")) {
            return Err(ControlError::PlainEndpoint);
        }
        let (pace, made, secrets) = (Mutex::default(), Mutex::default(), Mutex::default());
        let shared = Arc::new(Shared { started: Instant::now(), pace, made, secrets });
        let config = aws_sdk_apigateway::config::Builder::from(&config).retry_classifier(FullIsFull);
        let client = Client::from_conf(config.clone().build());
        let client_without_retries = Client::from_conf(config.retry_config(RetryConfig::disabled()).build());
        Ok(Self { client, client_without_retries, role, region, is_local, shared })
    }

    /// The region.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Whether an emulator on this machine answers, which has none of AWS's rate limits.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.is_local
    }
}

/// A limit of the account, which AWS reports as a 429 like one that passes: trying again would only cost calls.
#[derive(Debug)]
struct FullIsFull;

impl ClassifyRetry for FullIsFull {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let kind = context.response().and_then(|response| response.headers().get("x-amzn-errortype"));
        match kind {
            Some(kind) if kind.starts_with("LimitExceededException") => RetryAction::RetryForbidden,
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "an account's limit"
    }
}

fn is_loopback(url: &str) -> bool {
    let host = url.split("://").nth(1).unwrap_or(url).split('/').next().unwrap_or_default();
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_where_others_can_read_along_is_refused() {
        let settings = |url: &str| ControlSettings {
            region: Some("us-east-1".to_owned()),
            endpoint_url: Some(url.to_owned()),
            attempt_timeout: Duration::from_secs(1),
        };
        let refused = Control::new(&settings("http://gateway.example"), Role::Server).await.unwrap_err();
        assert_eq!(refused, ControlError::PlainEndpoint);
        assert!(Control::new(&settings("https://gateway.example"), Role::Server).await.is_ok());
        assert!(Control::new(&settings("http://127.0.0.1:1"), Role::Server).await.is_ok());
    }

    #[test]
    fn only_this_machine_is_this_machine() {
        for url in ["http://127.0.0.1:4566", "http://localhost/x", "http://[::1]:1", "127.0.0.2"] {
            assert!(is_loopback(url), "{url}");
        }
        for url in ["http://127.evil.example", "http://localhost.example", "https://10.0.0.1", "http://[::2]"] {
            assert!(!is_loopback(url), "{url}");
        }
    }
}
