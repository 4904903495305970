//! Our usage plans.

use api_types::{Quota, Throttle};
use aws_sdk_apigateway::types::UsagePlan;

use super::{
    keys::{FoundKey, keys_on},
    tags::is_ours,
};
use crate::{AwsError, action, control::Control, marks, provision::wanted::Wanted, usage_plans};

/// A usage plan of ours.
#[derive(Debug, Clone)]
pub(crate) struct FoundPlan {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    /// The tag that says which plan of the configuration it is.
    pub(crate) plan_tag: Option<String>,
    pub(crate) quota: Quota,
    pub(crate) throttle: Option<Throttle>,
    /// As `(API id, stage)`.
    pub(crate) stages: Vec<(String, String)>,
    /// Its keys; `None` where they weren't asked for.
    pub(crate) keys: Option<Vec<FoundKey>>,
}

impl FoundPlan {
    /// Whether it is the configuration's plan of this name.
    pub(crate) fn is_for(&self, name: &str) -> bool {
        match &self.plan_tag {
            Some(tag) => *tag == marks::plan_tag(name),
            None => self.name == name,
        }
    }

    /// Which plan of the configuration it is.
    pub(crate) fn configured_as<'a>(&self, wanted: &'a Wanted) -> Option<&'a access::UsagePlan> {
        wanted.plans.iter().find(|plan| self.is_for(plan.plan().name.as_str()))
    }

    /// Whether it was said that its keys go on working and new ones aren't made.
    pub(crate) fn is_retired(&self) -> bool {
        self.description.starts_with(marks::NO_NEW_KEYS)
    }
}

/// The usage plans with our tags; with their keys where those are asked for or the plan left the configuration.
pub(super) async fn read(
    control: &Control,
    wanted: &Wanted,
    api_id: Option<&str>,
    with_keys: bool,
) -> Result<Vec<FoundPlan>, AwsError> {
    let mut found = Vec::new();
    for entry in usage_plans::list(control, None).await? {
        let plan = match is_ours(entry.tags.as_ref(), wanted) {
            Some(true) => Some(entry),
            Some(false) => None,
            // The list leaves tags out; what is attached to others' stages alone isn't ours.
            None if may_be_ours(&entry, wanted, api_id) => look_at(control, entry, wanted).await?,
            None => None,
        };
        found.extend(plan.map(found_plan));
    }
    // Always in the same order, so that a second run decides the same.
    found.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    for at in 0..found.len() {
        let is_wanted = found[at].configured_as(wanted).is_some() && is_first_of_its_kind(&found, at);
        if with_keys || !is_wanted {
            found[at].keys = Some(keys_on(control, &found[at].id).await?);
        }
    }
    Ok(found)
}

/// Whether none before it is for the same plan of the configuration.
fn is_first_of_its_kind(plans: &[FoundPlan], at: usize) -> bool {
    let kind = |plan: &FoundPlan| plan.plan_tag.clone().unwrap_or_else(|| marks::plan_tag(&plan.name));
    plans[..at].iter().all(|plan| kind(plan) != kind(&plans[at]))
}

fn may_be_ours(plan: &UsagePlan, wanted: &Wanted, api_id: Option<&str>) -> bool {
    let stages = plan.api_stages();
    stages.is_empty()
        || stages.iter().any(|stage| api_id.is_some() && stage.api_id() == api_id)
        || wanted.plans.iter().any(|wanted| plan.name() == Some(wanted.plan().name.as_str()))
}

async fn look_at(control: &Control, mut entry: UsagePlan, wanted: &Wanted) -> Result<Option<UsagePlan>, AwsError> {
    let Some(id) = entry.id() else { return Ok(None) };
    let asked = control.call(action::GET_USAGE_PLAN, |client| client.get_usage_plan().usage_plan_id(id).send()).await;
    match asked {
        Ok(plan) if is_ours(plan.tags.as_ref(), wanted) == Some(true) => {
            entry.tags = plan.tags;
            Ok(Some(entry))
        }
        Ok(_) => Ok(None),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

fn found_plan(plan: UsagePlan) -> FoundPlan {
    let (quota, throttle) = (usage_plans::quota(&plan), usage_plans::throttle(&plan));
    let stages = plan.api_stages.unwrap_or_default().into_iter();
    FoundPlan {
        id: plan.id.unwrap_or_default(),
        name: plan.name.unwrap_or_default(),
        description: plan.description.unwrap_or_default(),
        plan_tag: plan.tags.and_then(|mut tags| tags.remove(marks::TAG_PLAN)),
        quota,
        throttle,
        stages: stages.map(|s| (s.api_id.unwrap_or_default(), s.stage.unwrap_or_default())).collect(),
        keys: None,
    }
}
