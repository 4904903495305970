//! Our rows and API Gateway's keys, compared: what was switched or deleted there shows here, and what is nobody's goes.

use std::{
    collections::{HashMap, HashSet},
    sync::atomic::Ordering,
    time::Duration,
};

use access::{RemoteChange, RemoteKey, StoreError};
use api_types::Timestamp;

use crate::{
    action::GET_API_KEYS,
    control::PAGE,
    error::AwsError,
    gateway::{
        shared::Shared,
        value::names::{self, ValueName},
    },
};

/// How old a key must be before its absence from a list means something: lists may lag behind.
const LISTED_WITHIN: Duration = Duration::from_secs(300);
/// How old a key that nobody here knows must be before it is removed.
const ORPHANED_AFTER: Duration = Duration::from_secs(600);

/// So many keys may be without a row at once, or this part of all, and it is believed.
const BELIEVED: usize = 5;
const BELIEVED_PART: usize = 10;

/// A key as a list shows it.
struct Listed {
    id: String,
    name: ValueName,
    enabled: bool,
    created_at: Option<Timestamp>,
}

impl Shared {
    /// Reads this installation's keys, and ends what doesn't agree.
    pub(crate) async fn reconcile_keys(&self, now: Timestamp) -> Result<(), StoreError> {
        let listed = self.list().await?;
        let known: HashSet<_> = self.rows.intents().await?.into_iter().map(|intent| intent.operation).collect();
        let rows = self.keys.all();
        let by_id: HashMap<&str, &Listed> = listed.iter().map(|key| (key.id.as_str(), key)).collect();
        let is_gone = |row: &&RemoteKey| {
            !by_id.contains_key(row.value.remote_id.as_str())
                && age(row.fresh_since.max(row.created_at), now) >= LISTED_WITHIN
        };
        let gone: Vec<&RemoteKey> = rows.iter().filter(is_gone).collect();
        let switched = rows
            .iter()
            .filter(|row| by_id.get(row.value.remote_id.as_str()).is_some_and(|there| there.enabled != row.enabled));
        for row in gone.into_iter().chain(switched) {
            self.follow_aws(row, now).await?;
        }
        let ours: HashSet<_> = rows.iter().flat_map(RemoteKey::values).map(|value| value.operation).collect();
        let is_nobodys = |key: &&Listed| {
            let operation = key.name.operation;
            let is_old = key.created_at.is_some_and(|at| at <= now && age(at, now) > ORPHANED_AFTER);
            let is_known = ours.contains(&operation) || known.contains(&operation);
            is_old && !is_known && !self.is_under_way(operation) && !self.is_kept(&key.name)
        };
        let orphans: Vec<&Listed> = listed.iter().filter(is_nobodys).collect();
        if !self.is_believable(orphans.len(), listed.len()) {
            return Ok(());
        }
        for key in orphans {
            tracing::warn!(key = %key.name.key, "a key in API Gateway belongs to nobody here; removed");
            self.delete_value(&key.id).await?;
        }
        Ok(())
    }

    /// Whether so many keys may be nobody's. When a large part is, it is rather our rows that are missing: the data folder
    /// is an old copy, or a second one is in use. Said once, and nothing is removed.
    fn is_believable(&self, orphans: usize, all: usize) -> bool {
        let is_believable = orphans <= BELIEVED || orphans * BELIEVED_PART <= all;
        let told = self.orphans_told.swap(if is_believable { 0 } else { orphans }, Ordering::Relaxed);
        if !is_believable && told != orphans {
            tracing::error!(
                orphans,
                all,
                "many keys of this installation in API Gateway have no row here, and are left alone: is the data folder an \
                 old copy, or is a copy of it in use elsewhere?"
            );
        }
        is_believable
    }

    /// Whether a row took this value in since the rows were looked at.
    pub(crate) fn is_kept(&self, name: &ValueName) -> bool {
        let row = self.keys.of_account(name.account, name.key);
        row.is_some_and(|row| row.values().any(|value| value.operation == name.operation))
    }

    /// A row and API Gateway disagree: asked for this one key in its account's turn, API Gateway is right.
    async fn follow_aws(&self, seen: &RemoteKey, now: Timestamp) -> Result<(), StoreError> {
        let _turn = self.turn(seen.account).await?;
        let Some(mut row) = self.keys.of_account(seen.account, seen.id) else { return Ok(()) };
        if row != *seen {
            return Ok(());
        }
        match self.is_enabled(&row.value.remote_id).await? {
            None => {
                tracing::warn!(key = %row.id, "a key was deleted in API Gateway by somebody else; its row goes too");
                let removals = self.drop_rows(vec![row], now, Vec::new()).await?;
                self.remove_now(&removals, now).await;
                Ok(())
            }
            Some(enabled) if enabled != row.enabled => {
                tracing::warn!(key = %row.id, enabled, "a key was switched in API Gateway by somebody else");
                row.enabled = enabled;
                let change = RemoteChange { put: Some(row.clone()), ..RemoteChange::default() };
                self.rows.change_remote(change).await?;
                self.keys.put(row);
                Ok(())
            }
            Some(_) => Ok(()),
        }
    }

    /// This installation's keys, by the beginning of their names.
    async fn list(&self) -> Result<Vec<Listed>, AwsError> {
        let prefix = names::prefix(self.installation);
        let send = |client: aws_sdk_apigateway::Client, position| {
            client.get_api_keys().name_query(&prefix).limit(PAGE).set_position(position).send()
        };
        let keys = self.control.pages(GET_API_KEYS, send, |page| (page.items, page.position)).await?;
        let listed = keys.iter().filter_map(|key| {
            Some(Listed {
                id: key.id()?.to_owned(),
                name: ValueName::parse(key.name()?, self.installation)?,
                enabled: key.enabled(),
                created_at: key.created_date().and_then(|at| Timestamp::from_second(at.secs()).ok()),
            })
        });
        Ok(listed.collect())
    }
}

fn age(since: Timestamp, now: Timestamp) -> Duration {
    now.duration_since(since).unsigned_abs()
}
