//! `[cors]`: pages of which other origins may call `/v1`.

use serde::{Deserialize, Deserializer, de::Error as _};

/// `[cors]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CorsConfig {
    /// The origins whose pages may call `/v1` with a key; none, or `"*"` for all. The portal takes its own page only.
    pub allowed_origins: AllowedOrigins,
}

/// Origins that may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// Every one.
    All,
    /// These, as a browser's `Origin` writes them.
    These(Vec<String>),
}

impl Default for AllowedOrigins {
    fn default() -> Self {
        Self::These(Vec::new())
    }
}

impl<'de> Deserialize<'de> for AllowedOrigins {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        /// A list, or one alone: in the environment that is easier to write.
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "must be a list of origins like [\"https://app.example.com\"], or \"*\" for all")]
        enum Given {
            One(String),
            Many(Vec<String>),
        }
        let given = match Given::deserialize(from)? {
            Given::One(one) => vec![one],
            Given::Many(many) => many,
        };
        match given.as_slice() {
            [all] if all == "*" => Ok(Self::All),
            given => given
                .iter()
                .map(|text| origin(text))
                .collect::<Result<_, _>>()
                .map(Self::These)
                .map_err(D::Error::custom),
        }
    }
}

/// An origin as a browser's `Origin` writes it (RFC 6454, 6.2), else what to write in its place. Schemes of apps and
/// extensions have origins, too: `tauri://localhost`, `chrome-extension://…`.
fn origin(text: &str) -> Result<String, String> {
    let wrong =
        || "must be origins like https://app.example.com: scheme, host, and a port where it isn't the usual".to_owned();
    if text == "*" {
        return Err("\"*\" allows every origin: let it stand alone".to_owned());
    }
    if text == "null" {
        return Err("null is the origin of files and sandboxes of anybody: only \"*\" allows it".to_owned());
    }
    if text.contains('*') {
        return Err("has no patterns: list each origin, or \"*\" alone for all".to_owned());
    }
    let url = url::Url::parse(text).map_err(|_| wrong())?;
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let written = format!("{}://{host}{port}", url.scheme());
    if text == written { Ok(written) } else { Err(format!("must be written as a browser writes it: \"{written}\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Result<AllowedOrigins, String> {
        let config: Result<CorsConfig, _> = toml::from_str(&format!("allowed_origins = {value}"));
        config.map(|config| config.allowed_origins).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn origins_are_read_as_browsers_write_them() {
        let origins = [
            "https://app.example.com",
            "http://localhost:5173",
            "http://[::1]:8080",
            "https://xn--mnchen-3ya.example",
            "tauri://localhost",
            "app://obsidian.md",
            "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
        ];
        let given = AllowedOrigins::These(origins.map(str::to_owned).to_vec());
        assert_eq!(read(&format!("{origins:?}")), Ok(given));
        assert_eq!(read("[]"), Ok(AllowedOrigins::default()));
        assert_eq!(read("\"http://a.example\""), Ok(AllowedOrigins::These(vec!["http://a.example".to_owned()])));
        assert_eq!(read("\"*\""), Ok(AllowedOrigins::All));
        assert_eq!(read("[\"*\"]"), Ok(AllowedOrigins::All));
    }

    #[test]
    fn what_no_browser_sends_is_refused_with_a_hint() {
        for (given, hint) in [
            ("app.example.com", "scheme"),
            ("localhost:5173", "scheme"),
            ("https://", "scheme"),
            ("", "scheme"),
            ("file:///tmp/x.html", "scheme"),
            ("https://app.example.com/", "\"https://app.example.com\""),
            ("https://app.example.com/chat?x#y", "\"https://app.example.com\""),
            ("https://App.Example.com", "\"https://app.example.com\""),
            ("https://app.example.com:443", "\"https://app.example.com\""),
            ("https://münchen.example", "\"https://xn--mnchen-3ya.example\""),
            ("https://ada:secret@app.example.com", "\"https://app.example.com\""),
            (" https://app.example.com", "\"https://app.example.com\""),
            ("https://*.example.com", "list each"),
            ("null", "\"*\""),
        ] {
            let error = read(&format!("[{given:?}]")).unwrap_err();
            assert!(error.contains(hint) && !error.contains("secret"), "{given:?}: {error}");
        }
        assert!(read("[\"*\", \"https://app.example.com\"]").unwrap_err().contains("alone"));
        assert!(read("5").unwrap_err().contains("a list of origins"));
    }
}
