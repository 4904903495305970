//! The timers of one body: heartbeat, idle and total, on a single timer that is seldom moved.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

use crate::Timeouts;

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tick {
    /// The caller has heard nothing for a while.
    Heartbeat,
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
    ends: Instant,
    /// Since when we wait for the upstream. Only then is it to blame: while the caller doesn't read, it isn't asked.
    waiting_since: Option<Instant>,
    sent_at: Instant,
    timer: Pin<Box<Sleep>>,
}

impl Clock {
    pub(crate) fn new(started: Instant, timeouts: &Timeouts) -> Self {
        let ends = started + timeouts.total;
        Self {
            heartbeat: timeouts.heartbeat,
            idle: timeouts.idle,
            ends,
            waiting_since: None,
            sent_at: Instant::now(),
            timer: Box::pin(sleep_until(ends)),
        }
    }

    pub(crate) fn received(&mut self) {
        self.waiting_since = None;
    }

    pub(crate) fn sent(&mut self) {
        self.sent_at = Instant::now();
    }

    pub(crate) fn total_is_over(&self) -> bool {
        Instant::now() >= self.ends
    }

    /// To be asked when the upstream has nothing: tells what is due, or wakes the task when something is.
    pub(crate) fn poll_tick(&mut self, heartbeats: bool, cx: &mut Context<'_>) -> Poll<Tick> {
        loop {
            let now = Instant::now();
            let idle = *self.waiting_since.get_or_insert(now) + self.idle;
            let heartbeat = self.sent_at + self.heartbeat;
            if now >= self.ends {
                return Poll::Ready(Tick::Total);
            }
            if now >= idle {
                return Poll::Ready(Tick::Idle);
            }
            if heartbeats && now >= heartbeat {
                return Poll::Ready(Tick::Heartbeat);
            }
            let next = self.ends.min(idle).min(if heartbeats { heartbeat } else { idle });
            if self.timer.is_elapsed() || self.timer.deadline() > next {
                self.timer.as_mut().reset(next);
            }
            if self.timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }
}
