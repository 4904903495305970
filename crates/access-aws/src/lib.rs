//! Amazon API Gateway: usage plans and API keys over its control plane, and the provisioner that makes the API itself.
//!
//! API Gateway enforces the plans; we are its self-service counter.

pub mod action;
mod control;
mod error;
mod gateway;
pub mod marks;
pub mod provision;
mod usage_plans;

pub use action::{Action, Role};
pub use control::{Control, ControlError, ControlSettings};
pub use error::{AwsError, ErrorKind};
pub use gateway::{ApiGateway, Keyless, Place, plan_names};
