//! What the API lets through: paths of API Gateway's resources, with one method or any.

/// One path, and the method that it takes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Route {
    /// The resource's path, such as `/v1/{proxy+}`.
    pub(crate) path: String,
    /// `ANY` or an HTTP method.
    pub(crate) verb: String,
}

/// Why a path can't be used.
#[derive(Debug)]
pub(crate) struct RouteError(pub(in crate::provision) String);

const VERBS: [&str; 7] = ["ANY", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];
/// Resources that an API holds by default are 300 (API Gateway quotas); a path takes a few of them.
const ROUTES_MAX: usize = 50;

impl Route {
    /// Reads all; no two may claim the same requests.
    pub(crate) fn parse_all(texts: &[String]) -> Result<Vec<Self>, RouteError> {
        if texts.is_empty() || texts.len() > ROUTES_MAX {
            return Err(RouteError(format!("list 1 to {ROUTES_MAX} paths, such as /v1/{{proxy+}}")));
        }
        let mut routes = texts.iter().map(|text| Self::parse(text)).collect::<Result<Vec<_>, _>>()?;
        routes.sort();
        for pair in routes.windows(2) {
            if pair[0] == pair[1] {
                return Err(RouteError(format!("{} {} is there twice", pair[0].verb, pair[0].path)));
            }
        }
        Ok(routes)
    }

    fn parse(text: &str) -> Result<Self, RouteError> {
        let wrong = |detail: &str| {
            RouteError(format!("{text:?}: {detail}; write /v1/{{proxy+}} or method and path, such as GET /v1/models"))
        };
        let (verb, path) = match text.split_once(' ') {
            Some((verb, path)) => (verb.to_ascii_uppercase(), path.trim()),
            None => ("ANY".to_owned(), text),
        };
        if !VERBS.contains(&verb.as_str()) {
            return Err(wrong("no such method"));
        }
        let parts: Vec<&str> = path.strip_prefix('/').ok_or_else(|| wrong("must start with /"))?.split('/').collect();
        // The upstream's base URL ends in /v1, and so does the invoke URL: what follows is the upstream's path.
        if parts.len() < 2 || parts[0] != "v1" {
            return Err(wrong("must start with /v1/"));
        }
        for (at, part) in parts.iter().enumerate() {
            let is_last = at + 1 == parts.len();
            let is_plain = !part.is_empty() && part.bytes().all(|c| c.is_ascii_alphanumeric() || b"-._:".contains(&c));
            if !(is_plain || is_last && *part == GREEDY) {
                return Err(wrong("parts have letters, digits and - . _ : only, and {proxy+} comes last"));
            }
        }
        Ok(Self { path: path.to_owned(), verb })
    }

    /// The path with all that lie above it, the shortest first; without the root, which every API has.
    pub(crate) fn resources(&self) -> impl Iterator<Item = &str> {
        let ends = self.path.match_indices('/').skip(1).map(|(at, _)| at).chain([self.path.len()]);
        ends.map(|end| &self.path[..end])
    }

    /// Whether its last part takes any path.
    pub(crate) fn is_greedy(&self) -> bool {
        self.path.ends_with(GREEDY)
    }

    /// Its path below the upstream's base URL, in an integration's spelling.
    pub(crate) fn upstream_path(&self) -> String {
        self.path["/v1".len()..].replace(GREEDY, "{proxy}")
    }
}

const GREEDY: &str = "{proxy+}";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(texts: &[&str]) -> Result<Vec<Route>, String> {
        Route::parse_all(&texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>()).map_err(|e| e.0)
    }

    #[test]
    fn paths_become_resources_and_upstream_paths() {
        let routes = parse(&["post /v1/chat/completions", "/v1/{proxy+}"]).unwrap();
        assert_eq!(routes[0].resources().collect::<Vec<_>>(), ["/v1", "/v1/chat", "/v1/chat/completions"]);
        assert_eq!((routes[0].verb.as_str(), routes[0].upstream_path().as_str()), ("POST", "/chat/completions"));
        assert!(routes[1].is_greedy());
        assert_eq!((routes[1].verb.as_str(), routes[1].upstream_path().as_str()), ("ANY", "/{proxy}"));
    }

    #[test]
    fn odd_paths_are_refused() {
        for text in
            ["", "/", "/v1", "/v2/x", "v1/x", "/v1//x", "/v1/{id}/x", "/v1/{proxy+}/x", "OPTIONS /v1/x", "/v1/a b"]
        {
            assert!(parse(&[text]).is_err(), "{text}");
        }
        assert!(parse(&["GET /v1/x", "GET /v1/x"]).unwrap_err().contains("twice"));
        assert!(parse(&[]).is_err());
    }
}
