//! `GET /healthz` and `GET /readyz`: whether the process lives, and whether it can admit requests.

use actix_web::{
    get,
    web::{Data, Json},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{problem::ApiError, state::State};

/// A good answer.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"status": "ok"}))]
pub struct Health {
    /// Always `ok`.
    status: &'static str,
}

/// Tell whether the process lives.
///
/// Open to everyone; asks nothing else.
#[utoipa::path(
    operation_id = "get_health", tag = "Service", security(),
    responses((status = 200, description = "It lives.", body = Health))
)]
#[get("/healthz")]
pub async fn get_health() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Tell whether requests can be admitted.
///
/// Open to everyone; proves it by a write to the store.
#[utoipa::path(
    operation_id = "get_readiness", tag = "Service", security(),
    responses((status = 200, description = "Requests can be admitted.", body = Health))
)]
#[get("/readyz")]
pub async fn get_readiness(state: Data<State>) -> Result<Json<Health>, ApiError> {
    state.gate.ready().await?;
    Ok(Json(Health { status: "ok" }))
}
