//! The sweeper: ends what was begun and left, in the background.

use std::time::Duration;

use access::{Intent, IntentKind, RemoteChange, StoreError};
use api_types::Timestamp;

use crate::{
    control::Control,
    gateway::{ApiGateway, round_robin::MOST_FAILURES, shared::Shared, value::names::ValueName},
};

/// How long a creation whose fate is unknown may still turn up: AWS answers or gives up within seconds.
const TURNS_UP_WITHIN: Duration = Duration::from_secs(900);

impl ApiGateway {
    /// Removes values whose time has come, and those whose making was given up: some at a time, in turns, so that none
    /// that can't be removed yet keeps the others waiting. Then API Gateway is told what it could not be told before.
    ///
    /// # Errors
    /// When the intents can't be read, or the first failure of AWS; after some more of them the rest waits for the next
    /// time.
    pub async fn sweep(&self, now: Timestamp) -> Result<(), StoreError> {
        Control::in_background(self.shared.sweep(now)).await
    }
}

impl Shared {
    async fn sweep(&self, now: Timestamp) -> Result<(), StoreError> {
        let intents = self.rows.intents().await?;
        let due = intents.into_iter().filter(|intent| self.is_due(intent, now)).collect();
        let mut failures = Vec::new();
        for intent in self.swept.next(due) {
            // What came before it may have taken long.
            if self.is_due(&intent, now)
                && let Err(error) = self.end(&intent, now).await
            {
                failures.push(error);
                if failures.len() == MOST_FAILURES {
                    break;
                }
            }
        }
        self.tell_untold(now).await?;
        failures.into_iter().next().map_or(Ok(()), Err)
    }

    /// Whether it is time to end this. The intent is as it was when the sweep began: a creation that was under way then
    /// may have come to its good end since, and its value be somebody's.
    fn is_due(&self, intent: &Intent, now: Timestamp) -> bool {
        match intent.kind {
            // In this order: a creation is in its row before it is no longer under way.
            IntentKind::Create => !self.is_under_way(intent.operation) && !self.is_kept(&ValueName::of(intent)),
            IntentKind::Remove => intent.due_at <= now,
        }
    }

    async fn end(&self, intent: &Intent, now: Timestamp) -> Result<(), StoreError> {
        // Best effort, as the quota is.
        if let Err(error) = self.fold_grace(intent, now).await {
            tracing::warn!(key = %intent.key, %error, "what was used in a grace could not be carried over");
        }
        let ended = self.remove(intent).await?;
        if ended {
            self.forget_grace(intent).await?;
            return Ok(());
        }
        if now.duration_since(intent.due_at).unsigned_abs() > TURNS_UP_WITHIN {
            let change = RemoteChange { done: vec![intent.operation], ..RemoteChange::default() };
            self.rows.change_remote(change).await?;
        }
        Ok(())
    }

    /// What was used with an old value in its grace goes with it at API Gateway: it is taken from what the present one has
    /// left. The row then counts it as told, so that a removal that fails after this doesn't take it twice.
    async fn fold_grace(&self, intent: &Intent, now: Timestamp) -> Result<(), StoreError> {
        let _turn = self.turn(intent.account).await?;
        let Some(mut row) = self.keys.of_account(intent.account, intent.key) else { return Ok(()) };
        if row.earlier.iter().all(|old| old.value.operation != intent.operation) {
            return Ok(());
        }
        let Some(folded) = self.fold(&mut row, now).await? else { return Ok(()) };
        let (put, carried) = (Some(row.clone()), vec![folded]);
        self.rows.change_remote(RemoteChange { put, carried, ..RemoteChange::default() }).await?;
        self.keys.put(row);
        Ok(())
    }

    /// The row of a key forgets a value whose grace has ended.
    async fn forget_grace(&self, intent: &Intent) -> Result<(), StoreError> {
        let _turn = self.turn(intent.account).await?;
        let Some(mut row) = self.keys.of_account(intent.account, intent.key) else { return Ok(()) };
        let before = row.earlier.len();
        row.earlier.retain(|old| old.value.operation != intent.operation);
        if row.earlier.len() == before {
            return Ok(());
        }
        self.rows.change_remote(RemoteChange { put: Some(row.clone()), ..RemoteChange::default() }).await?;
        self.keys.put(row);
        Ok(())
    }
}
