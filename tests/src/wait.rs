//! Waiting for a condition with a deadline: the one place where a test lets time pass.

use std::{fmt::Debug, future::Future, time::Duration};

use tokio::time::{interval, timeout};

/// Far beyond anything that works, near enough that a hang is a failure and not a stuck run.
const DEADLINE: Duration = Duration::from_secs(120);
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// Waits until `look` finds something.
///
/// # Panics
/// When it hasn't by the deadline; `what` names the thing.
pub async fn wait_until<T, F: Future<Output = Option<T>>>(what: &str, look: impl FnMut() -> F) -> T {
    found(look).await.unwrap_or_else(|| panic!("waited in vain until {what}"))
}

/// Waits until `look` finds something; `None` when it hasn't by the deadline.
pub(crate) async fn found<T, F: Future<Output = Option<T>>>(mut look: impl FnMut() -> F) -> Option<T> {
    let looking = async {
        let mut tick = interval(BETWEEN_LOOKS);
        loop {
            tick.tick().await;
            if let Some(found) = look().await {
                return found;
            }
        }
    };
    timeout(DEADLINE, looking).await.ok()
}

/// Waits until `look` gives `expected`, and says what it gave last when it doesn't.
///
/// # Panics
/// When it hasn't by the deadline.
pub async fn settled<T: PartialEq + Debug, F: Future<Output = T>>(expected: T, mut look: impl FnMut() -> F) {
    let mut last = None;
    let looking = async {
        let mut tick = interval(BETWEEN_LOOKS);
        loop {
            tick.tick().await;
            let seen = look().await;
            if seen == expected {
                return;
            }
            last = Some(seen);
        }
    };
    let met = timeout(DEADLINE, looking).await.is_ok();
    assert!(met, "waited in vain for {expected:?}, last saw {last:?}");
}

/// The output of something that must come to an end.
///
/// # Panics
/// When it hasn't by the deadline.
pub async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    timeout(DEADLINE, work).await.unwrap_or_else(|_| panic!("no end to {what}"))
}
