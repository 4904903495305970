//! The signal that ends open streams when the server's grace time is over.

use std::pin::Pin;

use tokio::sync::watch;

/// Resolves when open requests are to end now.
pub type Shutdown = Pin<Box<dyn Future<Output = ()>>>;

/// A signal that comes when the watched value turns true. When its sender is gone it never comes: who wants to stop
/// says so.
pub fn shutdown(mut ending: watch::Receiver<bool>) -> Shutdown {
    Box::pin(async move {
        if ending.wait_for(|ending| *ending).await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

/// A signal that never comes.
pub fn never() -> Shutdown {
    Box::pin(std::future::pending())
}
