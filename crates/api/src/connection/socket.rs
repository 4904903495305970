//! The socket of one caller, as actix-http is given it: its bytes looked at on their way in, its end told.

use std::{
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use actix_web::rt::net::TcpStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsAcceptor;

use super::{
    Connection,
    framing::{Framing, REFUSED, Reading, Rest},
    transport::Transport,
};

/// See the module.
pub struct CallerSocket {
    connection: Rc<Connection>,
    framing: Framing,
    /// The beginning of a head whose end has not come.
    held: Vec<u8>,
    /// What was looked at and is to be handed on before anything else.
    ready: Vec<u8>,
    /// Nothing more is handed on.
    is_refused: bool,
}

impl CallerSocket {
    /// A caller's end of this connection, once it is encrypted where `acceptor` asks for that.
    ///
    /// # Errors
    /// When the caller doesn't come to encrypt it.
    pub async fn open(tcp: TcpStream, acceptor: Option<TlsAcceptor>) -> io::Result<Self> {
        let transport = match acceptor {
            Some(acceptor) => Transport::encrypted(tcp, acceptor).await?,
            None => Transport::Plain(tcp),
        };
        let connection = Rc::new(Connection::new(transport));
        Ok(Self { connection, framing: Framing::new(), held: Vec::new(), ready: Vec::new(), is_refused: false })
    }

    /// What requests on it may do with it.
    #[must_use]
    pub fn connection(&self) -> Rc<Connection> {
        Rc::clone(&self.connection)
    }

    /// Looks at what was read and gives how much of it may be handed on now.
    fn look(&mut self, bytes: &mut [u8]) -> Reading {
        let reading = self.framing.look(bytes);
        if self.framing.take_expectation() {
            self.connection.expects_an_invitation();
        }
        if reading.rest == Rest::Refused {
            self.ready.extend_from_slice(REFUSED);
            self.is_refused = true;
        }
        reading
    }

    /// Reads on where the beginning of a head is held. False at the end of the caller's bytes.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let mut space = [0; 4096];
        let mut space = ReadBuf::new(&mut space);
        ready!(self.connection.poll_read(cx, &mut space))?;
        if space.filled().is_empty() {
            return Poll::Ready(Ok(false));
        }
        let mut held = std::mem::take(&mut self.held);
        held.extend_from_slice(space.filled());
        let Reading { pass, rest } = self.look(&mut held);
        if rest == Rest::HalfHead {
            self.held = held.split_off(pass);
        }
        held.truncate(pass);
        self.ready.splice(..0, held);
        Poll::Ready(Ok(true))
    }
}

impl AsyncRead for CallerSocket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let socket = self.get_mut();
        loop {
            if !socket.ready.is_empty() {
                let take = socket.ready.len().min(out.remaining());
                out.put_slice(&socket.ready[..take]);
                socket.ready.drain(..take);
                return Poll::Ready(Ok(()));
            }
            if socket.is_refused {
                return Poll::Ready(Ok(()));
            }
            if !socket.held.is_empty() {
                if !ready!(socket.poll_head(cx))? {
                    return Poll::Ready(Ok(()));
                }
                continue;
            }
            // The usual way: read where it is wanted, and looked at there.
            let before = out.filled().len();
            ready!(socket.connection.poll_read(cx, out))?;
            if out.filled().len() == before {
                return Poll::Ready(Ok(()));
            }
            let Reading { pass, rest } = socket.look(&mut out.filled_mut()[before..]);
            if rest == Rest::HalfHead {
                socket.held.extend_from_slice(&out.filled()[before + pass..]);
            }
            out.set_filled(before + pass);
            if pass > 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncWrite for CallerSocket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.connection.poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.connection.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.connection.poll_shutdown(cx)
    }
}

impl Drop for CallerSocket {
    fn drop(&mut self) {
        self.connection.close();
    }
}
