//! What answers the data plane: the configured upstream through a client of this worker's own, or the demo model.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use api_types::UpstreamInfo;
use proxy::{Client, Credential, ModelPolicy, Secret, Timeouts, Upstream, demo};

use crate::config::Config;

/// What all workers share of it.
#[derive(Clone)]
pub struct UpstreamChoice {
    target: Target,
    policy: ModelPolicy,
}

#[derive(Clone)]
enum Target {
    Demo { pace: Duration, timeouts: Timeouts },
    Server(Arc<Upstream>),
}

impl UpstreamChoice {
    /// Checks the configured upstream; without one, the demo model.
    ///
    /// # Errors
    /// When URL or credential can't be used.
    pub fn new(config: &Config) -> anyhow::Result<Self> {
        // In front of the upstream stands a gate that counts: it gets the caller's key, and the upstream's credential is
        // its own business.
        let gate = config.backend.stands_before_the_upstream().then_some(config.aws.invoke_url.as_ref()).flatten();
        if config.backend.stands_before_the_upstream() && gate.is_none() {
            anyhow::bail!("aws.invoke_url is not set");
        }
        let config = &config.upstream;
        let timeouts = Timeouts {
            connect: config.connect_timeout.0,
            first_byte: config.first_byte_timeout.0,
            idle: config.idle_timeout.0,
            after_finish: Timeouts::AFTER_FINISH,
            total: config.total_timeout.0,
            heartbeat: config.heartbeat.0,
        };
        let Some(base_url) = gate.or(config.base_url.as_ref()) else {
            let policy = ModelPolicy { allowed: None, default: Some(demo::MODEL.to_owned()) };
            let pace = Duration::from_millis(config.demo_pace_ms);
            return Ok(Self { target: Target::Demo { pace, timeouts }, policy });
        };
        let credential = match &config.api_key {
            _ if gate.is_some() => Credential::CallerKey,
            Some(key) => Credential::Bearer(Secret::new(key.reveal()).context("upstream.api_key")?),
            None => Credential::None,
        };
        let upstream = Upstream::new(base_url.as_url(), credential, timeouts).context(if gate.is_some() {
            "aws.invoke_url"
        } else {
            "upstream.base_url"
        })?;
        let allowed = (!config.models.is_empty()).then(|| config.models.clone());
        let policy = ModelPolicy { allowed, default: config.default_model.clone() };
        Ok(Self { target: Target::Server(Arc::new(upstream)), policy })
    }

    /// What the page tells about it.
    #[must_use]
    pub fn info(&self) -> UpstreamInfo {
        match &self.target {
            Target::Demo { .. } => UpstreamInfo::Demo { model: demo::MODEL.to_owned() },
            Target::Server(_) => UpstreamInfo::Configured { default_model: self.policy.default.clone() },
        }
    }

    /// For people at start: its address, or that it is the demo.
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.target {
            Target::Demo { .. } => {
                "the built-in demo model (set OPENAI_API_KEY or upstream.base_url for a real one)".into()
            }
            Target::Server(upstream) => upstream.base_url().to_owned(),
        }
    }

    /// One worker's way to it.
    #[must_use]
    pub fn for_worker(&self) -> WorkerUpstream {
        let answers = match &self.target {
            Target::Demo { pace, timeouts } => Answers::Demo { pace: *pace, timeouts: *timeouts },
            Target::Server(upstream) => Answers::Server(Client::new(Arc::clone(upstream))),
        };
        WorkerUpstream { answers, policy: self.policy.clone() }
    }
}

/// One worker's way to what answers.
pub struct WorkerUpstream {
    /// Asked for every request.
    pub answers: Answers,
    /// Which models may be asked for.
    pub policy: ModelPolicy,
}

/// What a request is sent to.
pub enum Answers {
    /// Built in; asks nobody.
    Demo {
        /// Pause between two words.
        pace: Duration,
        /// As for an upstream's answer.
        timeouts: Timeouts,
    },
    /// Over HTTP.
    Server(Client),
}
