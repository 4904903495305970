//! `GET /metrics`: counters for Prometheus, for this machine only unless configured otherwise.

use std::net::IpAddr;

use actix_web::{HttpRequest, HttpResponse, get, http::header, web::Data};
use api_types::Problem;

use crate::{metrics::CONTENT_TYPE, problem::ApiError, state::State};

/// Tell the counters.
///
/// In OpenMetrics' text format. Answers callers on this machine only, and nobody where a proxy stands in front or
/// `server.metrics_listen` names another port for it, unless `server.metrics_public` is set.
#[utoipa::path(
    operation_id = "get_metrics", tag = "Service", security(()),
    responses(
        (status = 200, description = "The counters.", body = String, content_type = "application/openmetrics-text"),
        (status = 404, description = "Not for this caller.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/metrics")]
pub async fn get_metrics(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, ApiError> {
    let server = &state.config.server;
    // Where people come through a proxy on this machine, their requests look local too.
    let is_proxied = server.public_url.is_some() || !server.trusted_proxies.is_empty();
    let is_for_caller = server.metrics_public || (!is_proxied && is_local(&request));
    if server.metrics_listen.is_some() || !is_for_caller {
        return Err(ApiError::not_found("Nothing is here; /docs lists what this server offers."));
    }
    counters(&state)
}

/// The counters, for whoever may see them.
///
/// # Errors
/// When they can't be written down.
pub fn counters(state: &State) -> Result<HttpResponse, ApiError> {
    let text = state.metrics.text().map_err(ApiError::internal)?;
    Ok(HttpResponse::Ok().insert_header((header::CONTENT_TYPE, CONTENT_TYPE)).body(text))
}

/// From this machine, and not through a proxy that stands on it.
fn is_local(request: &HttpRequest) -> bool {
    let is_forwarded =
        ["x-forwarded-for", "x-real-ip", "forwarded", "via"].iter().any(|name| request.headers().contains_key(*name));
    let host = request.connection_info().host().to_owned();
    let host = host.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')).map_or(host.as_str(), |(host, _)| host);
    let names_us = host == "localhost"
        || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    !is_forwarded && names_us && request.peer_addr().is_some_and(|peer| peer.ip().to_canonical().is_loopback())
}
