//! `/create_key` and `/keys`: creating, listing, changing, rotating, revoking, usage.

mod change;
mod create;
mod list;
mod repeated;
mod revoke;
mod rotate;
mod usage;
