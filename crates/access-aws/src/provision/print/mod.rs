//! What is printed: what a change makes, what there is, and the same for other tools.

mod policy;
mod preview;
mod status;
mod template;

pub use policy::policy;
pub use status::Status;
pub use template::template;
