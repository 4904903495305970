//! The page's two cookies: the access token for all paths, the refresh token for `/sessions` only.

use actix_web::cookie::{Cookie, SameSite, time::Duration};
use api_types::limits::{ACCESS_TOKEN_SECONDS, REFRESH_TOKEN_SECONDS};

use super::RefreshToken;
use crate::config::Config;

/// The two cookies' names. A browser takes those of the last two kinds only from https, and one of the last kind only
/// for one host and all its paths (RFC 6265bis, 4.1.3).
const SESSION: [&str; 3] = ["tollgate_session", "__Secure-tollgate_session", "__Host-tollgate_session"];
const REFRESH: [&str; 2] = ["tollgate_refresh", "__Secure-tollgate_refresh"];

/// Makes and names the cookies; `Secure` where people reach us by https.
#[derive(Debug, Clone)]
pub struct Cookies {
    is_https: bool,
    session: (&'static str, String),
    refresh: (&'static str, String),
}

impl Cookies {
    /// As people reach us.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let (base, is_https) = (config.server.base_path(), config.is_https());
        let session = SESSION[usize::from(is_https) + usize::from(is_https && base.is_root())];
        let all_paths = if base.is_root() { "/" } else { "" };
        Self {
            is_https,
            session: (session, base.join(all_paths)),
            refresh: (REFRESH[usize::from(is_https)], base.join("/sessions")),
        }
    }

    /// Name of the access token's cookie.
    #[must_use]
    pub fn session_name(&self) -> &'static str {
        self.session.0
    }

    /// Name of the refresh token's cookie.
    #[must_use]
    pub fn refresh_name(&self) -> &'static str {
        self.refresh.0
    }

    /// The two cookies of a session.
    #[must_use]
    pub fn set(&self, access_token: &str, refresh: &RefreshToken) -> [Cookie<'static>; 2] {
        [
            self.cookie(&self.session, access_token.to_owned(), ACCESS_TOKEN_SECONDS),
            self.cookie(&self.refresh, refresh.reveal().to_owned(), REFRESH_TOKEN_SECONDS),
        ]
    }

    /// What makes a browser forget both.
    #[must_use]
    pub fn clear(&self) -> [Cookie<'static>; 2] {
        [self.cookie(&self.session, String::new(), 0), self.cookie(&self.refresh, String::new(), 0)]
    }

    fn cookie(&self, (name, path): &(&'static str, String), value: String, seconds: i64) -> Cookie<'static> {
        Cookie::build(*name, value)
            .path(path.clone())
            .max_age(Duration::seconds(seconds))
            .http_only(true)
            .same_site(SameSite::Strict)
            .secure(self.is_https)
            .finish()
    }
}
