//! Which methods a path takes, for `OPTIONS` and for whoever asks by another one (RFC 9110, sections 9.3.7 and 15.5.6).

use actix_web::{HttpRequest, HttpResponse, http::header};
use utoipa::openapi::{OpenApi, PathItem};

/// The methods of a path, as the header `Allow` lists them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow(Vec<&'static str>);

/// What is served beside the documented paths, for reading only.
const UNDOCUMENTED: [&str; 2] = ["/docs", "/openapi.json"];

impl Allow {
    /// What some path of this server takes.
    #[must_use]
    pub fn anywhere() -> Self {
        Self::of(["GET", "POST", "PATCH", "DELETE"])
    }

    /// What there is to read, and nothing else.
    #[must_use]
    pub fn reading() -> Self {
        Self::of(["GET"])
    }

    /// What this path takes, by the router's patterns and by the document; `None` where nothing is.
    #[must_use]
    pub fn at(path: &str, request: &HttpRequest, document: &OpenApi) -> Option<Self> {
        let pattern = request.resource_map().match_pattern(path)?;
        if let Some(item) = document.paths.paths.get(&template(&pattern)) {
            return Some(Self::of(methods(item)));
        }
        let is_undocumented = UNDOCUMENTED
            .iter()
            .any(|known| pattern.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
        is_undocumented.then(Self::reading)
    }

    /// A `HEAD` is answered wherever a `GET` is, and `OPTIONS` everywhere.
    fn of(methods: impl IntoIterator<Item = &'static str>) -> Self {
        let mut all = Vec::new();
        for method in methods {
            all.push(method);
            if method == "GET" {
                all.push("HEAD");
            }
        }
        all.push("OPTIONS");
        Self(all)
    }

    /// Whether a method is among them.
    #[must_use]
    pub fn takes(&self, method: &str) -> bool {
        self.0.contains(&method)
    }

    /// The answer to `OPTIONS`.
    #[must_use]
    pub fn answer(&self) -> HttpResponse {
        HttpResponse::NoContent().insert_header((header::ALLOW, self.to_string())).finish()
    }
}

impl std::fmt::Display for Allow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

fn methods(item: &PathItem) -> impl Iterator<Item = &'static str> {
    let taken = [
        ("GET", item.get.is_some()),
        ("POST", item.post.is_some()),
        ("PATCH", item.patch.is_some()),
        ("DELETE", item.delete.is_some()),
    ];
    taken.into_iter().filter(|(_, is_there)| *is_there).map(|(name, _)| name)
}

/// A path as the document writes it: `{id}` where the router's pattern has `{id:.+}`.
fn template(pattern: &str) -> String {
    let mut parts = pattern.split(':');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |template, part| template + part.find('}').map_or("", |end| &part[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_of_the_router_becomes_a_path_of_the_document() {
        assert_eq!(template("/v1/models/{id:.+}"), "/v1/models/{id}");
        assert_eq!(template("/a/{b:[0-9]}/c/{d}/{e:x}/f"), "/a/{b}/c/{d}/{e}/f");
        assert_eq!(template("/plans"), "/plans");
    }
}
