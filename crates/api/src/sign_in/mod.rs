//! Signing in: passwords, tokens, cookies, where a request's page came from, and limits on attempts.

mod attempts;
mod cookies;
mod kept_keys;
mod origin;
mod password;
mod token;
mod turns;

pub use attempts::{AttemptLimit, TooMany};
pub use cookies::Cookies;
pub use kept_keys::{OwnerKey, SessionKey};
pub use origin::is_own_origin;
pub use password::PasswordHasher;
pub use token::{AccessToken, RefreshToken};
