//! The HTTP client of one worker: HTTP/1.1, one request at a time on a connection.
//!
//! It is our own since a relay has to know how a body ended, must not take an interim answer for the final one, and wants
//! all that a read holds at once; and since it is asked for every request.

mod chunks;
mod connect;
mod exchange;
mod head;
mod pool;
mod response;
mod socket;

use std::{rc::Rc, sync::Arc};

use bytes::Bytes;
use tokio::time::timeout;

use connect::Connect;
use pool::{Connection, Pool};
pub(crate) use response::Response;

use crate::{Failure, Upstream};

/// A client for one upstream. One per worker: it is cheap to clone and not `Send`.
#[derive(Clone)]
pub struct Client {
    upstream: Arc<Upstream>,
    connect: Connect,
    pool: Rc<Pool>,
}

impl Client {
    /// A client without a limit of connections (each open stream is one) and without redirects: a redirect would carry
    /// the credential elsewhere.
    pub fn new(upstream: Arc<Upstream>) -> Self {
        let connect = Connect::new(upstream.tls());
        Self::with_connect(upstream, connect)
    }

    fn with_connect(upstream: Arc<Upstream>, connect: Connect) -> Self {
        Self { upstream, connect, pool: Rc::default() }
    }

    pub(crate) fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// The beginning of a request's head, with what all have in common.
    pub(crate) fn head(&self, method: &str, path: &str) -> RequestHead {
        let mut head = RequestHead(Vec::with_capacity(512));
        head.0.extend_from_slice(method.as_bytes());
        head.0.push(b' ');
        head.0.extend_from_slice(self.upstream.path().as_bytes());
        head.0.extend_from_slice(path.as_bytes());
        head.0.extend_from_slice(b" HTTP/1.1\r\n");
        head.line("host", self.upstream.host());
        head.line("accept-encoding", "identity");
        head.line("user-agent", concat!("tollgate/", env!("CARGO_PKG_VERSION")));
        head
    }

    /// Sends a request and waits for the head of its answer. `sends` is called when a connection stands.
    ///
    /// # Errors
    /// When there is no connection, or no answer on it.
    pub(crate) async fn send(&self, head: RequestHead, body: Bytes, sends: impl FnOnce()) -> Result<Response, Failure> {
        let mut connection = match self.pool.take() {
            Some(connection) => connection,
            None => {
                let socket = timeout(self.upstream.timeouts.connect, self.connect.connect(&self.upstream)).await;
                let socket = socket.unwrap_or_else(|_| Err("it took too long".to_owned()));
                Connection::new(socket.map_err(|cause| Failure::Unreachable { cause })?)
            }
        };
        sends();
        let answered = exchange::exchange(&mut connection.socket, head.finish(body.len()), body).await;
        let answered = answered.map_err(|cause| Failure::Disconnected { cause })?;
        Ok(Response::new(answered, connection, Rc::clone(&self.pool)))
    }
}

/// A request's head in the making. No value holds a line end: all of them are header values, or checked as such.
pub(crate) struct RequestHead(Vec<u8>);

impl RequestHead {
    /// Adds a header.
    pub(crate) fn line(&mut self, name: &str, value: impl AsRef<[u8]>) {
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b": ");
        self.0.extend_from_slice(value.as_ref());
        self.0.extend_from_slice(b"\r\n");
    }

    /// All of it, before a body of so many bytes; none needs no length.
    fn finish(mut self, length: usize) -> Vec<u8> {
        if length > 0 {
            self.line("content-length", length.to_string());
        }
        self.0.extend_from_slice(b"\r\n");
        self.0
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("upstream", &self.upstream).finish_non_exhaustive()
    }
}
