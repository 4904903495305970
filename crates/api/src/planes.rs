//! Two planes under one origin: the data plane under `/v1`, opened by a key, and the management plane, opened by a session.

/// Whether a path belongs to the data plane, which speaks OpenAI's error envelope.
#[must_use]
pub fn is_data_plane(path: &str) -> bool {
    path == "/v1" || path.starts_with("/v1/")
}
