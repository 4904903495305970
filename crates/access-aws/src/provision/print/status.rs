//! What there is, for people.

use std::fmt;

use crate::{
    control::Control,
    provision::{
        change::{Step, limits_text::limits, to_wanted},
        found::{Found, FoundApi, FoundPlan},
        region::invoke_url,
        wanted::{Wanted, surface::Surface},
    },
};

/// What there is, and whether it is as configured.
#[derive(Debug)]
pub struct Status {
    api: Option<FoundApi>,
    plans: Vec<FoundPlan>,
    operator_key: Option<String>,
    region: String,
    stage: String,
    /// `None` at an emulator.
    invoke_url: Option<String>,
    is_live: bool,
    differences: Vec<String>,
}

impl Status {
    pub(crate) fn new(wanted: &Wanted, found: Found, control: &Control) -> Self {
        let surface = Surface::of(wanted);
        let steps = to_wanted(wanted, &surface, &found, None);
        let is_live = found.api.as_ref().is_some_and(|api| {
            let stage = api.stages.iter().find(|stage| stage.name == wanted.stage);
            let live = stage.and_then(|stage| api.deployments.iter().find(|d| d.id == stage.deployment_id));
            live.is_some_and(|deployment| deployment.description == surface.mark)
        });
        let id = found.api.as_ref().map_or("", |api| api.id.as_str());
        Self {
            invoke_url: invoke_url(control, id, &wanted.stage),
            region: control.region().to_owned(),
            stage: wanted.stage.clone(),
            is_live,
            differences: steps.iter().map(Step::to_string).collect(),
            operator_key: found.operator_key.map(|key| key.id),
            plans: found.plans,
            api: found.api,
        }
    }

    /// Whether the stage serves the configured surface, and everything else is as configured.
    #[must_use]
    pub fn is_as_configured(&self) -> bool {
        self.is_live && self.differences.is_empty()
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.api {
            None if self.plans.is_empty() => return writeln!(f, "Nothing is there yet: run `tollgate aws apply`."),
            None => writeln!(f, "REST API      missing")?,
            Some(api) => {
                let has_stage = api.stages.iter().any(|stage| stage.name == self.stage);
                let live = match (has_stage, self.is_live) {
                    (false, _) => "missing",
                    (true, true) => "serves what is configured",
                    (true, false) => "serves something else than is configured",
                };
                writeln!(f, "REST API      {} ({}) in {}", api.name, api.id, self.region)?;
                writeln!(f, "stage         {}: {live}", self.stage)?;
                let address = self.invoke_url.as_deref().unwrap_or("unknown; an emulator has addresses of its own");
                writeln!(f, "address       {address}")?;
            }
        }
        for plan in &self.plans {
            let keys = match plan.keys.as_ref().map_or(0, Vec::len) {
                1 => "1 key".to_owned(),
                keys => format!("{keys} keys"),
            };
            let left = if plan.is_retired() { ", takes no new keys" } else { "" };
            let limits = limits(plan.quota, plan.throttle);
            writeln!(f, "usage plan    {}: {keys}; {limits}{left}", plan.name)?;
        }
        if let Some(id) = &self.operator_key {
            writeln!(f, "operator key  {id}")?;
        }
        if self.differences.is_empty() {
            return writeln!(f, "\nAll is as configured.");
        }
        writeln!(f, "\nNot as configured; `tollgate aws apply` would make this:")?;
        self.differences.iter().try_for_each(|line| writeln!(f, "  {line}"))
    }
}
