//! Reads what there is, and compares it with what shall be.

use crate::{
    control::Control,
    provision::{
        change::{ChangeSet, Goal, to_nothing, to_wanted},
        error::ProvisionError,
        found::{Depth, read},
        wanted::{OperatorKey, Wanted, surface::Surface},
    },
};

/// A change to a goal.
pub(crate) struct Change<'a> {
    pub(crate) control: &'a Control,
    pub(crate) wanted: &'a Wanted,
    pub(crate) surface: Surface,
    pub(crate) goal: Goal<'a>,
}

impl Change<'_> {
    /// Makes reads only.
    pub(crate) async fn look(&self) -> Result<ChangeSet, ProvisionError> {
        let before = self.control.made();
        let depth = match self.goal {
            Goal::Wanted(operator) => Depth::Plans { operator_key: operator.is_some() },
            Goal::Nothing { with_keys: false } => Depth::Keys,
            Goal::Nothing { with_keys: true } => Depth::KeysWithTags,
        };
        let found = read(self.control, self.wanted, depth).await?;
        let steps = match self.goal {
            Goal::Wanted(operator) => to_wanted(self.wanted, &self.surface, &found, operator.map(OperatorKey::plan)),
            Goal::Nothing { with_keys } => to_nothing(self.wanted, &found, with_keys)?,
        };
        let (reads, is_local) = (self.control.made_since(before), self.control.is_local());
        Ok(ChangeSet { steps, found, reads, to_nothing: matches!(self.goal, Goal::Nothing { .. }), is_local })
    }
}
