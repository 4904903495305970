//! Carries out a plan, whatever happens on the way: after a lost reply or a conflict it looks again, and goes on from
//! what it finds.

use std::time::Duration;

use super::{
    Event,
    credential::Credential,
    diff,
    error::ProvisionError,
    execute::{Execution, Made},
    found::Found,
    operator_key::OperatorKey,
    plan::Plan,
    read::{self, Depth},
    step::{Sign, Step},
    surface::Surface,
    wanted::Wanted,
};
use crate::control::Control;

/// Wait before looking whether a call was carried out whose reply was lost: until all of AWS has surely seen it.
pub(crate) const SETTLE: Duration = Duration::from_secs(2);
/// How often it looks again before it gives up.
const LOOKS: u32 = 5;

/// What `apply` came to.
#[derive(Debug, Clone)]
pub struct Applied {
    /// Steps that were made.
    pub steps: usize,
    /// The API's id.
    pub api_id: String,
    /// The region.
    pub region: String,
    /// The address of the stage, with the `/v1` that clients' base URLs end in; `None` at an emulator, which has
    /// addresses of its own.
    pub invoke_url: Option<String>,
    /// The operator's key, if it was made: to be shown once.
    pub operator_key: Option<Credential>,
    /// The id of the operator's key, if one was asked for and was there already.
    pub known_operator_key: Option<String>,
}

/// What shall be made, and for whom.
pub(crate) struct Goal<'a> {
    pub(crate) control: &'a Control,
    pub(crate) wanted: &'a Wanted,
    pub(crate) surface: Surface,
    pub(crate) operator: Option<&'a OperatorKey>,
}

/// Who is asked when what there is differs from what was shown.
pub(crate) type Ask<'a> = &'a mut (dyn FnMut(&Plan) -> bool + 'a);

impl Goal<'_> {
    /// Reads, and compares.
    pub(crate) async fn look(&self) -> Result<(Found, Plan), ProvisionError> {
        let before = self.control.made();
        let depth = Depth::Plan { operator_key: self.operator.is_some() };
        let found = read::read(self.control, self.wanted, depth).await?;
        let steps = diff::steps(self.wanted, &self.surface, &found, self.operator.map(OperatorKey::plan));
        let whole = steps.is_empty().then(|| self.whole(&found)).transpose()?;
        let plan = Plan::new(steps, self.control.made_since(before), whole, self.control.is_local());
        Ok((found, plan))
    }

    fn whole(&self, found: &Found) -> Result<Applied, ProvisionError> {
        let api = found.api.as_ref().ok_or(ProvisionError::Vanished("the REST API"))?;
        Ok(Applied {
            steps: 0,
            invoke_url: super::invoke_url(&api.id, self.control, &self.wanted.stage),
            region: self.control.region().to_owned(),
            api_id: api.id.clone(),
            operator_key: None,
            known_operator_key: found.operator_key.as_ref().map(|key| key.id.clone()),
        })
    }

    /// Makes everything as wanted. With a plan that was shown it makes no other steps than those without asking.
    pub(crate) async fn reach(
        &self,
        shown: Option<&Plan>,
        ask: Ask<'_>,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<Applied, ProvisionError> {
        if let Some(whole) = shown.and_then(|plan| plan.whole.clone()) {
            return Ok(whole);
        }
        let mut agreed = shown.map(|plan| plan.steps.clone());
        let mut made = Made::default();
        let mut looks = 0;
        let mut finished: Vec<String> = Vec::new();
        loop {
            let (found, plan) = self.look().await?;
            if let Some(whole) = &plan.whole {
                let whole = whole.clone();
                let known_operator_key = whole.known_operator_key.filter(|_| made.operator_key.is_none());
                return Ok(Applied { steps: made.steps, operator_key: made.operator_key, known_operator_key, ..whole });
            }
            let lines = lines(&plan.steps);
            // What was done and still differs would differ for ever: AWS, or somebody, has another mind.
            if looks > LOOKS || lines == finished {
                return Err(ProvisionError::Unsettled { left: lines });
            }
            if let Some(steps) = &mut agreed
                && !is_agreed(steps, &plan.steps, looks > 0)
            {
                if !ask(&plan) {
                    return Err(ProvisionError::NotAgreed { begun: made.steps > 0 });
                }
                steps.clone_from(&plan.steps);
            }
            looks += 1;
            match self.run(found, &plan.steps, &mut made, tell).await {
                Ok(()) => finished = lines,
                Err(error) if error.is_worth_a_look() && looks <= LOOKS => {
                    tell(Event::LooksAgain(&error));
                    self.control.pause(SETTLE).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn run(
        &self,
        found: Found,
        steps: &[Step],
        made: &mut Made,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), ProvisionError> {
        tracing::debug!("{} steps", steps.len());
        let mut execution = Execution::new(self.control, self.wanted, &self.surface, self.operator, found);
        for (at, step) in steps.iter().enumerate() {
            tell(Event::Step { number: at + 1, of: steps.len(), line: &format!("{} {}", step.sign.text(), step.line) });
            execution.step(step, made).await?;
            made.steps += 1;
        }
        Ok(())
    }
}

fn lines(steps: &[Step]) -> Vec<String> {
    steps.iter().map(|step| step.line.clone()).collect()
}

/// Whether these steps were agreed to. At first they must be the same. Later some are done, and of others a part; then
/// each must be about what was agreed to, and take nothing away that was to be made.
fn is_agreed(agreed: &[Step], steps: &[Step], begun: bool) -> bool {
    if !begun {
        return lines(agreed) == lines(steps);
    }
    let goes = |step: &Step| step.sign == Sign::Destroy;
    steps.iter().all(|step| agreed.iter().any(|a| a.subject() == step.subject() && goes(a) == goes(step)))
}
