//! The timers of one body: heartbeat, idle, the wait after its finish, and total, on a single timer that is seldom moved.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

use crate::Timeouts;

/// The longest timeout that is kept: a year, which is never. An instant can't be moved by any duration that a
/// configuration may hold.
pub(crate) const LONGEST: Duration = Duration::from_secs(365 * 86_400);

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tick {
    /// The caller has heard nothing for a while.
    Heartbeat,
    /// All choices were finished a while ago.
    Finished,
    /// The upstream has said nothing for too long.
    Idle,
    /// The whole takes too long.
    Total,
}

/// Times are looked at when there is nothing else to do. The timer is moved only when it fires too early, not at each
/// byte: moving one costs more than passing an event on.
#[derive(Debug)]
pub(crate) struct Clock {
    heartbeat: Duration,
    idle: Duration,
    after_finish: Duration,
    ends: Instant,
    /// Until when we wait for what may follow the last choice's finish.
    finish_by: Option<Instant>,
    /// Since when we wait for the upstream. Only then is it to blame: while the caller doesn't read, it isn't asked.
    waiting_since: Option<Instant>,
    sent_at: Instant,
    timer: Pin<Box<Sleep>>,
}

impl Clock {
    /// For a body that began at `started`, whose caller has waited since `head_at`.
    pub(crate) fn new(started: Instant, head_at: Instant, timeouts: &Timeouts) -> Self {
        let bounded = |timeout: Duration| timeout.min(LONGEST);
        let ends = started + bounded(timeouts.total);
        Self {
            heartbeat: bounded(timeouts.heartbeat),
            idle: bounded(timeouts.idle),
            after_finish: bounded(timeouts.after_finish),
            ends,
            finish_by: None,
            waiting_since: None,
            sent_at: head_at,
            timer: Box::pin(sleep_until(ends)),
        }
    }

    pub(crate) fn received(&mut self) {
        self.waiting_since = None;
    }

    pub(crate) fn sent(&mut self) {
        self.sent_at = Instant::now();
    }

    /// Whether the answer is finished but for what little may follow. The wait for that begins anew with each `progress`.
    pub(crate) fn finished(&mut self, is_finished: bool, progress: bool) {
        let begun = self.finish_by.filter(|_| !progress);
        self.finish_by = is_finished.then(|| begun.unwrap_or_else(|| Instant::now() + self.after_finish));
    }

    pub(crate) fn total_is_over(&self) -> bool {
        Instant::now() >= self.ends
    }

    /// To be asked when the upstream has nothing: tells what is due, or wakes the task when something is.
    pub(crate) fn poll_tick(&mut self, heartbeats: bool, cx: &mut Context<'_>) -> Poll<Tick> {
        let heartbeats = heartbeats && !self.heartbeat.is_zero();
        loop {
            let now = Instant::now();
            let idle = *self.waiting_since.get_or_insert(now) + self.idle;
            let heartbeat = self.sent_at + self.heartbeat;
            if now >= self.ends {
                return Poll::Ready(Tick::Total);
            }
            if self.finish_by.is_some_and(|by| now >= by) {
                return Poll::Ready(Tick::Finished);
            }
            if now >= idle {
                return Poll::Ready(Tick::Idle);
            }
            if heartbeats && now >= heartbeat {
                return Poll::Ready(Tick::Heartbeat);
            }
            let next = self.ends.min(idle).min(if heartbeats { heartbeat } else { idle });
            let next = self.finish_by.map_or(next, |by| by.min(next));
            if self.timer.is_elapsed() || self.timer.deadline() > next {
                self.timer.as_mut().reset(next);
            }
            if self.timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn timers_come_in_their_order_and_a_zero_heartbeat_is_none() {
        let timeouts = Timeouts {
            heartbeat: Duration::from_secs(15),
            idle: Duration::from_secs(40),
            total: Duration::from_secs(100),
            connect: LONGEST,
            first_byte: LONGEST,
            after_finish: Timeouts::AFTER_FINISH,
        };
        let now = Instant::now();
        let mut clock = Clock::new(now, now, &timeouts);
        for _ in 0..2 {
            assert_eq!(poll_fn(|cx| clock.poll_tick(true, cx)).await, Tick::Heartbeat);
            clock.sent();
        }
        assert_eq!(poll_fn(|cx| clock.poll_tick(true, cx)).await, Tick::Idle);
        clock.received();
        assert_eq!(poll_fn(|cx| clock.poll_tick(false, cx)).await, Tick::Idle);
        clock.received();
        clock.finished(true, false);
        clock.finished(true, false);
        assert_eq!(poll_fn(|cx| clock.poll_tick(false, cx)).await, Tick::Finished);
        clock.finished(true, true);
        assert!(poll_fn(|cx| Poll::Ready(clock.poll_tick(false, cx).is_pending())).await, "the wait begins anew");
        clock.finished(false, false);
        assert_eq!(poll_fn(|cx| clock.poll_tick(false, cx)).await, Tick::Total);
        assert!(clock.total_is_over());

        let now = Instant::now();
        let mut silent = Clock::new(now, now, &Timeouts { heartbeat: Duration::ZERO, ..timeouts });
        assert_eq!(poll_fn(|cx| silent.poll_tick(true, cx)).await, Tick::Idle);
    }

    #[tokio::test]
    async fn no_duration_is_too_long_for_the_clock() {
        let all = Duration::MAX;
        let timeouts =
            Timeouts { connect: all, first_byte: all, idle: all, after_finish: all, total: all, heartbeat: all };
        let now = Instant::now();
        let mut clock = Clock::new(now, now, &timeouts);
        clock.finished(true, true);
        assert!(!clock.total_is_over());
        poll_fn(|cx| {
            assert!(clock.poll_tick(true, cx).is_pending());
            Poll::Ready(())
        })
        .await;
    }
}
