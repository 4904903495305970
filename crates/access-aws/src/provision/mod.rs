//! The provisioner: makes, in an AWS account, the API that the configuration asks for, and takes it away again.
//!
//! [`wanted`] is what the configuration says, [`found`] what there is. [`change`] compares them (pure), which gives a
//! [`ChangeSet`], also for the change to nothing; [`run`] makes it, at the rates that AWS allows
//! ([`Control`](crate::Control)); [`print`] shows it. What it owns it knows by tags alone ([`crate::marks`]); it keeps no
//! state of its own. So it can be stopped anywhere and started again.

mod applied;
mod change;
mod error;
mod found;
mod print;
mod provisioner;
mod region;
mod run;
#[cfg(test)]
mod samples;
mod wanted;

pub use applied::Applied;
pub use change::ChangeSet;
pub use error::ProvisionError;
pub use print::{Status, policy, template};
pub use provisioner::Provisioner;
pub use run::Event;
pub use wanted::{Credential, OperatorKey, Wanted, WantedError, Written};
