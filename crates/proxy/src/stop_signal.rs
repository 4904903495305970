//! The signal that ends open streams when the server's grace time is over.

use std::pin::Pin;

use tokio::sync::watch;

/// Resolves when open requests are to end now.
pub type StopSignal = Pin<Box<dyn Future<Output = ()>>>;

/// A signal that comes when the watched value turns true. When its sender is gone it never comes: who wants to stop
/// says so.
pub fn stop_signal(mut ending: watch::Receiver<bool>) -> StopSignal {
    Box::pin(async move {
        if ending.wait_for(|ending| *ending).await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

/// A signal that never comes.
pub fn never() -> StopSignal {
    Box::pin(std::future::pending())
}
