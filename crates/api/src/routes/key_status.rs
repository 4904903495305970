//! `GET /v1/key`: what a key may learn about itself.

use actix_web::{HttpResponse, get, http::header};
use api_types::{KeyStatus, openai::ErrorEnvelope};

use crate::{ambient, extract::Inspected, openai_error::OpenAiError, rate_headers};

/// Tell a key's own plan and how much of it is used.
///
/// Costs nothing, also when the quota is spent. Used counts requests that are under way.
#[utoipa::path(
    operation_id = "get_key_status", tag = "Data plane", security(("api_key" = []), ("x_api_key" = [])),
    responses(
        (status = 200, description = "The key's plan and quota.", body = KeyStatus),
        (status = 400, description = "Two different keys.", body = ErrorEnvelope),
        (status = 401, description = "The key isn't good.", body = ErrorEnvelope),
        (status = 404, description = "The key was made elsewhere; only the upstream knows it.", body = ErrorEnvelope),
        (status = 429, description = "Too many wrong keys from this address.", body = ErrorEnvelope),
        (status = 503, description = "Quotas can't be checked.", body = ErrorEnvelope),
    )
)]
#[get("/key")]
pub async fn get_key_status(Inspected(status): Inspected) -> Result<HttpResponse, OpenAiError> {
    let status = status.ok_or_else(OpenAiError::made_elsewhere)?;
    let mut answer = HttpResponse::Ok();
    for header in rate_headers::of(&status.quota, ambient::now()) {
        answer.insert_header(header);
    }
    Ok(answer.insert_header((header::CACHE_CONTROL, "no-store")).json(status))
}
