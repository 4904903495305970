//! What handlers ask for in their signatures: who calls, and what they send, already checked.

mod admitted;
mod body;
mod by;
mod chat_body;
mod content_coding;
mod form;
mod key_caller;
mod path;
mod presented;
mod signed_in;

pub use admitted::{Admitted, KeyHolder, KeyTeller};
pub use by::By;
pub use chat_body::ChatBody;
pub use content_coding::ACCEPTED as ACCEPTED_CODINGS;
pub use form::{JsonForm, OptionalJsonForm};
pub use key_caller::KeyCaller;
pub use path::{DayRange, OwnKeyId};
pub use signed_in::{SignedIn, cross_origin};
