//! How often somebody may sign up, and fail to sign in.

use std::time::Duration;

use api_types::Email;

use crate::{
    config::AccountsConfig,
    source::Source,
    try_limit::{FAILURE_WINDOW, TryLimit},
};

/// In which sign-ups count.
const SIGN_UP_WINDOW: Duration = Duration::from_secs(60 * 60);

/// The limits, each by its source.
pub struct SignInLimits {
    /// Sign-ups.
    pub sign_ups: TryLimit<Source>,
    /// Failed sign-ins to one account.
    pub sign_ins: TryLimit<(Source, Email)>,
    /// Failed sign-ins to any account.
    pub sign_ins_of_source: TryLimit<Source>,
}

impl SignInLimits {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(most: &AccountsConfig) -> Self {
        Self {
            sign_ups: TryLimit::new(most.sign_ups_per_hour, SIGN_UP_WINDOW),
            sign_ins: TryLimit::new(most.failed_sign_ins, FAILURE_WINDOW),
            sign_ins_of_source: TryLimit::new(most.failed_sign_ins_per_source, FAILURE_WINDOW),
        }
    }
}
