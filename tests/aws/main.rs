//! Amazon API Gateway, as others emulate it and as our own fake does.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod activation;
mod bad_days;
mod browser;
mod calls;
mod carry;
mod change;
mod console;
mod cost;
mod crash;
mod create_key;
mod emulators;
mod figures;
mod house;
mod killed;
mod logs;
mod policy;
mod provision;
mod rotate;
mod served;
mod site;
mod stored_state;
mod story;
mod strangers;
mod sweep;
