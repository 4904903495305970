//! What handlers ask for in their signatures: who calls, and what they send, already checked.

mod admitted;
mod body;
mod chat_body;
mod content_coding;
mod cursor;
mod form;
mod idempotency_key;
mod in_order;
mod key_caller;
mod operator;
mod operators_lists;
mod part;
mod path;
mod presented;
mod signed_in;

use actix_web::{HttpRequest, web::Data};

use crate::{problem::ApiError, state::State};

pub use admitted::{Admitted, Inspected, Recognised};
pub use chat_body::ChatBody;
pub use content_coding::ACCEPTED as ACCEPTED_CODINGS;
pub use cursor::Cursor;
pub use form::{JsonForm, OptionalJsonForm};
pub use idempotency_key::IdempotencyKey;
pub use in_order::InOrder;
pub use key_caller::KeyCaller;
pub use operator::{OnTheMachine, Operator, request_id};
pub use operators_lists::{AuditPart, PeoplePart};
pub use part::KeysPart;
pub use path::{DayRange, InvitePathId, OwnKeyId, OwnSessionId, PersonId};
pub use signed_in::{SignedIn, cross_origin};

fn state(request: &HttpRequest) -> Result<Data<State>, ApiError> {
    request.app_data::<Data<State>>().cloned().ok_or_else(|| ApiError::internal("the application has no state"))
}
