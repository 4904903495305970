//! The provisioner's calls: paced as AWS wants it, waiting longer when it is asked to, never creating twice, and telling
//! no secret when they fail.

use std::{
    future::Future,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use aws_sdk_apigateway::{
    Client,
    config::{self, http::HttpResponse, retry::RetryConfig},
    error::{ProvideErrorMetadata, SdkError},
};

use super::{
    credential::Credential,
    pace::{Pace, interval},
    redact::redact,
};
use crate::{Action, AwsError, Control, ErrorKind};

/// How often a call that AWS found too fast is made.
const TRIES: u32 = 4;
/// Least wait after AWS found a call too fast.
const SLOW_DOWN: Duration = Duration::from_secs(1);
/// Wait before looking whether a call was carried out whose reply was lost.
const SETTLE: Duration = Duration::from_secs(2);

/// The control plane, at the provisioner's pace.
#[derive(Debug)]
pub(crate) struct Paced {
    control: Control,
    pace: Mutex<Pace>,
    started: Instant,
    /// What is sent and must not come back in an error.
    secrets: Mutex<Vec<Credential>>,
    /// The calls so far.
    made: Mutex<Vec<Action>>,
}

impl Paced {
    pub(crate) fn new(control: Control) -> Self {
        let (pace, secrets, made) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { control, pace, started: Instant::now(), secrets, made }
    }

    /// Keeps a secret out of all errors from now on.
    pub(crate) fn hide(&self, secret: &Credential) {
        lock(&self.secrets).push(secret.clone());
    }

    /// How many calls were made so far.
    pub(crate) fn made(&self) -> usize {
        lock(&self.made).len()
    }

    /// The calls since there were so many.
    pub(crate) fn made_since(&self, before: usize) -> Vec<Action> {
        lock(&self.made).iter().skip(before).copied().collect()
    }

    pub(crate) fn region(&self) -> &str {
        self.control.region()
    }

    /// Whether an emulator answers, which has no rates.
    pub(crate) fn is_local(&self) -> bool {
        self.control.is_local()
    }

    /// Makes one call when its time has come.
    pub(crate) async fn call<T, E, Sent>(&self, action: Action, send: impl Fn(Client) -> Sent) -> Result<T, AwsError>
    where
        Sent: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        self.tried(action, send).await.map_err(|error| {
            let message = redact(&error.message, &lock(&self.secrets));
            AwsError { message, ..error }
        })
    }

    async fn tried<T, E, Sent>(&self, action: Action, send: impl Fn(Client) -> Sent) -> Result<T, AwsError>
    where
        Sent: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        for _ in 1..TRIES {
            self.wait_for(action).await;
            match self.control.call(action, &send).await {
                Err(error) if error.kind == ErrorKind::Throttled => {
                    self.pause(interval(action).max(SLOW_DOWN)).await;
                }
                answer => return answer,
            }
        }
        self.wait_for(action).await;
        self.control.call(action, &send).await
    }

    /// How long until this operation may be called; books its place.
    async fn wait_for(&self, action: Action) {
        lock(&self.made).push(action);
        if self.is_local() {
            return;
        }
        let now = self.started.elapsed();
        let at = lock(&self.pace).book(action, now);
        tokio::time::sleep(at.saturating_sub(now)).await;
    }

    /// Waits until what was sent has surely been seen by all of AWS.
    pub(crate) async fn settle(&self) {
        self.pause(SETTLE).await;
    }

    /// Waits, where AWS itself answers.
    pub(crate) async fn pause(&self, span: Duration) {
        if !self.is_local() {
            tokio::time::sleep(span).await;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// For calls that create: the SDK would repeat one whose reply was lost, and so make the thing twice. We look first.
pub(crate) fn once() -> config::Builder {
    config::Config::builder().retry_config(RetryConfig::disabled())
}
