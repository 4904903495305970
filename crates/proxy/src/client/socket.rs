//! A connection to the upstream, in the clear or in TLS.

use std::{
    cell::RefCell,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

/// Most bytes of one read. What a model says in a burst comes out whole.
const READ_MAX: usize = 64 * 1024;

thread_local! {
    /// Where a worker's reads go before anybody knows how much came: else every open stream held room for the next.
    static SPACE: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_MAX].into());
}

/// See the module.
#[derive(Debug)]
pub(super) enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Socket {
    /// Reads what there is and shows it; nothing at the end.
    pub(super) fn poll_read<T>(&mut self, cx: &mut Context<'_>, look: impl FnOnce(&[u8]) -> T) -> Poll<io::Result<T>> {
        SPACE.with_borrow_mut(|space| {
            let mut space = ReadBuf::new(space);
            ready!(match self {
                Self::Plain(tcp) => Pin::new(tcp).poll_read(cx, &mut space),
                Self::Tls(tls) => Pin::new(tls).poll_read(cx, &mut space),
            })?;
            Poll::Ready(Ok(look(space.filled())))
        })
    }

    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Self::Tls(tls) => Pin::new(tls).poll_write(cx, bytes),
        }
    }

    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }
}
