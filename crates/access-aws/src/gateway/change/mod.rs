//! Changes of keys, each in its account's turn: API Gateway and our rows change together, or what is left has an intent.

mod carry;
pub(super) mod create;
mod end;
pub(super) mod rotate;
mod switch;
