//! Keys whose usage plan was deleted and made anew under its name: they are attached to the new one.

use access::{RemoteChange, StoreError, UntoldUse};
use api_types::Timestamp;

use crate::gateway::shared::Shared;

impl Shared {
    /// Keys whose plan was deleted and made anew under its name hang on nothing: they are attached to the new one, with
    /// their earlier values while their grace lasts.
    pub(crate) async fn reattach_keys(&self, now: Timestamp) -> Result<(), StoreError> {
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
            let used = match self.figures.known_used(row.id, period) {
                Some(known) => known + plan.untold(&row, now).unwrap_or(0),
                None => self.begun_with(&row, period).await?,
            };
            row.untold = (used > 0 && plan.limit().is_some()).then_some(UntoldUse { period, used });
            self.figures.set(row.id, period, 0, now);
            row.remote_plan.clone_from(&plan.id);
            let change = RemoteChange { put: Some(row.clone()), ..RemoteChange::default() };
            self.rows.change_remote(change).await?;
            self.keys.put(row);
        }
        Ok(())
    }
}
