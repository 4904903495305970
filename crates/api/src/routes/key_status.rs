//! `GET /v1/key`: what a key may learn about itself.

use actix_web::{HttpResponse, get};

use crate::{
    ambient,
    extract::Inspected,
    openai_error::OpenAiError,
    openapi::{
        answers::KeyTold,
        errors::{KeyErrors, KeyMadeElsewhereError},
    },
    rate_headers,
};

/// Tell a key's own plan and how much of it is used.
///
/// Costs nothing, also when the quota is spent. Used counts requests that are under way.
#[utoipa::path(
    operation_id = "get_key_status", tag = "Data plane", security(("api_key" = []), ("x_api_key" = [])),
    responses(KeyTold, KeyErrors, KeyMadeElsewhereError)
)]
#[get("/key")]
pub async fn get_key_status(Inspected(status): Inspected) -> Result<HttpResponse, OpenAiError> {
    let status = status.ok_or_else(OpenAiError::made_elsewhere)?;
    let mut answer = HttpResponse::Ok();
    for header in rate_headers::of(&status.quota, ambient::now()) {
        answer.insert_header(header);
    }
    Ok(answer.json(status))
}
