//! `GET /plans`: the usage plans that take new keys.

use actix_web::{HttpRequest, HttpResponse, get, web::Data};
use api_types::{Plan, Problem};

use crate::{etag, problem::ApiError, state::State};

/// List the usage plans.
///
/// Open to everyone. In the configuration's order; plans that take no new keys are left out. May be kept, and asked for
/// again with `If-None-Match`.
#[utoipa::path(
    operation_id = "list_plans", tag = "Plans", security(()),
    responses(
        (status = 200, description = "The plans.", body = Vec<Plan>,
            headers(("etag" = String, description = "For `If-None-Match`."))),
        (status = 304, description = "The plans are those of the `ETag` that the caller has."),
        (status = 503, description = "The store can't be asked.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/plans")]
pub async fn list_plans(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, ApiError> {
    let plans = state.registry.plans().await?;
    Ok(etag::json(&request, serde_json::to_vec(&plans).map_err(ApiError::internal)?))
}
