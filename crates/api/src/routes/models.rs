//! `GET /v1/models`: what may be asked for, all of it or one.

use actix_web::{HttpRequest, HttpResponse, get, web::Data};
use api_types::openai::{Model, ModelList};

use super::chat::{caller_key, failure};
use crate::{
    ambient,
    extract::Recognised,
    openai_error::OpenAiError,
    openapi::errors::{KeyErrors, ModelNotFoundError, UpstreamErrors},
    upstream_choice::{Answers, WorkerUpstream},
};

/// List the models.
///
/// The upstream's own list, cut to those that are offered here. Costs nothing, unless a
/// gate in front of the upstream counts it (`GET /about` says which backend keeps the keys: `aws` does).
#[utoipa::path(
    operation_id = "list_models", tag = "Data plane", security(("api_key" = []), ("x_api_key" = [])),
    responses((status = 200, description = "The models.", body = ModelList), KeyErrors, UpstreamErrors)
)]
#[get("/models")]
pub async fn list_models(
    upstream: Data<WorkerUpstream>,
    Recognised(caller): Recognised,
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

/// Show a model.
///
/// One of those that `GET /v1/models` lists. A slash in its id may be written as it is or as `%2F`. Costs what the list
/// costs.
#[utoipa::path(
    operation_id = "get_model", tag = "Data plane", security(("api_key" = []), ("x_api_key" = [])),
    params(("id" = String, Path, description = "The model's id.", example = "tollgate-demo")),
    responses(
        (status = 200, description = "The model.", body = Model), KeyErrors, UpstreamErrors, ModelNotFoundError,
    )
)]
#[get("/models/{id:.+}")]
pub async fn get_model(
    request: HttpRequest,
    upstream: Data<WorkerUpstream>,
    Recognised(caller): Recognised,
) -> Result<HttpResponse, OpenAiError> {
    let id = model_id(&request);
    let model = match &upstream.answers {
        Answers::Demo { .. } => proxy::demo::model(&id, ambient::now().as_second()),
        Answers::Server(client) => {
            let key = caller_key(&caller.key);
            let model = proxy::model(client, &id, upstream.policy.allowed.as_deref(), key.as_ref()).await;
            model.inspect(|_| caller.was_right()).map_err(|failed| failure(&caller, failed))?
        }
    };
    let model = model.ok_or_else(|| OpenAiError::model_not_found(&id))?;
    Ok(HttpResponse::Ok().content_type("application/json").body(model))
}

/// The rest of the path, with what is written in it as `%2F` and the like resolved.
fn model_id(request: &HttpRequest) -> String {
    let written = request.match_info().query("id");
    percent_encoding::percent_decode_str(written).decode_utf8_lossy().into_owned()
}
