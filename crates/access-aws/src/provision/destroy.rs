//! Takes away what is ours, in the order that AWS demands, and nothing else.

use std::{collections::HashMap, fmt, time::Duration};

use super::{
    Event, diff_plans,
    error::ProvisionError,
    execute::gone,
    execute_plan,
    found::{Found, FoundApi},
    pace::Pace,
    paced::Paced,
    plan::takes,
    read::{self, Depth},
    read_plans,
    step::Patch,
    wanted::Wanted,
};
use crate::{Action, action, marks};

/// How often it looks again before it gives up.
const LOOKS: u32 = 5;

/// What goes.
#[derive(Debug)]
pub struct Destruction {
    steps: Vec<Removal>,
    is_local: bool,
}

/// One thing that goes.
#[derive(Debug)]
enum Removal {
    /// Takes a plan off its stages.
    DetachPlan {
        id: String,
        name: String,
        patches: Vec<Patch>,
    },
    /// A key of Tollgate's.
    Key {
        id: String,
        what: &'static str,
    },
    /// A key that isn't Tollgate's is taken off our plan and stays.
    ForeignKey {
        plan: String,
        id: String,
    },
    Plan {
        id: String,
        name: String,
    },
    Api(FoundApi),
}

impl Destruction {
    /// Whether nothing of ours is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// How long it takes at the rates that AWS allows.
    #[must_use]
    pub fn estimate(&self) -> Duration {
        if self.is_local { Duration::ZERO } else { Pace::estimate(self.steps.iter().map(Removal::call)) }
    }
}

impl fmt::Display for Destruction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return writeln!(f, "Nothing to destroy.");
        }
        for step in &self.steps {
            writeln!(f, "  {}", step.line())?;
        }
        let (things, others): (Vec<_>, Vec<_>) = self.steps.iter().partition(|step| step.line().starts_with('-'));
        writeln!(f, "\nPlan: 0 to add, {} to change, {} to destroy.", others.len(), things.len())?;
        write!(f, "{}", takes(self.estimate()))
    }
}

impl Removal {
    fn line(&self) -> String {
        match self {
            Self::DetachPlan { name, .. } => format!("~ usage plan {name:?} (off its stages)"),
            Self::Key { id, what } => format!("- API key {id} ({what})"),
            Self::ForeignKey { id, .. } => format!("~ API key {id} (not Tollgate's: taken off its plan, stays)"),
            Self::Plan { name, .. } => format!("- usage plan {name:?}"),
            Self::Api(api) => {
                let stages: Vec<&str> = api.stages.iter().map(|stage| stage.name.as_str()).collect();
                let stages = if stages.is_empty() { "none".to_owned() } else { stages.join(", ") };
                format!(
                    "- REST API {:?} ({}) with all its resources and deployments, stages: {stages}",
                    api.name, api.id
                )
            }
        }
    }

    fn call(&self) -> Action {
        match self {
            Self::DetachPlan { .. } => action::UPDATE_USAGE_PLAN,
            Self::Key { .. } => action::DELETE_API_KEY,
            Self::ForeignKey { .. } => action::DELETE_USAGE_PLAN_KEY,
            Self::Plan { .. } => action::DELETE_USAGE_PLAN,
            Self::Api(_) => action::DELETE_REST_API,
        }
    }

    async fn make(&self, calls: &Paced) -> Result<(), ProvisionError> {
        match self {
            Self::DetachPlan { id, patches, .. } => execute_plan::detach(calls, id, patches).await?,
            Self::Key { id, .. } => execute_plan::delete_key(calls, id).await?,
            Self::ForeignKey { plan, id } => execute_plan::detach_key(calls, plan, id).await?,
            Self::Plan { id, .. } => execute_plan::delete(calls, id, &[]).await?,
            Self::Api(api) => {
                let send = |client: aws_sdk_apigateway::Client| client.delete_rest_api().rest_api_id(&api.id).send();
                gone(calls.call(action::DELETE_REST_API, send).await)?;
            }
        }
        Ok(())
    }
}

/// What would go now.
pub(crate) async fn look(calls: &Paced, wanted: &Wanted, with_keys: bool) -> Result<Destruction, ProvisionError> {
    let Found { api, plans, operator_key } = read::read(calls, wanted, Depth::All).await?;
    let operator = operator_key.map(|key| key.id);
    let keys = plans.iter().flat_map(|plan| plan.keys.iter().flatten().map(move |key| (plan, &key.id)));
    let people: Vec<_> = keys.filter(|(_, id)| Some(*id) != operator.as_ref()).collect();
    if !people.is_empty() && !with_keys {
        return Err(ProvisionError::KeysInUse { keys: people.len() });
    }
    let mut steps: Vec<Removal> = Vec::new();
    for plan in plans.iter().filter(|plan| !plan.stages.is_empty()) {
        let patches = diff_plans::detach(plan);
        steps.push(Removal::DetachPlan { id: plan.id.clone(), name: plan.name.clone(), patches });
    }
    // Keys before their plans: of a plan that is gone nobody could tell whose keys were on it.
    let told = if people.is_empty() { HashMap::new() } else { told_tags(calls).await? };
    for (plan, id) in people {
        let tags = match told.get(id) {
            Some(tags) => Some(tags.clone()),
            None => read_plans::tags_of(calls, id).await?,
        };
        // One that vanished meanwhile is gone already.
        let Some(tags) = tags else { continue };
        if tags.get(marks::TAG_MANAGED_BY).is_some_and(|by| by == marks::MANAGED_BY) {
            steps.push(Removal::Key { id: id.clone(), what: "of a person" });
        } else {
            steps.push(Removal::ForeignKey { plan: plan.id.clone(), id: id.clone() });
        }
    }
    steps.extend(operator.map(|id| Removal::Key { id, what: "the operator's" }));
    steps.extend(plans.into_iter().map(|plan| Removal::Plan { id: plan.id, name: plan.name }));
    steps.extend(api.map(Removal::Api));
    Ok(Destruction { steps, is_local: calls.is_local() })
}

/// Tags of the keys whose list entry tells them, which saves a call for each.
async fn told_tags(calls: &Paced) -> Result<HashMap<String, HashMap<String, String>>, ProvisionError> {
    let keys = read_plans::keys_named(calls, "").await?;
    let told = keys.into_iter().filter_map(|key| Some((key.id?, key.tags.filter(|tags| !tags.is_empty())?)));
    Ok(told.collect())
}

/// Takes all of it away, and looks until nothing is left.
pub(crate) async fn destroy(
    calls: &Paced,
    wanted: &Wanted,
    with_keys: bool,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<(), ProvisionError> {
    for _ in 0..LOOKS {
        let todo = look(calls, wanted, with_keys).await?;
        if todo.is_empty() {
            return Ok(());
        }
        match run(calls, &todo, tell).await {
            Ok(()) => {}
            Err(error) if error.is_worth_a_look() => {
                tell(Event::LooksAgain(&error));
                calls.settle().await;
            }
            Err(error) => return Err(error),
        }
    }
    let left = look(calls, wanted, with_keys).await?;
    if left.is_empty() {
        return Ok(());
    }
    Err(ProvisionError::Unsettled { left: left.steps.iter().map(Removal::line).collect() })
}

async fn run(calls: &Paced, todo: &Destruction, tell: &mut dyn FnMut(Event<'_>)) -> Result<(), ProvisionError> {
    for (at, step) in todo.steps.iter().enumerate() {
        tell(Event::Step { number: at + 1, of: todo.steps.len(), line: &step.line() });
        step.make(calls).await?;
    }
    Ok(())
}
