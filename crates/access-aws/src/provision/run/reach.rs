//! Goes on to the goal, whatever happens on the way: after a lost reply or a conflict it looks again, and goes on from
//! what it finds.

use std::time::Duration;

use super::{
    event::Event,
    execution::{Execution, Made},
    look::Change,
};
use crate::provision::{
    change::{ChangeSet, Sign, Step},
    error::ProvisionError,
    found::Found,
};

/// How often it takes up the steps before it gives up.
const RUNS: u32 = 5;
/// Wait before looking whether a call was carried out whose reply was lost: until all of AWS has surely seen it.
const SETTLE: Duration = Duration::from_secs(2);

/// Who is asked when what there is differs from what was shown.
pub(crate) type Ask<'a> = &'a mut (dyn FnMut(&ChangeSet) -> bool + 'a);

impl Change<'_> {
    /// Makes everything as it shall be: what was made, and what there is then. With a change set that was shown it makes
    /// no other steps than those without asking.
    pub(crate) async fn reach(
        &self,
        shown: Option<(&ChangeSet, Ask<'_>)>,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<(Made, Found), ProvisionError> {
        let mut agreed = shown.map(|(set, ask)| (set.steps.clone(), ask));
        let (mut made, mut runs, mut finished) = (Made::default(), 0, None);
        loop {
            let set = self.look().await.map_err(|error| error.after(runs > 0))?;
            if set.is_empty() {
                return Ok((made, set.found));
            }
            let lines = set.lines();
            // What was done and still differs would differ for ever: AWS, or somebody, has another mind.
            if runs == RUNS || finished.as_ref() == Some(&lines) {
                return Err(ProvisionError::Unsettled { left: lines });
            }
            if let Some((steps, ask)) = &mut agreed
                && !is_agreed(steps, &set.steps, runs > 0)
            {
                if !ask(&set) {
                    return Err(ProvisionError::NotAgreed { begun: made.steps > 0 });
                }
                steps.clone_from(&set.steps);
            }
            runs += 1;
            match self.run(&set, &mut made, tell).await {
                Ok(()) => finished = Some(lines),
                Err(error) if error.is_worth_a_look() => {
                    tell(Event::LooksAgain(&error));
                    self.control.pause(SETTLE).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn run(
        &self,
        set: &ChangeSet,
        made: &mut Made,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), ProvisionError> {
        tracing::debug!("{} steps", set.steps.len());
        let mut execution = Execution::new(self, &set.found, made);
        for (at, step) in set.steps.iter().enumerate() {
            tell(Event::Step { number: at + 1, of: set.steps.len(), line: &step.to_string() });
            execution.step(step).await?;
        }
        Ok(())
    }
}

/// Whether these steps were agreed to. At first they must be the same. Later some are done, and of others a part; then
/// each must be about what was agreed to, and take nothing away that was to be made.
fn is_agreed(agreed: &[Step], steps: &[Step], begun: bool) -> bool {
    if !begun {
        return agreed.iter().map(Step::to_string).eq(steps.iter().map(Step::to_string));
    }
    let goes = |step: &Step| step.sign == Sign::Destroy;
    steps.iter().all(|step| agreed.iter().any(|a| a.subject() == step.subject() && goes(a) == goes(step)))
}
