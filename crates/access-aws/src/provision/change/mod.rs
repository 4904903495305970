//! What it takes to get from what there is to what is wanted, or to nothing: pure.

mod api;
mod call;
mod change_set;
mod goal;
pub(super) mod limits_text;
mod method;
mod operator_key;
mod patch;
mod stage;
mod step;
pub(super) mod surface;
mod to_nothing;
mod to_wanted;
mod usage_plans;

pub(super) use call::{Call, KeyCheck};
pub use change_set::ChangeSet;
pub(super) use goal::Goal;
pub(super) use patch::Patch;
pub(super) use step::{Sign, Step};
pub(super) use to_nothing::to_nothing;
pub(super) use to_wanted::to_wanted;
