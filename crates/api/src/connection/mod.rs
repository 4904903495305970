//! A caller's connection, below HTTP: what actix-http doesn't tell of it, and what a request may do with it.
//!
//! Three things are decided here. Whether a caller who sends no more is gone or waits: both look the same (a FIN), until
//! something is written, which a caller who is gone answers with a reset. So before the answer's head a half-closed
//! caller is sent `100 Continue`, which clients must be able to skip (RFC 9110, section 15.2), and a stream a heartbeat;
//! where a reset comes back the request is dropped and the upstream's work with it. HTTP/1.0 knows no interim answers: a
//! caller of it who half-closes counts as gone when its answer hasn't begun a second later. nginx asks by HTTP/1.0 unless
//! told otherwise: its callers who leave would else go unnoticed. Whether a body is asked for (`Expect: 100-continue`): when
//! somebody is about to read it, and not before. And that a broken answer whose end is the connection's ends with a reset.

mod caller_body;
mod framing;
mod socket;
mod transport;

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    io,
    os::fd::{AsFd as _, OwnedFd},
    rc::Rc,
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use actix_web::{
    HttpRequest,
    http::{Version, header::HeaderMap},
    rt::{net::TcpStream, task::JoinHandle},
};
use socket2::SockRef;
use tokio::io::{Interest, ReadBuf};

pub use caller_body::{CallerBody, lasts_until_close};
use framing::UNKNOWN_NAME;
pub use socket::CallerSocket;
use transport::Transport;

/// How long a half-closed caller of HTTP/1.0 may wait for its answer to begin before it counts as gone.
const HTTP_1_0_PATIENCE: Duration = Duration::from_secs(1);
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// One caller's connection, shared by its socket and the requests on it, which all live in one task.
pub struct Connection {
    /// `None` when it is closed.
    transport: RefCell<Option<Transport>>,
    /// Bytes of ours may still lie between HTTP and the socket: nothing may be written past them.
    is_writing: Cell<bool>,
    half_closed: Cell<bool>,
    /// Whether a stream's heartbeat is due, to see if the half-closed caller is there.
    heartbeat_due: Rc<Cell<bool>>,
    /// An interim answer is to follow what is being written.
    interim_due: Cell<bool>,
    is_gone: Cell<bool>,
    /// Of the task that serves the connection.
    waker: RefCell<Option<Waker>>,
    /// Waits for the reset of a half-closed connection.
    watch: RefCell<Option<JoinHandle<()>>>,
    /// A request waits to be asked for its body.
    expects_invitation: Cell<bool>,
    ends_with_reset: Cell<bool>,
}

/// Whether the request of these headers came with `Expect: 100-continue`.
#[must_use]
pub fn expects(headers: &HeaderMap) -> bool {
    headers.contains_key(UNKNOWN_NAME)
}

impl Connection {
    fn new(transport: Transport) -> Self {
        Self {
            transport: RefCell::new(Some(transport)),
            is_writing: Cell::new(false),
            half_closed: Cell::new(false),
            heartbeat_due: Rc::default(),
            interim_due: Cell::new(false),
            is_gone: Cell::new(false),
            waker: RefCell::new(None),
            watch: RefCell::new(None),
            expects_invitation: Cell::new(false),
            ends_with_reset: Cell::new(false),
        }
    }

