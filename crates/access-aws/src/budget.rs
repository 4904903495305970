//! How many calls the server makes of the control plane, so that neither one account here nor all of them use up what
//! AWS gives the whole AWS account: ten a second, bursts of forty ("Amazon API Gateway quotas").

use std::time::Duration;

use access::TokenBucket;
use api_types::{Throttle, Timestamp};
use tokio::{sync::Mutex, time::Instant};

/// Half of what there is; the rest is for the provisioner, the console and others.
const BUDGET: Throttle = Throttle { rate: 5.0, burst: 20 };

/// The server's share. Callers wait for their turn in order.
#[derive(Debug)]
pub(crate) struct Budget(Mutex<(TokenBucket, Instant)>);

impl Budget {
    /// All of it is there.
    pub(crate) fn new() -> Self {
        Self(Mutex::new((TokenBucket::full(BUDGET, Timestamp::UNIX_EPOCH), Instant::now())))
    }

    /// Waits until one more call may be made, and takes it.
    pub(crate) async fn take(&self) {
        let mut held = self.0.lock().await;
        loop {
            let (bucket, begun) = &mut *held;
            let now = begun.elapsed().as_millis().try_into().unwrap_or(i64::MAX);
            bucket.refill(BUDGET, Timestamp::from_millisecond(now).unwrap_or(Timestamp::MAX));
            match bucket.wait(BUDGET) {
                // At least a millisecond, which is what the bucket's clock tells.
                Some(wait) => tokio::time::sleep(wait.max(Duration::from_millis(1))).await,
                None => {
                    bucket.take();
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_free_and_then_five_a_second_pass() {
        let (budget, begun) = (Budget::new(), Instant::now());
        for _ in 0..20 {
            budget.take().await;
        }
        assert_eq!(begun.elapsed(), Duration::ZERO);
        for _ in 0..50 {
            budget.take().await;
        }
        let took = begun.elapsed().as_secs_f64();
        assert!((9.9..10.2).contains(&took), "{took}");
    }
}
