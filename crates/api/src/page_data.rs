//! What the page would ask for first, gathered for its document.

use actix_web::{FromRequest as _, HttpRequest};
use api_types::{PageData, Survival};

use crate::{
    ambient,
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
    let about = about::about(state);
    // A provider may have to be asked for each key: the page shows that it waits for that.
    let is_quick = about.promises.survives != Survival::Provider && request.path() == "/dashboard";
    let keys = match me.as_ref().filter(|_| is_quick) {
        Some(me) => state.registry.keys(me.id, ambient::now()).await.ok(),
        None => None,
    };
    PageData {
        brand: state.brand.shown().clone(),
        about: Some(about),
        plans: state.registry.plans().await.ok(),
        me,
        keys,
        looked,
    }
}
