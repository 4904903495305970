//! `POST /v1/chat/completions` and its like.

mod back_pressure;
mod coded_bodies;
mod cors;
mod demo;
mod disconnect;
mod ends;
mod interrupted;
mod limits;
mod models;
mod passing;
mod refusals;
mod reported_errors;
mod shutdown;
mod stored_state;
mod stream;
mod upstream_failures;
