//! Rotating a key: a new value is made and attached, then the old one goes, now or when its grace ends. Values before it
//! keep the grace that they were promised.

use std::sync::Arc;

use access::{
    EarlierValue, Intent, IntentKind, KeyDigest, KeyError, KeySecret, RemoteChange, RemoteKey, RemoteValue, StoreError,
    UntoldUse,
};
use api_types::{AccountId, KeyId, OperationId, PlanName, Timestamp, limits::OLD_VALUES_MAX};
use zeroize::Zeroizing;

use crate::{
    error::failed,
    gateway::{
        shared::Shared,
        value::{
            make::{Made, ToMake},
            names::{ValueName, operation_of},
        },
    },
};

/// A rotation, for a task of its own.
pub(crate) struct ToRotate {
    account: AccountId,
    key: KeyId,
    operation: OperationId,
    digest: KeyDigest,
    value: Zeroizing<String>,
    old_value_until: Option<Timestamp>,
    now: Timestamp,
}

impl ToRotate {
    pub(crate) fn new(
        account: AccountId,
        secret: &KeySecret,
        old_value_until: Option<Timestamp>,
        now: Timestamp,
    ) -> Self {
        Self {
            account,
            key: secret.id(),
            operation: operation_of(secret),
            digest: secret.digest(),
            value: Zeroizing::new(secret.for_provider().to_owned()),
            old_value_until,
            now,
        }
    }
}

impl Shared {
    /// All steps, in the account's turn. Until the row is written the old value is the good one.
    pub(crate) async fn rotate(self: Arc<Self>, to: ToRotate) -> Result<PlanName, KeyError> {
        let ToRotate { account, operation, now, .. } = to;
        let _turn = self.turn(account).await?;
        let mut row = self.keys.of_account(account, to.key).ok_or(KeyError::NotFound)?;
        let plan = self.plans.of(&row)?;
        let plan = plan.ok_or_else(|| failed("rotate a key", "its usage plan is gone from API Gateway"))?;
        let until = to.old_value_until.filter(|until| *until > now && row.enabled);
        if until.is_some() {
            has_room(&row.earlier, now)?;
        }
        let (used, reading) = match plan.limit() {
            None => (0, None),
            Some(_) => match self.read_used(&row, &plan, now).await {
                Ok(reading) => (reading.total, Some(reading)),
                // Without a grace nothing has to be told apart later, and an older figure is better than none.
                Err(error) if until.is_none() => (self.known_after(error, &row, &plan, now)?, None),
                Err(error) => return Err(error.into()),
            },
        };
        let remaining = plan.limit().filter(|_| used > 0).map(|(limit, _)| limit.saturating_sub(used));
        // Earlier values go on counting by themselves at API Gateway; what is more than this counts beside the new one.
        if let Some(reading) = &reading {
            reading.reckon(&mut row.earlier, now);
        }
        let (mut earlier, ended): (Vec<_>, Vec<_>) = row.earlier.iter().cloned().partition(|old| old.until > now);
        earlier.extend(until.map(|until| EarlierValue {
            value: row.value.clone(),
            until,
            counted: reading.as_ref().map_or(0, |reading| reading.counted),
            counted_at: now,
        }));

        let intent = Intent {
            operation,
            key: row.id,
            account,
            plan_name: row.plan_name.clone(),
            kind: IntentKind::Create,
            remote_id: None,
            due_at: now,
        };
        let _under_way = self.begin(operation);
        self.rows.change_remote(RemoteChange { intents: vec![intent.clone()], ..RemoteChange::default() }).await?;
        let name = ValueName { key: row.id, account, operation };
        let to_make = ToMake { name, value: to.value, plan: plan.clone(), enabled: row.enabled, remaining };
        let Made { id: remote_id, is_told } = match self.make(&to_make).await {
            Ok(made) => made,
            Err(unmade) => return Err(StoreError::from(self.undo(intent, unmade, now).await).into()),
        };

        let mut removals: Vec<Intent> = ended.iter().map(|old| row.removal(&old.value, now)).collect();
        removals.push(row.removal(&row.value, until.unwrap_or(now)));
        let turned = RemoteKey {
            rotated_at: Some(now),
            fresh_since: now,
            value: RemoteValue { operation, remote_id: remote_id.clone(), digest: to.digest },
            remote_plan: plan.id.clone(),
            earlier,
            untold: (!is_told).then(|| UntoldUse { period: plan.span(now).start, used }),
            ..row
        };
        let change = RemoteChange {
            put: Some(turned.clone()),
            done: vec![operation],
            intents: removals.clone(),
            carried: plan.carried(&turned, used, now).into_iter().collect(),
            ..RemoteChange::default()
        };
        if let Err(error) = self.rows.change_remote(change).await {
            let remove = Intent { kind: IntentKind::Remove, remote_id: Some(remote_id), ..intent };
            self.remove_now(&[remove], now).await;
            return Err(error.into());
        }
        let plan_name = turned.plan_name.clone();
        if plan.limit().is_some() {
            self.figures.set(turned.id, plan.span(now).start, if is_told { used } else { 0 }, now);
        }
        self.keys.put(turned);
        self.remove_now(&removals, now).await;
        Ok(plan_name)
    }
}

/// Whether another value may be kept beside those that were promised to work on.
fn has_room(earlier: &[EarlierValue], now: Timestamp) -> Result<(), KeyError> {
    let mut ends: Vec<Timestamp> = earlier.iter().map(|old| old.until).filter(|until| *until > now).collect();
    ends.sort();
    match ends.first() {
        Some(until) if ends.len() >= OLD_VALUES_MAX => Err(KeyError::TooManyOldValues { until: *until }),
        _ => Ok(()),
    }
}
