//! The provisioner: from nothing to an API and back, through every interruption.

mod command;
mod destroy;
mod drift;
mod emulators;
mod first;
mod interrupted;
mod mistakes;
mod shape;
mod site;
