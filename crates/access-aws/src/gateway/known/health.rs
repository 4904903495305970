//! Whether API Gateway could be asked, the last time.

use std::sync::{PoisonError, RwLock};

use access::StoreError;

use crate::error::failed;

/// How it went.
#[derive(Debug, Default)]
pub(crate) struct Health(RwLock<Option<Result<(), StoreError>>>);

impl Health {
    /// How it went now. What changed is told in the log, once.
    pub(crate) fn set(&self, now: Result<(), StoreError>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match (&*known, &now) {
            (Some(Err(_)), Ok(())) => tracing::info!("Amazon API Gateway answers again"),
            (Some(Err(old)), Err(new)) if old == new => {}
            (_, Err(error)) => tracing::error!(%error, "Amazon API Gateway can't be used; tried again soon"),
            (_, Ok(())) => {}
        }
        *known = Some(now);
    }

    /// What is known.
    pub(crate) fn get(&self) -> Result<(), StoreError> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.clone().unwrap_or_else(|| Err(failed("ask Amazon API Gateway", "it wasn't asked yet")))
    }
}
