//! The management plane's refusals as components of the OpenAPI document: one response per kind, to which routes refer.

use std::collections::BTreeMap;

use api_types::{FieldError, Problem, ProblemCode, Reason, RequestId};
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder},
};

use super::{
    components::{self, Documented, example},
    headers::Carries::{self, AcceptEncoding, Allow, RetryAfter, WwwAuthenticate},
};
use crate::{base_path::BasePath, problem_kinds};

macro_rules! problems {
    ($($(#[doc = $text:literal])+ $name:ident = $status:literal [$($code:ident),*] $({ $($header:ident),+ })?;)+) => {
        $(
            $(#[doc = $text])+
            pub struct $name;

            impl IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<Response>> {
                    components::referenced($status, stringify!($name))
                }
            }
        )+

        /// All of them.
        pub fn all() -> Vec<Documented> {
            vec![$(Documented {
                name: stringify!($name),
                response: problem(
                    concat!($($text),+).trim(),
                    &[$(ProblemCode::$code),*],
                    &[$($($header),+)?],
                ),
            }),+]
        }
    };
}

problems! {
    /// The body isn't JSON.
    InvalidJson = "400" [InvalidJson];
    /// No session, or one that ended.
    Unauthenticated = "401" [Unauthenticated] { WwwAuthenticate };
    /// Email and password don't match.
    WrongCredentials = "401" [WrongCredentials];
    /// A cookie that came from another site's page.
    CrossOrigin = "403" [CrossOrigin];
    /// A key that the caller may not have.
    KeyNotAllowed = "403" [NotYourself, TooManyKeys, CrossOrigin];
    /// A refresh token in the body, asked for by a page.
    NotForPages = "403" [NotForPages];
    /// A cookie that came from another site's page, or a page that sends a token in the body.
    RefreshNotAllowed = "403" [CrossOrigin, NotForPages];
    /// The caller has no such key.
    NoSuchKey = "404" [NotFound];
    /// No such plan takes new keys.
    UnknownPlan = "404" [UnknownPlan];
    /// Not for this caller.
    NotHere = "404" [NotFound];
    /// None of the types that the caller takes.
    NotAcceptable = "406" [NotAcceptable];
    /// The account has a key on this plan.
    KeyAlreadyExists = "409" [KeyAlreadyExists];
    /// Four old values are in the grace that they were promised.
    TooManyOldValues = "409" [TooManyOldValues] { RetryAfter };
    /// The address has an account.
    EmailTaken = "409" [EmailTaken];
    /// The body is too large.
    BodyTooLarge = "413" [BodyTooLarge];
    /// The body isn't marked as JSON, or is coded in a way that isn't known.
    UnsupportedMediaType = "415" [UnsupportedMediaType] { AcceptEncoding };
    /// Fields or parameters are wrong, each named in `errors`.
    InvalidFields = "422" [InvalidFields];
    /// Fields or headers are wrong, or the `Idempotency-Key` stands for another request.
    KeyRequestRefused = "422" [InvalidFields, IdempotencyKeyReused];
    /// Too many tries.
    TooManyAttempts = "429" [TooManyAttempts] { RetryAfter };
    /// Nothing was created, and nothing left behind.
    CreateFailed = "500" [CreateFailed];
    /// The server can't do it right now.
    Unavailable = "503" [StoreUnavailable, Busy, ShuttingDown] { RetryAfter };
    /// Any other refusal or failure, such as a method that the path doesn't take.
    UnexpectedProblem = "default" [Internal, MethodNotAllowed] { Allow, RetryAfter };
}

components::groups! {
    /// What a form may be refused for.
    FormProblems = [InvalidJson, BodyTooLarge, UnsupportedMediaType, InvalidFields];
    /// What a change by a session may be refused for.
    ChangeProblems = [Unauthenticated, CrossOrigin];
}

fn problem(description: &str, codes: &[ProblemCode], headers: &[Carries]) -> Response {
    let examples = codes.iter().map(|code| {
        let kind = problem_kinds::of(*code);
        (problem_kinds::name(*code), example(shown(*code), kind.when, kind.to_do))
    });
    let content =
        ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name()))).examples_from_iter(examples).build();
    let mut response =
        ResponseBuilder::new().description(description).content("application/problem+json", content).build();
    super::headers::attach(&mut response, headers);
    response
}

/// A problem as the server would answer it.
pub fn shown(code: ProblemCode) -> Problem {
    let kind = problem_kinds::of(code);
    let errors = match code {
        ProblemCode::InvalidFields => {
            let reason = Reason::new("length", "Use 10 to 128 characters.");
            vec![FieldError::new("password", reason)]
        }
        _ => Vec::new(),
    };
    Problem {
        kind: problem_kinds::type_uri(code, BasePath::ROOT),
        title: kind.title.to_owned(),
        status: code.status(),
        code,
        detail: kind.detail.to_owned(),
        request_id: RequestId::from_random(*b"an example's id."),
        errors,
    }
}
