//! What is known in memory: our rows, and API Gateway as last read. A request is answered from here.

pub(super) mod figures;
pub(super) mod health;
pub(super) mod keys;
pub(super) mod stage_links;
pub(super) mod stage_plans;
