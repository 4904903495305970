//! The way of bytes between HTTP and a caller's socket: as they are, or through TLS.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use actix_web::rt::net::TcpStream;
use tokio::{
    io::{AsyncRead as _, AsyncReadExt as _, AsyncWrite as _, AsyncWriteExt as _, ReadBuf},
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// How long a caller may take to agree on how to encrypt.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// What somebody is told who speaks http where https is spoken.
const SPEAK_HTTPS: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 71\r\n\
    connection: close\r\n\r\nThis port speaks https alone: write https:// in place of http:// here.\n";
/// How long, and how much, such a caller is listened to, so that what it still sends doesn't reset what it was told.
const LISTENING: Duration = Duration::from_secs(1);
const LISTENING_BYTES: u64 = 1 << 20;

/// See the module.
pub enum Transport {
    /// As they are.
    Plain(TcpStream),
    /// Through TLS.
    Encrypted(Box<TlsStream<TcpStream>>),
}

impl Transport {
    /// Lets a caller encrypt. Who speaks plain HTTP is told so.
    ///
    /// # Errors
    /// When the caller can't, doesn't want to, or takes too long.
    pub async fn encrypted(tcp: TcpStream, acceptor: TlsAcceptor) -> io::Result<Self> {
        let agreed = async {
            let mut first = [0];
            // A method's first letter; a handshake begins with 22 (RFC 8446, section 5.1).
            if tcp.peek(&mut first).await? == 1 && first[0].is_ascii_uppercase() {
                return Err(speak_https(tcp).await);
            }
            Ok(Self::Encrypted(Box::new(acceptor.accept(tcp).await?)))
        };
        timeout(HANDSHAKE, agreed).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// The socket below.
    pub fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Encrypted(tls) => tls.get_ref().0,
        }
    }

    pub fn poll_read(&mut self, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(cx, out),
            Self::Encrypted(tls) => Pin::new(tls).poll_read(cx, out),
        }
    }

    pub fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Self::Encrypted(tls) => Pin::new(tls).poll_write(cx, bytes),
        }
    }

    /// Ready when all that was written is in the socket: what is encrypted may still wait for room there.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Encrypted(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    pub fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Self::Encrypted(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }

    /// Writes what the socket takes at once. Only while nothing is being written: nobody waits for the socket then who
    /// would miss being woken.
    pub fn write_now(&mut self, bytes: &[u8]) {
        match self {
            Self::Plain(tcp) => _ = tcp.try_write(bytes),
            Self::Encrypted(tls) => {
                let mut nobody = Context::from_waker(Waker::noop());
                _ = Pin::new(&mut *tls).poll_write(&mut nobody, bytes);
                _ = Pin::new(tls).poll_flush(&mut nobody);
            }
        }
    }
}

/// Tells a caller of plain HTTP what to do.
async fn speak_https(mut tcp: TcpStream) -> io::Error {
    let told = async {
        tcp.write_all(SPEAK_HTTPS).await?;
        tcp.shutdown().await?;
        tokio::io::copy(&mut tcp.take(LISTENING_BYTES), &mut tokio::io::sink()).await
    };
    match timeout(LISTENING, told).await {
        Ok(Err(error)) => error,
        _ => io::Error::new(io::ErrorKind::InvalidData, "plain http where https is spoken"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_to_plain_http_is_as_long_as_it_says() {
        let text = std::str::from_utf8(SPEAK_HTTPS).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{}", body.len());
    }
}
