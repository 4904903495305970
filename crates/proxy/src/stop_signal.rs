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

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn it_comes_when_the_value_turns_true_and_never_because_its_sender_is_gone() {
        let (sender, watched) = watch::channel(false);
        let (mut one, mut other) = (stop_signal(watched.clone()), stop_signal(watched));
        assert_eq!((&mut one).now_or_never(), None);
        sender.send_replace(true);
        assert_eq!(one.now_or_never(), Some(()));
        sender.send_replace(false);
        drop(sender);
        assert_eq!((&mut other).now_or_never(), None);
    }
}
