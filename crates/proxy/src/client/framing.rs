//! The socket to the upstream, with the framing of its answers made exact before the HTTP client reads them.
//!
//! Four things that awc 3.11 takes for an end are not, or not yet, and a relay that must never show half an
//! answer as whole has to know better:
//! - a connection that ends inside a chunked or counted body looks like the body's end: here it is an error;
//! - an HTTP/1.1 answer with neither a length nor chunks lasts until the connection closes (RFC 9112, section 6.3), but
//!   is read as empty: its head is handed on as HTTP/1.0's, for which the client does the right thing;
//! - an interim answer (1xx) is taken for the final one, and the final one would be read as the answer to the next
//!   request on that connection: interim heads are dropped;
//! - a request that the other side doesn't want to read to its end fails where it is written, though the answer that says
//!   why (a 413 mostly) is there to be read: the rest is then dropped unsent, and the answer is read.

use std::{
    io,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};

use actix_rt::net::{ActixStream, Ready, TcpStream};
use actix_tls::connect::rustls_0_23::reexports::AsyncTlsStream;
use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};

/// Longest head that is looked at; the client's own limit, which then refuses it.
const HEAD_MAX: usize = 128 * 1024;
/// Most header fields of a head; the client's own limit.
const FIELDS_MAX: usize = 96;

/// A connection, in the clear or in TLS.
#[derive(Debug)]
pub(crate) enum Socket {
    Plain(TcpStream),
    Tls(Box<AsyncTlsStream<TcpStream>>),
}

impl Socket {
    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(tls) => tls.get_ref().0,
        }
    }
}

/// What comes next from the upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// A head: it is gathered and looked at before any of it is handed on. `searched` bytes have no end of it.
    Head { searched: usize },
    /// A body, handed on as it comes.
    Body { until_close: bool },
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Wire {
    socket: Socket,
    expect: Expect,
    /// What was read and not yet handed on.
    read: BytesMut,
    /// Some of an answer was handed on, so that what is written next is another request.
    is_answering: bool,
    /// The rest of the request, which nobody reads, is dropped unsent.
    unwanted: bool,
}

impl Wire {
    pub(crate) fn new(socket: Socket) -> Self {
        Self {
            socket,
            expect: Expect::Head { searched: 0 },
            read: BytesMut::new(),
            is_answering: false,
            unwanted: false,
        }
    }

    /// Looks at what was read of a head. False when more is needed.
    fn head_is_read(&mut self) -> bool {
        let Expect::Head { searched } = self.expect else { return true };
        if let Some(end) = find_head_end(&self.read, searched) {
            match look_at_head(&mut self.read[..end]) {
                Head::Interim => {
                    self.read.advance(end);
                    self.expect = Expect::Head { searched: 0 };
                    return self.head_is_read();
                }
                Head::Final { until_close } => self.expect = Expect::Body { until_close },
            }
            return true;
        }
        let is_too_long = self.read.len() > HEAD_MAX;
        self.expect =
            if is_too_long { Expect::Body { until_close: false } } else { Expect::Head { searched: self.read.len() } };
        is_too_long
    }

    /// Reads until a head is there. False when the connection ended before it.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        while !self.head_is_read() {
            let mut space = [0; 4096];
            let mut space = ReadBuf::new(&mut space);
            ready!(Pin::new(&mut self.socket).poll_read(cx, &mut space))?;
            if space.filled().is_empty() {
                return Poll::Ready(Ok(false));
            }
            self.read.extend_from_slice(space.filled());
        }
        Poll::Ready(Ok(true))
    }

    /// Whether the other side has refused the request although it isn't sent to its end. Nothing else may be sent on
    /// this connection then.
    fn is_refused_early(&mut self, cx: &mut Context<'_>) -> bool {
        if !matches!(self.poll_head(cx), Poll::Ready(Ok(true))) {
            return false;
        }
        let Some(end) = find_head_end(&self.read, 0) else { return false };
        if !is_refusal(&self.read[..end]) {
            return false;
        }
        let blank_line = if self.read[..end].ends_with(b"\r\n") { 2 } else { 1 };
        let rest = self.read.split_off(end - blank_line);
        self.read.extend_from_slice(b"connection: close\r\n");
        self.read.unsplit(rest);
        true
    }
}

enum Head {
    Interim,
    Final { until_close: bool },
}

/// The index after the blank line that ends a head, given that none ends in the first `searched` bytes.
fn find_head_end(bytes: &[u8], searched: usize) -> Option<usize> {
    // Some servers open with blank lines, which clients skip (RFC 9112, section 2.2).
    let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n'))?;
    let from = searched.saturating_sub(2).max(start);
    (from..bytes.len()).find_map(|at| {
        let rest = bytes[at].eq(&b'\n').then(|| &bytes[at + 1..])?;
        match rest {
            [b'\n', ..] => Some(at + 2),
            [b'\r', b'\n', ..] => Some(at + 3),
            _ => None,
        }
    })
}

