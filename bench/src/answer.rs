//! One answer read from a socket, whole and held against what it should be.

use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use tokio::{io::AsyncReadExt as _, net::TcpStream};

use crate::work::Work;

/// How a chunked body ends. Nothing that the upstream says looks like it, and nothing follows an answer before the next
/// request, so that it need not be taken apart.
const LAST_CHUNK: &[u8] = b"\r\n0\r\n\r\n";
/// How a stream says that it is whole.
const DONE: &[u8] = b"data: [DONE]";

/// Reads the answer to this kind of work, and returns when its first byte came. `read` is a buffer to be used again.
///
/// # Errors
/// When it isn't a whole answer of status 200.
pub async fn read(socket: &mut TcpStream, read: &mut Vec<u8>, work: Work) -> Result<Instant> {
    read.clear();
    more(socket, read).await?;
    let first_byte = Instant::now();
    let head = loop {
        match end_of_head(read) {
            Some(head) => break head,
            None => more(socket, read).await?,
        }
    };
    match body_end(&read[..head])? {
        BodyEnd::After(length) => {
            while read.len() < head + length {
                more(socket, read).await?;
            }
        }
        BodyEnd::LastChunk => {
            while !read[head - 2..].ends_with(LAST_CHUNK) {
                more(socket, read).await?;
            }
        }
    }
    if work == Work::Burst {
        ensure!(find(&read[read.len().saturating_sub(256)..], DONE).is_some(), "a stream ended without its end mark");
    }
    Ok(first_byte)
}

/// Where the head ends and the body begins, if it has come.
#[must_use]
pub fn end_of_head(bytes: &[u8]) -> Option<usize> {
    find(bytes, b"\r\n\r\n").map(|at| at + 4)
}

/// Where this stands first.
#[must_use]
pub fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

async fn more(socket: &mut TcpStream, read: &mut Vec<u8>) -> Result<()> {
    let count = socket.read_buf(read).await.context("an answer broke off")?;
    ensure!(count > 0, "a connection ended in the middle of an answer");
    Ok(())
}

enum BodyEnd {
    After(usize),
    LastChunk,
}

fn body_end(head: &[u8]) -> Result<BodyEnd> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    response.parse(head).context("what came isn't HTTP")?;
    if response.code != Some(200) {
        bail!("not 200 but {}", String::from_utf8_lossy(head));
    }
    let header = |name: &str| response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
    match header("content-length") {
        Some(length) => Ok(BodyEnd::After(std::str::from_utf8(length.value)?.parse()?)),
        None if header("transfer-encoding").is_some() => Ok(BodyEnd::LastChunk),
        None => bail!("an answer without an end: {}", String::from_utf8_lossy(head)),
    }
}
