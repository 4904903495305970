//! Keeps what the upstream keeps apart: a caller may name only what an answer to one of their own keys named.
//!
//! All callers share the upstream's one account. [`check`] looks up what a request names before it is sent; [`remember`]
//! notes what its answer names, before the bytes that name it go out. Owners are accounts, so that any key of the same
//! account may go on. With `upstream.shared_state` neither is done.

use std::sync::Arc;

use access::StateId;
use api_types::AccountId;
use proxy::{
    Body, Endpoint, Follow,
    stored_state::{self, StateError, StateKind},
};

use crate::{ambient, openai_error::OpenAiError, state::State};

/// Refuses a request that names what isn't known as the caller's own, or can't be.
pub async fn check(body: &Body, account: Option<AccountId>, state: &State) -> Result<(), OpenAiError> {
    if state.config.upstream.shared_state {
        return Ok(());
    }
    let named = stored_state::named(body).map_err(unusable)?;
    let Some(first) = named.first() else { return Ok(()) };
    // Who holds a key that was made elsewhere isn't known here.
    let Some(account) = account else {
        return Err(unusable(StateError::Refused(first.field)));
    };
    let ids = named.iter().map(|named| StateId::of(&named.id)).collect();
    let foreign = state.owners.first_foreign(account, ids, ambient::now()).await?;
    let Some(named) = foreign.and_then(|at| named.get(at)) else { return Ok(()) };
    let param = named.field.name;
    Err(match named.field.kind {
        StateKind::Response => OpenAiError::previous_response_not_found(&named.id),
        StateKind::Conversation => {
            OpenAiError::state_not_found("Conversation", "conversation_not_found", param, &named.id)
        }
        StateKind::Item => OpenAiError::state_not_found("Item", "item_not_found", param, &named.id),
        StateKind::Container => OpenAiError::state_not_found("Container", "container_not_found", param, &named.id),
        // Files come from elsewhere: that it is somebody else's isn't the likely mistake.
        _ => unusable(StateError::Refused(named.field)),
    })
}

fn unusable(error: StateError) -> OpenAiError {
    match error {
        StateError::Refused(_) => OpenAiError::stored_state_refused(error.to_string(), error.param()),
        _ => OpenAiError::invalid_body(error.to_string(), error.param()),
    }
}

/// Has an answer's ids remembered as the caller's own.
pub fn remember(follow: Follow, endpoint: Endpoint, account: Option<AccountId>, state: &State) -> Follow {
    let Some(account) = account else { return follow };
    if endpoint != Endpoint::Responses || state.config.upstream.shared_state {
        return follow;
    }
    let owners = Arc::clone(&state.owners);
    follow.on_id(move |id| owners.remember(account, StateId::of(id), ambient::now()))
}
