//! The OpenAPI document: its frame here, its paths from the routes, what they share from the files beside this one.

pub mod answers;
mod components;
pub mod errors;
mod everywhere;
mod headers;
pub mod problems;
pub mod relayed;
mod unions;
pub mod version_3_0;

#[cfg(test)]
mod tests;

use utoipa::{
    Modify, OpenApi,
    openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};

pub use everywhere::finish;

/// The document without paths.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tollgate",
        description = include_str!("description.md"),
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    servers((url = "/", description = "This server")),
    tags(
        (name = "Plans", description = "Usage plans: a quota and a throttle."),
        (name = "Keys", description = "The caller's API keys and their usage."),
        (name = "Accounts", description = "Signing up, in and out."),
        (name = "Data plane", description = "OpenAI's API, with a key."),
        (name = "Operators", description = "People and what was done to them; for operators only."),
        (name = "Service", description = "About this installation."),
    ),
    components(schemas(api_types::Problem, api_types::openai::ErrorEnvelope)),
    modifiers(&Security),
)]
pub struct Frame;

/// The ways to say who one is. Their names are in the order of the page that offers them: alphabetic.
struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = |description: &str| {
            let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(description)).build();
            SecurityScheme::Http(scheme)
        };
        let cookie = ApiKeyValue::with_description(
            "tollgate_session",
            "The page's own cookie, for the page only: changes must come from it. Other clients send the access token. By \
             https the cookie's name begins with `__Host-`, or under a path with `__Secure-`.",
        );
        let header = ApiKeyValue::with_description("x-api-key", "An API key, as API Gateway takes it.");
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("api_key", bearer("An API key, `tg_…`, as OpenAI's SDKs send it."));
        components.add_security_scheme("session", bearer("The `access_token` that `POST /sessions` answers with."));
        components.add_security_scheme("session_cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        components.add_security_scheme("x_api_key", SecurityScheme::ApiKey(ApiKey::Header(header)));
    }
}
