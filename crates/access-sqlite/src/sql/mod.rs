//! The file: its schema, its statements, and how our types stand in its columns.

pub(crate) mod columns;
pub(crate) mod counted;
pub(crate) mod earlier_values;
pub(crate) mod keys;
pub(crate) mod migrations;
pub(crate) mod open;
pub(crate) mod remote_keys;
pub(crate) mod sessions;
