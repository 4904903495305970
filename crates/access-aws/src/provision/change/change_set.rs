//! The steps of a change, their number, and how long they take.

use std::time::Duration;

use super::step::{Sign, Step};
use crate::{
    action::{self, Action},
    control::Pace,
    provision::found::Found,
};

/// The steps from what there is to what is configured, or to nothing.
#[derive(Debug)]
pub struct ChangeSet {
    pub(crate) steps: Vec<Step>,
    /// From where they lead.
    pub(crate) found: Found,
    /// The calls that it took to find that.
    pub(crate) reads: Vec<Action>,
    /// Whether nothing is left after them.
    pub(crate) to_nothing: bool,
    pub(crate) is_local: bool,
}

impl ChangeSet {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// How long it takes at the rates that AWS allows; nothing like it where an emulator answers.
    #[must_use]
    pub fn estimate(&self) -> Duration {
        if self.is_local { Duration::ZERO } else { Pace::estimate(self.calls()) }
    }

    /// The calls that it takes when nothing fails: it reads once more before the first step, and after the last looks
    /// whether all is as it shall be.
    #[must_use]
    pub fn calls(&self) -> Vec<Action> {
        const OF_NOTHING: [Action; 3] = [action::GET_REST_APIS, action::GET_USAGE_PLANS, action::GET_API_KEYS];
        if self.is_empty() {
            return Vec::new();
        }
        let calls = || self.steps.iter().flat_map(|step| &step.calls);
        let read_again = self.reads.iter().filter(|read| !self.to_nothing || OF_NOTHING.contains(read));
        let after = read_again.chain(calls().flat_map(|call| call.reads_after()));
        self.reads.iter().copied().chain(calls().map(|call| call.action())).chain(after.copied()).collect()
    }

    fn count(&self, sign: Sign) -> usize {
        self.steps.iter().filter(|step| step.sign == sign).count()
    }

    /// `Plan: 5 to add, 1 to change, 0 to destroy.`
    #[must_use]
    pub fn summary(&self) -> String {
        format!(
            "Plan: {} to add, {} to change, {} to destroy.",
            self.count(Sign::Add),
            self.count(Sign::Change),
            self.count(Sign::Destroy)
        )
    }

    /// The steps as shown, one by one.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.steps.iter().map(Step::to_string).collect()
    }
}
