//! What goes wrong in the file, and changes that leave nothing behind.

use access::StoreError;

/// A driver's error in words for the log: its code and message, which name columns and constraints, never values.
pub(crate) fn store_error(doing: &'static str) -> impl FnOnce(rusqlite::Error) -> StoreError {
    move |error| match error {
        rusqlite::Error::SqliteFailure(code, Some(text)) => {
            StoreError::new(doing, format_args!("{text} (SQLite result code {})", code.extended_code))
        }
        other => StoreError::new(doing, other),
    }
}

/// Why a change leaves nothing behind.
#[derive(Debug)]
pub(crate) enum Unchanged<E> {
    /// By the rules, which is the answer.
    Answer(E),
    /// SQLite could not.
    Failed(rusqlite::Error),
}

impl<E> From<rusqlite::Error> for Unchanged<E> {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error)
    }
}

impl<E: From<StoreError>> Unchanged<E> {
    /// As it is told to whoever asked.
    pub(crate) fn told(self, doing: &'static str) -> E {
        match self {
            Self::Answer(answer) => answer,
            Self::Failed(error) => store_error(doing)(error).into(),
        }
    }
}
