//! Every bound of the wire, with its unit and where it comes from. Only what takes no constant writes one again: attributes
//! of the OpenAPI document, which a test of `api` compares, and sentences for callers, which `tests/it/forms.rs` does.

/// Shortest password, in characters. NIST SP 800-63B asks for at least 8, counted in Unicode code points; we ask for 10,
/// without composition rules.
pub const PASSWORD_MIN_CHARS: usize = 10;
/// Longest password, in characters: room for any passphrase, and a bound on what Argon2 has to read.
pub const PASSWORD_MAX_CHARS: usize = 128;
/// Longest email address, in bytes (RFC 5321, 4.5.3.1.3: a path of 256 with its angle brackets).
pub const EMAIL_MAX_BYTES: usize = 254;
/// Longest part of an email address before the `@`, in bytes (RFC 5321, 4.5.3.1.1).
pub const EMAIL_LOCAL_MAX_BYTES: usize = 64;
/// Longest plan name, in bytes; API Gateway takes longer ones, a card on a phone doesn't.
pub const PLAN_NAME_MAX_BYTES: usize = 64;
/// Longest plan description, in characters.
pub const PLAN_DESCRIPTION_MAX_CHARS: u64 = 500;
/// Longest label of a key, in characters.
pub const KEY_LABEL_MAX_CHARS: usize = 64;
/// Longest grace of a rotated key's old value, in seconds: a day.
pub const ROTATION_GRACE_MAX_SECONDS: u32 = 86_400;
/// Most earlier values of a key that are kept in their grace; what was promised is not broken for another.
pub const OLD_VALUES_MAX: usize = 4;
/// Largest quota: what API Gateway's signed 32-bit limit can hold.
pub const QUOTA_MAX: u64 = i32::MAX as u64;
/// Highest throttle rate per second; API Gateway's regional default for an account.
pub const THROTTLE_RATE_MAX: f64 = 10_000.0;
/// Lowest throttle rate per second: about one request in three hours.
pub const THROTTLE_RATE_MIN: f64 = 0.0001;
/// Largest burst; API Gateway's token bucket capacity for an account is 5,000, ours may be larger.
pub const THROTTLE_BURST_MAX: u32 = 100_000;
/// Largest request body of the management calls, in bytes: many times the largest valid form.
pub const FORM_MAX_BYTES: usize = 64 * 1024;
/// Largest request body under `/v1` that can be configured, in bytes: 1 GiB. All of it is held in memory.
pub const CHAT_BODY_LARGEST_MAX_BYTES: usize = 1024 * 1024 * 1024;
/// Largest request body under `/v1` by default, in bytes: 20 MiB, room for a few images in base64.
pub const CHAT_BODY_MAX_BYTES: usize = 20 * 1024 * 1024;
/// Longest presented key, in bytes; API Gateway's longest value is 128 characters.
pub const PRESENTED_KEY_MAX_BYTES: usize = 128;
/// Shortest presented key, in bytes; API Gateway's shortest value is 20 characters.
pub const PRESENTED_KEY_MIN_BYTES: usize = 20;
/// Most days one usage listing covers: a leap year.
pub const USAGE_MAX_DAYS: i32 = 366;
/// How long a call that may be repeated is known again, in seconds: a day.
pub const REPEATABLE_SECONDS: i64 = 86_400;
/// Longest `Idempotency-Key`, in bytes; Stripe's is 255.
pub const IDEMPOTENCY_KEY_MAX_BYTES: usize = 255;
/// Most entries that a part of a list has, where the caller asks for parts.
pub const LIST_PART_MAX: u32 = 100;
/// Lifetime of an access token, in seconds.
pub const ACCESS_TOKEN_SECONDS: i64 = 900;
/// Lifetime of a session's refresh token, in seconds: 30 days.
pub const REFRESH_TOKEN_SECONDS: i64 = 30 * 86_400;
/// Longest name of what somebody signed in with, in characters.
pub const CLIENT_NAME_MAX_CHARS: usize = 64;
/// Most sessions that are listed.
pub const SESSIONS_LISTED_MAX: usize = 100;
/// How long the token just rotated still gets the same successor, in seconds (two tabs, a lost reply).
pub const REFRESH_GRACE_SECONDS: i64 = 10;
/// Longest note that an operator leaves in the audit, in characters.
pub const AUDIT_NOTE_MAX_CHARS: usize = 200;
/// Lifetime of an invitation unless it is told otherwise, in days.
pub const INVITE_DAYS: u32 = 7;
/// Longest lifetime of an invitation, in days.
pub const INVITE_MAX_DAYS: u32 = 90;
/// Lifetime of a link for a new password, in seconds: an hour.
pub const RESET_LINK_SECONDS: i64 = 3_600;
