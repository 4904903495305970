//! Reads away what follows an answer's end, so that its connection can be used again.

use std::{
    task::{Context, Poll},
    time::Duration,
};

use futures_util::StreamExt as _;
use tokio::time::timeout;

use super::source::Source;

/// Longest wait for the end of a connection's message after the answer in it has ended, and most bytes until then. What
/// takes longer or more costs a new connection.
const WAIT: Duration = Duration::from_secs(1);
const BYTES_MAX: usize = 64 * 1024;

/// Reads to the message's end: at once where that is there already, as it mostly is, else beside what goes on.
pub(crate) fn read_away(mut source: Source, cx: &mut Context<'_>) {
    let mut left = BYTES_MAX;
    loop {
        match source.as_mut().poll_next(cx) {
            Poll::Ready(Some(Ok(chunk))) => match left.checked_sub(chunk.len()) {
                Some(rest) => left = rest,
                None => return,
            },
            Poll::Ready(None | Some(Err(_))) => return,
            Poll::Pending => break,
        }
    }
    let rest = async move {
        while let Some(Ok(chunk)) = source.next().await {
            match left.checked_sub(chunk.len()) {
                Some(rest) => left = rest,
                None => return,
            }
        }
    };
    // Nobody waits for it; a worker's end closes the connection instead.
    actix_rt::spawn(async move {
        // Too late: dropping the source closes the connection.
        let _ = timeout(WAIT, rest).await;
    });
}
