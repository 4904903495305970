//! `GET /about`: what this installation is and promises.

use actix_web::{
    get,
    web::{Data, Json},
};
use api_types::About;

use crate::state::State;

/// Tell what this installation is and promises.
///
/// Open to everyone: version, backend, what the backend keeps to, what answers the requests, and who may
/// sign up.
#[utoipa::path(
    operation_id = "get_about", tag = "Service", security(),
    responses((status = 200, description = "About this installation.", body = About))
)]
#[get("/about")]
pub async fn get_about(state: Data<State>) -> Json<About> {
    Json(about(&state))
}

/// This installation.
pub fn about(state: &State) -> About {
    let sign_up = &state.config.sign_up;
    // What is denied is denied in every mode.
    let domains = sign_up.allowed_domains.iter().filter(|domain| !sign_up.denied_domains.contains(domain));
    About {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        backend: state.backend.to_owned(),
        promises: state.registry.promises(),
        upstream: state.upstream.clone(),
        sign_up: sign_up.mode,
        sign_up_domains: domains.map(|domain| domain.as_str().to_owned()).collect(),
    }
}
