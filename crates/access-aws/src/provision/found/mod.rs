//! What there is in the account that is ours, read by its tags.

mod account;
mod api;
mod keys;
mod surface;
mod tags;
mod usage_plans;

pub(super) use account::{Depth, Found, read};
#[cfg(test)]
pub(super) use api::FoundDeployment;
pub(super) use api::{FoundApi, FoundStage};
pub(super) use keys::{FoundKey, FoundOperatorKey, keys_on};
pub(super) use surface::{FoundGatewayResponse, FoundIntegration, FoundMethod, FoundSurface};
pub(super) use tags::Tags;
pub(super) use usage_plans::FoundPlan;
