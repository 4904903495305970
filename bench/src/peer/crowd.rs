//! A store with a million keys, as the server would have made them one by one.

use std::path::Path;

use access::KeySecret;
use anyhow::{Context as _, Result};
use api_types::{KeyId, SubscriptionId};
use rusqlite::{Connection, params};

/// Keys in the store.
pub(super) const KEYS: u64 = 1_000_000;
/// Those that are asked with, spread over all.
pub(super) const ASKED: u64 = 100_000;

/// Fills the store of a server that was stopped and has one account and one plan, and gives the values of the keys that
/// are asked with.
pub(super) fn fill(database: &Path, keys: u64, asked: u64) -> Result<Vec<String>> {
    let mut connection = Connection::open(database).context("cannot open the store")?;
    let transaction = connection.transaction()?;
    let sql =
        "SELECT (SELECT coalesce(max(id), 0) FROM subscriptions), (SELECT id FROM plans), (SELECT id FROM accounts)";
    let (first, plan, account): (i64, i64, String) =
        transaction.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let mut values = Vec::new();
    {
        let mut subscribe = transaction.prepare(
            "INSERT INTO subscriptions (id, public_id, owner, plan, subscribed_on) VALUES (?1, ?2, ?3, ?4, '2026-11-01')",
        )?;
        let mut make = transaction.prepare(
            "INSERT INTO keys (id, account, subscription, digest, enabled, label, created_at)
             VALUES (?1, ?2, ?3, ?4, 1, '', 1793000000000)",
        )?;
        for number in 0..keys {
            let bytes = scattered(number);
            let mut random = [0; 32];
            random[..16].copy_from_slice(&bytes);
            let secret = KeySecret::new(KeyId::from_random(bytes), random);
            let row = first + 1 + i64::try_from(number)?;
            subscribe.execute(params![row, SubscriptionId::from_random(bytes).to_string(), random, plan])?;
            make.execute(params![secret.id().to_string(), account, row, secret.digest().as_bytes()])?;
            if number % (keys / asked) == 0 {
                values.push(secret.reveal());
            }
        }
    }
    transaction.commit()?;
    Ok(values)
}

/// Bytes as random ones lie in an index: neighbours in number aren't neighbours there. Each number has its own.
fn scattered(number: u64) -> [u8; 16] {
    let high = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (u128::from(high) << 64 | u128::from(number)).to_be_bytes()
}
