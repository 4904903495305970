//! When the next call may go: the control plane's fixed rates, per operation and over all.
//!
//! The rates are API Gateway's account-level quotas for creating, deploying and managing an API ("Amazon API Gateway
//! quotas"); they can't be raised. Over all it allows ten requests per second, of which we take half: the server shares
//! them.

use std::{collections::HashMap, time::Duration};

use crate::action::{self, Action};

/// Between any two calls.
const OVERALL: Duration = Duration::from_millis(200);
/// What a call itself takes, for estimates.
const ROUND_TRIP: Duration = Duration::from_millis(150);

/// Keeps the distance between calls. Knows no clock: times are spans since any fixed moment.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    last: Option<Duration>,
    last_of: HashMap<&'static str, Duration>,
}

/// The distance that AWS wants between two calls of this operation.
pub(crate) fn interval(action: Action) -> Duration {
    match action {
        action::CREATE_DEPLOYMENT => Duration::from_secs(5),
        action::CREATE_REST_API => Duration::from_secs(3),
        action::DELETE_REST_API => Duration::from_secs(30),
        action::UPDATE_USAGE_PLAN => Duration::from_secs(20),
        action::GET_RESOURCES => Duration::from_millis(400),
        _ => OVERALL,
    }
}

impl Pace {
    /// Books the next call of this operation, asked for now: when it may go.
    pub(crate) fn book(&mut self, action: Action, now: Duration) -> Duration {
        let overall = self.last.map_or(now, |last| last + OVERALL);
        let own = self.last_of.get(action.name).map_or(now, |last| *last + interval(action));
        let at = now.max(overall).max(own);
        self.last = Some(at);
        self.last_of.insert(action.name, at);
        at
    }

    /// How long these calls take one after the other, from a standing start.
    pub(crate) fn estimate(actions: impl IntoIterator<Item = Action>) -> Duration {
        let mut pace = Self::default();
        actions.into_iter().fold(Duration::ZERO, |now, action| pace.book(action, now) + ROUND_TRIP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_keeps_its_own_distance_and_all_keep_the_common_one() {
        let mut pace = Pace::default();
        let now = Duration::from_secs(100);
        assert_eq!(pace.book(action::UPDATE_USAGE_PLAN, now), now);
        assert_eq!(pace.book(action::GET_STAGES, now), now + OVERALL);
        assert_eq!(pace.book(action::UPDATE_USAGE_PLAN, now), now + Duration::from_secs(20));
        let later = now + Duration::from_secs(60);
        assert_eq!(pace.book(action::UPDATE_USAGE_PLAN, later), later);
    }

    #[test]
    fn three_changed_plans_take_at_least_forty_seconds() {
        let estimate = Pace::estimate([action::UPDATE_USAGE_PLAN; 3]);
        assert!((40..42).contains(&estimate.as_secs()), "{estimate:?}");
        assert_eq!(Pace::estimate([]), Duration::ZERO);
    }
}
