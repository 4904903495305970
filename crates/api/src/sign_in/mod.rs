//! Signing in: passwords, tokens, cookies, where a request's page came from, and limits on attempts.

mod attempts;
mod cookies;
mod origin;
mod password;
mod session_key;
mod token;

pub use attempts::AttemptLimit;
pub use cookies::{Cookies, REFRESH_COOKIE};
pub use origin::is_own_origin;
pub use password::PasswordHasher;
pub use session_key::SessionKey;
pub use token::{AccessToken, RefreshToken};
