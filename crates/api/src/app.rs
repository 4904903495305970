//! The one list of routes, grouped by who calls them.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::Method,
    web::{self, Data, Redirect},
};
use utoipa::OpenApi as _;
use utoipa_actix_web::{AppExt as _, scope, service_config::ServiceConfig};

use crate::{
    base_path::BasePath,
    docs, etag,
    methods::Allow,
    openai_error::OpenAiError,
    openapi::{self, Frame},
    page, page_data,
    planes::is_data_plane,
    problem::ApiError,
    routes::{
        about, accounts, admin, chat, health, invites, key_status, keys, me, metrics, models, own_sessions,
        password_resets, plans, sessions, usage,
    },
    state::State,
};

/// Every documented route.
pub fn routes(config: &mut ServiceConfig) {
    config
        // With an API key; first, since routes are tried in their order, and these are asked most.
        .service(
            scope("/v1")
                .service(chat::create_chat_completion)
                .service(chat::create_completion)
                .service(chat::create_embeddings)
                .service(chat::create_response)
                .service(models::list_models)
                .service(models::get_model)
                .service(key_status::get_key_status),
        )
        // Open to everyone.
        .service(plans::list_plans)
        .service(about::get_about)
        .service(health::get_health)
        .service(health::get_readiness)
        .service(metrics::get_metrics)
        .service(accounts::create_account)
        .service(password_resets::reset_password)
        .service(sessions::create_session)
        // By a refresh token only.
        .service(sessions::refresh_session)
        // Signed in.
        .service(sessions::delete_session)
        .service(me::get_me)
        .service(me::change_password)
        .service(me::delete_account)
        .service(own_sessions::list_sessions)
        .service(own_sessions::end_other_sessions)
        .service(own_sessions::end_session)
        .service(keys::create_key)
        .service(keys::list_keys)
        .service(keys::change_key)
        .service(keys::revoke_key)
        .service(keys::rotate_key)
        .service(usage::list_usage)
        .service(usage::list_usage_csv)
        // Signed in as an operator.
        .configure(operators);
}

/// Those for operators, which a command on the machine reaches too.
pub fn operators(config: &mut ServiceConfig) {
    config.service(
        scope("/admin")
            .service(admin::list_people)
            .service(admin::get_person)
            .service(admin::list_keys_of_person)
            .service(admin::change_person)
            .service(admin::delete_person)
            .service(admin::create_reset_link)
            .service(invites::create_invite)
            .service(invites::list_invites)
            .service(invites::delete_invite)
            .service(admin::list_audit),
    );
}

/// The OpenAPI document of those routes.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    let app = actix_web::App::new().into_utoipa_app().openapi(Frame::openapi()).configure(routes);
    let mut document = app.split_for_parts().1;
    openapi::finish(&mut document);
    document
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
        .service(openapi_json)
        .service(to_docs)
        .service(docs::scope())
        .default_service(web::to(elsewhere));
}

#[get("/openapi.json")]
async fn openapi_json(
    request: HttpRequest,
    document: Data<utoipa::openapi::OpenApi>,
) -> Result<HttpResponse, ApiError> {
    let text = serde_json::to_vec(&document).map_err(ApiError::internal)?;
    Ok(etag::json(&request, text))
}

#[get("/docs")]
async fn to_docs() -> Redirect {
    // Both this and the document's link are relative, since a proxy in front may serve us under any path.
    Redirect::to("docs/").permanent()
}

/// All that no route takes: a page's file, a page, or a clear answer that there is nothing.
async fn elsewhere(
    request: HttpRequest,
    state: Data<State>,
    pages: Data<page::PageFiles>,
    document: Data<utoipa::openapi::OpenApi>,
) -> Result<HttpResponse, actix_web::Error> {
    let (method, path) = (request.method(), request.path());
    let allow = match path {
        "*" => Some(Allow::anywhere()),
        _ => Allow::at(path, &request, &document).or_else(|| {
            (pages.has(path) || state.brand.file(path.trim_start_matches('/')).is_some()).then(Allow::reading)
        }),
    };
    if *method == Method::OPTIONS
        && let Some(allow) = allow
    {
        return Ok(allow.answer());
    }
    if is_data_plane(path) {
        return Err(match allow {
            Some(allow) => OpenAiError::method_not_allowed(method.as_str(), path, &allow).into(),
            None => OpenAiError::unknown_url(method.as_str(), path).into(),
        });
    }
    let below_v1 = Allow::at(&format!("/v1{path}"), &request, &document);
    if below_v1.is_some_and(|allow| allow.takes(method.as_str())) {
        return Err(OpenAiError::base_url_without_v1(path).into());
    }
    if *method == Method::GET {
        let (base, data) = (state.config.server.base_path(), async || page_data::gather(&request, &state).await);
        if let Some(answer) = pages.answer(&request, base, &state.brand, data).await {
            return Ok(answer);
        }
    }
    Err(match allow.filter(|allow| !allow.takes(method.as_str())) {
        Some(allow) => ApiError::method_not_allowed(&allow).into(),
        None => ApiError::not_found("Nothing is here; /docs lists what this server offers.").into(),
    })
}
