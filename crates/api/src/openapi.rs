//! The OpenAPI document's frame: title, tags, ways to sign in. Paths and schemas come from the routes.

use utoipa::{
    Modify, OpenApi,
    openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};

/// The document without paths.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tollgate",
        description = "Self-service API keys with exact quotas for an OpenAI-compatible API.\n\nThe management calls take \
                       a session: `Authorization: Bearer` with the access token of `POST /sessions`. The calls under \
                       `/v1` take an API key and speak OpenAI's format.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    servers((url = "/", description = "This server")),
    tags(
        (name = "Plans", description = "Usage plans: a quota and a throttle."),
        (name = "Keys", description = "The caller's API keys and their usage."),
        (name = "Accounts", description = "Signing up, in and out."),
        (name = "Data plane", description = "OpenAI's API, with a key."),
        (name = "Service", description = "About this installation."),
    ),
    components(schemas(api_types::FieldError, api_types::ProblemCode)),
    modifiers(&Security),
)]
pub struct Frame;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = |description: &str| {
            let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(description)).build();
            SecurityScheme::Http(scheme)
        };
        let cookie = ApiKeyValue::with_description(
            "tollgate_session",
            "The page's cookie; changes must come from our own page. By https its name begins with `__Host-`, or under a \
             path with `__Secure-`.",
        );
        let refresh = ApiKeyValue::with_description(
            "tollgate_refresh",
            "The page's refresh cookie. By https its name begins with `__Secure-`.",
        );
        let header = ApiKeyValue::with_description("x-api-key", "An API key, as API Gateway takes it.");
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("session", bearer("The access token of `POST /sessions`."));
        components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        components.add_security_scheme("refresh", SecurityScheme::ApiKey(ApiKey::Cookie(refresh)));
        components.add_security_scheme("api_key", bearer("An API key, as OpenAI's SDKs send it."));
        components.add_security_scheme("x_api_key", SecurityScheme::ApiKey(ApiKey::Header(header)));
    }
}
