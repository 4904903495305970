//! Signing in: passwords, tokens, cookies, where a request's page came from, and how often it may fail.

mod cookies;
mod kept_keys;
mod limits;
mod origin;
mod password;
mod token;
mod turns;

pub use cookies::Cookies;
pub use kept_keys::{OWNER_FILE, OwnerKey, SESSION_FILE, SessionKey};
pub use limits::SignInLimits;
pub use origin::{is_of_a_page, is_own_origin};
pub use password::PasswordHasher;
pub use token::{AccessToken, InviteToken, RefreshToken, ResetToken};
