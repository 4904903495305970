//! The socket: which plane a request is for, and the faults that are of the connection.

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
};

use reqwest::Client;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

use super::{
    account::Account,
    answer::{AwsError, Reply},
    calls::Calls,
    control::{self, Operation},
    data_plane::{self, Decision},
    faults::{Fault, Faults},
    request::Request,
};
use crate::wire::read_request;

/// What the handle and the connections share.
pub(super) struct Shared {
    pub(super) account: Mutex<Account>,
    pub(super) faults: Mutex<Faults>,
    pub(super) calls: Mutex<Calls>,
    pub(super) is_away: watch::Sender<bool>,
    /// Sent on for those that hang.
    pub(super) release: watch::Sender<()>,
    pub(super) hanging: AtomicUsize,
    pub(super) client: Client,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no holder panics")
}

/// Whether the connection can carry another request.
#[derive(PartialEq, Eq)]
enum Next {
    KeepAlive,
    Close,
}

pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        connections.spawn(serve(stream, Arc::clone(&shared)));
        while connections.try_join_next().is_some() {}
    }
}

/// Serves a connection until either side closes it, or AWS is away.
async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let mut is_away = shared.is_away.subscribe();
    let away = async { drop(is_away.wait_for(|is_away| *is_away).await) };
    tokio::select! {
        biased;
        () = away => {}
        _ = talk(&mut stream, &shared) => {}
    }
}

async fn talk(stream: &mut TcpStream, shared: &Shared) -> io::Result<()> {
    while let Some(received) = read_request(stream).await? {
        let wants_close = received.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        let request = Request::from(received);
        let next = if request.path.starts_with(data_plane::PREFIX) {
            on_data_plane(stream, shared, &request).await?
        } else {
            on_control_plane(stream, shared, request).await?
        };
        if wants_close || next == Next::Close {
            break;
        }
    }
    Ok(())
}

async fn on_data_plane(stream: &mut TcpStream, shared: &Shared, request: &Request) -> io::Result<Next> {
    let decision = data_plane::decide(&mut lock(&shared.account), request);
    match decision {
        Decision::Answer(reply) => stream.write_all(&reply.bytes(&request.method)).await?,
        Decision::Forward(call) => data_plane::forward(&shared.client, stream, *call).await?,
    }
    Ok(Next::KeepAlive)
}

async fn on_control_plane(stream: &mut TcpStream, shared: &Shared, mut request: Request) -> io::Result<Next> {
    let operation = control::find(&mut request);
    let name = operation.map_or("unknown", |operation| operation.name);
    // Before the call can be seen: who sees it may release it at once.
    let release = shared.release.subscribe();
    let number = lock(&shared.calls).begin(name, &request);
    let Some(operation) = operation else {
        let said = format!("the fake AWS doesn't speak {} {}", request.method, request.path);
        let error = AwsError::new(501, "UnknownOperationException", said);
        return answer(stream, shared, number, &request, error.reply()).await;
    };
    if let Err(unsigned) = control::must_be_signed(&request) {
        return answer(stream, shared, number, &request, unsigned.reply()).await;
    }
    let fault = lock(&shared.faults).meet(name);
    if let Some(reply) = fault.as_ref().and_then(|fault| fault.reply(&request)) {
        return answer(stream, shared, number, &request, reply).await;
    }
    match fault {
        Some(Fault::DropRequest) => return Ok(Next::Close),
        Some(Fault::Hang) if !released(stream, shared, release.clone()).await => return Ok(Next::Close),
        _ => {}
    }
    let reply = apply(shared, operation, &request);
    match fault {
        Some(Fault::DropReply) => return Ok(Next::Close),
        Some(Fault::HangReply) if !released(stream, shared, release).await => return Ok(Next::Close),
        Some(Fault::LoseConnection) => {
            let bytes = reply.bytes(&request.method);
            stream.write_all(&bytes[..bytes.len() / 2]).await?;
            let _ = stream.set_zero_linger();
            return Ok(Next::Close);
        }
        _ => {}
    }
    answer(stream, shared, number, &request, reply).await
}

fn apply(shared: &Shared, operation: Operation, request: &Request) -> Reply {
    operation.apply(&mut lock(&shared.account), request).unwrap_or_else(|error| error.reply())
}

/// The call's status is known before the caller can have read it.
async fn answer(
    stream: &mut TcpStream,
    shared: &Shared,
    number: u64,
    request: &Request,
    reply: Reply,
) -> io::Result<Next> {
    lock(&shared.calls).answered(number, reply.status);
    let reply = reply.with_header("x-amzn-RequestId", format!("00000000-0000-4000-8000-{number:012}"));
    stream.write_all(&reply.bytes(&request.method)).await?;
    Ok(Next::KeepAlive)
}

/// Waits until those that hang are released; false when the caller left before.
async fn released(stream: &TcpStream, shared: &Shared, mut release: watch::Receiver<()>) -> bool {
    shared.hanging.fetch_add(1, Ordering::SeqCst);
    let is_released = tokio::select! {
        biased;
        () = left(stream) => false,
        done = release.changed() => done.is_ok(),
    };
    shared.hanging.fetch_sub(1, Ordering::SeqCst);
    is_released
}

/// Ends when the peer has closed the connection. What it sends meanwhile says that it is there.
pub(super) async fn left(stream: &TcpStream) {
    let mut byte = [0];
    if matches!(stream.peek(&mut byte).await, Ok(1..)) {
        std::future::pending::<()>().await;
    }
}
