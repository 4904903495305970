//! One call of the control plane: when its time has come, again where that helps, and telling no secret when it fails.

use std::{
    future::Future,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aws_sdk_apigateway::{
    Client,
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};
use zeroize::Zeroizing;

use super::{
    Control,
    pace::{interval, limits},
    redact::redact,
};
use crate::{
    action::{Action, Role},
    error::{AwsError, ErrorKind},
};

/// Most entries that a page of a list holds.
pub(crate) const PAGE: i32 = 500;

/// How often a call is made that met a concurrent modification or, in the provisioner's hands, that AWS found too fast.
const TRIES: u32 = 4;
/// The first pause after a concurrent modification, which doubles.
const CONFLICT_PAUSE: Duration = Duration::from_millis(250);
/// Least wait after AWS found a call too fast.
const SLOW_DOWN: Duration = Duration::from_secs(1);

tokio::task_local! {
    /// Set in work whose answer nobody waits for.
    static IS_BACKGROUND: ();
}

impl Control {
    /// Does work whose answer nobody waits for: all calls in it, on their way through whatever else makes such calls too,
    /// keep the distance that leaves people the rest.
    pub(crate) async fn in_background<T>(work: impl Future<Output = T>) -> T {
        IS_BACKGROUND.scope((), work).await
    }

    /// Makes one call: `send` builds and sends it, and is asked again when others were changing the same thing.
    ///
    /// # Errors
    /// What it came to, after all retries.
    pub(crate) async fn call<T, E, Sent>(&self, action: Action, send: impl Fn(Client) -> Sent) -> Result<T, AwsError>
    where
        Sent: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        debug_assert!(action.is_of(self.role), "{} is not in the policy of {:?}", action.name, self.role);
        for number in 0..TRIES - 1 {
            match self.try_once(action, &send).await {
                Err(error) if error.kind == ErrorKind::ConcurrentModification => {
                    tokio::time::sleep(CONFLICT_PAUSE * 2_u32.pow(number)).await;
                }
                Err(error) if error.kind == ErrorKind::Throttled && self.role == Role::Provisioner => {
                    self.pause(interval(action).max(SLOW_DOWN)).await;
                }
                answer => return answer,
            }
        }
        self.try_once(action, &send).await
    }

    /// All entries of a list, page by page: `send` asks for the page at a position, `parts` takes its entries and the
    /// next one's position out.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub(crate) async fn pages<P, I, E, Sent>(
        &self,
        action: Action,
        send: impl Fn(Client, Option<String>) -> Sent,
        parts: impl Fn(P) -> (Option<I>, Option<String>),
    ) -> Result<Vec<I::Item>, AwsError>
    where
        I: IntoIterator,
        Sent: Future<Output = Result<P, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let mut all = Vec::new();
        let mut position: Option<String> = None;
        loop {
            let (entries, next) = parts(self.call(action, |client| send(client, position.clone())).await?);
            all.extend(entries.into_iter().flatten());
            if next.is_none() || next == position {
                return Ok(all);
            }
            position = next;
        }
    }

    async fn try_once<T, E, Sent>(&self, action: Action, send: impl Fn(Client) -> Sent) -> Result<T, AwsError>
    where
        Sent: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        // A server makes calls for as long as it runs, and foretells none.
        if self.role == Role::Provisioner {
            lock(&self.shared.made).push(action);
        }
        self.wait_for(action).await;
        // On the heap: the SDK's futures are several kilobytes each.
        Box::pin(send(self.client_for(action).clone())).await.map_err(|error| {
            let error = AwsError::new(action, &error);
            AwsError { message: redact(&error.message, &lock(&self.shared.secrets)), ..error }
        })
    }

    /// The SDK would repeat a call whose reply was lost, and so make the thing twice: the provisioner looks first. A
    /// server names what it makes, and finds by that name what it made.
    fn client_for(&self, action: Action) -> &Client {
        let once = self.role == Role::Provisioner && action.creates();
        if once { &self.client_without_retries } else { &self.client }
    }

    async fn wait_for(&self, action: Action) {
        if self.is_local {
            return;
        }
        let is_background = IS_BACKGROUND.try_with(|()| ()).is_ok();
        for limit in limits(self.role, action, is_background) {
            let now = self.shared.started.elapsed();
            let at = lock(&self.shared.pace).book(limit, now);
            tokio::time::sleep(at.saturating_sub(now)).await;
        }
    }

    /// Waits, where AWS itself answers.
    pub(crate) async fn pause(&self, span: Duration) {
        if !self.is_local {
            tokio::time::sleep(span).await;
        }
    }

    /// Keeps a secret out of all errors from now on: AWS repeats what it doesn't like.
    pub(crate) fn hide(&self, secret: &str) {
        lock(&self.shared.secrets).push(Zeroizing::new(secret.to_owned()));
    }

    /// How many calls the provisioner made so far.
    pub(crate) fn made(&self) -> usize {
        lock(&self.shared.made).len()
    }

    /// The calls since there were so many.
    pub(crate) fn made_since(&self, before: usize) -> Vec<Action> {
        lock(&self.shared.made).iter().skip(before).copied().collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use aws_sdk_apigateway::operation::get_usage::GetUsageError;
    use tokio::time::Instant;

    use super::*;
    use crate::{
        action::{CREATE_API_KEY, GET_API_KEY, GET_USAGE, PUT_GATEWAY_RESPONSE, PUT_METHOD},
        control::ControlSettings,
    };

    async fn control(role: Role) -> Control {
        let attempt_timeout = Duration::from_secs(10);
        let endpoint_url = Some("https://apigateway.invalid".to_owned());
        let settings = ControlSettings { region: Some("eu-west-1".to_owned()), endpoint_url, attempt_timeout };
        Control::new(&settings, role).await.unwrap()
    }

    /// How often the SDK would send a call that doesn't come through; nothing is sent.
    async fn attempts(control: &Control, action: Action) -> u32 {
        let send = |client: Client| {
            let retries = client.config().retry_config().unwrap();
            ready(Ok::<_, SdkError<GetUsageError, HttpResponse>>(retries.max_attempts()))
        };
        control.call(action, send).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn only_what_the_provisioner_creates_is_sent_once() {
        let provisioner = control(Role::Provisioner).await;
        for (action, expected) in [(CREATE_API_KEY, 1), (PUT_METHOD, 1), (PUT_GATEWAY_RESPONSE, 3), (GET_API_KEY, 3)] {
            assert_eq!(attempts(&provisioner, action).await, expected, "{}", action.name);
        }
        assert_eq!(attempts(&control(Role::Server).await, CREATE_API_KEY).await, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn calls_in_the_background_keep_their_distance_and_keep_nobody_else_waiting() {
        let control = control(Role::Server).await;
        let start = Instant::now();
        let other = control.clone();
        Control::in_background(async {
            for control in [&control, &other, &control] {
                attempts(control, GET_USAGE).await;
            }
        })
        .await;
        assert_eq!(start.elapsed().as_millis(), 1000);
        attempts(&control, GET_API_KEY).await;
        assert_eq!(start.elapsed().as_millis(), 1000);
    }
}
