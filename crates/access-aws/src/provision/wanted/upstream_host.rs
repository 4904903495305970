//! The host in the upstream's base URL.

/// The host of an http or https URL.
pub(crate) fn host_of(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next()?,
        None => authority.split(':').next()?,
    };
    // `{` and `$` would be read as parameters and stage variables of the integration's URI.
    let is_plain = !url.contains(['{', '}', '$', '@', ' ', '?', '#']);
    (!host.is_empty() && is_plain).then_some(host)
}
