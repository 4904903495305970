//! Everything of ours in the account.

use super::{
    api::{self, FoundApi},
    keys::{self, FoundOperatorKey},
    usage_plans::{self, FoundPlan},
};
use crate::{
    control::Control,
    provision::{error::ProvisionError, wanted::Wanted},
};

/// Everything of ours, as last read.
#[derive(Debug, Default, Clone)]
pub(crate) struct Found {
    /// The API and what hangs on it.
    pub(crate) api: Option<FoundApi>,
    /// The usage plans.
    pub(crate) plans: Vec<FoundPlan>,
    /// The operator's key.
    pub(crate) operator_key: Option<FoundOperatorKey>,
}

/// How much is asked for beside the API and the usage plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Keys only of plans that left the configuration, and the operator's key if it is wanted.
    Plans {
        /// Whether the operator's key is looked for.
        operator_key: bool,
    },
    /// The keys of all plans, and the operator's key too.
    Keys,
    /// The same with the tags of people's keys.
    KeysWithTags,
}

/// Reads all.
pub(crate) async fn read(control: &Control, wanted: &Wanted, depth: Depth) -> Result<Found, ProvisionError> {
    let api = api::read(control, wanted).await?;
    let with_keys = !matches!(depth, Depth::Plans { .. });
    let mut plans = usage_plans::read(control, wanted, api.as_ref().map(|api| api.id.as_str()), with_keys).await?;
    let operator_key = match depth {
        Depth::Plans { operator_key: false } => None,
        _ => keys::operator_key(control, wanted).await?,
    };
    if depth == Depth::KeysWithTags {
        let all = plans.iter_mut().flat_map(|plan| plan.keys.iter_mut().flatten());
        let is_the_operators = |id: &str| operator_key.as_ref().is_some_and(|key| key.id == id);
        keys::read_tags(control, all.filter(|key| !is_the_operators(&key.id))).await?;
    }
    Ok(Found { api, plans, operator_key })
}
