//! What is wrong with a configuration.

/// Why the configuration can't be used: where, and what to write instead.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {detail}")]
pub struct ConfigError {
    /// The file or the variable.
    pub place: String,
    /// What is wrong.
    pub detail: String,
}
