//! `[aws]`: Amazon API Gateway as the backend, and the API that `tollgate aws apply` makes there.

use std::time::Duration;

use serde::Deserialize;

use super::{BaseUrl, ConfigError, Seconds};

/// Longest time for which what was changed in AWS's console may go unnoticed.
const AWS_REFRESH_MAX: Duration = Duration::from_secs(60);

/// `[aws]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AwsConfig {
    /// The region; left out, AWS_REGION or the profile's.
    pub region: Option<String>,
    /// Another address of the control plane than AWS's own: a VPC endpoint, an emulator.
    pub endpoint_url: Option<BaseUrl>,
    /// Bound on one try of a call of the control plane.
    #[serde(rename = "request_timeout_seconds")]
    pub request_timeout: Seconds,
    /// How often plans and keys are read again, to notice what was changed in the console; at most a minute.
    #[serde(rename = "refresh_seconds")]
    pub refresh: Seconds,
    /// The API's id, for the server.
    pub api_id: Option<String>,
    /// The stage's name.
    pub stage: String,
    /// The stage's invoke URL with its `/v1`, for the server.
    pub invoke_url: Option<BaseUrl>,
    /// The API's name, by which `tollgate aws` knows what it owns.
    pub api_name: String,
    /// What `tollgate aws apply` lets through: `/v1/{proxy+}`, or method and path, such as `POST /v1/chat/completions`.
    pub paths: Vec<String>,
}

impl Default for AwsConfig {
    fn default() -> Self {
        Self {
            region: None,
            endpoint_url: None,
            request_timeout: Seconds::of(5),
            refresh: Seconds::of(50),
            api_id: None,
            stage: "live".to_owned(),
            invoke_url: None,
            api_name: "tollgate".to_owned(),
            paths: vec!["/v1/{proxy+}".to_owned()],
        }
    }
}

impl AwsConfig {
    /// What a server of this backend can't do without.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let error = |place: &str, detail: &str| Err(ConfigError { place: place.to_owned(), detail: detail.to_owned() });
        let Some(api_id) = &self.api_id else {
            return error(
                "aws.api_id",
                "name the API that this server stands before; `tollgate aws status` shows its id",
            );
        };
        let Some(url) = &self.invoke_url else {
            return error("aws.invoke_url", "set the stage's address with its /v1; `tollgate aws status` shows it");
        };
        if !url.is_private() {
            return error("aws.invoke_url", "must start with https://, since people's keys travel there");
        }
        // API Gateway's own addresses tell API and stage; a domain of one's own doesn't.
        if let Some((host, path)) = url.as_str().trim_start_matches("https://").split_once('/')
            && let Some((id, _)) = host.split_once(".execute-api.")
        {
            if id != api_id {
                return error("aws.invoke_url", "leads to another API than aws.api_id names");
            }
            if path.split('/').next() != Some(&self.stage) {
                let detail = format!("must go on with the stage, /{}, before /v1", self.stage);
                return error("aws.invoke_url", &detail);
            }
        }
        if self.refresh.0 > AWS_REFRESH_MAX {
            return error("aws.refresh_seconds", "must be at most 60");
        }
        Ok(())
    }
}
