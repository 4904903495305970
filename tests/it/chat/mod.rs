//! `POST /v1/chat/completions` and its like.

mod back_pressure;
mod demo;
mod disconnect;
mod interrupted;
mod limits;
mod models;
mod passing;
mod refusals;
mod shutdown;
mod stream;
mod upstream_failures;
