//! What somebody signs in with, told by their `User-Agent` in a few words, for the list of their sessions.

use actix_web::{HttpRequest, http::header::USER_AGENT};
use api_types::ClientName;

/// Marks of browsers, the first that is found decides: most of them claim to be those after them as well.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Marks of systems, in the same way.
const SYSTEMS: &[(&str, &str)] = &[
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
];

/// Whoever sends this request.
pub fn of(request: &HttpRequest) -> ClientName {
    let text = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    told(text)
}

/// "Firefox on Linux"; of a program its own words, as many as fit.
fn told(user_agent: &str) -> ClientName {
    let find = |marks: &[(&str, &'static str)]| {
        marks.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    // Every browser calls itself so, and hardly a program does.
    let browser = find(BROWSERS).filter(|_| user_agent.starts_with("Mozilla/"));
    match (browser, find(SYSTEMS)) {
        (Some(browser), Some(system)) => ClientName::cut(&format!("{browser} on {system}")),
        (Some(browser), None) => ClientName::cut(browser),
        (None, _) => ClientName::cut(user_agent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_by_name_and_system() {
        let cases = [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 \
                 Safari/537.36 Edg/131.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile \
                 Safari/537.36",
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/18.1 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 \
                 Safari/605.1.15",
                "Safari on macOS",
            ),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 \
                 Safari/537.36",
                "Chrome on ChromeOS",
            ),
        ];
        for (user_agent, name) in cases {
            assert_eq!(told(user_agent).as_str(), name, "{user_agent}");
        }
    }

    #[test]
    fn programs_are_told_by_their_own_words() {
        for text in ["curl/8.5.0", "python-requests/2.32.3", "", "Mozilla/5.0 (compatible; something)"] {
            assert_eq!(told(text).as_str(), text);
        }
        assert_eq!(told(&"long".repeat(100)).as_str().len(), 64);
    }
}
