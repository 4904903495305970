//! `GET /plans`: the usage plans that take new keys.

use actix_web::{
    get,
    web::{Data, Json},
};
use api_types::{Plan, Problem};

use crate::{problem::ApiError, state::State};

/// List the usage plans.
///
/// Open to everyone. In the configuration's order; plans that take no new keys are left out.
#[utoipa::path(
    operation_id = "list_plans", tag = "Plans", security(()),
    responses(
        (status = 200, description = "The plans.", body = Vec<Plan>),
        (status = 503, description = "The store can't be asked.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/plans")]
pub async fn list_plans(state: Data<State>) -> Result<Json<Vec<Plan>>, ApiError> {
    Ok(Json(state.registry.plans().await?))
}
