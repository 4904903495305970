//! The one error of a backend: it could not look, or could not write.

/// The store can't be asked right now. Nothing was changed by the call that got it.
///
/// The message is for the log; people get a sentence of the edge's own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{doing}: {cause}")]
pub struct StoreError {
    /// What the store was asked to do, such as "admit".
    pub doing: &'static str,
    /// What its driver said; never a secret or a value of a row.
    pub cause: String,
    /// Who failed.
    pub failed: Failed,
}

/// Who failed, for people who are told to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failed {
    /// Our own store.
    Store,
    /// A service that somebody else runs, by its name.
    Provider(&'static str),
    /// The same, which holds as many keys as it may: trying again changes nothing.
    ProviderFull(&'static str),
}

impl StoreError {
    /// An error of our own store, with its cause in words.
    pub fn new(doing: &'static str, cause: impl std::fmt::Display) -> Self {
        Self { doing, cause: cause.to_string(), failed: Failed::Store }
    }

    /// An error of somebody else's service.
    #[must_use]
    pub fn of_provider(self, name: &'static str) -> Self {
        Self { failed: Failed::Provider(name), ..self }
    }
}
