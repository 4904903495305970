//! When the next call may go: what AWS allows, shared between the server and the provisioner.
//!
//! The rates are API Gateway's account-level quotas for creating, deploying and managing an API ("Amazon API Gateway
//! quotas"); they can't be raised. Over all it allows ten calls a second, bursts of forty: the server and the
//! provisioner take half each.

use std::{collections::HashMap, time::Duration};

use crate::action::{self, Action, Role};

/// Between any two calls, after a burst.
const OVERALL: Duration = Duration::from_millis(200);
/// So many calls of the server's may go at once after a pause: people wait for them.
const SERVER_BURST: u32 = 20;
/// Between two calls that nobody waits for, so that they leave people the rest.
const BACKGROUND: Duration = Duration::from_millis(500);
/// What a call itself takes, for estimates.
const ROUND_TRIP: Duration = Duration::from_millis(150);

/// A call each interval, and so many at once after a pause.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    of: &'static str,
    interval: Duration,
    burst: u32,
}

/// All that a call has to keep to, to be waited for one after the other: the one over all comes last, so that what waits
/// for a limit of its own keeps nobody else waiting.
pub(super) fn limits(role: Role, action: Action, is_background: bool) -> impl Iterator<Item = Limit> {
    let own = Limit { of: action.name, interval: interval(action), burst: 1 };
    let background = Limit { of: "background", interval: BACKGROUND, burst: 1 };
    let burst = if role == Role::Server { SERVER_BURST } else { 1 };
    let overall = Limit { of: "overall", interval: OVERALL, burst };
    [Some(own), is_background.then_some(background), Some(overall)].into_iter().flatten()
}

/// The distance that AWS wants between two calls of this operation, where it isn't the one over all.
pub(super) fn interval(action: Action) -> Duration {
    match action {
        action::CREATE_DEPLOYMENT => Duration::from_secs(5),
        action::CREATE_REST_API => Duration::from_secs(3),
        action::DELETE_REST_API => Duration::from_secs(30),
        action::UPDATE_USAGE_PLAN => Duration::from_secs(20),
        action::GET_RESOURCES => Duration::from_millis(400),
        _ => Duration::ZERO,
    }
}

/// Keeps the distance between calls. Knows no clock: times are spans since any fixed moment.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// When each limit is as good as untouched.
    whole_at: HashMap<&'static str, Duration>,
}

impl Pace {
    /// Books the next place under a limit, asked for now: when it is.
    pub(super) fn book(&mut self, limit: Limit, now: Duration) -> Duration {
        let whole_at = self.whole_at.entry(limit.of).or_default();
        let place = now.max(*whole_at);
        *whole_at = place + limit.interval;
        now.max(place.saturating_sub(limit.interval * (limit.burst - 1)))
    }

    /// How long these calls of the provisioner's take one after the other, from a standing start.
    pub(crate) fn estimate(actions: impl IntoIterator<Item = Action>) -> Duration {
        let mut pace = Self::default();
        let made = |now, action| {
            limits(Role::Provisioner, action, false).fold(now, |now, limit| pace.book(limit, now)) + ROUND_TRIP
        };
        actions.into_iter().fold(Duration::ZERO, made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When so many calls may go that are asked for at once.
    fn times(role: Role, action: Action, is_background: bool, calls: usize) -> Vec<Duration> {
        let (mut pace, begun) = (Pace::default(), Duration::from_secs(100));
        let mut time = || limits(role, action, is_background).fold(begun, |now, limit| pace.book(limit, now)) - begun;
        (0..calls).map(|_| time()).collect()
    }

    #[test]
    fn a_burst_of_the_servers_is_free_and_then_five_a_second_pass() {
        let times = times(Role::Server, action::CREATE_API_KEY, false, 70);
        assert_eq!(times[19], Duration::ZERO);
        assert_eq!((times[20], times[69]), (OVERALL, Duration::from_secs(10)));
    }

    #[test]
    fn two_calls_a_second_are_made_that_nobody_waits_for_and_none_is_made_up_for() {
        assert_eq!(times(Role::Server, action::GET_USAGE, true, 21)[20], Duration::from_secs(10));
        let mut pace = Pace::default();
        let mut ask = |now| limits(Role::Server, action::GET_USAGE, true).fold(now, |now, limit| pace.book(limit, now));
        ask(Duration::ZERO);
        // After a pause, as a slow answer is one, they don't come in a burst.
        let late = Duration::from_secs(60);
        assert_eq!([ask(late), ask(late)], [late, late + BACKGROUND]);
    }

    #[test]
    fn an_operation_keeps_its_own_distance_and_keeps_no_other_waiting() {
        let mut pace = Pace::default();
        let mut ask = |action, now| {
            limits(Role::Provisioner, action, false).fold(Duration::from_secs(now), |now, limit| pace.book(limit, now))
        };
        assert_eq!(ask(action::UPDATE_USAGE_PLAN, 100), Duration::from_secs(100));
        assert_eq!(ask(action::GET_STAGES, 100), Duration::from_secs(100) + OVERALL);
        assert_eq!(ask(action::UPDATE_USAGE_PLAN, 101), Duration::from_secs(120));
        assert_eq!(ask(action::UPDATE_USAGE_PLAN, 160), Duration::from_secs(160));
    }

    #[test]
    fn three_changed_plans_take_at_least_forty_seconds() {
        let estimate = Pace::estimate([action::UPDATE_USAGE_PLAN; 3]);
        assert!((40..42).contains(&estimate.as_secs()), "{estimate:?}");
        assert_eq!(Pace::estimate([]), Duration::ZERO);
    }
}
