//! `GET /metrics`: counters for Prometheus, for this machine only unless configured otherwise.

use actix_web::{HttpRequest, HttpResponse, get, http::header, web::Data};
use api_types::Problem;

use crate::{
    metrics::{CONTENT_TYPE, Metrics},
    problem::ApiError,
    state::State,
};

/// Tell the counters.
///
/// In OpenMetrics' text format. Answers callers on this machine only, unless `server.metrics_public` is set.
#[utoipa::path(
    operation_id = "get_metrics", tag = "Service", security(()),
    responses(
        (status = 200, description = "The counters.", body = String, content_type = "application/openmetrics-text"),
        (status = 404, description = "Not for this caller.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/metrics")]
pub async fn get_metrics(
    request: HttpRequest,
    state: Data<State>,
    metrics: Data<Metrics>,
) -> Result<HttpResponse, ApiError> {
    if !state.config.server.metrics_public && !is_local(&request) {
        return Err(ApiError::not_found("Nothing is here; /docs lists what this server offers."));
    }
    let text = metrics.text().map_err(ApiError::internal)?;
    Ok(HttpResponse::Ok().insert_header((header::CONTENT_TYPE, CONTENT_TYPE)).body(text))
}

/// From this machine, and not through a proxy that stands on it.
fn is_local(request: &HttpRequest) -> bool {
    let is_forwarded = ["x-forwarded-for", "forwarded", "via"].iter().any(|name| request.headers().contains_key(*name));
    !is_forwarded && request.peer_addr().is_some_and(|peer| peer.ip().to_canonical().is_loopback())
}
