//! The path that everything is served under, where a proxy in front gives us only a part of its host.

use actix_web::{
    dev::ServiceRequest,
    http::{Uri, uri::PathAndQuery},
};

/// A path like `/llm`, or none at all.
///
/// Made of plain names, so that it can stand in HTML, in a cookie and in a URL as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BasePath(String);

/// The first names of the API's paths: with one of them as the base nobody could tell it from what is asked for.
const OWN: [&str; 16] = [
    "about",
    "accounts",
    "admin",
    "brand",
    "create_key",
    "docs",
    "healthz",
    "keys",
    "me",
    "metrics",
    "openapi.json",
    "password_resets",
    "plans",
    "readyz",
    "sessions",
    "v1",
];

impl BasePath {
    /// Everything is served at the root.
    pub const ROOT: &'static Self = &Self(String::new());

    /// Reads a URL's path; a slash at its end doesn't matter.
    ///
    /// # Errors
    /// What to write instead.
    pub fn parse(path: &str) -> Result<Self, String> {
        let path = path.strip_suffix('/').unwrap_or(path);
        let mut names = path.split('/').skip(1).peekable();
        if let Some(first) = names.peek().filter(|first| OWN.contains(first)) {
            return Err(format!("its path begins with a path of Tollgate's own, /{first}; use another, like /llm"));
        }
        let is_plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.' | b'~');
        if names.all(|name| !name.is_empty() && name.bytes().all(is_plain)) {
            Ok(Self(path.to_owned()))
        } else {
            Err("its path may hold letters, digits and the characters - _ . ~ only, like /llm".to_owned())
        }
    }

    /// Whether everything is served at the root.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// A path of ours, such as `/sessions`, as the outside names it.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Takes the base off a request's path, if it is there: some proxies pass it on, others take it off themselves.
    pub fn take_off(&self, request: &mut ServiceRequest) {
        if let Some(uri) = self.without(request.uri()) {
            request.match_info_mut().get_mut().update(&uri);
            request.head_mut().uri = uri;
        }
    }

    fn without(&self, uri: &Uri) -> Option<Uri> {
        let rest = Some(uri.path_and_query()?.as_str().strip_prefix(&self.0)?).filter(|_| !self.is_root())?;
        let rest = match rest.bytes().next() {
            Some(b'/') => rest.parse::<PathAndQuery>().ok()?,
            None | Some(b'?') => format!("/{rest}").parse().ok()?,
            Some(_) => return None,
        };
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(rest);
        Uri::from_parts(parts).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(base: &str, uri: &str) -> Option<String> {
        BasePath::parse(base).unwrap().without(&uri.parse().unwrap()).map(|uri| uri.to_string())
    }

    #[test]
    fn the_base_is_taken_off_where_it_is_a_whole_beginning() {
        assert_eq!(without("/llm", "/llm/v1/models?x=/llm"), Some("/v1/models?x=/llm".to_owned()));
        assert_eq!(without("/llm/", "/llm"), Some("/".to_owned()));
        assert_eq!(without("/llm", "/llm?x"), Some("/?x".to_owned()));
        assert_eq!(without("/a/b", "/a/b/c"), Some("/c".to_owned()));
        assert_eq!(without("/llm", "http://x/llm/me"), Some("http://x/me".to_owned()));
        for other in ["/v1/models", "/llmx", "/", "/LLM/x", "/x/llm/y"] {
            assert_eq!(without("/llm", other), None, "{other}");
        }
        assert_eq!(without("/", "/v1/models"), None);
    }

    #[test]
    fn what_could_be_misread_is_no_base() {
        for path in ["/a b", "/a%20b", "/a//b", "//a", "/a\"b", "/a;b", "/v1", "/keys/x"] {
            assert!(BasePath::parse(path).is_err(), "{path}");
        }
        assert!(BasePath::parse("/").unwrap().is_root() && BasePath::parse("").unwrap().is_root());
    }

    #[test]
    fn no_path_of_ours_is_a_base() {
        for path in crate::document().paths.paths.keys() {
            let first = path.split('/').nth(1).unwrap();
            assert!(OWN.contains(&first), "{first}");
        }
    }
}
