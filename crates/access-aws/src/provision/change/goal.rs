//! What a change leads to.

use crate::provision::wanted::OperatorKey;

/// Where a change ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal<'a> {
    /// All is as configured; with a key for the operator, or whatever there is of one.
    Wanted(Option<&'a OperatorKey>),
    /// Nothing of ours is left.
    Nothing {
        /// Whether people's keys go too.
        with_keys: bool,
    },
}
