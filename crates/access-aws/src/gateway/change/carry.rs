//! What was used beside a key's present value: taken from what that has left at API Gateway, at once or, where API Gateway
//! can't be told, as soon as it can. Until then what it may allow again is shown.

use access::{CarriedUse, RemoteChange, RemoteKey, StoreError, UntoldUse};
use api_types::Timestamp;

use crate::gateway::{round_robin::MOST_FAILURES, shared::Shared};

impl Shared {
    /// Takes what was used with the old values, and what is untold, from what the present one has left, and notes it in
    /// the row, in the account's turn; what can't be told now is noted as untold. What is used of the quota then; `None`
    /// where nothing was to be taken.
    pub(crate) async fn fold(&self, row: &mut RemoteKey, now: Timestamp) -> Result<Option<CarriedUse>, StoreError> {
        let Some(plan) = self.plans.of(row)? else { return Ok(None) };
        let Some((limit, _)) = plan.limit() else { return Ok(None) };
        let reading = self.read_used(row, &plan, now).await?;
        if reading.beside == 0 && plan.untold(row, now).is_none() {
            return Ok(None);
        }
        let told = self.set_remaining(&plan, &row.value.remote_id, limit.saturating_sub(reading.total)).await;
        reading.reckon(&mut row.earlier, now);
        let period = plan.span(now).start;
        match told {
            Ok(()) => {
                row.untold = None;
                self.figures.set(row.id, period, reading.total, now);
            }
            Err(error) => {
                tracing::warn!(key = %row.id, %error, "what was used before could not be carried over yet");
                row.untold = Some(UntoldUse { period, used: reading.total.saturating_sub(reading.counted) });
                self.figures.set(row.id, period, reading.used.saturating_sub(reading.beside), now);
            }
        }
        Ok(plan.carried(row, reading.total, now))
    }

    /// Tries again to tell what could not be told: of some keys at a time, in turns.
    pub(crate) async fn tell_untold(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut untold: Vec<RemoteKey> = self.keys.all().into_iter().filter(|key| key.untold.is_some()).collect();
        untold.sort_by_key(|key| key.id);
        let mut failures = 0;
        for seen in self.told.next(untold) {
            let _turn = self.turn(seen.account).await?;
            let Some(mut row) = self.keys.of_account(seen.account, seen.id) else { continue };
            let folded = match self.plans.of(&row)?.map(|plan| plan.untold(&row, now).is_some()) {
                // Its period has ended, or its plan has no quota any more.
                Some(false) => {
                    row.untold = None;
                    None
                }
                Some(true) => match self.fold(&mut row, now).await {
                    Ok(folded) => folded,
                    Err(error) => {
                        tracing::warn!(key = %row.id, %error, "what was used before could not be carried over yet");
                        failures += 1;
                        None
                    }
                },
                None => None,
            };
            failures += usize::from(row.untold.is_some() && folded.is_some());
            let change = RemoteChange {
                put: Some(row.clone()),
                carried: folded.into_iter().collect(),
                ..RemoteChange::default()
            };
            self.rows.change_remote(change).await?;
            self.keys.put(row);
            if failures >= MOST_FAILURES {
                break;
            }
        }
        Ok(())
    }
}
