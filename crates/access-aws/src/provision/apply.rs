//! Carries out a plan, whatever happens on the way: after a lost reply or a conflict it looks again, and goes on from
//! what it finds.

use super::{
    Event,
    credential::Credential,
    diff,
    error::ProvisionError,
    execute::{Execution, Made},
    found::Found,
    operator_key::OperatorKey,
    paced::Paced,
    read::{self, Depth},
    step::Step,
    surface::Surface,
    wanted::Wanted,
};

/// How often it looks again before it gives up.
const LOOKS: u32 = 5;

/// What `apply` came to.
#[derive(Debug)]
pub struct Applied {
    /// Steps that were made.
    pub steps: usize,
    /// The API's id.
    pub api_id: String,
    /// The region.
    pub region: String,
    /// The address of the stage, with the `/v1` that clients' base URLs end in.
    pub invoke_url: String,
    /// The operator's key, if it was made: to be shown once.
    pub operator_key: Option<Credential>,
    /// The id of the operator's key, if one was asked for and was there already.
    pub known_operator_key: Option<String>,
}

/// Makes everything as wanted.
pub(crate) async fn apply(
    calls: &Paced,
    wanted: &Wanted,
    operator: Option<&OperatorKey>,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<Applied, ProvisionError> {
    let surface = Surface::of(wanted);
    let depth = Depth::Plan { operator_key: operator.is_some() };
    let mut made = Made::default();
    let mut looks = 0;
    let mut finished: Vec<String> = Vec::new();
    loop {
        let found = read::read(calls, wanted, depth).await?;
        let steps = diff::steps(wanted, &surface, &found, operator.map(OperatorKey::plan));
        let Some((first, _)) = steps.split_first() else { return done(calls, wanted, found, made) };
        let lines: Vec<String> = steps.iter().map(|step| step.line.clone()).collect();
        // What was done and still differs would differ for ever: AWS, or somebody, has another mind.
        if looks > LOOKS || lines == finished {
            return Err(ProvisionError::Unsettled { left: lines });
        }
        looks += 1;
        tracing::debug!(step = first.line, "first of {} steps", steps.len());
        match run(calls, wanted, &surface, operator, found, &steps, &mut made, tell).await {
            Ok(()) => finished = lines,
            Err(error) if error.is_worth_a_look() && looks <= LOOKS => {
                tell(Event::LooksAgain(&error));
                calls.settle().await;
            }
            Err(error) => return Err(error),
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "one run's whole surroundings, called once")]
async fn run(
    calls: &Paced,
    wanted: &Wanted,
    surface: &Surface,
    operator: Option<&OperatorKey>,
    found: Found,
    steps: &[Step],
    made: &mut Made,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<(), ProvisionError> {
    let mut execution = Execution::new(calls, wanted, surface, operator, found);
    for (at, step) in steps.iter().enumerate() {
        tell(Event::Step { number: at + 1, of: steps.len(), line: &format!("{} {}", step.sign.text(), step.line) });
        execution.step(step, made).await?;
        made.steps += 1;
    }
    Ok(())
}

fn done(calls: &Paced, wanted: &Wanted, found: Found, made: Made) -> Result<Applied, ProvisionError> {
    let api = found.api.ok_or(ProvisionError::Vanished("the REST API"))?;
    let known = found.operator_key.map(|key| key.id).filter(|_| made.operator_key.is_none());
    Ok(Applied {
        steps: made.steps,
        invoke_url: super::invoke_url(&api.id, calls.region(), &wanted.stage),
        region: calls.region().to_owned(),
        api_id: api.id,
        operator_key: made.operator_key,
        known_operator_key: known,
    })
}
