//! Calls that may be repeated: by what a creation is known again, and what it came to.

use std::fmt;

use api_types::KeyId;

/// A creation that its caller may repeat, by what it is known again: keyed digests, both of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RepeatableCall {
    /// Of what the caller calls it.
    pub name: [u8; 32],
    /// Of what it asks for.
    pub request: [u8; 32],
}

impl fmt::Debug for RepeatableCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RepeatableCall(…)")
    }
}

/// What creating a key came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Creation {
    /// The key was made.
    Made,
    /// The same call had made this key before, and nothing was done. The key may have another value since, or be gone.
    MadeBefore(KeyId),
}
