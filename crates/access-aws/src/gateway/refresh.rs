//! Reading again what API Gateway has: plans, and what became of our keys there. Also how its health is known.

use std::{
    collections::{HashMap, HashSet},
    sync::{PoisonError, RwLock, atomic::Ordering},
    time::Duration,
};

use access::{RemoteKey, StoreError, UntoldUse};
use api_types::Timestamp;

use super::{ApiGateway, Inner, carry::untold_now, names, names::ValueName, plans, stage_link::OurStage};
use crate::{
    action::GET_API_KEYS,
    control::{Control, PAGE},
    error::{AwsError, failed},
};

/// How old a key must be before its absence from a list means something: lists may lag behind.
const LISTED_WITHIN: Duration = Duration::from_secs(300);
/// How old a key that nobody here knows must be before it is removed.
const ORPHANED_AFTER: Duration = Duration::from_secs(600);

/// So many keys may be without a row at once, or this part of all, and it is believed.
const BELIEVED: usize = 5;
const BELIEVED_PART: usize = 10;

/// Whether API Gateway could be asked, the last time.
#[derive(Debug, Default)]
pub(super) struct Health(RwLock<Option<Result<(), StoreError>>>);

impl Health {
    /// How it went now. What changed is told in the log, once.
    fn set(&self, now: Result<(), StoreError>) {
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
    pub(super) fn get(&self) -> Result<(), StoreError> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.clone().unwrap_or_else(|| Err(failed("ask Amazon API Gateway", "it wasn't asked yet")))
    }
}

/// A key as a list shows it.
struct Listed {
    id: String,
    name: ValueName,
    enabled: bool,
    created_at: Option<Timestamp>,
}

impl ApiGateway {
    /// Reads plans and keys again: what was changed or deleted in AWS's console shows here from now on, and keys of ours
    /// that no row and no intent knows are removed. About one call per 500 keys. Then the figures that somebody looked
    /// at lately, with a call each.
    ///
    /// # Errors
    /// The first thing that could not be read, or that can't be right. Without a plan of our stage nothing else is read:
    /// in the wrong account or region no key is there, and that must mean nothing.
    pub async fn refresh(&self, now: Timestamp) -> Result<(), StoreError> {
        let inner = &self.inner;
        let outcome = Control::in_background(inner.read_all(now)).await;
        inner.health.set(outcome.clone());
        outcome
    }
}

impl Inner {
    async fn read_all(&self, now: Timestamp) -> Result<(), StoreError> {
        self.read_plans(now).await?;
        self.read_keys(now).await?;
        self.attach_again(now).await?;
        self.read_watched(now).await
    }

    async fn read_plans(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut plans = plans::read(&self.control, &self.place).await?;
        let stage = self.link_again(&mut plans, now).await;
        let is_empty = plans.here.is_empty();
        self.plans.set(plans.here);
        let what = match stage? {
            OurStage::Gone => "there is no",
            OurStage::There | OurStage::NotAsked if is_empty => "no usage plan is attached to",
            OurStage::There | OurStage::NotAsked => return Ok(()),
        };
        let cause = format!(
            "{what} stage {:?} of API {:?}: check aws.api_id and aws.stage, or make it with `tollgate aws apply`, which \
             prints both",
            self.place.stage, self.place.api_id
        );
        Err(failed("list plans", cause))
    }

    async fn read_keys(&self, now: Timestamp) -> Result<(), StoreError> {
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
            self.look_again(row, now).await?;
        }
        let ours: HashSet<_> = rows.iter().flat_map(RemoteKey::values).map(|value| value.operation).collect();
        let is_nobodys = |key: &&Listed| {
            let operation = key.name.operation;
            let is_old = key.created_at.is_some_and(|at| at <= now && age(at, now) > ORPHANED_AFTER);
            let is_known = ours.contains(&operation) || known.contains(&operation);
            is_old && !is_known && !self.under_way().contains(&operation) && !self.is_kept(&key.name)
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

    /// Keys whose plan was deleted and made anew under its name hang on nothing: they are attached to the new one, with
    /// their earlier values while their grace lasts.
    async fn attach_again(&self, now: Timestamp) -> Result<(), StoreError> {
        for seen in self.keys.all() {
            let Some(plan) = self.plans.of(&seen)?.filter(|plan| plan.id != seen.remote_plan) else {
                continue;
            };
            let _turn = self.turn(seen.account).await?;
            let Some(mut row) = self.keys.of_account(seen.account, seen.id).filter(|row| *row == seen) else {
                continue;
            };
            tracing::warn!(key = %row.id, plan = %row.plan_name, "the usage plan was made anew; the key is attached to it");
            self.attach(&plan, &row.value.remote_id).await?;
            for old in row.earlier.iter_mut().filter(|old| old.until > now) {
                match self.attach(&plan, &old.value.remote_id).await {
                    // Deleted by somebody else; it goes from the row when its grace ends.
                    Err(error) if error.is_not_found() && error.names("API Key") => {}
                    attached => attached?,
                }
                // The new plan has counted nothing yet.
                (old.counted, old.counted_at) = (0, now);
            }
            // Nor of what was used with the present value.
            let period = plan.span(now).start;
            let used = match self.uses.known_used(row.id, period) {
                Some(known) => known + untold_now(&row, &plan, now).unwrap_or(0),
                None => self.begun_with(&row, period).await?,
            };
            row.untold = (used > 0 && plan.limit().is_some()).then_some(UntoldUse { period, used });
            self.uses.set(row.id, period, 0, now);
            row.remote_plan.clone_from(&plan.id);
            let change = access::RemoteChange { put: Some(row.clone()), ..access::RemoteChange::default() };
            self.rows.change_remote(change).await?;
            self.keys.put(row);
        }
        Ok(())
    }

    /// Whether a row took this value in since the rows were looked at.
    pub(super) fn is_kept(&self, name: &ValueName) -> bool {
        let row = self.keys.of_account(name.account, name.key);
        row.is_some_and(|row| row.values().any(|value| value.operation == name.operation))
    }

    /// A row and API Gateway disagree: asked for this one key in its account's turn, API Gateway is right.
    async fn look_again(&self, seen: &RemoteKey, now: Timestamp) -> Result<(), StoreError> {
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
                let change = access::RemoteChange { put: Some(row.clone()), ..access::RemoteChange::default() };
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
