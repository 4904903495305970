//! The usage plans of our stage, as last read: pages and keys are served from here.

use std::{
    collections::HashSet,
    sync::{PoisonError, RwLock},
};

use access::{CarriedUse, RemoteKey, Span, StoreError, TimeZone, UsagePlan};
use api_types::{Period, Plan, PlanName, Quota, Throttle, Timestamp};
use aws_sdk_apigateway::types::UsagePlan as AwsPlan;

use crate::{
    control::Control,
    error::{AwsError, failed},
    marks::NO_NEW_KEYS,
    usage_plans,
};

/// The stage whose plans and keys these are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The REST API's id.
    pub api_id: String,
    /// The stage's name.
    pub stage: String,
}

/// A usage plan of our stage.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StagePlan {
    /// AWS's id.
    pub(crate) id: String,
    /// What we show of it.
    pub(crate) plan: UsagePlan,
    /// Whether it takes new keys.
    pub(crate) is_offered: bool,
}

impl StagePlan {
    /// The period of its quota that an instant lies in, by UTC. API Gateway doesn't say when its periods begin; this is
    /// where its usage is listed.
    pub(crate) fn span(&self, now: Timestamp) -> Span {
        self.plan.span(now)
    }

    /// What the wire shows: no time zone, since whose calendar API Gateway follows isn't known.
    fn shown(&self) -> Plan {
        Plan { time_zone: None, ..self.plan.plan().clone() }
    }

    /// Requests that a period allows.
    pub(crate) fn limit(&self) -> Option<(u64, Period)> {
        match self.plan.plan().quota {
            Quota::Limited { limit, period, .. } => Some((limit, period)),
            Quota::Unlimited => None,
        }
    }

    pub(crate) fn throttle(&self) -> Option<Throttle> {
        self.plan.plan().throttle
    }

    /// What API Gateway could not be told of the present period, of a key on this plan.
    pub(crate) fn untold(&self, key: &RemoteKey, now: Timestamp) -> Option<u64> {
        let untold = key.untold.filter(|untold| self.limit().is_some() && untold.period == self.span(now).start);
        untold.map(|untold| untold.used)
    }

    /// What the owner of a key on this plan has used in this period, for a later value of theirs; nothing is nothing.
    pub(crate) fn carried(&self, key: &RemoteKey, used: u64, now: Timestamp) -> Option<CarriedUse> {
        let (owner, plan_name) = (key.owner, key.plan_name.clone());
        (used > 0).then(|| CarriedUse { owner, plan_name, period: self.span(now).start, used })
    }
}

/// The plans, as last read.
#[derive(Debug, Default)]
pub(crate) struct StagePlans {
    read: RwLock<Option<Vec<StagePlan>>>,
    /// The configuration's order.
    order: RwLock<Vec<PlanName>>,
}

impl StagePlans {
    /// The order in which plans are shown; others follow by name.
    pub(crate) fn set_order(&self, names: Vec<PlanName>) {
        *self.order.write().unwrap_or_else(PoisonError::into_inner) = names;
    }

    /// What was read takes the place of what was known.
    pub(crate) fn set(&self, plans: Vec<StagePlan>) {
        *self.read.write().unwrap_or_else(PoisonError::into_inner) = Some(plans);
    }

    /// A plan that AWS says is gone.
    pub(crate) fn forget(&self, id: &str) {
        let mut read = self.read.write().unwrap_or_else(PoisonError::into_inner);
        read.iter_mut().for_each(|plans| plans.retain(|plan| plan.id != id));
    }

    /// The plans that take new keys, in the configuration's order.
    pub(crate) fn offered(&self) -> Result<Vec<Plan>, StoreError> {
        let read = self.read.read().unwrap_or_else(PoisonError::into_inner);
        let Some(plans) = &*read else { return Err(not_read()) };
        let mut seen = HashSet::new();
        let firsts = plans.iter().filter(|plan| seen.insert(&plan.plan.plan().name));
        let mut shown: Vec<Plan> = firsts.filter(|plan| plan.is_offered).map(|p| p.shown()).collect();
        let order = self.order.read().unwrap_or_else(PoisonError::into_inner);
        let place = |name: &PlanName| order.iter().position(|other| other == name).unwrap_or(usize::MAX);
        shown.sort_by(|a, b| place(&a.name).cmp(&place(&b.name)).then_with(|| a.name.cmp(&b.name)));
        Ok(shown)
    }

