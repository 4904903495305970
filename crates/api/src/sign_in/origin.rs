//! Whether a request that a cookie authenticates came from our own page.

use actix_web::{
    HttpRequest,
    http::header::{self, HeaderName},
};

use crate::config::Config;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Our own page says `Sec-Fetch-Site: same-origin`, which no page can forge; a browser without it says an `Origin`
/// equal to ours. Where both are missing, it isn't our page.
#[must_use]
pub fn is_own_origin(request: &HttpRequest, config: &Config) -> bool {
    let text = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text(SEC_FETCH_SITE) {
        return site == "same-origin";
    }
    let own = match &config.server.public_url {
        Some(url) => Some(url.origin.clone()),
        None => text(header::HOST).map(|host| format!("{}://{host}", config.scheme())),
    };
    own.is_some() && text(header::ORIGIN) == own.as_deref()
}

/// Whether a page sent a request, any page: browsers say so in one of these headers, and programs in neither.
#[must_use]
pub fn is_of_a_page(request: &HttpRequest) -> bool {
    request.headers().contains_key(SEC_FETCH_SITE) || request.headers().contains_key(header::ORIGIN)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;
    use crate::{base_path::BasePath, config::PublicUrl};

    fn check(headers: &[(&'static str, &'static str)], public: Option<&str>) -> bool {
        let request = headers.iter().fold(TestRequest::default(), |r, header| r.insert_header(*header));
        let mut config = Config::default();
        config.server.public_url =
            public.map(|origin| PublicUrl { origin: origin.to_owned(), path: BasePath::ROOT.clone(), is_https: true });
        is_own_origin(&request.to_http_request(), &config)
    }

    #[test]
    fn only_our_own_page_passes() {
        assert!(check(&[("sec-fetch-site", "same-origin")], None));
        assert!(check(&[("host", "localhost:8000"), ("origin", "http://localhost:8000")], None));
        assert!(check(&[("host", "inner"), ("origin", "https://llm.example.com")], Some("https://llm.example.com")));
        assert!(!check(&[("host", "inner"), ("origin", "http://inner")], Some("https://llm.example.com")));
        assert!(!check(&[("sec-fetch-site", "same-site")], None));
        assert!(!check(&[("sec-fetch-site", "cross-site"), ("host", "a"), ("origin", "http://a")], None));
        assert!(!check(&[("host", "localhost:8000"), ("origin", "http://evil.example")], None));
        assert!(!check(&[("host", "localhost:8000")], None));
        assert!(!check(&[], None));
    }
}
