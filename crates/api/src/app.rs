//! The one list of routes, grouped by who calls them.

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    http::Method,
    web::{self, Data, Redirect},
};
use utoipa::OpenApi as _;
use utoipa_actix_web::{AppExt as _, scope, service_config::ServiceConfig};
use utoipa_swagger_ui::SwaggerUi;

use crate::{
    base_path::BasePath,
    openai_error::OpenAiError,
    openapi::Frame,
    page,
    planes::is_data_plane,
    problem::ApiError,
    routes::{about, accounts, chat, health, key_status, keys, me, metrics, models, plans, sessions, usage},
    state::State,
};

/// Every documented route.
pub fn routes(config: &mut ServiceConfig) {
    config
        // Open to everyone.
        .service(plans::list_plans)
        .service(about::get_about)
        .service(health::get_health)
        .service(health::get_readiness)
        .service(metrics::get_metrics)
        .service(accounts::create_account)
        .service(sessions::create_session)
        // By the refresh cookie only.
        .service(sessions::refresh_session)
        // Signed in.
        .service(sessions::delete_session)
        .service(me::get_me)
        .service(me::change_password)
        .service(me::delete_account)
        .service(keys::create_key)
        .service(keys::list_keys)
        .service(keys::change_key)
        .service(keys::revoke_key)
        .service(keys::rotate_key)
        .service(usage::list_usage)
        // With an API key.
        .service(
            scope("/v1")
                .service(chat::create_chat_completion)
                .service(chat::create_completion)
                .service(chat::create_embeddings)
                .service(chat::create_response)
                .service(models::list_models)
                .service(models::get_model)
                .service(key_status::get_key_status),
        );
}

/// The OpenAPI document of those routes.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    let app = actix_web::App::new().into_utoipa_app().openapi(Frame::openapi()).configure(routes);
    app.split_for_parts().1
}

/// The same, telling the path that all is served under.
#[must_use]
pub fn document_under(base: &BasePath) -> utoipa::openapi::OpenApi {
    let mut document = document();
    for server in document.servers.iter_mut().flatten().filter(|_| !base.is_root()) {
        server.url = base.join("");
    }
    document
}

/// What is served beside the documented routes: the document, its page, and our own page.
pub fn undocumented(config: &mut web::ServiceConfig, document: &utoipa::openapi::OpenApi) {
    config
        .app_data(Data::new(document.clone()))
        .route("/openapi.json", web::get().to(openapi_json))
        // Both relative, since a proxy in front may serve us under any path.
        .service(Redirect::new("/docs", "docs/").permanent())
        .service(web::scope("/docs").wrap(page::docs_headers()).service(SwaggerUi::new("/{_:.*}").config(
            utoipa_swagger_ui::Config::from("../openapi.json").display_operation_id(true).validator_url("none"),
        )))
        .default_service(web::to(elsewhere));
}

async fn openapi_json(document: Data<utoipa::openapi::OpenApi>) -> impl Responder {
    web::Json(document)
}

/// All that no route takes: a page's file, a page, or a clear answer that there is nothing.
async fn elsewhere(
    request: HttpRequest,
    state: Data<State>,
    pages: Data<page::PageFiles>,
) -> Result<HttpResponse, actix_web::Error> {
    let document = request.app_data::<Data<utoipa::openapi::OpenApi>>();
    let methods = document.map(|document| methods_of(document, request.path())).unwrap_or_default();
    if is_data_plane(request.path()) {
        return Err(OpenAiError::unknown_url(request.method().as_str(), request.path()).into());
    }
    let below_v1 = document.map(|document| methods_of(document, &format!("/v1{}", request.path()))).unwrap_or_default();
    if below_v1.contains(&request.method().as_str()) {
        return Err(OpenAiError::base_url_without_v1(request.path()).into());
    }
    if !methods.is_empty() {
        return Err(ApiError::method_not_allowed(&methods.join(", ")).into());
    }
    if *request.method() == Method::GET
        && let Some(answer) = pages.answer(&request, state.config.server.base_path())
    {
        return Ok(answer);
    }
    Err(ApiError::not_found("Nothing is here; /docs lists what this server offers.").into())
}

/// The methods that a path takes, by the document's templates.
fn methods_of(document: &utoipa::openapi::OpenApi, path: &str) -> Vec<&'static str> {
    let is_match = |template: &str| {
        let (mut own, mut asked) = (template.split('/'), path.split('/'));
        loop {
            match (own.next(), asked.next()) {
                (None, None) => return true,
                (Some(own), Some(asked)) if own == asked || (own.starts_with('{') && !asked.is_empty()) => {}
                _ => return false,
            }
        }
    };
    let mut methods = Vec::new();
    for (_, item) in document.paths.paths.iter().filter(|(template, _)| is_match(template)) {
        let taken = [
            ("GET", item.get.is_some()),
            ("POST", item.post.is_some()),
            ("PATCH", item.patch.is_some()),
            ("DELETE", item.delete.is_some()),
        ];
        methods.extend(taken.into_iter().filter(|(_, is_there)| *is_there).map(|(name, _)| name));
    }
    methods
}

#[cfg(test)]
mod tests {
    use api_types::limits::ROTATION_GRACE_MAX_SECONDS;

    use super::*;

    #[test]
    fn the_document_tells_the_bounds_of_the_wire() {
        let document: serde_json::Value = serde_json::from_str(&document().to_json().unwrap()).unwrap();
        let grace = &document["components"]["schemas"]["RotateKey"]["properties"]["grace_seconds"];
        assert_eq!(grace["maximum"], ROTATION_GRACE_MAX_SECONDS);
    }
}
