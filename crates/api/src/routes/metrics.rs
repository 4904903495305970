//! `GET /metrics`: counters for Prometheus, for this machine only unless configured otherwise.

use std::net::IpAddr;

use actix_web::{HttpRequest, HttpResponse, get, http::header, web::Data};
use api_types::ProblemCode;

use crate::{
    accept,
    metrics::Format,
    openapi::problems::{NotAcceptable, NotHere},
    problem::ApiError,
    state::State,
};

const PLAIN: &str = "text/plain";

/// What the answer looks like.
const EXAMPLE: &str = "# HELP tollgate_requests_admitted Requests that the gate let through.\n\
                       # TYPE tollgate_requests_admitted counter\ntollgate_requests_admitted_total 3\n# EOF\n";

/// Tell the counters.
///
/// In OpenMetrics' text format, or in Prometheus' older one for `Accept: text/plain`. Answers callers on this machine only, and nobody where a proxy stands in front or
/// `server.metrics_listen` names another port for it, unless `server.metrics_public` is set.
#[utoipa::path(
    operation_id = "get_metrics", tag = "Service", security(),
    responses(
        (status = 200, description = "The counters.", content(
            (String = "application/openmetrics-text", example = json!(EXAMPLE)),
            (String = "text/plain", example = json!(EXAMPLE)),
        )),
        NotHere, NotAcceptable,
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
    counters(&request, &state)
}

/// The counters, for whoever may see them.
///
/// # Errors
/// When the caller takes neither of the formats that there are, or they can't be written down.
pub fn counters(request: &HttpRequest, state: &State) -> Result<HttpResponse, ApiError> {
    let format = match accept::best(request, &["application/openmetrics-text", PLAIN]) {
        Some(PLAIN) => Format::Plain,
        Some(_) => Format::OpenMetrics,
        None => {
            let detail = "The counters come as application/openmetrics-text or text/plain.";
            return Err(ApiError::new(ProblemCode::NotAcceptable, detail));
        }
    };
    let text = state.metrics.text(format).map_err(ApiError::internal)?;
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::VARY, "accept")).content_type(format.content_type());
    Ok(answer.body(text))
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
