//! What happens on the way.

use crate::provision::error::ProvisionError;

/// What happens during `apply` and `destroy`, for whoever waits.
#[derive(Debug)]
pub enum Event<'a> {
    /// A step begins.
    Step {
        /// Counted from 1; begins anew after [`Event::LooksAgain`].
        number: usize,
        /// How many there are.
        of: usize,
        /// What it does.
        line: &'a str,
    },
    /// A call failed in a way that may mean that it was done; what there is is read again.
    LooksAgain(&'a ProvisionError),
}
