//! An upstream's answer: its head, and its body out of its framing as it comes.

use std::{
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use http::{
    StatusCode,
    header::{HeaderName, HeaderValue},
};

use super::{
    chunks::{Chunks, Malformed},
    exchange::Answered,
    head::Framing,
    pool::{Connection, Pool},
};

/// An answer whose head has come.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: ResponseBody,
}

impl Response {
    pub(super) fn new(answered: Answered, connection: Connection, pool: Rc<Pool>) -> Self {
        let Answered { head, rest, is_sent } = answered;
        let end = match head.framing {
            Framing::Length(left) => End::After(left),
            Framing::Chunked => End::LastChunk(Chunks::new()),
            Framing::UntilClose => End::Close,
        };
        let is_kept = head.is_kept && is_sent;
        let mut body = ResponseBody { connection: Some(connection), pool, is_kept, end, is_malformed: false, rest };
        if body.is_over() {
            body.give_back();
        }
        Self { status: head.status, headers: head.headers, body }
    }

    /// The first header of this name.
    pub(crate) fn header(&self, name: &HeaderName) -> Option<&HeaderValue> {
        self.headers.iter().find(|(one, _)| one == name).map(|(_, value)| value)
    }

    /// The body's length in bytes, where it is known beforehand.
    pub(crate) fn length(&self) -> Option<u64> {
        match self.body.end {
            End::After(length) => Some(length),
            End::LastChunk(_) | End::Close => None,
        }
    }

    /// The body's end is the connection's.
    pub(crate) fn lasts_until_close(&self) -> bool {
        matches!(self.body.end, End::Close)
    }
}

/// A body on its way. A connection that ends within it is an error. Dropped before its end, it closes the connection; at
/// its end the connection is free for another request.
#[derive(Debug)]
pub(crate) struct ResponseBody {
    /// Taken at the end.
    connection: Option<Connection>,
    pool: Rc<Pool>,
    /// Another request may follow on the connection.
    is_kept: bool,
    end: End,
    /// What came after the bytes that were given last breaks the rules.
    is_malformed: bool,
    /// What came with the head.
    rest: BytesMut,
}

/// What ends a body that isn't read to its end.
#[derive(Debug)]
enum End {
    /// So many more bytes.
    After(u64),
    LastChunk(Chunks),
    Close,
}

impl ResponseBody {
    fn is_over(&self) -> bool {
        match &self.end {
            End::After(left) => *left == 0,
            End::LastChunk(chunks) => chunks.is_over(),
            End::Close => false,
        }
    }

    /// Ends with the connection: kept, if nothing is wrong with it, else closed.
    fn give_back(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        if self.is_kept && self.rest.is_empty() {
            self.pool.put(connection);
        }
    }

    /// Takes the body's bytes out of what came with the head.
    fn take_rest(&mut self) -> Bytes {
        let mut rest = std::mem::take(&mut self.rest);
        let taken = match &mut self.end {
            End::After(left) => {
                let here = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                *left -= here as u64;
                rest.split_to(here).freeze()
            }
            End::Close => rest.split().freeze(),
            End::LastChunk(_) => {
                let (taken, used) = self.take(&rest);
                drop(rest.split_to(used));
                taken
            }
        };
        self.rest = rest;
        taken
    }

    /// Copies the body's bytes out of a read, and says how much of it was theirs.
    fn take(&mut self, bytes: &[u8]) -> (Bytes, usize) {
        match &mut self.end {
            End::After(left) => {
                let here = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= here as u64;
                (Bytes::copy_from_slice(&bytes[..here]), here)
            }
            End::Close => (Bytes::copy_from_slice(bytes), bytes.len()),
            End::LastChunk(chunks) => {
                let mut out = BytesMut::with_capacity(bytes.len());
                let used = chunks.read(bytes, &mut out).unwrap_or_else(|Malformed| {
                    self.is_malformed = true;
                    bytes.len()
                });
                (out.freeze(), used)
            }
        }
    }

    /// The next bytes of the body; empty where a read held none of them, or nothing more comes.
    fn poll_some(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, String>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Ok(self.take_rest()));
        }
        let Some(mut connection) = self.connection.take() else { return Poll::Ready(Ok(Bytes::new())) };
        let read = connection.socket.poll_read(cx, |bytes| match bytes {
            [] => None,
            bytes => {
                let (taken, used) = self.take(bytes);
                // What nobody asked for answers nothing.
                self.is_kept &= used == bytes.len();
                Some(taken)
            }
        });
        let read = match read {
            Poll::Ready(read) => read,
            Poll::Pending => {
                self.connection = Some(connection);
                return Poll::Pending;
            }
        };
        match read.map_err(|error| error.to_string())? {
            Some(taken) => {
                self.connection = Some(connection);
                Poll::Ready(Ok(taken))
            }
            // The connection is dropped, and with it what it might have said.
            None if matches!(self.end, End::Close) => Poll::Ready(Ok(Bytes::new())),
            None => Poll::Ready(Err("the connection ended within the body".to_owned())),
        }
    }
}

impl Stream for ResponseBody {
    type Item = Result<Bytes, String>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let body = self.get_mut();
        while body.connection.is_some() {
            let some = if body.is_malformed {
                Err("its chunks aren't well-formed".to_owned())
            } else {
                ready!(body.poll_some(cx))
            };
            if some.is_err() {
                body.connection = None;
                return Poll::Ready(Some(some));
            }
            if body.is_over() {
                body.give_back();
            }
            if some.as_ref().is_ok_and(|some| !some.is_empty()) {
                return Poll::Ready(Some(some));
            }
        }
        Poll::Ready(None)
    }
}
