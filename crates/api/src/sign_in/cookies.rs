//! The page's two cookies: the access token for all paths, the refresh token for `/sessions` only.

use actix_web::cookie::{Cookie, SameSite, time::Duration};
use api_types::limits::{ACCESS_TOKEN_SECONDS, REFRESH_TOKEN_SECONDS};

use super::RefreshToken;

/// Name of the refresh token's cookie.
pub const REFRESH_COOKIE: &str = "tollgate_refresh";
const SESSION_COOKIE: &str = "tollgate_session";
/// A browser takes a cookie of this name only from https, for one host and all paths (RFC 6265bis, 4.1.3.2).
const SESSION_COOKIE_HTTPS: &str = "__Host-tollgate_session";
const REFRESH_PATH: &str = "/sessions";

/// Makes and names the cookies; `Secure` where people reach us by https.
#[derive(Debug, Clone, Copy)]
pub struct Cookies {
    /// Whether people reach us by https.
    pub is_https: bool,
}

impl Cookies {
    /// Name of the access token's cookie.
    #[must_use]
    pub fn session_name(self) -> &'static str {
        if self.is_https { SESSION_COOKIE_HTTPS } else { SESSION_COOKIE }
    }

    /// The two cookies of a session.
    #[must_use]
    pub fn set(self, access_token: &str, refresh: &RefreshToken) -> [Cookie<'static>; 2] {
        [
            self.cookie(self.session_name(), "/", access_token.to_owned(), ACCESS_TOKEN_SECONDS),
            self.cookie(REFRESH_COOKIE, REFRESH_PATH, refresh.reveal().to_owned(), REFRESH_TOKEN_SECONDS),
        ]
    }

    /// What makes a browser forget both.
    #[must_use]
    pub fn clear(self) -> [Cookie<'static>; 2] {
        [
            self.cookie(self.session_name(), "/", String::new(), 0),
            self.cookie(REFRESH_COOKIE, REFRESH_PATH, String::new(), 0),
        ]
    }

    fn cookie(self, name: &'static str, path: &'static str, value: String, seconds: i64) -> Cookie<'static> {
        Cookie::build(name, value)
            .path(path)
            .max_age(Duration::seconds(seconds))
            .http_only(true)
            .same_site(SameSite::Strict)
            .secure(self.is_https)
            .finish()
    }
}
