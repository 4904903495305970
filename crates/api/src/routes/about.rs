//! `GET /about`: what this installation is and promises.

use actix_web::{
    get,
    web::{Data, Json},
};
use api_types::About;

use crate::state::State;

/// Tell what this installation is and promises.
///
/// Open to everyone: version, backend, what the backend keeps to, and what answers the requests.
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
    About {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        backend: state.backend.to_owned(),
        promises: state.registry.promises(),
        upstream: state.upstream.clone(),
    }
}
