//! Our own graceful shutdown: new requests get a 503, streams may finish for a while, the rest is told to end.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use tokio::sync::{Notify, watch};

/// Counts what is under way and says how far the shutdown is. Cheap to clone.
#[derive(Clone)]
pub struct GracefulShutdown(Arc<Inner>);

struct Inner {
    draining: watch::Sender<bool>,
    ending: watch::Sender<bool>,
    /// Every request changes it twice, so that nobody is told but of its being 0 again.
    in_flight: AtomicUsize,
    is_idle: Notify,
}

impl Default for GracefulShutdown {
    fn default() -> Self {
        let (draining, ending) = (watch::Sender::new(false), watch::Sender::new(false));
        Self(Arc::new(Inner { draining, ending, in_flight: AtomicUsize::new(0), is_idle: Notify::new() }))
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
        self.0.in_flight.fetch_add(1, SeqCst);
        InFlight(Arc::clone(&self.0))
    }

    /// Waits until nothing is under way; `false` if that took longer.
    pub async fn is_idle_within(&self, most: Duration) -> bool {
        let idle = async {
            loop {
                // Listening before looking: what ends in between is heard.
                let mut told = pin!(self.0.is_idle.notified());
                told.as_mut().enable();
                if self.0.in_flight.load(SeqCst) == 0 {
                    return;
                }
                told.await;
            }
        };
        tokio::time::timeout(most, idle).await.is_ok()
    }
}

/// Something under way.
pub struct InFlight(Arc<Inner>);

impl Drop for InFlight {
    fn drop(&mut self) {
        if self.0.in_flight.fetch_sub(1, SeqCst) == 1 {
            self.0.is_idle.notify_waiters();
        }
    }
}
