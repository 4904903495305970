//! `[aws]`: Amazon API Gateway as the backend, and the API that `tollgate aws apply` makes there.

use serde::Deserialize;
use validator::Validate;

use super::{BaseUrl, ConfigError, Seconds};

/// What Tollgate's own proxy serves. All of `/v1` would open the upstream's whole account, with its files and stored
/// answers, to everybody with a key.
const PATHS: [&str; 5] = [
    "POST /v1/chat/completions",
    "POST /v1/completions",
    "POST /v1/embeddings",
    "POST /v1/responses",
    "GET /v1/models",
];
/// Longest time for which what was changed in AWS's console may go unnoticed.
const AWS_REFRESH_MAX: Seconds = Seconds::of(60);

/// `[aws]`
#[derive(Debug, Clone, Deserialize, Validate)]
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
    #[validate(range(max = AWS_REFRESH_MAX, message = "must be at most 60"))]
    pub refresh_seconds: Seconds,
    /// The API's id, for the server.
    pub api_id: Option<String>,
    /// The stage's name.
    pub stage: String,
    /// The stage's invoke URL with its `/v1`, for the server.
    pub invoke_url: Option<BaseUrl>,
    /// The API's name, by which `tollgate aws` knows what it owns.
    pub api_name: String,
    /// What `tollgate aws apply` lets through: method and path, such as `POST /v1/chat/completions`, or `/v1/{proxy+}`
    /// for all.
    pub paths: Vec<String>,
}

impl Default for AwsConfig {
    fn default() -> Self {
        Self {
            region: None,
            endpoint_url: None,
            request_timeout: Seconds::of(5),
            refresh_seconds: Seconds::of(50),
            api_id: None,
            stage: "live".to_owned(),
            invoke_url: None,
            api_name: "tollgate".to_owned(),
            paths: PATHS.map(str::to_owned).to_vec(),
        }
    }
}

impl AwsConfig {
    /// What holds for whoever calls the control plane, the server or `tollgate aws`.
    pub(crate) fn check_endpoint(&self) -> Result<(), ConfigError> {
        if self.endpoint_url.as_ref().is_some_and(|url| !url.is_private()) {
            return error(
                "aws.endpoint_url",
                "must start with https://, since people's keys and the upstream's credential travel there",
            );
        }
        Ok(())
    }

    /// What a server of this backend can't do without.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.check_endpoint()?;
        let Some(api_id) = &self.api_id else {
            return error(
                "aws.api_id",
                "name the API in API Gateway: `tollgate aws apply` makes it, `tollgate aws status` shows its id",
            );
        };
        let Some(url) = &self.invoke_url else {
            return error(
                "aws.invoke_url",
                "set the stage's address with its /v1: `tollgate aws apply` and `tollgate aws status` show it",
            );
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
        Ok(())
    }
}

fn error(place: &str, detail: &str) -> Result<(), ConfigError> {
    Err(ConfigError { place: place.to_owned(), detail: detail.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(text: &str) -> AwsConfig {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn only_what_tollgate_serves_is_open_unless_more_is_asked_for() {
        let paths = AwsConfig::default().paths;
        assert!(!paths.is_empty() && paths.iter().all(|path| !path.contains("{proxy+}")), "{paths:?}");
    }

    #[test]
    fn keys_and_credential_travel_in_clear_on_this_machine_only() {
        for url in ["http://apigateway.example.com", "http://10.1.2.3:4566", "http://emulator:4566"] {
            let refused = from(&format!("endpoint_url = \"{url}\"")).check_endpoint().unwrap_err();
            assert_eq!(refused.place, "aws.endpoint_url");
        }
        for url in
            ["https://vpce-1.apigateway.eu-central-1.vpce.amazonaws.com", "http://127.0.0.1:5000", "http://[::1]:1"]
        {
            from(&format!("endpoint_url = \"{url}\"")).check_endpoint().unwrap();
        }
        AwsConfig::default().check_endpoint().unwrap();
    }
}
