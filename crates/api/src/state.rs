//! What every worker shares: the backend behind its traits, sign-in, and the way to settlement and shutdown.

use std::sync::Arc;

use access::{Accounts, Gate, OwnerDigest, Registry, StateOwners};
use api_types::{Email, UpstreamInfo};

use crate::{
    brand::Brand,
    config::Config,
    metrics::Metrics,
    settlement::Settlement,
    sign_in::{Cookies, OwnerKey, PasswordHasher, SessionKey, SignInLimits},
    source::StrangeProxies,
    wrong_keys::WrongKeys,
};

/// Shared by all workers.
pub struct State {
    /// The configuration, checked.
    pub config: Config,
    /// As the configuration and the page call it.
    pub backend: &'static str,
    /// People and their sessions.
    pub accounts: Arc<dyn Accounts>,
    /// Plans and keys.
    pub registry: Arc<dyn Registry>,
    /// Admission.
    pub gate: Arc<dyn Gate>,
    /// Who may name what the upstream keeps.
    pub owners: Arc<dyn StateOwners>,
    /// The operator's name, mark and colour.
    pub brand: Brand,
    /// Counters for Prometheus.
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
    /// How often somebody may sign up or fail to sign in.
    pub sign_in_limits: SignInLimits,
    /// How many wrong API keys a source may present.
    pub wrong_keys: WrongKeys,
    /// Who forwards requests without being trusted to.
    pub strange_proxies: StrangeProxies,
}

impl State {
    /// The digest by which an owner's count outlives the account.
    #[must_use]
    pub fn owner(&self, email: &Email) -> OwnerDigest {
        self.owner_key.digest(email)
    }
}
