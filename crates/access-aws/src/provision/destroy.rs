//! Takes away what is ours, in the order that AWS demands, and nothing else.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    time::Duration,
};

use super::{
    Event,
    apply::SETTLE,
    diff_plans,
    error::ProvisionError,
    execute::gone,
    execute_plan,
    found::{Found, FoundApi},
    plan::takes,
    read::{self, Depth},
    read_plans,
    step::Patch,
    wanted::Wanted,
};
use crate::{
    Action, action,
    control::{Control, Pace},
    marks,
};

/// How often it looks again before it gives up.
const LOOKS: u32 = 5;

/// What goes.
#[derive(Debug)]
pub struct Destruction {
    steps: Vec<Removal>,
    /// Ids of all keys on the plans.
    keys: HashSet<String>,
    with_keys: bool,
    /// The calls that it took to find all that.
    reads: Vec<Action>,
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
    /// A key that isn't of this API is taken off our plan and stays.
    ForeignKey {
        plan: String,
        id: String,
        what: String,
    },
    Plan {
        id: String,
        name: String,
        /// Puts it back on its stages.
        attach: Vec<Patch>,
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
        if self.is_local { Duration::ZERO } else { Pace::estimate(self.calls()) }
    }

    /// The calls that it takes when nothing fails: it reads once more before the first step, and after the last looks
    /// whether all is gone.
    #[must_use]
    pub fn calls(&self) -> Vec<Action> {
        const OF_NOTHING: [Action; 3] = [action::GET_REST_APIS, action::GET_USAGE_PLANS, action::GET_API_KEYS];
        if self.is_empty() {
            return Vec::new();
        }
        let steps = self.steps.iter().flat_map(Removal::calls);
        let after = self.reads.iter().filter(|read| OF_NOTHING.contains(read));
        self.reads.iter().copied().chain(steps).chain(after.copied()).collect()
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
            Self::ForeignKey { id, what, .. } => format!("~ API key {id} ({what}: taken off its plan, stays)"),
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

    fn calls(&self) -> Vec<Action> {
        match self {
            Self::DetachPlan { .. } => vec![action::UPDATE_USAGE_PLAN],
            Self::Key { .. } => vec![action::DELETE_API_KEY],
            Self::ForeignKey { .. } => vec![action::DELETE_USAGE_PLAN_KEY],
            Self::Plan { .. } => vec![action::GET_USAGE_PLAN_KEYS, action::DELETE_USAGE_PLAN],
            Self::Api(_) => vec![action::DELETE_REST_API],
        }
    }

    async fn make(&self, control: &Control, todo: &Destruction) -> Result<(), ProvisionError> {
        match self {
            Self::DetachPlan { id, patches, .. } => execute_plan::change(control, id, patches).await?,
            Self::Key { id, .. } => execute_plan::delete_key(control, id).await?,
            Self::ForeignKey { plan, id, .. } => execute_plan::detach_key(control, plan, id).await?,
            Self::Plan { id, attach, .. } => delete_plan(control, todo, id, attach).await?,
            Self::Api(api) => {
                let send = |client: aws_sdk_apigateway::Client| client.delete_rest_api().rest_api_id(&api.id).send();
                gone(control.call(action::DELETE_REST_API, send).await)?;
            }
        }
        Ok(())
    }
}

/// Deletes a plan, unless somebody got a key on it since it was read: a server goes on offering it until it reads again.
async fn delete_plan(control: &Control, todo: &Destruction, id: &str, attach: &[Patch]) -> Result<(), ProvisionError> {
    let keys = read_plans::keys_on(control, id).await?;
    match keys.iter().filter(|key| !todo.keys.contains(&key.id)).count() {
        0 => Ok(execute_plan::delete(control, id).await?),
        // The next look sees it.
        _ if todo.with_keys => Ok(()),
        keys => {
            execute_plan::change(control, id, attach).await?;
            Err(ProvisionError::KeysInUse { keys, begun: true })
        }
    }
}

/// What would go now.
pub(crate) async fn look(control: &Control, wanted: &Wanted, with_keys: bool) -> Result<Destruction, ProvisionError> {
    let before = control.made();
    let Found { api, plans, operator_key } = read::read(control, wanted, Depth::All).await?;
    let operator = operator_key.map(|key| key.id);
    let on_plans = plans.iter().flat_map(|plan| plan.keys.iter().flatten().map(move |key| (plan, &key.id)));
    let people: Vec<_> = on_plans.filter(|(_, id)| Some(*id) != operator.as_ref()).collect();
    let mut keys: HashSet<String> = people.iter().map(|(_, id)| (*id).clone()).collect();
    if !people.is_empty() && !with_keys {
        return Err(ProvisionError::KeysInUse { keys: keys.len(), begun: false });
    }
    let mut steps: Vec<Removal> = Vec::new();
    for plan in plans.iter().filter(|plan| !plan.stages.is_empty()) {
        let patches = diff_plans::detach(plan);
        steps.push(Removal::DetachPlan { id: plan.id.clone(), name: plan.name.clone(), patches });
    }
    // Keys before their plans: of a plan that is gone nobody could tell whose keys were on it.
    let mut told = if people.is_empty() { HashMap::new() } else { told_tags(control).await? };
    let mut going: HashSet<&String> = HashSet::new();
    for (plan, id) in people {
        if !told.contains_key(id)
            && let Some(tags) = read_plans::tags_of(control, id).await?
        {
            told.insert(id.clone(), tags);
        }
        // One that vanished meanwhile is gone already.
        let Some(tags) = told.get(id) else { continue };
        match not_of(wanted, tags) {
            Some(what) => steps.push(Removal::ForeignKey { plan: plan.id.clone(), id: id.clone(), what }),
            None if going.insert(id) => steps.push(Removal::Key { id: id.clone(), what: "of a person" }),
            None => {}
        }
    }
    keys.extend(operator.clone());
    steps.extend(operator.map(|id| Removal::Key { id, what: "the operator's" }));
    steps.extend(plans.into_iter().map(|plan| {
        let attach = diff_plans::attach(&plan);
        Removal::Plan { id: plan.id, name: plan.name, attach }
    }));
    steps.extend(api.map(Removal::Api));
    Ok(Destruction { steps, keys, with_keys, reads: control.made_since(before), is_local: control.is_local() })
}

/// Why a key on our plans isn't of this API. The server's own keys name no API: their plans tell.
fn not_of(wanted: &Wanted, tags: &HashMap<String, String>) -> Option<String> {
    if tags.get(marks::TAG_MANAGED_BY).is_none_or(|by| by != marks::MANAGED_BY) {
        return Some("not Tollgate's".to_owned());
    }
    let other = tags.get(marks::TAG_API).filter(|api| **api != wanted.api_name)?;
    Some(format!("of the API {other:?}"))
}

/// Tags of the keys whose list entry tells them, which saves a call for each.
async fn told_tags(control: &Control) -> Result<HashMap<String, HashMap<String, String>>, ProvisionError> {
    let keys = read_plans::keys_named(control, "").await?;
    let told = keys.into_iter().filter_map(|key| Some((key.id?, key.tags.filter(|tags| !tags.is_empty())?)));
    Ok(told.collect())
}

/// Takes all of it away, and looks until nothing is left.
pub(crate) async fn destroy(
    control: &Control,
    wanted: &Wanted,
    with_keys: bool,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<(), ProvisionError> {
    let mut begun = false;
    for _ in 0..LOOKS {
        let todo = look(control, wanted, with_keys).await.map_err(|error| match error {
            ProvisionError::KeysInUse { keys, .. } => ProvisionError::KeysInUse { keys, begun },
            other => other,
        })?;
        if todo.is_empty() {
            return Ok(());
        }
        begun = true;
        match run(control, &todo, tell).await {
            Ok(()) => {}
            Err(error) if error.is_worth_a_look() => {
                tell(Event::LooksAgain(&error));
                control.pause(SETTLE).await;
            }
            Err(error) => return Err(error),
        }
    }
    let left = look(control, wanted, with_keys).await?;
    if left.is_empty() {
        return Ok(());
    }
    Err(ProvisionError::Unsettled { left: left.steps.iter().map(Removal::line).collect() })
}

async fn run(control: &Control, todo: &Destruction, tell: &mut dyn FnMut(Event<'_>)) -> Result<(), ProvisionError> {
    for (at, step) in todo.steps.iter().enumerate() {
        tell(Event::Step { number: at + 1, of: todo.steps.len(), line: &step.line() });
        step.make(control, todo).await?;
    }
    Ok(())
}
