//! What operators do from the machine itself: `tollgate accounts`, `operators` and `audit`, by the same calls that they
//! have over HTTP, through a socket in the data folder that nobody else may open.

mod call;
pub mod command;
mod own_server;
mod print;
pub mod socket;