    /// The plan that a key is on: the one that it was attached to, else the one of that name, which was made anew.
    pub(crate) fn of(&self, key: &RemoteKey) -> Result<Option<StagePlan>, StoreError> {
        let read = self.read.read().unwrap_or_else(PoisonError::into_inner);
        let Some(plans) = &*read else { return Err(not_read()) };
        let attached = plans.iter().find(|plan| plan.id == key.remote_plan);
        Ok(attached.or_else(|| plans.iter().find(|plan| plan.plan.plan().name == key.plan_name)).cloned())
    }

    /// A plan by its name, on offer or not; `None`: no such plan at our stage. Names are not unique in API Gateway: the
    /// first by id is the one that is meant.
    pub(crate) fn named(&self, name: &PlanName) -> Result<Option<StagePlan>, StoreError> {
        let read = self.read.read().unwrap_or_else(PoisonError::into_inner);
        let Some(plans) = &*read else { return Err(not_read()) };
        Ok(plans.iter().find(|plan| plan.plan.plan().name == *name).cloned())
    }
}

fn not_read() -> StoreError {
    failed("list plans", "the usage plans could not be read from Amazon API Gateway yet")
}

/// The usage plans of the AWS account.
#[derive(Debug, Default)]
pub(crate) struct AllPlans {
    /// Those that are attached to our stage, in the order of their ids.
    pub(crate) here: Vec<StagePlan>,
    /// The ids of the others.
    pub(crate) elsewhere: HashSet<String>,
}

/// Reads them.
pub(crate) async fn read(control: &Control, place: &Place) -> Result<AllPlans, AwsError> {
    let plans = usage_plans::list(control, None).await?;
    let (here, elsewhere): (Vec<_>, Vec<_>) = plans.into_iter().partition(|plan| is_at(plan, place));
    let mut all = AllPlans {
        here: here.iter().filter_map(stage_plan).collect(),
        elsewhere: elsewhere.into_iter().filter_map(|plan| plan.id).collect(),
    };
    all.here.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(all)
}

/// The names of the plans that are attached to a stage, as a check of everything that the server needs to read them.
///
/// # Errors
/// Why they can't be read.
pub async fn plan_names(control: &Control, place: &Place) -> Result<Vec<String>, AwsError> {
    Ok(read(control, place).await?.here.iter().map(|plan| plan.plan.plan().name.to_string()).collect())
}

fn is_at(plan: &AwsPlan, place: &Place) -> bool {
    let stages = plan.api_stages().iter();
    stages.into_iter().any(|at| at.api_id() == Some(&place.api_id) && at.stage() == Some(&place.stage))
}

/// A plan as we show it; one that breaks our bounds is left out, and said so.
fn stage_plan(plan: &AwsPlan) -> Option<StagePlan> {
    let id = plan.id()?;
    let shown = shown(plan).inspect_err(|reason| tracing::warn!(id, reason, "a usage plan can't be shown; left out"));
    let (plan, is_offered) = shown.ok()?;
    Some(StagePlan { id: id.to_owned(), plan, is_offered })
}

fn shown(plan: &AwsPlan) -> Result<(UsagePlan, bool), String> {
    let name = PlanName::parse(plan.name().unwrap_or_default()).map_err(|reason| reason.to_string())?;
    let description = plan.description().unwrap_or_default();
    let retired = description.strip_prefix(NO_NEW_KEYS);
    let description = retired.unwrap_or(description).to_owned();
    let (quota, throttle) = (usage_plans::quota(plan), usage_plans::throttle(plan));
    let plan = Plan { name, description, quota, throttle, time_zone: None };
    let plan = UsagePlan::new(plan, TimeZone::utc()).map_err(|error| error.to_string())?;
    Ok((plan, retired.is_none()))
}
