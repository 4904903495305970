//! The guard that follows one request to its end and tells it exactly once, however it comes.

use std::{cell::Cell, rc::Rc};

/// Gets each id that an answer names, before the bytes that name it go out.
pub(crate) type OnId = Box<dyn FnMut(&str)>;

/// How far a request came. Later phases are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Not a byte went to the upstream: refused by us, or no connection.
    NotSent,
    /// A connection stood and the request was being written or waited for its answer.
    Sent,
    /// The upstream's head was one that we pass on: a 2xx of the right type, or a 4xx meant for the caller.
    Accepted,
    /// The first byte of the upstream's body was handed on.
    FirstByte,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// The whole answer was handed on.
    Finished,
    /// It failed, and the caller was told so.
    Failed(FailureKind),
    /// The caller left: the future or the body was dropped before its end.
    Cancelled,
}

/// What failed, in a form fit for a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// Refused before anything was sent.
    Refused,
    /// No connection: name, TCP, TLS or the time for them.
    Unreachable,
    /// The upstream's status didn't come in time.
    HeadTimeout,
    /// The connection ended, or wasn't HTTP, before a status came.
    Disconnected,
    /// A status that we don't pass on.
    UpstreamStatus,
    /// A content type that isn't what was asked for.
    BadContentType,
    /// A content coding, though `identity` was asked for.
    Coded,
    /// The body of a 4xx was too long or broke off.
    BadErrorBody,
    /// The upstream fell silent in mid-answer.
    IdleTimeout,
    /// The whole took too long.
    TotalTimeout,
    /// The connection broke in mid-answer.
    Interrupted,
    /// The connection ended well, the answer didn't.
    Incomplete,
    /// The upstream itself reported an error within the stream.
    UpstreamReported,
    /// We are stopping.
    ShuttingDown,
}

impl How {
    /// The name for logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Failed(kind) => kind.as_str(),
            Self::Cancelled => "cancelled",
        }
    }
}

impl FailureKind {
    /// The name for logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::HeadTimeout => "head_timeout",
            Self::Disconnected => "disconnected",
            Self::UpstreamStatus => "upstream_status",
            Self::BadContentType => "bad_content_type",
            Self::Coded => "coded",
            Self::BadErrorBody => "bad_error_body",
            Self::IdleTimeout => "idle_timeout",
            Self::TotalTimeout => "total_timeout",
            Self::Interrupted => "interrupted",
            Self::Incomplete => "incomplete",
            Self::UpstreamReported => "upstream_reported",
            Self::ShuttingDown => "shutting_down",
        }
    }
}

/// The facts that a charge and a log line are made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// How far it came.
    pub phase: Phase,
    /// The upstream's status, where one came.
    pub upstream_status: Option<u16>,
    /// How it ended.
    pub how: How,
    /// Bytes of the upstream's body handed on; heartbeats and our own error event don't count.
    pub bytes: u64,
    /// What went wrong, for the log alone.
    pub cause: Option<String>,
}

/// Follows one request. Whoever holds it last ends it: dropping it is an end too, namely `Cancelled`.
///
/// Made before the request is sent and moved along with it, so that there is no moment in which nobody would tell.
pub struct Follow {
    on_end: Option<Box<dyn FnOnce(End)>>,
    on_id: Option<OnId>,
    phase: Rc<Cell<Phase>>,
    upstream_status: Option<u16>,
    bytes: u64,
}

impl Follow {
    /// A guard that calls `on_end` exactly once. It may be called while a future or body is dropped, so it must not
    /// block or panic; sending to a channel is what it is for.
    pub fn new(on_end: impl FnOnce(End) + 'static) -> Self {
        Self {
            on_end: Some(Box::new(on_end)),
            on_id: None,
            phase: Rc::new(Cell::new(Phase::NotSent)),
            upstream_status: None,
            bytes: 0,
        }
    }

