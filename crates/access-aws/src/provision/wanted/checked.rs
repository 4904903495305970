//! What the configuration asks for, checked: an API in front of one upstream, and its usage plans.

use std::time::Duration;

use access::UsagePlan;

use super::{
    credential::Credential,
    routes::{Route, RouteError},
    upstream_host::host_of,
    warnings,
    written::Written,
};

/// Most usage plans of an account and region (API Gateway quotas).
const PLANS_MAX: usize = 300;
/// Longest value of a tag (AWS tagging restrictions), in characters; the API's name is one.
const API_NAME_MAX: usize = 256;
/// Longest stage name, in characters (`CreateStage`).
const STAGE_NAME_MAX: usize = 128;
/// Bounds of an integration's `timeoutInMillis` when the answer is streamed (`PutIntegration`).
const TIMEOUT_MIN: Duration = Duration::from_millis(50);
const TIMEOUT_MAX: Duration = Duration::from_secs(900);

/// What shall be there; can't be wrong.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub(crate) api_name: String,
    pub(crate) stage: String,
    pub(crate) routes: Vec<Route>,
    pub(crate) base_url: String,
    pub(crate) credential: Option<Credential>,
    pub(crate) timeout: Duration,
    pub(crate) plans: Vec<UsagePlan>,
    warnings: Vec<String>,
}

/// The configuration asks for something that API Gateway doesn't do: which key, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {detail}")]
pub struct WantedError {
    /// The key of the configuration.
    pub field: &'static str,
    /// The rule.
    pub detail: String,
}

impl Wanted {
    /// Checks the configuration.
    ///
    /// # Errors
    /// The first thing that API Gateway wouldn't take.
    pub fn new(written: Written) -> Result<Self, WantedError> {
        let wrong = |field, detail: String| Err(WantedError { field, detail });
        let warnings = warnings::of(&written);
        let Written { api_name, stage, paths, base_url, credential, timeout, plans, .. } = written;
        if api_name.is_empty()
            || api_name.len() > API_NAME_MAX
            || !api_name.bytes().all(|c| c.is_ascii_alphanumeric() || b"+-=._".contains(&c))
        {
            return wrong("aws.api_name", format!("use 1 to {API_NAME_MAX} letters, digits and + - = . _"));
        }
        if stage.is_empty()
            || stage.len() > STAGE_NAME_MAX
            || !stage.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_".contains(&c))
        {
            return wrong("aws.stage", format!("use 1 to {STAGE_NAME_MAX} letters, digits, - and _"));
        }
        let routes =
            Route::parse_all(&paths).map_err(|RouteError(detail)| WantedError { field: "aws.paths", detail })?;
        if host_of(&base_url).is_none() {
            return wrong("upstream.base_url", "must be a URL like https://api.openai.com/v1".to_owned());
        }
        if let Some(credential) = &credential
            // Parameter mapping writes constants between single quotes and knows no escape for one.
            && (credential.reveal().contains('\'') || !credential.reveal().bytes().all(|c| c.is_ascii_graphic()))
        {
            return wrong("upstream.api_key", "API Gateway can't send a credential with quotes or spaces".to_owned());
        }
        if timeout < TIMEOUT_MIN {
            return wrong("upstream.total_timeout_seconds", "must be at least 0.05 for API Gateway".to_owned());
        }
        if plans.is_empty() || plans.len() > PLANS_MAX {
            return wrong("plans", format!("API Gateway takes 1 to {PLANS_MAX} usage plans"));
        }
        let base_url = base_url.trim_end_matches('/').to_owned();
        let timeout = timeout.min(TIMEOUT_MAX);
        Ok(Self { api_name, stage, routes, base_url, credential, timeout, plans, warnings })
    }

    /// What is allowed but likely not meant, one sentence each.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The API's name, which is asked for before all is destroyed.
    #[must_use]
    pub fn api_name(&self) -> &str {
        &self.api_name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provision::samples;

    #[test]
    fn what_api_gateway_would_refuse_is_refused_first() {
        let field = |change: fn(&mut Written)| {
            let mut written = samples::written();
            change(&mut written);
            Wanted::new(written).unwrap_err().field
        };
        assert_eq!(field(|w| w.api_name = "my api".to_owned()), "aws.api_name");
        assert_eq!(field(|w| w.stage = "live/2".to_owned()), "aws.stage");
        assert_eq!(field(|w| w.paths = vec!["v1".to_owned()]), "aws.paths");
        assert_eq!(field(|w| w.base_url = "https://x.example/{proxy}".to_owned()), "upstream.base_url");
        assert_eq!(field(|w| w.credential = Some(Credential::new("a'b"))), "upstream.api_key");
        assert_eq!(field(|w| w.timeout = Duration::from_millis(49)), "upstream.total_timeout_seconds");
        assert_eq!(field(|w| w.plans = Vec::new()), "plans");
        assert_eq!(field(|w| w.plans = std::iter::repeat_n(w.plans[0].clone(), 301).collect()), "plans");
    }

    #[test]
    fn a_timeout_above_what_api_gateway_allows_is_the_most_that_it_allows() {
        let long = Written { timeout: Duration::from_secs(3600), ..samples::written() };
        assert_eq!(Wanted::new(long).unwrap().timeout, TIMEOUT_MAX);
    }

    #[test]
    fn debug_output_shows_no_credential() {
        let shown = format!("{:?}", Wanted::new(samples::written()).unwrap());
        assert!(!shown.contains(samples::CREDENTIAL), "{shown}");
    }
}
