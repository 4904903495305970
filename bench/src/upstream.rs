//! The server that all proxies stand in front of: answers from memory, on a thread of its own, faster than any of them.

use std::{
    net::{Ipv4Addr, SocketAddr},
    rc::Rc,
    thread,
};

use anyhow::{Context as _, Result};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    runtime::Builder,
    task::{LocalSet, spawn_local},
};

use crate::{
    answer::{end_of_head, find},
    work::{BURST_MARK, Work},
};

/// Starts it and returns where it listens. It ends with the process.
///
/// # Errors
/// When it can't listen.
pub fn start() -> Result<SocketAddr> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("the upstream can't listen")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    thread::Builder::new().name("upstream".to_owned()).spawn(move || {
        let served = LocalSet::new().block_on(&runtime, serve(listener));
        // Without it no figure means anything.
        served.expect("the upstream serves");
    })?;
    Ok(address)
}

async fn serve(listener: std::net::TcpListener) -> Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let answers = Rc::new(Answers { small_json: Work::SmallJson.answer(), burst: Work::Burst.answer() });
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let answers = Rc::clone(&answers);
        // A connection that breaks is its proxy's affair: whoever waits for the answer fails.
        spawn_local(async move { answer_all(socket, &answers).await.ok() });
    }
}

struct Answers {
    small_json: Vec<u8>,
    burst: Vec<u8>,
}

/// Answers one request after the other; none comes before the answer to the one before it.
async fn answer_all(mut socket: TcpStream, answers: &Answers) -> Result<()> {
    let mut read = Vec::with_capacity(4096);
    loop {
        let Some(head) = end_of_head(&read) else {
            if socket.read_buf(&mut read).await? == 0 {
                return Ok(());
            }
            continue;
        };
        let whole = head + body_length(&read[..head])?;
        while read.len() < whole {
            if socket.read_buf(&mut read).await? == 0 {
                return Ok(());
            }
        }
        let is_burst = find(&read[head..whole], BURST_MARK.as_bytes()).is_some();
        socket.write_all(if is_burst { &answers.burst } else { &answers.small_json }).await?;
        read.drain(..whole);
    }
}

/// Bytes of a request's body; none without `Content-Length`.
fn body_length(head: &[u8]) -> Result<usize> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut headers);
    request.parse(head).context("a proxy sent what isn't HTTP")?;
    let length = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    Ok(length.map(|header| std::str::from_utf8(header.value)).transpose()?.map(str::parse).transpose()?.unwrap_or(0))
}
