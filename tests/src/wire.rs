//! Reads one HTTP/1.1 request from a socket, nothing interpreted that the tests don't look at.

use std::io;

use serde_json::Value;
use tokio::{io::AsyncReadExt, net::TcpStream};

/// A request as the upstream received it.
#[derive(Debug, Clone)]
pub struct Received {
    /// Such as `POST`.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Names in lower case, in their order.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Received {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null if it isn't.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The last message's text.
    #[must_use]
    pub fn message(&self) -> String {
        let body = self.json();
        let last = body["messages"].as_array().and_then(|all| all.last()).cloned().unwrap_or_default();
        last["content"].as_str().unwrap_or_default().to_owned()
    }
}

/// Reads the next request; `None` when the peer closed instead.
pub(crate) async fn read_request(stream: &mut TcpStream) -> io::Result<Option<Received>> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut received = Received { method, path, headers, body: bytes.split_off(head_end) };
    if received.header("transfer-encoding").is_some() {
        received.body = read_chunked(stream, received.body).await?;
    } else {
        let length = received.header("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
        while received.body.len() < length {
            if stream.read_buf(&mut received.body).await? == 0 {
                return Ok(None);
            }
        }
    }
    Ok(Some(received))
}

async fn read_chunked(stream: &mut TcpStream, mut raw: Vec<u8>) -> io::Result<Vec<u8>> {
    while !raw.ends_with(b"0\r\n\r\n") {
        if stream.read_buf(&mut raw).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let mut body = Vec::new();
    let mut rest = raw.as_slice();
    while let Some(line_end) = rest.windows(2).position(|two| two == b"\r\n") {
        let length = usize::from_str_radix(&String::from_utf8_lossy(&rest[..line_end]), 16).unwrap_or(0);
        let start = line_end + 2;
        if length == 0 || rest.len() < start + length + 2 {
            break;
        }
        body.extend_from_slice(&rest[start..start + length]);
        rest = &rest[start + length + 2..];
    }
    Ok(body)
}
