//! How the file is kept.

/// How the file is kept.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// What a count survives.
    pub synchronous: Synchronous,
}

/// What a count survives; accounts and keys always survive a power cut.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// A killed process; a power cut may lose the last few.
    #[default]
    Normal,
    /// A power cut too, for one flush of the disk per commit.
    Full,
}

impl Synchronous {
    /// Its value of the pragma.
    pub(crate) fn pragma(self) -> &'static str {
        match self {
            Self::Normal => "NORMAL",
            Self::Full => "FULL",
        }
    }
}
