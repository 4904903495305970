//! A client that sends bytes as they are and leaves when it likes, for what no HTTP library would do.

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};

use crate::{Secrets, secrets::LONGEST_PART, within};

/// One connection, plain unless said otherwise.
#[derive(Debug)]
pub struct RawClient<S = TcpStream> {
    stream: S,
    unread: Vec<u8>,
    secrets: Secrets,
}

/// An answer as it stood on the connection.
#[derive(Debug)]
pub struct RawAnswer {
    /// The status.
    pub status: u16,
    /// The head, in lower case.
    pub head: String,
    /// The body, chunks joined.
    pub body: Vec<u8>,
}

impl RawClient {
    /// Connects to somebody who must not tell these secrets.
    ///
    /// # Panics
    /// If nobody listens.
    pub(crate) async fn connect(address: &str, secrets: Secrets) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("a fresh socket");
        Self::on(stream, secrets)
    }

    /// Leaves with a reset.
    ///
    /// # Panics
    /// If the socket is gone already.
    pub fn reset(self) {
        self.stream.set_zero_linger().expect("a socket that can be reset");
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> RawClient<S> {
    /// A client on a connection that is there already.
    pub(crate) fn on(stream: S, secrets: Secrets) -> Self {
        Self { stream, unread: Vec::new(), secrets }
    }

    /// What the bytes go through.
    pub fn stream(&self) -> &S {
        &self.stream
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// If the server closed the connection.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        self.stream.write_all(bytes.as_ref()).await
    }

    /// Sends a POST of JSON with these further header lines, each ended by CRLF.
    ///
    /// # Panics
    /// If the server closed the connection.
    pub async fn post(&mut self, path: &str, headers: &str, body: impl AsRef<[u8]>) {
        let body = body.as_ref();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{headers}\r\n",
            body.len()
        );
        self.send([head.as_bytes(), body].concat()).await.expect("the server listens");
    }

    /// Waits until this text has come, and gives everything so far.
    ///
    /// # Panics
    /// If the connection ends before.
    pub async fn until(&mut self, text: &str) -> String {
        loop {
            let seen = String::from_utf8_lossy(&self.unread).into_owned();
            if seen.contains(text) {
                return seen;
            }
            assert!(self.read().await > 0, "the connection ended before {text:?}: {seen}");
        }
    }

    /// The next whole answer; `None` if the connection ends before one.
    pub async fn answer(&mut self) -> Option<RawAnswer> {
        let head_end = loop {
            if let Some(at) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if self.read().await == 0 {
                return None;
            }
        };
        let body_and_more = self.unread.split_off(head_end);
        let head = String::from_utf8_lossy(&self.unread).to_lowercase();
        self.unread = body_and_more;
        let status = head.split(' ').nth(1).and_then(|text| text.parse().ok()).unwrap_or(0);
        let body = if head.contains("transfer-encoding: chunked") {
            self.chunked_body().await?
        } else {
            let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
            self.exactly(length.unwrap_or(0)).await?
        };
        Some(RawAnswer { status, head, body })
    }

    /// Says that nothing more will be sent.
    pub async fn finish(&mut self) {
        let _ = self.stream.shutdown().await;
    }

    /// Everything until the server closes the connection; a reset ends it too.
    pub async fn rest(&mut self) -> Vec<u8> {
        while self.read().await > 0 {}
        std::mem::take(&mut self.unread)
    }

    /// Everything until the server ends the connection, and whether that was a reset.
    pub async fn rest_and_end(&mut self) -> (Vec<u8>, bool) {
        loop {
            match within("reading from the server", self.stream.read_buf(&mut self.unread)).await {
                Ok(0) => return (std::mem::take(&mut self.unread), false),
                Ok(_) => self.secrets.not_in("the bytes of a connection", &self.unread),
                Err(_) => return (std::mem::take(&mut self.unread), true),
            }
        }
    }

    async fn exactly(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.unread.len() < length {
            if self.read().await == 0 {
                return None;
            }
        }
        let more = self.unread.split_off(length);
        Some(std::mem::replace(&mut self.unread, more))
    }

    async fn chunked_body(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line_end = loop {
                if let Some(at) = self.unread.windows(2).position(|two| two == b"\r\n") {
                    break at + 2;
                }
                if self.read().await == 0 {
                    return None;
                }
            };
            let line = self.exactly(line_end).await?;
            let length = usize::from_str_radix(String::from_utf8_lossy(&line).trim(), 16).ok()?;
            body.extend(self.exactly(length).await?);
            self.exactly(2).await?;
            if length == 0 {
                return Some(body);
            }
        }
    }

    async fn read(&mut self) -> usize {
        let read = within("reading from the server", self.stream.read_buf(&mut self.unread)).await.unwrap_or(0);
        let from = self.unread.len().saturating_sub(read + LONGEST_PART);
        self.secrets.not_in("the bytes of a connection", &self.unread[from..]);
        read
    }
}
