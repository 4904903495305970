//! Password hashing: Argon2id at OWASP's parameters.

use access::PasswordHash;
use api_types::Password;
use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{self, Output, ParamsString, Salt},
};

use super::turns::Turns;
use crate::{ambient, problem::ApiError};

/// OWASP's password storage cheat sheet: Argon2id with 19 MiB, 2 passes, 1 lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// A hash that no password has, for doing the same work where there is no account.
const HASH_OF_NO_PASSWORD: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$q0Zy2iG7mC1Q7QmXo5vH1cN0b6k0m2Gf0vQe3rW1u9A";

/// Hashes and checks passwords.
#[derive(Clone)]
pub struct PasswordHasher {
    turns: Turns,
}

impl Default for PasswordHasher {
    fn default() -> Self {
        Self { turns: Turns::with_blocks(MEMORY_KIB as usize * 1024 / Block::SIZE) }
    }
}

impl PasswordHasher {
    /// The hash of a password somebody chose.
    ///
    /// # Errors
    /// `busy` when too many wait.
    pub async fn hash(&self, password: Password) -> Result<PasswordHash, ApiError> {
        let salt: [u8; 16] = ambient::random();
        self.turns
            .take(move |memory| {
                let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(ApiError::internal)?;
                let hash = phc::PasswordHash {
                    algorithm: Algorithm::Argon2id.ident(),
                    version: Some(Version::V0x13.into()),
                    params: ParamsString::try_from(&params).map_err(ApiError::internal)?,
                    salt: Some(Salt::new(&salt).map_err(ApiError::internal)?),
                    hash: Some(output(Algorithm::Argon2id, Version::V0x13, params, &password, &salt, memory)?),
                };
                Ok(PasswordHash::from_phc(hash.to_string()))
            })
            .await
    }

    /// Whether the password has this hash; with no hash, the same work and `false`.
    ///
    /// # Errors
    /// `busy` when too many wait.
    pub async fn verify(&self, password: Password, hash: Option<PasswordHash>) -> Result<bool, ApiError> {
        self.turns
            .take(move |memory| {
                let phc = hash.as_ref().map_or(HASH_OF_NO_PASSWORD, PasswordHash::as_phc);
                let parsed = phc::PasswordHash::new(phc).map_err(ApiError::internal)?;
                let params = Params::try_from(&parsed).map_err(ApiError::internal)?;
                let algorithm = Algorithm::try_from(parsed.algorithm.as_str()).map_err(ApiError::internal)?;
                let version = parsed.version.unwrap_or_default().try_into().map_err(ApiError::internal)?;
                let salt = parsed.salt.as_deref().unwrap_or_default();
                // Outputs are compared in constant time.
                let matches = Some(output(algorithm, version, params, &password, salt, memory)?) == parsed.hash;
                Ok(matches && hash.is_some())
            })
            .await
    }
}

/// What Argon2 makes of a password in memory that was lent to it.
fn output(
    algorithm: Algorithm,
    version: Version,
    params: Params,
    password: &Password,
    salt: &[u8],
    memory: &mut [Block],
) -> Result<Output, ApiError> {
    let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let mut bytes = vec![0; length];
    Argon2::new(algorithm, version, params)
        .hash_password_into_with_memory(password.reveal(), salt, &mut bytes, memory)
        .map_err(ApiError::internal)?;
    Output::new(&bytes).map_err(ApiError::internal)
}

#[cfg(test)]
mod tests {
    use api_types::{Credentials, read_form};

    use super::*;

    #[actix_web::test]
    async fn a_hash_matches_its_password_only() {
        let hasher = PasswordHasher::default();
        let password = |text: &str| {
            let body = serde_json::json!({"email": "ada@example.com", "password": text});
            read_form::<Credentials>(body).unwrap().password
        };
        let hash = hasher.hash(password("plain lake 42")).await.unwrap();
        assert!(hash.as_phc().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(hasher.verify(password("plain lake 42"), Some(hash.clone())).await.unwrap());
        assert!(!hasher.verify(password("plain lake 43"), Some(hash)).await.unwrap());
        assert!(!hasher.verify(password("plain lake 42"), None).await.unwrap());
    }
}
