//! Responses that stand once among the document's components, and how routes refer to them.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::{
    ToSchema,
    openapi::{
        Components, Ref, RefOr, Response,
        example::{Example, ExampleBuilder},
    },
};

use super::headers::Carries;

/// A response with the name that it has among the components.
pub struct Documented {
    /// Its name.
    pub name: &'static str,
    /// What is said of it.
    pub response: Response,
}

/// A response as an operation refers to it.
pub fn referenced(status: &str, name: &str) -> BTreeMap<String, RefOr<Response>> {
    BTreeMap::from([(status.to_owned(), Ref::from_response_name(name).into())])
}

/// Puts a type's schema among the components, and those that it refers to.
pub fn describe<T: ToSchema>(components: &mut Components) {
    let mut schemas = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut schemas);
    components.schemas.extend(schemas);
}

/// Puts responses among the components.
pub fn add(components: &mut Components, responses: Vec<Documented>) {
    components
        .responses
        .extend(responses.into_iter().map(|Documented { name, response }| (name.to_owned(), response.into())));
}

/// A body as an example, with when it comes and what to do.
pub fn example(body: impl Serialize, when: &str, to_do: &str) -> RefOr<Example> {
    ExampleBuilder::new().summary(when).description(to_do).value(serde_json::to_value(body).ok()).build().into()
}

/// What is said of an error.
pub struct ErrorResponse<'a, C> {
    /// The status, or `default` for all that are not named.
    pub status: &'a str,
    /// For what it comes.
    pub description: &'a str,
    /// The codes that it comes with.
    pub codes: &'a [C],
    /// The headers that it may carry.
    pub headers: &'a [Carries],
}

/// Errors, each a type that routes name: its status, its codes and its headers, made a response by a function.
macro_rules! error_responses {
    (by $respond:ident: $(
        $(#[doc = $text:literal])+ $name:ident = $status:literal [$($code:expr),*] $({ $($header:ident),+ })?;
    )+) => {
        $(
            $(#[doc = $text])+
            pub struct $name;

            impl utoipa::IntoResponses for $name {
                fn responses() -> std::collections::BTreeMap<String, utoipa::openapi::RefOr<utoipa::openapi::Response>> {
                    super::components::referenced($status, stringify!($name))
                }
            }
        )+

        /// All of them.
        pub fn all() -> Vec<super::components::Documented> {
            vec![$(super::components::Documented {
                name: stringify!($name),
                response: $respond(super::components::ErrorResponse {
                    status: $status,
                    description: concat!($($text),+).trim(),
                    codes: &[$($code),*],
                    headers: &[$($(super::headers::Carries::$header),+)?],
                }),
            }),+]
        }
    };
}
pub(super) use error_responses;

/// Types that stand for several responses at once.
macro_rules! groups {
    ($($(#[$doc:meta])+ $name:ident = [$($member:ident),+];)+) => {
        $(
            $(#[$doc])+
            pub struct $name;

            impl utoipa::IntoResponses for $name {
                fn responses() -> std::collections::BTreeMap<String, utoipa::openapi::RefOr<utoipa::openapi::Response>> {
                    [$($member::responses()),+].into_iter().flatten().collect()
                }
            }
        )+
    };
}
pub(super) use groups;
