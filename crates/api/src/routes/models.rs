//! `GET /v1/models`: what may be asked for.

use actix_web::{HttpResponse, get, web::Data};
use api_types::openai::ErrorEnvelope;

use super::chat::{caller_key, failure};
use crate::{
    ambient,
    extract::KeyHolder,
    openai_error::OpenAiError,
    upstream::{Answers, WorkerUpstream},
};

/// List the models.
///
/// The upstream's own list, cut to those that are offered here. Costs nothing, unless a
/// gate in front of the upstream counts it (`GET /about` says which backend keeps the keys: `aws` does).
#[utoipa::path(
    operation_id = "list_models", tag = "Data plane", security(("api_key" = []), ("x_api_key" = [])),
    responses(
        (status = 200, description = "OpenAI's list of models.", body = Value),
        (status = 400, description = "Two different keys.", body = ErrorEnvelope),
        (status = 401, description = "The key isn't good.", body = ErrorEnvelope),
        (status = 429, description = "Too many wrong keys from this address, or the upstream over its own limit.", body = ErrorEnvelope),
        (status = 502, description = "The upstream failed.", body = ErrorEnvelope),
        (status = 503, description = "Quotas can't be checked.", body = ErrorEnvelope),
        (status = 504, description = "The upstream took too long.", body = ErrorEnvelope),
    )
)]
#[get("/models")]
pub async fn list_models(
    upstream: Data<WorkerUpstream>,
    KeyHolder { caller }: KeyHolder,
) -> Result<HttpResponse, OpenAiError> {
    let list = match &upstream.answers {
        Answers::Demo { .. } => proxy::demo::models(ambient::now().as_second()),
        Answers::Server(client) => {
            let key = caller_key(&caller.key);
            let list = proxy::models(client, upstream.policy.allowed.as_deref(), key.as_ref()).await;
            list.inspect(|_| caller.was_right()).map_err(|failed| failure(&caller, failed))?
        }
    };
    Ok(HttpResponse::Ok().content_type("application/json").body(list))
}
