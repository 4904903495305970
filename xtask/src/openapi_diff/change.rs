//! A difference between two documents, and whom it breaks.

use std::fmt;

/// Which way a value goes between client and server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Way {
    /// From the client: what is taken may grow.
    Request,
    /// To the client: what is given may shrink.
    Answer,
}

/// What became of the values that a schema allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Allowed {
    /// Some are no longer allowed.
    Fewer,
    /// Some more are.
    More,
    /// Some came and some went, or it can't be told.
    Others,
}

impl Allowed {
    /// By what went and what came.
    pub(super) fn by(fewer: bool, more: bool) -> Option<Self> {
        match (fewer, more) {
            (true, true) => Some(Self::Others),
            (true, false) => Some(Self::Fewer),
            (false, true) => Some(Self::More),
            (false, false) => None,
        }
    }

    pub(super) fn breaks(self, way: Way) -> bool {
        match self {
            Self::Fewer => way == Way::Request,
            Self::More => way == Way::Answer,
            Self::Others => true,
        }
    }
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Change {
    /// Whether a client that was right before may fail now.
    pub(super) breaks: bool,
    /// Where, as people call it.
    pub(super) at: String,
    /// What is different.
    pub(super) what: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.what)
    }
}
