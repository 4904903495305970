//! What every worker shares: the backend behind its traits, sign-in, and the way to settlement and shutdown.

use std::sync::Arc;

use access::{Accounts, Administration, Gate, OwnerDigest, Registry, StateOwners};
use api_types::{Email, UpstreamInfo};
use tokio::runtime::Handle;

use crate::{
    backend::Backend,
    brand::Brand,
    config::Config,
    metrics::Metrics,
    settlement::Settlement,
    sign_in::{Cookies, OwnerKey, PasswordHasher, SessionKey, SignInLimits},
    source::StrangeProxies,
    tries::KeyedTries,
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
    /// What operators see and do.
    pub administration: Arc<dyn Administration>,
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

/// What a [`State`] is made of beside the configuration.
pub struct Running<'a> {
    /// The backend, opened.
    pub backend: &'a Backend,
    /// Counters for Prometheus.
    pub metrics: Arc<Metrics>,
    /// Where ended passes go.
    pub settlement: Settlement,
    /// What outlives the workers.
    pub runtime: Handle,
    /// What answers, for people.
    pub upstream: UpstreamInfo,
}

impl State {
    /// The state of a server that begins.
    ///
    /// # Errors
    /// When a key or a file of the page can't be read or made.
    pub fn new(config: Config, running: Running<'_>) -> anyhow::Result<Self> {
        let Running { backend, metrics, settlement, runtime, upstream } = running;
        let session_key = SessionKey::obtain(config.server.session_key.as_ref(), &config.server.data_dir)?;
        let tries = backend.tries.clone().map(|store| KeyedTries::new(store, session_key.clone(), runtime));
        Ok(Self {
            session_key,
            owner_key: OwnerKey::obtain(config.server.owner_key.as_ref(), &config.server.data_dir)?,
            cookies: Cookies::new(&config),
            backend: backend.name,
            accounts: Arc::clone(&backend.accounts),
            administration: Arc::clone(&backend.administration),
            registry: Arc::clone(&backend.registry),
            gate: Arc::clone(&backend.gate),
            owners: Arc::clone(&backend.owners),
            metrics,
            settlement,
            upstream,
            hasher: PasswordHasher::default(),
            sign_in_limits: SignInLimits::new(&config.accounts, tries.clone()),
            brand: Brand::open(&config.page)?,
            wrong_keys: WrongKeys::new(config.accounts.failed_keys_per_source, tries),
            strange_proxies: StrangeProxies::default(),
            config,
        })
    }

    /// The digest by which an owner's count outlives the account.
    #[must_use]
    pub fn owner(&self, email: &Email) -> OwnerDigest {
        self.owner_key.digest(email)
    }
}
