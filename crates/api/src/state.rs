//! What every worker shares: the backend behind its traits, sign-in, and the way to settlement and shutdown.

use std::{sync::Arc, time::Duration};

use access::{Accounts, Gate, OwnerDigest, Registry, StateOwners};
use api_types::{Email, UpstreamInfo};

use crate::{
    config::Config,
    metrics::Metrics,
    seen_keys::SeenKeys,
    settlement::Settlement,
    sign_in::{AttemptLimit, Cookies, OwnerKey, PasswordHasher, SessionKey},
    source::{Source, StrangeProxies},
};

const FIVE_MINUTES: Duration = Duration::from_secs(300);
const HOUR: Duration = Duration::from_secs(3600);

/// Shared by all workers.
pub struct State {
    /// The configuration, checked.
    pub config: Config,
    /// The backend's name.
    pub backend: &'static str,
    /// People and their sessions.
    pub accounts: Arc<dyn Accounts>,
    /// Plans and keys.
    pub registry: Arc<dyn Registry>,
    /// Admission.
    pub gate: Arc<dyn Gate>,
    /// Who may name what the upstream keeps.
    pub owners: Arc<dyn StateOwners>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Where ended passes go.
    pub settlement: Settlement,
    /// What answers, for people.
    pub upstream: UpstreamInfo,
    /// Signs tokens.
    pub session_key: SessionKey,
    /// Makes owners' digests.
    pub owner_key: OwnerKey,
    /// Names and marks cookies.
    pub cookies: Cookies,
    /// Hashes passwords.
    pub hasher: PasswordHasher,
    /// Limits on attempts.
    pub attempts: Attempts,
    /// Who forwards requests without being trusted to.
    pub strange_proxies: StrangeProxies,
}

/// Limits on attempts, each by its source.
pub struct Attempts {
    /// Sign-ups.
    pub sign_ups: AttemptLimit<Source>,
    /// Failed sign-ins to one account.
    pub sign_ins: AttemptLimit<(Source, Email)>,
    /// Failed sign-ins to any account.
    pub sign_ins_of_source: AttemptLimit<Source>,
    /// Wrong API keys.
    pub keys: AttemptLimit<Source>,
    /// Keys, by their digest, that were right lately: their callers aren't shut out by a neighbour's wrong ones.
    pub seen_keys: SeenKeys<[u8; 32]>,
}

impl Attempts {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let limits = &config.accounts;
        Self {
            sign_ups: AttemptLimit::new(limits.sign_ups_per_hour, HOUR),
            sign_ins: AttemptLimit::new(limits.failed_sign_ins, FIVE_MINUTES),
            sign_ins_of_source: AttemptLimit::new(limits.failed_sign_ins_per_source, FIVE_MINUTES),
            keys: AttemptLimit::new(limits.failed_keys_per_source, FIVE_MINUTES),
            seen_keys: SeenKeys::default(),
        }
    }
}

impl State {
    /// The digest by which an owner's count outlives the account.
    #[must_use]
    pub fn owner(&self, email: &Email) -> OwnerDigest {
        self.owner_key.digest(email)
    }
}