/// Reads the framing out of a head, and makes one that lasts until the close say so in HTTP/1.0.
fn look_at_head(head: &mut [u8]) -> Head {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS_MAX];
    let mut response = httparse::Response::new(&mut fields);
    // What isn't HTTP is handed on as it is: to refuse it is the client's part.
    let Ok(httparse::Status::Complete(_)) = response.parse(head) else { return Head::Final { until_close: false } };
    let status = response.code.unwrap_or_default();
    let newer = response.version == Some(1);
    let has = |name: &str| response.headers.iter().any(|field| field.name.eq_ignore_ascii_case(name));
    let counted = has("content-length") || (newer && has("transfer-encoding"));
    match status {
        // 101 changes the protocol, which we never ask for: the client hands it on, and it is refused as a status.
        100..=199 if status != 101 => return Head::Interim,
        101 | 204 | 304 => return Head::Final { until_close: false },
        _ => {}
    }
    if counted {
        return Head::Final { until_close: false };
    }
    if newer && let Some(at) = head.windows(8).position(|word| word == b"HTTP/1.1") {
        head[at + 7] = b'0';
    }
    Head::Final { until_close: true }
}

/// A final answer that refuses the request.
fn is_refusal(head: &[u8]) -> bool {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS_MAX];
    let mut response = httparse::Response::new(&mut fields);
    response.parse(head).is_ok() && response.code.is_some_and(|status| status >= 400)
}

/// The other side takes nothing more; what it said before may still be there to be read.
fn is_closed(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(error.kind(), BrokenPipe | ConnectionReset | ConnectionAborted)
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        if !ready!(wire.poll_head(cx))? {
            // Half a head or none: to the client the other side has closed.
            return Poll::Ready(Ok(()));
        }
        wire.is_answering = true;
        if !wire.read.is_empty() {
            let take = wire.read.len().min(out.remaining());
            out.put_slice(&wire.read[..take]);
            wire.read.advance(take);
            return Poll::Ready(Ok(()));
        }
        let before = out.filled().len();
        ready!(Pin::new(&mut wire.socket).poll_read(cx, out))?;
        let closed = out.filled().len() == before && out.remaining() > 0;
        if closed && wire.expect == (Expect::Body { until_close: false }) {
            // The client only reads on when its framing says that more must come.
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        if wire.is_answering && !bytes.is_empty() {
            // The next request on a kept connection; the pool has checked that nothing is left to read.
            wire.expect = Expect::Head { searched: 0 };
            wire.is_answering = false;
            wire.read.clear();
        }
        if !wire.unwanted {
            let written = Pin::new(&mut wire.socket).poll_write(cx, bytes);
            wire.unwanted = match &written {
                Poll::Ready(Ok(_)) => false,
                Poll::Ready(Err(error)) => is_closed(error),
                Poll::Pending => wire.is_refused_early(cx),
            };
            if !wire.unwanted {
                return written;
            }
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        if wire.unwanted {
            return Poll::Ready(Ok(()));
        }
        match Pin::new(&mut wire.socket).poll_flush(cx) {
            Poll::Ready(Err(error)) if is_closed(&error) => {
                wire.unwanted = true;
                Poll::Ready(Ok(()))
            }
            flushed => flushed,
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(cx)
    }
}

impl ActixStream for Wire {
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        pin!(self.socket.tcp().ready(Interest::READABLE)).poll(cx)
    }

    fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        pin!(self.socket.tcp().ready(Interest::WRITABLE)).poll(cx)
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(cx, out),
            Self::Tls(tls) => Pin::new(tls).poll_read(cx, out),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Self::Tls(tls) => Pin::new(tls).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Self::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framing(head: &str) -> (String, Option<bool>) {
        let mut head = head.replace('\n', "\r\n").into_bytes();
        assert_eq!(find_head_end(&head, 0), Some(head.len()));
        let found = match look_at_head(&mut head) {
            Head::Interim => None,
            Head::Final { until_close } => Some(until_close),
        };
        (String::from_utf8(head).unwrap(), found)
    }

    #[test]
    fn an_answer_without_length_or_chunks_lasts_until_the_close() {
        let (head, until_close) = framing("HTTP/1.1 200 OK\ncontent-type: text/event-stream\n\n");
        assert_eq!(until_close, Some(true));
        assert!(head.starts_with("HTTP/1.0 200 OK\r\n"));
    }

    #[test]
    fn counted_and_chunked_answers_are_left_as_they_are() {
        for field in ["Content-Length: 3", "transfer-encoding: chunked"] {
            let (head, until_close) = framing(&format!("HTTP/1.1 200 OK\n{field}\n\n"));
            assert_eq!(until_close, Some(false));
            assert!(head.starts_with("HTTP/1.1"));
        }
    }

    #[test]
    fn interim_answers_are_told_from_final_ones() {
        assert_eq!(framing("HTTP/1.1 103 Early Hints\nlink: </a>\n\n").1, None);
        for status in [101, 204, 304] {
            let (head, until_close) = framing(&format!("HTTP/1.1 {status} X\n\n"));
            assert!(head.starts_with("HTTP/1.1") && until_close == Some(false), "{status}");
        }
    }

    #[test]
    fn the_end_of_a_head_is_found_however_it_is_cut() {
        let crlf = "\r\n\r\nHTTP/1.1 200 OK\r\na: b\r\n\r\nbody";
        for head in [crlf.to_owned(), crlf.replace('\r', ""), crlf.replace("b\r", "b")] {
            let (head, end) = (head.as_bytes(), head.len() - 4);
            for cut in 0..head.len() {
                let early = find_head_end(&head[..cut], 0);
                assert_eq!(early, (cut >= end).then_some(end));
                assert_eq!(find_head_end(head, if early.is_some() { 0 } else { cut }), Some(end));
            }
        }
    }
}
