//! A request's body, read whole, bounded in size and time, asked for where its caller waits for that, and decoded.

use std::{future::poll_fn, pin::pin, task::Poll, time::Duration};

use actix_web::{
    HttpRequest,
    dev::Payload,
    http::header,
    web::{Bytes, BytesMut},
};
use futures_util::StreamExt as _;

use super::content_coding::{Coding, Undecodable};
use crate::connection::Connection;

/// Why a body can't be had.
#[derive(Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// More than is allowed, as sent or once decoded.
    TooLarge,
    /// Not all of it came in time.
    TooSlow,
    /// Its transfer broke, or its framing is wrong.
    Broken,
    /// Coded as nobody here can decode; what we take, for `Accept-Encoding` (RFC 9110, section 12.5.3).
    UnknownCoding,
    /// Not what its `Content-Encoding` says.
    WronglyCoded,
}

/// Reads a body of at most `most` bytes, also when decoded, within `time`. All of it is read before anything else is
/// waited for: an unread body would hide that its caller left.
///
/// # Errors
/// When it can't be had. A body that is too large by its `Content-Length`, or of a coding that isn't known, is never asked
/// for.
pub async fn read(request: &HttpRequest, payload: Payload, most: usize, time: Duration) -> Result<Bytes, Unreadable> {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: usize| length > most) {
        return Err(Unreadable::TooLarge);
    }
    let coding = Coding::of(request.headers()).ok_or(Unreadable::UnknownCoding)?;
    Connection::invite_body(request);
    let body = within(time, gather(payload, most)).await.ok_or(Unreadable::TooSlow)??;
    coding.decode(body, most).await.map_err(|why| match why {
        Undecodable::TooLarge => Unreadable::TooLarge,
        Undecodable::WronglyCoded => Unreadable::WronglyCoded,
    })
}

/// What comes of `work`, or `None` after this time. A body that came along with its head, as most do, costs no timer: the
/// connection hands it on when its request was asked for the first time.
async fn within<T>(time: Duration, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut is_first = true;
    let at_once = poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if std::mem::take(&mut is_first) => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
        Poll::Pending => Poll::Ready(None),
    });
    match at_once.await {
        Some(done) => Some(done),
        None => tokio::time::timeout(time, work).await.ok(),
    }
}

async fn gather(mut payload: Payload, most: usize) -> Result<Bytes, Unreadable> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Unreadable::Broken)?;
        if body.len() + chunk.len() > most {
            return Err(Unreadable::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
