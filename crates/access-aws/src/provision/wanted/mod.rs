//! What shall be there: the configuration, checked, and what of it goes live.

mod checked;
mod credential;
mod gateway_responses;
mod operator_key;
mod routes;
pub(super) mod surface;
mod upstream_host;
mod warnings;
mod written;

pub use checked::{Wanted, WantedError};
pub use credential::Credential;
pub(super) use gateway_responses::GatewayResponse;
pub use operator_key::OperatorKey;
pub use written::Written;
