//! One value of a key in API Gateway: its name there, how it is made and removed, and what is counted with it.

pub(super) mod make;
pub(super) mod names;
mod remove;
mod usage;
