//! One request on one connection, up to the head of its answer.
//!
//! A request that the other side doesn't want to read to its end fails where it is written, though the answer that says
//! why (a 413 mostly) is there to be read: the rest is then dropped unsent, and the answer is read.

use std::{
    future::poll_fn,
    io,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};

use super::{
    head::{self, HEAD_MAX, Head},
    socket::Socket,
};

/// A body up to so many bytes goes out together with its head; a longer one isn't copied for that.
const TOGETHER_MAX: usize = 64 * 1024;

/// Why no head came, in words.
pub(super) type Broken = String;

/// What came of a request.
pub(super) struct Answered {
    pub(super) head: Head,
    /// What came along of the body.
    pub(super) rest: BytesMut,
    /// All of the request was sent, so that another may follow it.
    pub(super) is_sent: bool,
}

/// Sends a request and reads the head of the answer.
pub(super) async fn exchange(socket: &mut Socket, mut head: Vec<u8>, body: Bytes) -> Result<Answered, Broken> {
    let parts = if body.len() <= TOGETHER_MAX {
        head.extend_from_slice(&body);
        [head.into(), Bytes::new()]
    } else {
        [head.into(), body]
    };
    let mut answer = Incoming::default();
    let is_sent = poll_send(socket, parts, &mut answer).await?;
    let head = poll_fn(|cx| answer.poll_head(socket, cx)).await?.ok_or("the connection was closed")?;
    Ok(Answered { head, rest: answer.read, is_sent })
}

/// Sends all of a request, or as much as is wanted; whether it was all.
async fn poll_send(socket: &mut Socket, parts: [Bytes; 2], answer: &mut Incoming) -> Result<bool, Broken> {
    for mut part in parts {
        while !part.is_empty() {
            let written = poll_fn(|cx| match socket.poll_write(cx, &part) {
                Poll::Pending if answer.has_refused(socket, cx) => Poll::Ready(Ok(None)),
                written => written.map_ok(Some),
            });
            match written.await {
                Ok(Some(0)) => return Err("the connection takes nothing".to_owned()),
                Ok(Some(written)) => drop(part.split_to(written)),
                Ok(None) => return Ok(false),
                Err(error) if is_closed(&error) => return Ok(false),
                Err(error) => return Err(error.to_string()),
            }
        }
    }
    match poll_fn(|cx| socket.poll_flush(cx)).await {
        Ok(()) => Ok(true),
        Err(error) if is_closed(&error) => Ok(false),
        Err(error) => Err(error.to_string()),
    }
}

/// The other side takes nothing more; what it said before may still be there to be read.
fn is_closed(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(error.kind(), BrokenPipe | ConnectionReset | ConnectionAborted)
}

/// An answer, as far as it was read.
#[derive(Default)]
struct Incoming {
    head: Option<Head>,
    read: BytesMut,
    /// So many bytes have no end of a head.
    searched: usize,
}

impl Incoming {
    /// Reads until a final head is there. `None` when the connection ended before it.
    fn poll_head(&mut self, socket: &mut Socket, cx: &mut Context<'_>) -> Poll<Result<Option<Head>, Broken>> {
        loop {
            if let Some(head) = self.take_head()? {
                return Poll::Ready(Ok(Some(head)));
            }
            let read = socket.poll_read(cx, |bytes| {
                self.read.extend_from_slice(bytes);
                bytes.len()
            });
            match ready!(read) {
                Ok(0) => return Poll::Ready(Ok(None)),
                Ok(_) => {}
                Err(error) => return Poll::Ready(Err(error.to_string())),
            }
        }
    }

    /// The final head, if it was read; interim ones are dropped.
    fn take_head(&mut self) -> Result<Option<Head>, Broken> {
        if let Some(head) = self.head.take() {
            return Ok(Some(head));
        }
        while let Some(end) = head::find_end(&self.read, self.searched) {
            self.searched = 0;
            let bytes = self.read.split_to(end).freeze();
            if let Some(head) = Head::read(&bytes)? {
                return Ok(Some(head));
            }
        }
        self.searched = self.read.len();
        if self.searched > HEAD_MAX {
            return Err("its head is too long".to_owned());
        }
        Ok(None)
    }

    /// Whether the other side has refused the request although it isn't sent to its end.
    fn has_refused(&mut self, socket: &mut Socket, cx: &mut Context<'_>) -> bool {
        if self.head.is_none() {
            // What else comes of reading is found again when the request is sent.
            let Poll::Ready(Ok(Some(head))) = self.poll_head(socket, cx) else { return false };
            self.head = Some(head);
        }
        self.head.as_ref().is_some_and(|head| head.status.is_client_error() || head.status.is_server_error())
    }
}
