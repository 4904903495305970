//! What brings the surface to people: a deployment, which is a picture of it, on the stage.

use super::{call::Call, step::Step};
use crate::provision::{
    found::{FoundApi, FoundStage},
    wanted::{
        Wanted,
        surface::{DEPLOYMENT_MARK, Surface},
    },
};

/// What brings the surface to people.
#[derive(Default)]
pub(super) struct Live {
    pub(super) before_plans: Vec<Step>,
    /// What is no longer needed then.
    pub(super) after_plans: Vec<Step>,
}

/// Deployments, and the stage that shows one of them.
pub(super) fn live(wanted: &Wanted, surface: &Surface, api: &FoundApi) -> Live {
    let mut live = Live::default();
    let stage = api.stages.iter().find(|stage| stage.name == wanted.stage);
    let has_our_mark = |id: &str| api.deployments.iter().any(|d| d.id == id && d.description == surface.mark);
    // A deployment is a picture: one with the right hash is right, whatever happened to the methods since.
    let right = stage
        .map(|stage| stage.deployment_id.as_str())
        .filter(|id| has_our_mark(id))
        .or_else(|| api.deployments.iter().find(|d| d.description == surface.mark).map(|d| d.id.as_str()));
    if right.is_none() {
        live.before_plans.push(Step::add(
            format!("deployment {}", short(&surface.mark)),
            vec![Call::CheckMethods, Call::CreateDeployment],
        ));
    }
    let target = right.map(str::to_owned);
    let shown = right.unwrap_or("the new one");
    match stage {
        None => {
            let line = format!("stage {:?}", wanted.stage);
            live.before_plans.push(Step::add(line, vec![Call::CreateStage(target.clone())]));
        }
        Some(stage) if Some(stage.deployment_id.as_str()) != right => {
            let was = api.deployments.iter().find(|d| d.id == stage.deployment_id);
            let was = was
                .filter(|d| d.description.starts_with(DEPLOYMENT_MARK))
                .map_or("not ours", |d| short(&d.description));
            let line = format!("stage {:?} (deployment: {} ({was}) -> {shown})", wanted.stage, stage.deployment_id);
            live.before_plans.push(Step::change(line, vec![Call::MoveStage(target.clone())]));
        }
        Some(_) => {}
    }
    let leaves = |stage: &&FoundStage| stage.is_ours && stage.name != wanted.stage;
    for stage in api.stages.iter().filter(leaves) {
        live.after_plans
            .push(Step::destroy(format!("stage {:?}", stage.name), vec![Call::DeleteStage(stage.name.clone())]));
    }
    for deployment in api.deployments.iter().filter(|d| Some(d.id.as_str()) != right) {
        // Someone's own stage of our API keeps its deployment.
        let is_used = api
            .stages
            .iter()
            .any(|stage| !leaves(&stage) && stage.name != wanted.stage && stage.deployment_id == deployment.id);
        if !is_used {
            let line = format!("deployment {} {}", deployment.id, short(&deployment.description));
            live.after_plans.push(Step::destroy(line.trim_end(), vec![Call::DeleteDeployment(deployment.id.clone())]));
        }
    }
    live
}

/// The hash as people can compare it.
fn short(mark: &str) -> &str {
    mark.get(..DEPLOYMENT_MARK.len() + 12).unwrap_or(mark)
}
