//! The gate: finds a key's subscription, and hands the request to the lanes and waits for their answer.

use std::sync::Arc;

use access::{Admission, Charge, End, Gate, Inspection, KeyDigest, NotReady, Pass, PresentedKey, StoreError, last_use};
use api_types::{AdmissionId, KeyId, KeyState, KeyStatus, Timestamp};
use async_trait::async_trait;
use tokio::{sync::oneshot, time::timeout};

use super::{PostgresStore, time};
use crate::{
    batch::{Admit, Ask, GiveBack, Shared, find_key},
    error::{Failure, Unchanged},
    sql::{columns::SubscriptionRowId, subscriptions},
};

/// Gives the charge back when the asker goes away before it has its answer: nothing was sent upstream.
struct Leaving<'a> {
    shared: &'a Arc<Shared>,
    admission: AdmissionId,
    asker: u64,
    answer: oneshot::Receiver<Result<Admission, StoreError>>,
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        // A lane that answers from now on sees that nobody listens.
        self.answer.close();
        if let Ok(Ok(Admission::Granted(_))) = self.answer.try_recv() {
            self.shared.abandon(self.admission, self.asker);
        }
    }
}

impl PostgresStore {
    /// The subscription that a key is on: remembered, or looked up.
    async fn subscription_of(&self, key: KeyId) -> Result<Option<SubscriptionRowId>, StoreError> {
        if let Some(known) = self.inner.shared.subscriptions.lock().get(&key) {
            return Ok(Some(*known));
        }
        let found = self
            .read("find a key", move |client| {
                Box::pin(async move { Ok::<_, Unchanged<StoreError>>(find_key(client, key).await?) })
            })
            .await?;
        Ok(found.map(|found| {
            self.inner.shared.subscriptions.lock().put(key, found.subscription);
            found.subscription
        }))
    }

    async fn status(&self, key: KeyId, digest: KeyDigest, now: Timestamp) -> Result<Option<KeyStatus>, StoreError> {
        let (shared, told) = (Arc::clone(&self.inner.shared), self.told(now));
        self.read("inspect", move |client| {
            Box::pin(async move {
                let now = time(&***client, told).await?;
                let found = find_key(client, key).await?.filter(|found| found.values.are_opened_by(digest, now));
                let Some(found) = found else { return Ok(None) };
                let created_at = found.created_at;
                let found = subscriptions::find(&***client, found.subscription).await?;
                let Some(subscription) = found else { return Ok(None) };
                let plans = shared.plans_now(client).await?;
                let plan = plans.get(subscription.plan)?;
                let quota = subscription.quota(&***client, plan, &plan.span(now)).await?;
                let shown = plan.plan();
                let (plan_name, throttle) = (shown.name.clone(), shown.throttle);
                let last_used_at = last_use(subscription.used_at, created_at);
                Ok(Some(KeyStatus { id: key, plan_name, state: KeyState::Active, last_used_at, quota, throttle }))
            })
        })
        .await
    }
}

#[async_trait]
impl Gate for PostgresStore {
    async fn admit(&self, key: &PresentedKey, admission: AdmissionId, now: Timestamp) -> Result<Admission, StoreError> {
        let Some((key, digest)) = key.own() else { return Ok(Admission::Unknown) };
        let Some(subscription) = self.subscription_of(key).await? else { return Ok(Admission::Unknown) };
        let (shared, asker) = (&self.inner.shared, self.asker());
        let (reply, answer) = oneshot::channel();
        let admit = Admit { key, digest, admission, asker, now: self.told(now), reply };
        shared.queue.push(subscription, Ask::Admit(admit))?;
        let mut leaving = Leaving { shared, admission, asker, answer };
        match timeout(shared.patience, &mut leaving.answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(StoreError::new("admit", "the store is closed")),
            Err(_) => Err(Failure::TooSlow.store_error("admit")),
        }
    }

    async fn settle(&self, pass: &Pass, end: End, _now: Timestamp) -> Result<Charge, StoreError> {
        if let Some(charge) = self.settle_at_once(pass, end) {
            return Ok(charge);
        }
        let shared = &self.inner.shared;
        let Some(open) = shared.passes.lock().open.remove(&pass.id) else { return Ok(Charge::Spent) };
        let (reply, answer) = oneshot::channel();
        let give_back = GiveBack { pass: open.clone(), abandoned: false, reply: Some(reply) };
        if let Err(closed) = shared.queue.push(open.subscription, Ask::GiveBack(give_back)) {
            shared.passes.lock().open.insert(pass.id, open);
            return Err(closed);
        }
        answer.await.unwrap_or_else(|_| Err(StoreError::new("settle", "the store is closed")))
    }

    /// A pass whose charge stays changes nothing that is stored, so nobody need be waited for.
    fn settle_at_once(&self, pass: &Pass, end: End) -> Option<Charge> {
        if end.charge() == Charge::Returned {
            return None;
        }
        let mut passes = self.inner.shared.passes.lock();
        if let Some(open) = passes.open.remove(&pass.id) {
            passes.remember(open.pass);
        }
        Some(Charge::Spent)
    }

    async fn inspect(&self, key: &PresentedKey, now: Timestamp) -> Result<Inspection, StoreError> {
        let Some((key, digest)) = key.own() else { return Ok(Inspection::Unknown) };
        Ok(self.status(key, digest, now).await?.map_or(Inspection::Unknown, Inspection::Known))
    }

    async fn ready(&self) -> Result<(), NotReady> {
        let replica = self.inner.replica;
        // Whether it was written or not changes nothing.
        let beat = self.read::<_, StoreError>("write", move |client| {
            Box::pin(async move {
                let sql = "INSERT INTO lanes (id, batch, fence, used_at) VALUES ($1, 0, 0, now())
                           ON CONFLICT (id) DO UPDATE SET used_at = excluded.used_at";
                client.execute(&client.prepare_cached(sql).await?, &[&replica.as_slice()]).await?;
                Ok(())
            })
        });
        Ok(beat.await?)
    }
}
