//! The proxy against a fake upstream on a real socket.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what it took for granted")]

mod before_the_first_byte;
mod broken_answers;
mod demo;
mod healthy_answers;
mod named_ids;
mod silence_and_leaving;
mod support;
mod what_goes_up;
