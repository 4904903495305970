//! The provisioner: from nothing to an API and back, through every interruption.

mod command;
mod destroy;
mod drift;
mod emulators;
mod estimate;
mod first;
mod interrupted;
mod meanwhile;
mod mistakes;
mod shape;
