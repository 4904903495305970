//! What `plan` shows: the steps as people know them from Terraform, their number, and how long they take.

use std::{fmt, time::Duration};

use super::{
    apply::Applied,
    step::{Sign, Step},
};
use crate::{Action, control::Pace};

/// The steps from what there is to what is configured.
#[derive(Debug)]
pub struct Plan {
    pub(crate) steps: Vec<Step>,
    /// The calls that it took to find them.
    reads: Vec<Action>,
    /// What there is, where nothing is missing.
    pub(crate) whole: Option<Applied>,
    is_local: bool,
}

impl Plan {
    pub(crate) fn new(steps: Vec<Step>, reads: Vec<Action>, whole: Option<Applied>, is_local: bool) -> Self {
        Self { steps, reads, whole, is_local }
    }

    /// Whether all is as configured.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// How long it takes at the rates that AWS allows; nothing like it where an emulator answers.
    #[must_use]
    pub fn estimate(&self) -> Duration {
        if self.is_local { Duration::ZERO } else { Pace::estimate(self.calls()) }
    }

    /// The calls that applying it takes when nothing fails: it reads once more before the first step, and after the last
    /// looks whether all is there.
    #[must_use]
    pub fn calls(&self) -> Vec<Action> {
        if self.is_empty() {
            return Vec::new();
        }
        let before = self.reads.iter().copied();
        let steps = self.steps.iter().flat_map(Step::calls);
        let after = self.reads.iter().copied().chain(self.steps.iter().flat_map(Step::reads_after));
        before.chain(steps).chain(after).collect()
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
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return writeln!(f, "No changes. The API is as configured.");
        }
        for step in &self.steps {
            writeln!(f, "  {} {}", step.sign.text(), step.line)?;
        }
        writeln!(f, "\n{}", self.summary())?;
        write!(f, "{}", takes(self.estimate()))
    }
}

/// How long it takes, as a line for people; nothing where no rates are kept.
pub(crate) fn takes(time: Duration) -> String {
    let span = match time.as_secs() {
        0 if time.is_zero() => return String::new(),
        0 | 1 => "a second".to_owned(),
        seconds @ 2..=90 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", seconds.div_ceil(60)),
    };
    format!("It takes about {span} at the rates that AWS allows.\n")
}
