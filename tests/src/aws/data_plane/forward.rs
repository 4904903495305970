//! A call on its way upstream and back: whole, or piece by piece as it comes. A caller who leaves ends it.

use std::io;

use reqwest::{
    Client, Response,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    time::{Instant, timeout_at},
};

use super::call::Forward;
use crate::{aws::answer::Reply, chunk};

/// Headers of an answer that API Gateway writes itself; the upstream's go on under another name.
const REMAPPED: [&str; 5] = ["connection", "content-length", "date", "server", "www-authenticate"];

enum Failure {
    /// The caller is gone.
    Left,
    Upstream,
    TimedOut,
}

/// Answers the caller with what the upstream says.
///
/// # Errors
/// When the connection to the caller is of no more use.
pub(in crate::aws) async fn forward(client: &Client, caller: &mut TcpStream, call: Forward) -> io::Result<()> {
    let deadline = Instant::now() + call.timeout;
    let method = call.method.clone();
    let (on_failure, on_timeout) = (call.on_failure.clone(), call.on_timeout.clone());
    match answer(client, caller, call, deadline).await? {
        Ok(()) => Ok(()),
        Err(Failure::Upstream) => caller.write_all(&on_failure.bytes(&method)).await,
        Err(Failure::TimedOut) => caller.write_all(&on_timeout.bytes(&method)).await,
        Err(Failure::Left) => Err(io::ErrorKind::ConnectionAborted.into()),
    }
}

async fn answer(
    client: &Client,
    caller: &mut TcpStream,
    call: Forward,
    deadline: Instant,
) -> io::Result<Result<(), Failure>> {
    let (method, request_id, is_stream) = (call.method.clone(), call.request_id.clone(), call.is_stream);
    let Some(sending) = request(client, call) else { return Ok(Err(Failure::Upstream)) };
    let response = match unless_left(caller, deadline, sending.send()).await {
        Ok(response) => response,
        Err(failure) => return Ok(Err(failure)),
    };
    let mut head = head(&response, &request_id);
    if is_stream {
        stream(caller, response, head, &method, deadline).await.map(Ok)
    } else {
        match unless_left(caller, deadline, response.bytes()).await {
            Ok(body) => {
                head.body = body.to_vec();
                caller.write_all(&head.bytes(&method)).await.map(Ok)
            }
            Err(failure) => Ok(Err(failure)),
        }
    }
}

/// Nothing more can be said once the head is out: a body that breaks off is a connection that is closed.
async fn stream(
    caller: &mut TcpStream,
    mut response: Response,
    head: Reply,
    method: &str,
    deadline: Instant,
) -> io::Result<()> {
    let has_body = method != "HEAD" && !matches!(head.status, 204 | 304);
    caller.write_all(&streaming_head(&head, has_body)).await?;
    if !has_body {
        return Ok(());
    }
    loop {
        match unless_left(caller, deadline, response.chunk()).await {
            Ok(Some(piece)) if piece.is_empty() => {}
            Ok(Some(piece)) => caller.write_all(&chunk(&piece)).await?,
            Ok(None) => return caller.write_all(b"0\r\n\r\n").await,
            Err(_) => return Err(io::ErrorKind::ConnectionAborted.into()),
        }
    }
}

fn streaming_head(head: &Reply, has_body: bool) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {} Fake\r\n", head.status);
    for (name, value) in &head.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(if has_body { "Transfer-Encoding: chunked\r\n\r\n" } else { "\r\n" });
    text.into_bytes()
}

async fn unless_left<T>(
    caller: &TcpStream,
    deadline: Instant,
    work: impl Future<Output = reqwest::Result<T>>,
) -> Result<T, Failure> {
    tokio::select! {
        () = crate::aws::server::left(caller) => Err(Failure::Left),
        done = timeout_at(deadline, work) => match done {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(_)) => Err(Failure::Upstream),
            Err(_) => Err(Failure::TimedOut),
        },
    }
}

fn request(client: &Client, call: Forward) -> Option<reqwest::RequestBuilder> {
    let mut headers = HeaderMap::new();
    for (name, value) in &call.headers {
        headers.append(HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?);
    }
    let method = call.method.parse().ok()?;
    let request = client.request(method, &call.url).headers(headers);
    Some(if call.body.is_empty() { request } else { request.body(call.body) })
}

fn head(response: &Response, request_id: &str) -> Reply {
    let mut reply = Reply::empty(response.status().as_u16());
    for (name, value) in response.headers() {
        let Ok(value) = value.to_str() else { continue };
        match name.as_str() {
            "transfer-encoding" | "keep-alive" => {}
            name if REMAPPED.contains(&name) => {
                reply = reply.with_header(&format!("x-amzn-Remapped-{name}"), value);
            }
            name => reply = reply.with_header(name, value),
        }
    }
    reply.with_header("x-amzn-RequestId", request_id)
}
