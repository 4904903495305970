//! Amazon API Gateway, as others emulate it and as our own fake does.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod activation;
mod calls;
mod change;
mod console;
mod cost;
mod crash;
mod create_key;
mod house;
mod provision;
mod rotate;
mod sweep;
