//! What is allowed in the configuration but likely not meant: one sentence each.

use std::net::IpAddr;

use access::UsagePlan;
use api_types::{Quota, Throttle};

use super::{upstream_host::host_of, written::Written};

/// Keys of OpenAI's that belong to one project; others reach all projects and organizations of their owner (OpenAI's
/// API reference, "Authentication").
const PROJECT_KEYS: [&str; 2] = ["sk-proj-", "sk-svcacct-"];

/// All of them.
pub(super) fn of(written: &Written) -> Vec<String> {
    let mut warnings: Vec<String> = written.plans.iter().flat_map(on_plan).collect();
    warnings.extend(on_upstream(written));
    warnings.extend(on_reach(written));
    warnings
}

/// API Gateway counts by its own calendar, and its documents disagree about offsets.
fn on_plan(plan: &UsagePlan) -> Vec<String> {
    let mut warnings = Vec::new();
    let name = &plan.plan().name;
    if matches!(plan.plan().quota, Quota::Limited { offset: 1.., .. }) {
        warnings.push(format!(
            "plan {name:?}: quota.offset is passed on as it is; AWS documents it as requests subtracted in the first \
             period, while its own examples read it as a day of the period"
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
    warnings
}

fn on_upstream(written: &Written) -> Vec<String> {
    let mut warnings = Vec::new();
    let host = host_of(&written.base_url).unwrap_or_default();
    if !is_public(host) {
        warnings.push(format!(
            "upstream.base_url: {host} is not reachable from AWS; use an address that the internet knows"
        ));
    }
    if written.base_url.starts_with("http://") {
        warnings.push("upstream.base_url: http sends the credential in clear; use https".to_owned());
    }
    match &written.credential {
        None => warnings.push("upstream.api_key: not set, so the upstream gets no usable credential".to_owned()),
        // API Gateway can overwrite a header but not drop it, and OpenAI refuses requests that name an unknown
        // organization or project, or an empty one: these two headers of the caller's pass.
        Some(key) if is_openai(host) && !PROJECT_KEYS.iter().any(|start| key.reveal().starts_with(start)) => {
            warnings.push(
                "upstream.api_key: whoever calls the stage may choose among your organizations and projects by header; \
                 use a key of one project (sk-proj-…)"
                    .to_owned(),
            );
        }
        Some(_) => {}
    }
    warnings
}

/// What people can do at the stage that they can't through Tollgate.
fn on_reach(written: &Written) -> Vec<String> {
    let mut warnings = Vec::new();
    for path in written.paths.iter().filter(|path| path.ends_with("{proxy+}")) {
        let above = path.rsplit(' ').next().unwrap_or(path).trim_end_matches("/{proxy+}");
        warnings.push(format!(
            "aws.paths: {path} opens everything of the upstream's account under {above} to whoever holds a key, such as \
             files and stored answers; list the endpoints instead"
        ));
    }
    let limits =
        [("upstream.models", !written.models.is_empty()), ("upstream.default_model", written.default_model.is_some())];
    for (field, _) in limits.iter().filter(|(_, is_set)| *is_set) {
        warnings.push(format!(
            "{field}: holds for requests through Tollgate; the stage itself takes any model from whoever holds a key"
        ));
    }
    warnings
}

fn is_openai(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host == "api.openai.com" || host.ends_with(".api.openai.com")
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
    use crate::provision::{samples, wanted::Credential};

    /// With the paths that Tollgate's proxy serves.
    fn narrow() -> Written {
        Written { paths: vec!["POST /v1/chat/completions".to_owned()], ..samples::written() }
    }

    #[test]
    fn what_is_likely_not_meant_is_warned_of() {
        assert_eq!(of(&narrow()), [""; 0]);
        for host in ["127.0.0.1:80", "localhost", "10.1.2.3", "[::1]:8", "[fd00::1]", "models.internal", "gpu"] {
            let warnings = of(&Written { base_url: format!("https://{host}/v1"), ..narrow() });
            assert!(warnings[0].contains("not reachable from AWS"), "{host}");
        }
        let warnings = of(&Written { plans: vec![samples::plan_with_offset_and_zone()], ..narrow() });
        assert!(warnings[0].contains("quota.offset") && warnings[1].contains("Europe/Berlin"), "{warnings:?}");
    }

    #[test]
    fn a_path_for_all_opens_the_whole_account() {
        let warnings = |path: &str| of(&Written { paths: vec![path.to_owned()], ..samples::written() });
        let [warning] = &warnings("/v1/{proxy+}")[..] else { panic!("one warning") };
        assert!(warning.contains("everything of the upstream's account under /v1 to whoever holds a key"), "{warning}");
        assert!(warnings("GET /v1/files/{proxy+}")[0].contains("under /v1/files to"));
    }

    #[test]
    fn models_are_not_limited_at_the_stage() {
        let warnings =
            of(&Written { models: vec!["small".to_owned()], default_model: Some("small".to_owned()), ..narrow() });
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert!(warnings[0].starts_with("upstream.models: ") && warnings[1].starts_with("upstream.default_model: "));
        assert!(warnings.iter().all(|warning| warning.contains("any model")));
    }

    #[test]
    fn a_key_of_openais_that_is_of_no_one_project_lets_callers_choose() {
        let with = |base_url: &str, key: &str| {
            of(&Written { base_url: base_url.to_owned(), credential: Some(Credential::new(key)), ..narrow() })
        };
        for url in ["https://api.openai.com/v1", "https://eu.api.openai.com/v1"] {
            let warnings = with(url, "sk-abc");
            assert!(warnings[0].contains("sk-proj-") && !warnings[0].contains("sk-abc"), "{warnings:?}");
            assert_eq!(with(url, "sk-proj-abc"), [""; 0]);
        }
        assert_eq!(with("https://models.example.com/v1", "sk-abc"), [""; 0]);
    }
}
