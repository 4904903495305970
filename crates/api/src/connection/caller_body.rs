//! An answer's body on its way to the caller: ends when nobody is there any more, and never well when it is broken.

use std::{
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::{
    body::{BodySize, BoxBody, MessageBody},
    error::ErrorGone,
    http::Version,
    web::Bytes,
};

use super::Connection;

/// See the module.
pub struct CallerBody {
    body: BoxBody,
    connection: Option<Rc<Connection>>,
    lasts_until_close: bool,
}

impl CallerBody {
    /// A body on this connection, none in tests without a socket; whether the connection's end is the body's, tells
    /// [`lasts_until_close`].
    #[must_use]
    pub fn new(body: BoxBody, lasts_until_close: bool, connection: Option<Rc<Connection>>) -> Self {
        Self { body, connection, lasts_until_close }
    }
}

/// Whether an answer's end is its connection's: HTTP/1.0 has no chunks (RFC 9112, section 6.1), and what is written
/// until the end has no length.
#[must_use]
pub fn lasts_until_close(size: BodySize, version: Version) -> bool {
    version < Version::HTTP_11 && matches!(size, BodySize::Stream)
}

impl MessageBody for CallerBody {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if let Some(connection) = &self.connection
            && connection.poll_gone(cx).is_ready()
        {
            return Poll::Ready(Some(Err(ErrorGone("the caller left").into())));
        }
        let next = Pin::new(&mut self.body).poll_next(cx);
        if let (Poll::Ready(_), Some(connection)) = (&next, &self.connection) {
            connection.writes();
        }
        if let (Poll::Ready(Some(Err(_))), true, Some(connection)) = (&next, self.lasts_until_close, &self.connection) {
            connection.end_with_reset();
        }
        next
    }
}
