//! What the backend promises, and what it doesn't, in plain words. All of it is told by `GET /about`.

use api_types::{About, KeyAtRest, Promises, QuotaPromise, Survival};

/// Who counts requests and keeps keys: for people, and at the start of a sentence.
fn keeper(about: &About) -> &'static str {
    match (about.promises.survives, about.backend.as_str()) {
        (Survival::Provider, "aws") => "Amazon API Gateway",
        (Survival::Provider, _) => "The service behind this server",
        _ => "This server",
    }
}

/// Whether limits hold about, not exactly. What isn't known yet is not said to be rough.
pub(crate) fn is_rough(promises: Option<Promises>) -> bool {
    promises.is_some_and(|promises| promises.quota == QuotaPromise::BestEffort)
}

/// What this installation keeps to, a sentence each.
pub(crate) fn promises(about: &About) -> Vec<String> {
    let Promises { quota, survives, fair_charge, reset_known, .. } = about.promises;
    let mut lines = vec![match quota {
        QuotaPromise::Exact => "Counts are exact: not one request over, not one under.".to_owned(),
        QuotaPromise::BestEffort => rough_counts(about),
    }];
    let known = match survives {
        Survival::ProcessKill => "Counts survive a crash. A power cut may lose the last few.",
        Survival::PowerCut => "Counts survive a crash and a power cut.",
        Survival::Provider => "Counts don't depend on this server: they survive whatever happens to it.",
    };
    let charge = if fair_charge { "A request that fails at the model isn't charged." } else { FAILED_COUNT };
    lines.extend([known, charge].map(str::to_owned));
    if !reset_known {
        lines.push(UNKNOWN_RESET.to_owned());
    }
    lines.push(
        clear_keys(about).unwrap_or_else(|| "A key's value is shown once. Only its fingerprint is stored.".to_owned()),
    );
    lines
}

/// What is to be known before picking a plan: everything that isn't as plain as its figures.
pub(crate) fn caveats(about: &About) -> Option<String> {
    let Promises { quota, fair_charge, reset_known, .. } = about.promises;
    let sentences: Vec<_> = [
        (quota == QuotaPromise::BestEffort).then(|| rough_counts(about)),
        (!fair_charge).then(|| FAILED_COUNT.to_owned()),
        (!reset_known).then(|| UNKNOWN_RESET.to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// What to know where a key's value is shown: who else can read it.
pub(crate) fn clear_keys(about: &About) -> Option<String> {
    (about.promises.key_at_rest == KeyAtRest::Clear)
        .then(|| format!("{} keeps a key's value: people with access to its console can read it.", keeper(about)))
}

/// Whose days a table of days shows, where they aren't the plan's.
pub(crate) fn whose_days(about: &About) -> Option<String> {
    let provider = about.promises.survives == Survival::Provider;
    provider.then(|| format!("{} counts them, by days of its own.", keeper(about)))
}

/// Where a charge is never given back.
pub(crate) const FAILED_COUNT: &str = "Failed requests count too.";
const UNKNOWN_RESET: &str = "When a spent quota opens again isn't known exactly.";

fn rough_counts(about: &About) -> String {
    format!("{} counts; a limit may be off by a few.", keeper(about))
}

#[cfg(test)]
mod tests {
    use api_types::{SignUpMode, UpstreamInfo};

    use super::*;

    fn about(backend: &str, promises: Promises) -> About {
        let upstream = UpstreamInfo::Configured { default_model: None };
        About {
            version: String::new(),
            backend: backend.to_owned(),
            promises,
            upstream,
            sign_up: SignUpMode::Open,
            sign_up_domains: Vec::new(),
        }
    }

    fn embedded() -> About {
        about(
            "embedded",
            Promises {
                quota: QuotaPromise::Exact,
                survives: Survival::ProcessKill,
                fair_charge: true,
                reset_known: true,
                key_at_rest: KeyAtRest::Digest,
            },
        )
    }

    fn gateway(backend: &str) -> About {
        about(
            backend,
            Promises {
                quota: QuotaPromise::BestEffort,
                survives: Survival::Provider,
                fair_charge: false,
                reset_known: false,
                key_at_rest: KeyAtRest::Clear,
            },
        )
    }

    #[test]
    fn a_backend_that_keeps_everything_has_no_caveats() {
        let about = embedded();
        assert_eq!((caveats(&about), clear_keys(&about)), (None, None));
        assert!(!is_rough(Some(about.promises)) && !is_rough(None));
        assert!(promises(&about).iter().all(|line| !line.contains("known") && !line.contains("may be off")));
    }

    #[test]
    fn a_gateways_caveats_say_who_counts_and_what_isnt_promised() {
        let about = gateway("aws");
        assert!(is_rough(Some(about.promises)));
        assert_eq!(
            caveats(&about).unwrap(),
            "Amazon API Gateway counts; a limit may be off by a few. Failed requests count too. \
             When a spent quota opens again isn't known exactly."
        );
        assert_eq!(
            clear_keys(&about).unwrap(),
            "Amazon API Gateway keeps a key's value: people with access to its console can read it."
        );
        assert!(promises(&about).contains(&clear_keys(&about).unwrap()));
    }

    #[test]
    fn what_is_said_follows_the_promises_and_not_the_name() {
        let other = gateway("another");
        assert!(caveats(&other).unwrap().starts_with("The service behind this server counts"));
        let promises = Promises { quota: QuotaPromise::Exact, reset_known: true, ..other.promises };
        assert_eq!(caveats(&about("aws", promises)).unwrap(), FAILED_COUNT);
        assert_eq!(caveats(&about("aws", embedded().promises)), None);
    }
}
