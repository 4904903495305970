//! One step from what there is to what is wanted: its line for people, and the calls that make it.

use std::fmt;

use super::call::Call;

/// A step, with what it does in words.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// How people count it.
    pub(crate) sign: Sign,
    /// What it changes, without the sign.
    line: String,
    /// What it does, in this order.
    pub(crate) calls: Vec<Call>,
}

/// How a step is counted, and shown before its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    Add,
    Change,
    Destroy,
}

impl Step {
    pub(super) fn add(line: impl Into<String>, calls: Vec<Call>) -> Self {
        Self { sign: Sign::Add, line: line.into(), calls }
    }

    pub(super) fn change(line: impl Into<String>, calls: Vec<Call>) -> Self {
        Self { sign: Sign::Change, line: line.into(), calls }
    }

    pub(super) fn destroy(line: impl Into<String>, calls: Vec<Call>) -> Self {
        Self { sign: Sign::Destroy, line: line.into(), calls }
    }

    /// What it is about, whatever it changes of it.
    pub(crate) fn subject(&self) -> &str {
        self.line.split(" (").next().unwrap_or(&self.line)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.sign {
            Sign::Add => '+',
            Sign::Change => '~',
            Sign::Destroy => '-',
        };
        write!(f, "{sign} {}", self.line)
    }
}
