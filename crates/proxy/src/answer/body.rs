//! The body of an answer: passes the upstream's bytes on as they come, and knows how it ends.
//!
//! A stream of events is passed on in whole events. The tail of an unfinished one is held back, so that heartbeats and
//! the error event can stand between events, and half an event never reaches the caller. An event too long for that is
//! passed on raw; should the answer fail within one, the transport is aborted.
//!
//! What ends an answer is its own mark, not its connection: after `[DONE]`, a terminal event or an error the body ends at
//! once, and after the last `finish_reason` it waits a moment for the usage. Some servers hold the connection open.
//!
//! It is pulled: who doesn't read, slows the upstream. Dropping it closes the connection to the upstream at once.

use std::{
    cell::Cell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::Stream;
use thiserror::Error;
use tokio::time::Instant;

use super::{
    clock::{Clock, Tick},
    error_event::error_event,
    kind::Kind,
    leftover,
    named_ids::NamedIds,
    source::Source,
};
use crate::{FailureKind, Follow, StopSignal, Timeouts};

/// Most bytes, comments mostly, that are passed on after an answer's finish.
const SURPLUS_MAX: usize = 64 * 1024;

/// The answer broke off: whoever carries it must abort the transport, so that it can't look whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the answer was cut short ({})", kind.as_str())]
pub struct CutShort {
    /// What failed.
    pub kind: FailureKind,
}

/// The body of an answer, followed to its end.
pub struct AnswerBody {
    /// Dropped at the end, which closes or gives back the connection.
    source: Option<Source>,
    kind: Kind,
    /// Taken when the end is known.
    follow: Option<Follow>,
    /// Looks for ids, where somebody wants to know them.
    named: Option<NamedIds>,
    /// What is said after the end is known: the error event, or the abort.
    last: Option<Result<Bytes, CutShort>>,
    clock: Clock,
    stop: StopSignal,
    /// So many bytes came after the finish, none of them a part of the answer.
    surplus: usize,
    /// Somebody wants to see whether the caller is there.
    heartbeat_due: Rc<Cell<bool>>,
}

impl AnswerBody {
    /// A body that began at `started`, whose caller has waited since `head_at`.
    pub(crate) fn new(
        source: Source,
        kind: Kind,
        mut follow: Follow,
        (started, head_at): (Instant, Instant),
        timeouts: &Timeouts,
        stop: StopSignal,
    ) -> Self {
        let clock = Clock::new(started, head_at, timeouts);
        let named = follow.take_on_id().map(|tell| match kind {
            Kind::Events(_) => NamedIds::of_events(tell),
            Kind::Framed { .. } | Kind::UntilClose(_) => NamedIds::of_json(tell),
        });
        let heartbeat_due = Rc::default();
        Self {
            source: Some(source),
            kind,
            follow: Some(follow),
            named,
            last: None,
            clock,
            stop,
            surplus: 0,
            heartbeat_due,
        }
    }

    /// Lets a stream of events send a heartbeat as soon as one may stand, whenever this is true, which it then sets back.
    pub fn heartbeat_when(&mut self, due: Rc<Cell<bool>>) {
        self.heartbeat_due = due;
    }

    /// A body that is in memory as a whole.
    pub(crate) fn whole(bytes: Bytes, follow: Follow, timeouts: &Timeouts) -> Self {
        let kind = Kind::Framed { left: Some(bytes.len() as u64) };
        let source = Box::pin(futures_util::stream::iter([Ok(bytes)]));
        let now = Instant::now();
        Self::new(source, kind, follow, (now, now), timeouts, crate::never())
    }

    /// The upstream's part has ended well, as far as its connection goes.
    fn end(&mut self) {
        let whole = match &mut self.kind {
            Kind::Framed { left } => left.is_none_or(|left| left == 0),
            Kind::UntilClose(watch) => watch.complete(),
            Kind::Events(events) => {
                let tail = events.held.split().freeze();
                if !tail.is_empty() {
                    events.watch.look_at_tail(&tail);
                }
                let whole = events.watch.complete();
                if whole && !tail.is_empty() {
                    // Its blank line is missing, not only to us.
                    self.named.iter_mut().for_each(|named| named.look(&[&tail, &b"\n\n"[..]].concat()));
                    if let Some(follow) = &mut self.follow {
                        follow.relayed(tail.len());
                    }
                    self.last = Some(Ok(tail));
                }
                whole
            }
        };
        if whole {
            self.finish();
        } else {
            self.fail(FailureKind::Incomplete, None);
        }
    }

    fn finish(&mut self) {
        self.source = None;
        if let Some(follow) = self.follow.take() {
            follow.finish();
        }
    }

    /// The answer can't go on. Says so to the caller, unless it was whole already or the upstream said it.
    fn fail(&mut self, kind: FailureKind, cause: Option<String>) {
        if self.kind.is_complete() {
            self.finish();
            return;
        }
        self.source = None;
        let mut told = kind;
        self.last = match &self.kind {
            Kind::Events(events) if events.splitter.mid_event() => Some(Err(CutShort { kind })),
            Kind::Events(events) if events.watch.error_told() => {
                told = FailureKind::UpstreamReported;
                None
            }
            Kind::Events(events) => Some(Ok(error_event(kind, &events.watch))),
            Kind::Framed { .. } | Kind::UntilClose(_) => Some(Err(CutShort { kind })),
        };
        let in_vain = matches!(&self.kind, Kind::Events(events) if told == FailureKind::UpstreamReported && !events.watch.answered());
        if let Some(mut follow) = self.follow.take() {
            if in_vain {
                follow.delivered_nothing();
            }
            follow.fail(told, cause);
        }
    }

    /// Ends the answer where its own mark did, though its connection may go on. `out` are the bytes with that mark.
    fn end_at_its_mark(&mut self, out: &[u8], cx: &mut Context<'_>) {
        let Kind::Events(events) = &mut self.kind else { return };
        // A lone CR ends a line; if it was a half CRLF, its other half belongs to the answer.
        if !events.watch.over() || events.splitter.mid_event() || out.ends_with(b"\r") {
            let (is_finished, progress) = (events.watch.nearly_over(), events.watch.take_progress());
            self.clock.finished(is_finished, progress);
            self.surplus = if is_finished && !progress { self.surplus + out.len() } else { 0 };
            if self.surplus > SURPLUS_MAX {
                self.finish_or_fail();
            }
            return;
        }
        let tail = events.held.split().freeze();
        let is_error = events.watch.error_told();
        if let Some(source) = self.source.take() {
            leftover::read_away(source, cx);
        }
        if is_error {
            self.fail(FailureKind::UpstreamReported, None);
            return;
        }
        if let Some(follow) = &mut self.follow {
            follow.relayed(tail.len());
        }
        self.last = (!tail.is_empty()).then_some(Ok(tail));
        self.finish();
    }

    /// What could follow the finish or the error has had its time.
    fn finish_or_fail(&mut self) {
        if self.kind.is_complete() {
            self.finish();
        } else {
            self.fail(FailureKind::UpstreamReported, None);
        }
    }

    /// Takes a chunk of the upstream and gives what goes out for it, if anything does yet.
    fn pass(&mut self, chunk: Bytes) -> Option<Bytes> {
        let out = self.kind.pass(chunk);
        if out.is_empty() {
            return None;
        }
        self.named.iter_mut().for_each(|named| named.look(&out));
        if let Some(follow) = &mut self.follow {
            follow.relayed(out.len());
        }
        Some(out)
    }
}

impl Stream for AnswerBody {
    type Item = Result<Bytes, CutShort>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let body = self.get_mut();
        loop {
            let Some(source) = &mut body.source else { return Poll::Ready(body.last.take()) };
            // Both before the upstream is asked: a flood of bytes must not put them off.
            if body.clock.total_is_over() {
                body.fail(FailureKind::TotalTimeout, None);
                continue;
            }
            if body.stop.as_mut().poll(cx).is_ready() {
                // Resolved once, it must not be asked again; the source is gone, so that it won't.
                body.fail(FailureKind::ShuttingDown, None);
                continue;
            }
            match source.as_mut().poll_next(cx) {
                Poll::Ready(Some(Ok(chunk))) => {
                    body.clock.received();
                    if let Some(out) = body.pass(chunk) {
                        body.clock.sent();
                        body.end_at_its_mark(&out, cx);
                        return Poll::Ready(Some(Ok(out)));
                    }
                }
                Poll::Ready(Some(Err(cause))) => body.fail(FailureKind::Interrupted, Some(cause)),
                Poll::Ready(None) => body.end(),
                Poll::Pending => {
                    let heartbeat = body.kind.heartbeat();
                    if let Some(heartbeat) = heartbeat
                        && body.heartbeat_due.take()
                    {
                        body.clock.sent();
                        return Poll::Ready(Some(Ok(Bytes::from_static(heartbeat))));
                    }
                    match body.clock.poll_tick(heartbeat.is_some(), cx) {
                        Poll::Pending => return Poll::Pending,
                        Poll::Ready(Tick::Heartbeat) => {
                            body.clock.sent();
                            if let Some(heartbeat) = heartbeat {
                                return Poll::Ready(Some(Ok(Bytes::from_static(heartbeat))));
                            }
                        }
                        Poll::Ready(Tick::Finished) => body.finish_or_fail(),
                        Poll::Ready(Tick::Idle) => body.fail(FailureKind::IdleTimeout, None),
                        Poll::Ready(Tick::Total) => body.fail(FailureKind::TotalTimeout, None),
                    }
                }
            }
        }
    }
}

