//! The traits of `access`, implemented by [`SqliteStore`](crate::SqliteStore).

pub(crate) mod accounts;
pub(crate) mod create_key;
pub(crate) mod gate;
pub(crate) mod plans;
pub(crate) mod registry;
pub(crate) mod remote_keys;
pub(crate) mod state_owners;
pub(crate) mod usage;