    /// The connection of a request; none in tests without a socket.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Option<&Rc<Self>> {
        request.conn_data::<Rc<Self>>()
    }

    /// Whether it is known that nobody is there any more: no request that was sent before is worth beginning.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.is_gone.get()
    }

    /// Resolves when the caller has gone before its answer began.
    pub async fn left(self: &Rc<Self>, version: Version) {
        // Both wake this task when they change: what reads the socket lives in it.
        poll_fn(|cx| if self.half_closed.get() { Poll::Ready(()) } else { self.poll_gone(cx) }).await;
        let gone = poll_fn(|cx| self.poll_gone(cx));
        if version >= Version::HTTP_11 {
            self.send_interim();
            self.heartbeat_due.set(false);
            return gone.await;
        }
        // Nothing can be written that would show whether anybody is there.
        let _ = tokio::time::timeout(HTTP_1_0_PATIENCE, gone).await;
    }

    /// Ready when it is known that nobody is there any more.
    pub fn poll_gone(self: &Rc<Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_gone.get() {
            return Poll::Ready(());
        }
        if self.half_closed.get() {
            self.waker.replace(Some(cx.waker().clone()));
            self.watch.borrow_mut().get_or_insert_with(|| self.watch_for_a_reset());
        }
        Poll::Pending
    }

    /// Turns true when a stream should write something, to see whether its caller is there; to be set back by whoever
    /// does.
    #[must_use]
    pub fn heartbeat_due(&self) -> Rc<Cell<bool>> {
        Rc::clone(&self.heartbeat_due)
    }

    fn expects_an_invitation(&self) {
        self.expects_invitation.set(true);
    }

    /// Asks for a request's body, if its caller waits for that. To be called by whoever is about to read it.
    pub fn invite_body(request: &HttpRequest) {
        if let Some(connection) = Self::of(request)
            && Self::waits_for_invitation(request)
        {
            connection.expects_invitation.set(false);
            connection.send_interim();
        }
    }

    /// Whether a request's body was never asked for. It may come all the same, so that nothing else can be read from its
    /// connection.
    #[must_use]
    pub fn waits_for_invitation(request: &HttpRequest) -> bool {
        expects(request.headers()) && Self::of(request).is_some_and(|connection| connection.is_uninvited())
    }

    /// The same of the request that this connection serves now, if it [`expects`] to be asked.
    #[must_use]
    pub fn is_uninvited(&self) -> bool {
        self.expects_invitation.get()
    }

    /// Bytes of an answer are on their way to the socket.
    pub fn writes(&self) {
        self.is_writing.set(true);
    }

    /// Sends an interim answer, after what is on its way.
    fn send_interim(&self) {
        if self.is_writing.get() {
            self.interim_due.set(true);
        } else {
            self.write_now(CONTINUE);
        }
    }

    /// Lets the connection end with a reset: for an answer that is broken and has no other end.
    pub fn end_with_reset(&self) {
        self.ends_with_reset.set(true);
    }

    /// A socket that takes nothing has a caller who isn't waiting for this.
    fn write_now(&self, bytes: &[u8]) {
        if let Some(transport) = self.transport.borrow_mut().as_mut() {
            transport.write_now(bytes);
        }
    }

    fn poll_read(&self, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = out.filled().len();
        let read = self.with_transport(|transport| transport.poll_read(cx, out));
        if matches!(read, Poll::Ready(Ok(()))) && out.filled().len() == before && !self.half_closed.replace(true) {
            self.heartbeat_due.set(true);
        }
        read
    }

    fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.writes();
        self.with_transport(|transport| transport.poll_write(cx, bytes))
    }

    fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.with_transport(|transport| transport.poll_flush(cx)))?;
        self.is_writing.set(false);
        if self.interim_due.take() {
            self.write_now(CONTINUE);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.ends_with_reset.get() {
            return Poll::Ready(Ok(()));
        }
        self.with_transport(|transport| transport.poll_shutdown(cx))
    }

    fn with_transport<T>(&self, work: impl FnOnce(&mut Transport) -> Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match self.transport.borrow_mut().as_mut() {
            Some(transport) => work(transport),
            None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    /// After a FIN a socket tells a reset as an error alone, and tokio tells errors to whoever waits for them alone.
    fn watch_for_a_reset(self: &Rc<Self>) -> JoinHandle<()> {
        let copy = self.transport.borrow().as_ref().map(|transport| transport.tcp().as_fd().try_clone_to_owned());
        let connection = Rc::downgrade(self);
        #[expect(clippy::disallowed_methods, reason = "ends with the connection, which lives on the same worker")]
        actix_web::rt::spawn(async move {
            let Some(Ok(copy)) = copy else { return };
            // A socket that can't be watched tells it at the next write.
            if reset(copy).await.is_ok()
                && let Some(connection) = connection.upgrade()
            {
                connection.is_gone.set(true);
                if let Some(waker) = connection.waker.take() {
                    waker.wake();
                }
            }
        })
    }

    fn close(&self) {
        if let Some(watch) = self.watch.take() {
            watch.abort();
        }
        // Requests that are kept for reuse hold this; its task need not be held.
        self.waker.take();
        let transport = self.transport.take();
        if let Some(transport) = transport
            && self.ends_with_reset.get()
        {
            // Closed without a goodbye (socket(7), SO_LINGER).
            let _ = SockRef::from(transport.tcp()).set_linger(Some(Duration::ZERO));
        }
    }
}

/// Resolves when this socket has an error.
async fn reset(socket: OwnedFd) -> io::Result<()> {
    TcpStream::from_std(socket.into())?.ready(Interest::ERROR).await.map(drop)
}
