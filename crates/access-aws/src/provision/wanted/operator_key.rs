//! The operator's own key: made once, found again by its tags, its value shown once.

use super::credential::Credential;
use crate::marks;

/// The wish for an operator's key.
#[derive(Debug, Clone)]
pub struct OperatorKey {
    plan: String,
    value: Credential,
}

impl OperatorKey {
    /// A key on this plan, its value made from random bytes of the caller's. Not of the form of people's keys: it has no
    /// row in our store.
    #[must_use]
    pub fn new(plan: &str, random: [u8; 32]) -> Self {
        let value = format!("op_{}", data_encoding::BASE32_NOPAD.encode(&random).to_ascii_lowercase());
        Self { plan: plan.to_owned(), value: Credential::new(&value) }
    }

    /// The plan's name.
    #[must_use]
    pub fn plan(&self) -> &str {
        &self.plan
    }

    pub(crate) fn value(&self) -> &Credential {
        &self.value
    }

    /// Its name in AWS.
    pub(crate) fn name(api_name: &str) -> String {
        format!("{}{}", marks::key_name_prefix(api_name), marks::OPERATOR)
    }
}
