//! The provisioner's calls: paced as AWS wants it, waiting longer when it is asked to, and never creating twice.

use std::{
    future::Future,
    sync::Mutex,
    time::{Duration, Instant},
};

use aws_sdk_apigateway::{
    Client,
    config::{self, http::HttpResponse, retry::RetryConfig},
    error::{ProvideErrorMetadata, SdkError},
};

use super::pace::{Pace, interval};
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
}

impl Paced {
    pub(crate) fn new(control: Control) -> Self {
        Self { control, pace: Mutex::default(), started: Instant::now() }
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
        if self.is_local() {
            return;
        }
        let now = self.started.elapsed();
        let at = match self.pace.lock() {
            Ok(mut pace) => pace.book(action, now),
            Err(poisoned) => poisoned.into_inner().book(action, now),
        };
        tokio::time::sleep(at.saturating_sub(now)).await;
    }

    /// Waits until what was sent has surely been seen by all of AWS.
    pub(crate) async fn settle(&self) {
        self.pause(SETTLE).await;
    }

    async fn pause(&self, span: Duration) {
        if !self.is_local() {
            tokio::time::sleep(span).await;
        }
    }
}

/// For calls that create: the SDK would repeat one whose reply was lost, and so make the thing twice. We look first.
pub(crate) fn once() -> config::Builder {
    config::Config::builder().retry_config(RetryConfig::disabled())
}
