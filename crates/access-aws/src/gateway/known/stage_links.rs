//! Which usage plans were linked to our stage, and when that was last known.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use access::RemoteKey;
use api_types::Timestamp;

use super::stage_plans::AllPlans;

/// What is known of a plan's link to our stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    /// It was there then.
    Seen(Timestamp),
    /// Somebody took it away.
    TakenOff,
}

/// The links, by the plan's id.
#[derive(Debug, Default)]
pub(crate) struct StageLinks(Mutex<HashMap<String, Link>>);

impl StageLinks {
    /// Plans that were at our stage and are no longer, with when that was last known; what is there is noted.
    pub(crate) fn lost(&self, plans: &AllPlans, keys: Vec<RemoteKey>, now: Timestamp) -> Vec<(String, Timestamp)> {
        let mut links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A value is attached to a plan that was read at our stage.
        for key in keys {
            links.entry(key.remote_plan).or_insert(Link::Seen(key.fresh_since));
        }
        links.extend(plans.here.iter().map(|plan| (plan.id.clone(), Link::Seen(now))));
        links.retain(|id, _| plans.elsewhere.contains(id) || plans.here.iter().any(|plan| plan.id == *id));
        let lost = links.iter().filter(|(id, _)| plans.elsewhere.contains(*id));
        let mut lost: Vec<_> = lost
            .filter_map(|(id, link)| match link {
                Link::Seen(at) => Some((id.clone(), *at)),
                Link::TakenOff => None,
            })
            .collect();
        lost.sort();
        lost
    }

    /// Somebody took a plan off our stage, and means it.
    pub(crate) fn taken_off(&self, plan: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(plan, Link::TakenOff);
    }
}