impl Drop for AnswerBody {
    fn drop(&mut self) {
        // SDKs close the connection on `[DONE]`: who leaves with the whole answer didn't cancel it.
        if self.kind.is_complete() {
            self.finish();
        }
    }
}

impl std::fmt::Debug for AnswerBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AnswerBody").field("open", &self.source.is_some()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, future::poll_fn, time::Duration};

    use futures_util::{FutureExt as _, StreamExt as _, stream};
    use tokio::sync::mpsc;

    use super::*;
    use crate::{End, Endpoint, How, answer::heartbeat::Heartbeat};

    const EVENT: &str = "data: {\"choices\":[{\"index\":0,\"finish_reason\":null}]}\n\n";
    const FINISH: &str = "data: {\"choices\":[{\"index\":0,\"finish_reason\":\"stop\"}]}\n\n";
    const DONE: &str = "data: [DONE]\n\n";
    const WAIT: Duration = Duration::from_secs(3);
    const NEVER: Duration = Duration::from_secs(1_000_000);

    /// A chat's stream on its way to a caller, while the test plays the upstream and the clock.
    struct Scene {
        /// Dropped, the upstream's part is at its end.
        upstream: Option<mpsc::UnboundedSender<Result<Bytes, String>>>,
        body: AnswerBody,
        ends: Rc<RefCell<Vec<End>>>,
    }

    impl Scene {
        fn new(idle: Duration, after_finish: Duration) -> Self {
            let (upstream, mut source) = mpsc::unbounded_channel();
            let source = stream::poll_fn(move |cx| source.poll_recv(cx));
            let ends = Rc::new(RefCell::new(Vec::new()));
            let told = Rc::clone(&ends);
            let follow = Follow::new(move |end| told.borrow_mut().push(end));
            let kind = Kind::events(Endpoint::ChatCompletions, 1, Heartbeat::default());
            let timeouts =
                Timeouts { connect: NEVER, first_byte: NEVER, idle, after_finish, total: NEVER, heartbeat: NEVER };
            let now = Instant::now();
            let body = AnswerBody::new(Box::pin(source), kind, follow, (now, now), &timeouts, crate::never());
            Self { upstream: Some(upstream), body, ends }
        }

        fn say(&self, events: &'static str) {
            self.upstream.as_ref().unwrap().send(Ok(Bytes::from_static(events.as_bytes()))).unwrap();
        }

        async fn hears(&mut self, events: &str) {
            assert_eq!(self.body.next().await.unwrap().unwrap(), events);
        }

        async fn waits(&mut self) {
            assert!(poll_fn(|cx| Poll::Ready(self.body.poll_next_unpin(cx).is_pending())).await, "it goes on");
        }

        /// It is over now, not only once some timer ends it.
        fn ends_well(mut self) {
            assert_eq!(self.body.next().now_or_never(), Some(None));
            assert_eq!(self.ends.borrow()[0].how, How::Finished);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_finish_reason_in_every_chunk_ends_nothing_while_chunks_come() {
        let mut scene = Scene::new(NEVER, WAIT);
        for _ in 0..6 {
            scene.say(FINISH);
            scene.hears(FINISH).await;
            scene.waits().await;
            tokio::time::advance(WAIT * 2 / 3).await;
            scene.waits().await;
        }
        tokio::time::advance(WAIT).await;
        scene.ends_well();
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_gets_what_came_while_it_wasnt_reading() {
        let mut scene = Scene::new(NEVER, WAIT);
        let usage = "data: {\"choices\":[],\"usage\":{}}\n\n";
        scene.say(FINISH);
        scene.say(usage);
        scene.say(DONE);
        scene.upstream = None;
        scene.hears(FINISH).await;
        tokio::time::advance(WAIT * 3).await;
        scene.hears(usage).await;
        scene.hears(DONE).await;
        scene.ends_well();
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_caller_is_no_idle_upstream() {
        let mut scene = Scene::new(WAIT, NEVER);
        scene.say(EVENT);
        scene.hears(EVENT).await;
        // The caller is busy for longer than the upstream may be silent; nobody waits for the upstream meanwhile.
        tokio::time::advance(WAIT * 3).await;
        scene.waits().await;
        scene.say(DONE);
        scene.upstream = None;
        scene.hears(DONE).await;
        scene.ends_well();
    }

    #[tokio::test(start_paused = true)]
    async fn a_mark_ends_it_at_once_though_the_connection_stays_and_comments_put_nothing_off() {
        let at_done = async {
            let mut scene = Scene::new(NEVER, WAIT);
            scene.say(DONE);
            scene.hears(DONE).await;
            scene.ends_well();
        };
        // What is left of the connection is read away beside it.
        tokio::task::LocalSet::new().run_until(at_done).await;

        let mut scene = Scene::new(NEVER, WAIT);
        scene.say(FINISH);
        scene.hears(FINISH).await;
        scene.waits().await;
        tokio::time::advance(WAIT * 2 / 3).await;
        scene.say(": c\n\n");
        scene.hears(": c\n\n").await;
        scene.waits().await;
        tokio::time::advance(WAIT * 2 / 3).await;
        scene.ends_well();
    }

    #[tokio::test(start_paused = true)]
    async fn however_much_comes_with_a_finish_reason_is_answer_and_however_much_comes_after_it_is_not() {
        let mut scene = Scene::new(NEVER, WAIT);
        for _ in 0..SURPLUS_MAX / FINISH.len() + 2 {
            scene.say(FINISH);
            scene.hears(FINISH).await;
        }
        scene.waits().await;
        let comment = ": c\n\n";
        for _ in 0..SURPLUS_MAX / comment.len() + 1 {
            scene.say(comment);
            scene.hears(comment).await;
        }
        scene.ends_well();
    }

    #[tokio::test(start_paused = true)]
    async fn who_leaves_with_the_whole_answer_didnt_cancel_it() {
        for (event, how) in [(FINISH, How::Finished), (EVENT, How::Cancelled)] {
            let mut scene = Scene::new(NEVER, WAIT);
            scene.say(event);
            scene.hears(event).await;
            drop(scene.body);
            assert_eq!(scene.ends.borrow()[0].how, how);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_heartbeat_that_is_due_goes_out_at_once_and_once_but_not_within_an_event() {
        let mut scene = Scene::new(NEVER, WAIT);
        let due = Rc::new(Cell::new(true));
        scene.body.heartbeat_when(Rc::clone(&due));
        scene.hears(": heartbeat\n\n").await;
        scene.waits().await;
        let long = format!("data: {}", "x".repeat(100_000)).leak();
        scene.say(long);
        scene.hears(long).await;
        due.set(true);
        scene.waits().await;
        scene.say("\n\n");
        scene.hears("\n\n").await;
        scene.hears(": heartbeat\n\n").await;
        assert!(!due.get());
    }
}