    /// Has the answer watched for the ids by which it can be named later: each is told once, before the bytes that name
    /// it go out. Like `on_end`, it must not block or panic.
    #[must_use]
    pub fn on_id(mut self, on_id: impl FnMut(&str) + 'static) -> Self {
        self.on_id = Some(Box::new(on_id));
        self
    }

    /// Who is to be told of ids; whoever takes it watches for them.
    pub(crate) fn take_on_id(&mut self) -> Option<OnId> {
        self.on_id.take()
    }

    /// Ends a request that was refused before it was sent.
    pub(crate) fn refuse(self) {
        self.fail(FailureKind::Refused, None);
    }

    /// The phase, shared with the request's body, which alone knows when a connection stood and it began to be sent.
    pub(crate) fn phase(&self) -> Rc<Cell<Phase>> {
        Rc::clone(&self.phase)
    }

    /// A head came, good or bad.
    pub(crate) fn answered(&mut self, status: u16) {
        self.reach(Phase::Sent);
        self.upstream_status = Some(status);
    }

    /// The head is one that we pass on.
    pub(crate) fn accepted(&mut self) {
        self.reach(Phase::Accepted);
    }

    /// Bytes of the upstream's body are handed on.
    pub(crate) fn relayed(&mut self, bytes: usize) {
        self.reach(Phase::FirstByte);
        self.bytes += bytes as u64;
    }

    /// What came was an error or a proxy's page, and nothing of an answer: the request failed as if its head had.
    pub(crate) fn delivered_nothing(&mut self) {
        self.phase.set(self.phase.get().min(Phase::Sent));
    }

    pub(crate) fn finish(mut self) {
        self.end(How::Finished, None);
    }

    pub(crate) fn fail(mut self, kind: FailureKind, cause: Option<String>) {
        self.end(How::Failed(kind), cause);
    }

    fn reach(&mut self, phase: Phase) {
        self.phase.set(self.phase.get().max(phase));
    }

    fn end(&mut self, how: How, cause: Option<String>) {
        if let Some(on_end) = self.on_end.take() {
            let (phase, upstream_status, bytes) = (self.phase.get(), self.upstream_status, self.bytes);
            on_end(End { phase, upstream_status, how, bytes, cause });
        }
    }
}

impl Drop for Follow {
    fn drop(&mut self) {
        self.end(How::Cancelled, None);
    }
}

impl std::fmt::Debug for Follow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Follow").field("phase", &self.phase.get()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn recorder() -> (Follow, Rc<RefCell<Vec<End>>>) {
        let ends = Rc::new(RefCell::new(Vec::new()));
        let seen = Rc::clone(&ends);
        (Follow::new(move |end| seen.borrow_mut().push(end)), ends)
    }

    #[test]
    fn a_dropped_guard_tells_cancelled_once() {
        let (mut follow, ends) = recorder();
        follow.answered(200);
        drop(follow);
        let end = End { phase: Phase::Sent, upstream_status: Some(200), how: How::Cancelled, bytes: 0, cause: None };
        assert_eq!(*ends.borrow(), [end]);
    }

    #[test]
    fn a_finished_guard_tells_nothing_more_when_it_is_dropped() {
        let (mut follow, ends) = recorder();
        follow.answered(200);
        follow.accepted();
        follow.relayed(3);
        follow.relayed(4);
        follow.finish();
        assert_eq!(ends.borrow().len(), 1);
        assert_eq!(ends.borrow()[0].how, How::Finished);
        assert_eq!(ends.borrow()[0].phase, Phase::FirstByte);
        assert_eq!(ends.borrow()[0].bytes, 7);
    }

    #[test]
    fn a_refused_request_was_not_sent() {
        let (follow, ends) = recorder();
        follow.refuse();
        assert_eq!(ends.borrow()[0].phase, Phase::NotSent);
        assert_eq!(ends.borrow()[0].how, How::Failed(FailureKind::Refused));
    }
}
