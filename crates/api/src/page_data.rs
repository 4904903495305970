//! What the page would ask for first, gathered for its document.

use actix_web::{FromRequest as _, HttpRequest};
use api_types::PageData;

use crate::{
    extract::SignedIn,
    routes::{about, me},
    state::State,
};

/// Plans, promises and who is signed in. What can't be had right now is left out: the page asks again.
pub async fn gather(request: &HttpRequest, state: &State) -> PageData {
    let session = match request.cookie(state.cookies.session_name()) {
        Some(_) => Some(SignedIn::extract(request).await),
        None => None,
    };
    // A store that can't be asked knows of no session, and of no end of one.
    let looked =
        session.as_ref().and_then(|session| session.as_ref().err()).is_none_or(|error| error.is_unauthenticated());
    let me = session.and_then(Result::ok).map(|SignedIn(session)| me::me(session));
    PageData { about: Some(about::about(state)), plans: state.registry.plans().await.ok(), me, looked }
}
