//! The connections of one worker that wait for their next request.

use std::{
    cell::RefCell,
    collections::VecDeque,
    task::{Context, Poll, Waker},
};

use tokio::time::{Duration, Instant};

use super::socket::Socket;

/// How long an unused connection is kept. Shorter than common servers keep theirs (uvicorn, and so vLLM: 5 s; nginx:
/// 75 s): a POST on a connection that the other side is just closing is lost, and must not be sent twice.
const KEEP_ALIVE: Duration = Duration::from_secs(4);
/// How long a connection is used at most, so that a changed address is noticed.
const LIFETIME: Duration = Duration::from_secs(300);

/// A connection and how old it is.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) socket: Socket,
    made: Instant,
    /// When it was last given back.
    free_since: Instant,
}

impl Connection {
    pub(super) fn new(socket: Socket) -> Self {
        let now = Instant::now();
        Self { socket, made: now, free_since: now }
    }

    fn may_be_used(&self, now: Instant) -> bool {
        now - self.free_since <= KEEP_ALIVE && now - self.made <= LIFETIME
    }

    /// Whether the other side has neither closed it nor said what nobody asked for.
    fn is_silent(&mut self) -> bool {
        matches!(self.socket.poll_read(&mut Context::from_waker(Waker::noop()), |_| ()), Poll::Pending)
    }
}

/// See the module. The one used last is used first, so that no more are kept than are needed.
#[derive(Debug, Default)]
pub(super) struct Pool(RefCell<VecDeque<Connection>>);

impl Pool {
    /// One that can be used, if there is any.
    pub(super) fn take(&self) -> Option<Connection> {
        let now = Instant::now();
        let mut free = self.0.borrow_mut();
        while let Some(mut connection) = free.pop_back() {
            if connection.may_be_used(now) && connection.is_silent() {
                return Some(connection);
            }
        }
        None
    }

    /// Keeps one for later.
    pub(super) fn put(&self, mut connection: Connection) {
        let now = Instant::now();
        let mut free = self.0.borrow_mut();
        while free.front().is_some_and(|oldest| !oldest.may_be_used(now)) {
            free.pop_front();
        }
        connection.free_since = now;
        free.push_back(connection);
    }
}
