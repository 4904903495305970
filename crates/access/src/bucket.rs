//! The throttle's token bucket: rate is the refill per second, burst the capacity, as API Gateway defines them.

use std::time::Duration;

use api_types::{Throttle, Timestamp};

/// One bucket; starts full.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TokenBucket {
    tokens: f64,
    at: Timestamp,
}

/// Slack for adding up binary fractions: a thousandth of a token.
const SLACK: f64 = 1e-3;

/// Askers read the clock before they queue, so instants may come this much out of order. Moving back with each of
/// them would give the same stretch of time several times over.
const OVERTAKEN_SECONDS: f64 = 5.0;

impl TokenBucket {
    /// A full bucket.
    #[must_use]
    pub fn full(throttle: Throttle, now: Timestamp) -> Self {
        Self { tokens: f64::from(throttle.burst), at: now }
    }

    /// A bucket kept as one number, the instant at which it will be full (as GCRA does): what it holds now. `None` is full
    /// already. An instant further away than an empty bucket's is a clock that was set back: it is empty.
    #[must_use]
    pub fn that_fills_at(throttle: Throttle, full_at: Option<Timestamp>, now: Timestamp) -> Self {
        let seconds = full_at.map_or(0.0, |full_at| full_at.duration_since(now).as_secs_f64().max(0.0));
        let burst = f64::from(throttle.burst);
        Self { tokens: (burst - seconds * throttle.rate).clamp(0.0, burst), at: now }
    }

    /// When it will be full if nobody takes of it; `None`: it is.
    #[must_use]
    pub fn fills_at(&self, throttle: Throttle) -> Option<Timestamp> {
        let seconds = (f64::from(throttle.burst) - self.tokens) / throttle.rate;
        let wait = jiff::SignedDuration::try_from_secs_f64(seconds).unwrap_or(jiff::SignedDuration::MAX);
        (seconds > 0.0).then(|| self.at.saturating_add(wait).unwrap_or(Timestamp::MAX))
    }

    /// Adds what came back since it was last looked at. A clock set back adds nothing and counts on from there; an
    /// instant that is only a little earlier is an asker overtaken in a queue, and moves nothing.
    pub fn refill(&mut self, throttle: Throttle, now: Timestamp) {
        let seconds = now.duration_since(self.at).as_secs_f64();
        if (-OVERTAKEN_SECONDS..0.0).contains(&seconds) {
            return;
        }
        self.tokens = (self.tokens + seconds.max(0.0) * throttle.rate).min(f64::from(throttle.burst));
        self.at = now;
    }

    /// How long until one token is there; `None` if one is there now. Call [`refill`](Self::refill) first.
    #[must_use]
    pub fn wait(&self, throttle: Throttle) -> Option<Duration> {
        let missing = 1.0 - self.tokens;
        (missing > SLACK).then(|| Duration::from_secs_f64(missing / throttle.rate))
    }

    /// Takes one token.
    pub fn take(&mut self) {
        self.tokens = (self.tokens - 1.0).max(0.0);
    }

    /// Gives back a token that was taken for nothing.
    pub fn give_back(&mut self, throttle: Throttle) {
        self.tokens = (self.tokens + 1.0).min(f64::from(throttle.burst));
    }

    /// Whether it holds all that it can: forgetting it then changes nothing.
    #[must_use]
    pub fn is_full(&self, throttle: Throttle) -> bool {
        self.tokens + SLACK >= f64::from(throttle.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THROTTLE: Throttle = Throttle { rate: 10.0, burst: 20 };

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + millis).unwrap()
    }

    fn try_take(bucket: &mut TokenBucket, now: Timestamp) -> bool {
        bucket.refill(THROTTLE, now);
        let open = bucket.wait(THROTTLE).is_none();
        if open {
            bucket.take();
        }
        open
    }

    #[test]
    fn a_full_bucket_gives_its_burst_and_no_more() {
        let mut bucket = TokenBucket::full(THROTTLE, at(0));
        assert_eq!((0..50).filter(|_| try_take(&mut bucket, at(0))).count(), 20);
    }

    #[test]
    fn the_instant_at_which_it_is_full_says_what_it_holds() {
        let mut bucket = TokenBucket::full(THROTTLE, at(0));
        assert_eq!(bucket.fills_at(THROTTLE), None);
        (0..5).for_each(|_| bucket.take());
        let full_at = bucket.fills_at(THROTTLE);
        assert_eq!(full_at, Some(at(500)));
        let left = |now| {
            (0..50).scan(TokenBucket::that_fills_at(THROTTLE, full_at, now), |bucket, _| {
                let open = bucket.wait(THROTTLE).is_none();
                bucket.take();
                open.then_some(())
            })
        };
        assert_eq!([at(0), at(200), at(900), at(-60_000)].map(|now| left(now).count()), [15, 17, 20, 0]);
    }

    #[test]
    fn tokens_come_back_at_the_rate() {
        let mut bucket = TokenBucket::full(THROTTLE, at(0));
        while try_take(&mut bucket, at(0)) {}
        assert_eq!(bucket.wait(THROTTLE).unwrap().as_millis(), 100);
        assert!(!try_take(&mut bucket, at(99)));
        assert!(try_take(&mut bucket, at(100)));
        assert!(!try_take(&mut bucket, at(100)));
        assert_eq!((0..50).filter(|_| try_take(&mut bucket, at(100_000))).count(), 20);
    }

    #[test]
    fn askers_out_of_order_get_each_stretch_of_time_once() {
        let mut bucket = TokenBucket::full(THROTTLE, at(0));
        while try_take(&mut bucket, at(0)) {}
        let taken = (0..1_000).filter(|n| try_take(&mut bucket, at(500 - n % 2 * 500))).count();
        assert_eq!(taken, 5);
    }

    #[test]
    fn a_thousandth_of_a_token_is_forgiven() {
        let mut bucket = TokenBucket { tokens: 0.9995, at: at(0) };
        assert_eq!(bucket.wait(THROTTLE), None);
        bucket.take();
        assert_eq!(bucket.tokens, 0.0, "nothing is owed");
        bucket.tokens = 19.9995;
        assert!(bucket.is_full(THROTTLE));
        bucket.tokens = 19.99;
        assert!(!bucket.is_full(THROTTLE));
    }

    #[test]
    fn what_is_given_back_fills_no_bucket_past_its_burst() {
        let mut bucket = TokenBucket::full(THROTTLE, at(0));
        bucket.give_back(THROTTLE);
        assert_eq!(bucket, TokenBucket::full(THROTTLE, at(0)));
        bucket.take();
        bucket.give_back(THROTTLE);
        assert_eq!(bucket, TokenBucket::full(THROTTLE, at(0)));
    }

    #[test]
    fn a_clock_set_back_gives_nothing_and_locks_nobody_out() {
        let mut bucket = TokenBucket::full(THROTTLE, at(0));
        while try_take(&mut bucket, at(0)) {}
        assert!(!try_take(&mut bucket, at(-3_600_000)));
        assert!(try_take(&mut bucket, at(-3_600_000 + 100)));
    }
}
