//! Our own graceful shutdown: new requests get a 503, streams may finish for a while, the rest is told to end.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

/// Counts what is under way and says how far the shutdown is. Cheap to clone.
#[derive(Clone)]
pub struct GracefulShutdown(Arc<Inner>);

struct Inner {
    draining: watch::Sender<bool>,
    ending: watch::Sender<bool>,
    in_flight: watch::Sender<usize>,
}

impl Default for GracefulShutdown {
    fn default() -> Self {
        let (draining, ending, in_flight) =
            (watch::Sender::new(false), watch::Sender::new(false), watch::Sender::new(0));
        Self(Arc::new(Inner { draining, ending, in_flight }))
    }
}

impl GracefulShutdown {
    /// Whether new requests are refused.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        *self.0.draining.borrow()
    }

    /// Refuses new requests from now on.
    pub fn drain(&self) {
        self.0.draining.send_replace(true);
    }

    /// Tells open streams to end now.
    pub fn end_streams(&self) {
        self.0.ending.send_replace(true);
    }

    /// Turns true when streams have to end.
    #[must_use]
    pub fn ending(&self) -> watch::Receiver<bool> {
        self.0.ending.subscribe()
    }

    /// Counts something that is under way, until the guard is dropped.
    #[must_use]
    pub fn enter(&self) -> InFlight {
        self.0.in_flight.send_modify(|count| *count += 1);
        InFlight(Arc::clone(&self.0))
    }

    /// Waits until nothing is under way; `false` if that took longer.
    pub async fn is_idle_within(&self, most: Duration) -> bool {
        let mut in_flight = self.0.in_flight.subscribe();
        tokio::time::timeout(most, in_flight.wait_for(|count| *count == 0)).await.is_ok()
    }
}

/// Something under way.
pub struct InFlight(Arc<Inner>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.send_modify(|count| *count = count.saturating_sub(1));
    }
}
