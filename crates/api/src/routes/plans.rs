//! `GET /plans`: the usage plans that take new keys.

use actix_web::{HttpRequest, HttpResponse, get, web::Data};

use crate::{
    etag,
    openapi::answers::{NotModified, PlansListed},
    problem::ApiError,
    state::State,
};

/// List the usage plans.
///
/// Open to everyone. In the configuration's order; plans that take no new keys are left out. May be kept, and asked for
/// again with `If-None-Match`.
#[utoipa::path(operation_id = "list_plans", tag = "Plans", security(), responses(PlansListed, NotModified))]
#[get("/plans")]
pub async fn list_plans(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, ApiError> {
    let plans = state.registry.plans().await?;
    Ok(etag::json(&request, serde_json::to_vec(&plans).map_err(ApiError::internal)?))
}
