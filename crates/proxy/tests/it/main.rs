//! The proxy against a fake upstream on a real socket.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what it took for granted")]

mod before_the_first_byte;
mod demo;
mod honest_streams;
mod support;
mod what_goes_up;
