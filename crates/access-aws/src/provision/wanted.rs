//! What the configuration asks for, checked: an API in front of one upstream, and its usage plans.

use std::{net::IpAddr, time::Duration};

use access::UsagePlan;
use api_types::{Quota, Throttle};

use super::{
    credential::Credential,
    route::{Route, RouteError},
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
}

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
        let Written { api_name, stage, paths, base_url, credential, timeout, plans } = written;
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
        let Some(host) = host_of(&base_url) else {
            return wrong("upstream.base_url", "must be a URL like https://api.openai.com/v1".to_owned());
        };
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
        let mut warnings = warnings_on(&plans);
        if !is_public(host) {
            warnings.push(format!(
                "upstream.base_url: {host} is not reachable from AWS; use an address that the internet knows"
            ));
        }
        if base_url.starts_with("http://") {
            warnings.push("upstream.base_url: http sends the credential in clear; use https".to_owned());
        }
        if credential.is_none() {
            warnings.push("upstream.api_key: not set, so the upstream gets no usable credential".to_owned());
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

/// API Gateway counts by its own calendar, and its documents disagree about offsets.
fn warnings_on(plans: &[UsagePlan]) -> Vec<String> {
    let mut warnings = Vec::new();
    for plan in plans {
        let name = &plan.plan().name;
        if matches!(plan.plan().quota, Quota::Limited { offset: 1.., .. }) {
            warnings.push(format!(
                "plan {name:?}: quota.offset is passed on as it is; AWS documents it as requests subtracted in the \
                 first period, while its own examples read it as a day of the period"
            ));
        }
        if let Some(Throttle { rate, burst }) = plan.plan().throttle
            && f64::from(burst) < rate
        {
            warnings.push(format!(
                "plan {name:?}: throttle.burst {burst} is below throttle.rate {rate}; of so many calls at once the rest is \
                 refused"
            ));
        }
        if plan.time_zone() != &access::TimeZone::utc() {
            warnings.push(format!(
                "plan {name:?}: time_zone {} has no effect; API Gateway's periods follow its own clock",
                plan.time_zone().name()
            ));
        }
    }
    warnings
}

/// The host of an http or https URL.
fn host_of(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next()?,
        None => authority.split(':').next()?,
    };
    // `{` and `$` would be read as parameters and stage variables of the integration's URI.
    let is_plain = !url.contains(['{', '}', '$', '@', ' ', '?', '#']);
    (!host.is_empty() && is_plain).then_some(host)
}

/// Whether the internet could know this host.
fn is_public(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(v4)) => {
            let shared = v4.octets()[0] == 100 && (64..128).contains(&v4.octets()[1]);
            !(v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_unspecified() || shared)
        }
        Ok(IpAddr::V6(v6)) => {
            !(v6.is_loopback() || v6.is_unspecified() || v6.is_unique_local() || v6.is_unicast_link_local())
        }
        Err(_) => {
            let host = host.trim_end_matches('.').to_ascii_lowercase();
            host.contains('.')
                && ![".localhost", ".local", ".internal", ".lan", ".home.arpa"].iter().any(|end| host.ends_with(end))
        }
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
    fn what_is_likely_not_meant_is_warned_of() {
        assert_eq!(Wanted::new(samples::written()).unwrap().warnings(), [""; 0]);
        for host in ["127.0.0.1:80", "localhost", "10.1.2.3", "[::1]:8", "[fd00::1]", "models.internal", "gpu"] {
            let base_url = format!("https://{host}/v1");
            let wanted = Wanted::new(Written { base_url, ..samples::written() }).unwrap();
            assert!(wanted.warnings()[0].contains("not reachable from AWS"), "{host}");
        }
        let long = Written { timeout: Duration::from_secs(3600), ..samples::written() };
        let long = Wanted::new(long).unwrap();
        assert_eq!(long.timeout, TIMEOUT_MAX);
        let plans = vec![samples::plan_with_offset_and_zone()];
        let warnings = Wanted::new(Written { plans, ..samples::written() }).unwrap().warnings().to_vec();
        assert!(warnings[0].contains("quota.offset") && warnings[1].contains("Europe/Berlin"), "{warnings:?}");
    }

    #[test]
    fn debug_output_shows_no_credential() {
        let shown = format!("{:?}", Wanted::new(samples::written()).unwrap());
        assert!(!shown.contains(samples::CREDENTIAL), "{shown}");
    }
}
