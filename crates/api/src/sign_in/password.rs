//! Password hashing: Argon2id at OWASP's parameters, off the workers, so many at once.

use std::sync::Arc;

use access::PasswordHash;
use actix_web::web;
use api_types::{Password, ProblemCode};
use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc},
};
use tokio::sync::Semaphore;

use crate::{ambient, problem::ApiError};

/// OWASP's password storage cheat sheet: Argon2id with 19 MiB, 2 passes, 1 lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Most requests that may wait for a turn; more are told to come back.
const MOST_WAITING: usize = 64;

/// A hash that no password has, for doing the same work where there is no account.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$q0Zy2iG7mC1Q7QmXo5vH1cN0b6k0m2Gf0vQe3rW1u9A";

/// Hashes and checks passwords, as many at once as the machine has cores.
#[derive(Clone)]
pub struct PasswordHasher {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl Default for PasswordHasher {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { turns: Arc::new(Semaphore::new(cores)), places: Arc::new(Semaphore::new(cores + MOST_WAITING)) }
    }
}

impl PasswordHasher {
    /// The hash of a password somebody chose.
    ///
    /// # Errors
    /// `busy` when too many wait.
    pub async fn hash(&self, password: Password) -> Result<PasswordHash, ApiError> {
        let salt: [u8; 16] = ambient::random();
        self.in_turn(move || {
            let hash = argon2()?.hash_password_with_salt(password.reveal(), &salt).map_err(ApiError::internal)?;
            Ok(PasswordHash::from_phc(hash.to_string()))
        })
        .await
    }

    /// Whether the password has this hash; with no hash, the same work and `false`.
    ///
    /// # Errors
    /// `busy` when too many wait.
    pub async fn verify(&self, password: Password, hash: Option<PasswordHash>) -> Result<bool, ApiError> {
        self.in_turn(move || {
            let phc = hash.as_ref().map_or(NOBODYS, PasswordHash::as_phc);
            let parsed = phc::PasswordHash::new(phc).map_err(ApiError::internal)?;
            let matches = argon2()?.verify_password(password.reveal(), &parsed).is_ok();
            Ok(matches && hash.is_some())
        })
        .await
    }

    /// Runs on the blocking pool. The turn is held by the work, not by the request, which may go away.
    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let busy = || ApiError::new(ProblemCode::Busy, "Too many people sign in right now. Please try again.");
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| busy().retry_after(1))?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(ApiError::internal)?;
        web::block(move || {
            let _held = (place, turn);
            work()
        })
        .await
        .map_err(ApiError::internal)?
    }
}

fn argon2() -> Result<Argon2<'static>, ApiError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(ApiError::internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_hash_matches_its_password_only() {
        let hasher = PasswordHasher::default();
        let password = |text: &str| Password::present(text).unwrap();
        let hash = hasher.hash(password("plain lake 42")).await.unwrap();
        assert!(hash.as_phc().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(hasher.verify(password("plain lake 42"), Some(hash.clone())).await.unwrap());
        assert!(!hasher.verify(password("plain lake 43"), Some(hash)).await.unwrap());
        assert!(!hasher.verify(password("plain lake 42"), None).await.unwrap());
    }
}
