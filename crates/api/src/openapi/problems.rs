//! The management plane's errors as components of the OpenAPI document: one response per kind, to which routes refer.

use api_types::{FieldError, Problem, ProblemCode as Code, Reason, RequestId};
use utoipa::{
    ToSchema,
    openapi::{ContentBuilder, Ref, Response, ResponseBuilder},
};

use super::{
    components::{self, ErrorResponse, example},
    headers,
};
use crate::{base_path::BasePath, problem_kinds};

components::error_responses! { by problem:
    /// The body isn't JSON.
    InvalidJson = "400" [Code::InvalidJson];
    /// No session, or one that ended.
    Unauthenticated = "401" [Code::Unauthenticated] { WwwAuthenticate };
    /// Email and password don't match.
    WrongCredentials = "401" [Code::WrongCredentials];
    /// A cookie that came from another site's page.
    CrossOrigin = "403" [Code::CrossOrigin];
    /// An account that is blocked, or a refresh token in the body, asked for by a page.
    SignInNotAllowed = "403" [Code::AccountBlocked, Code::NotForPages];
    /// Who may not sign up, or not with this invitation.
    SignUpNotAllowed = "403" [Code::SignUpRefused, Code::InviteOver];
    /// Not for this caller, or a cookie that came from another site's page.
    OperatorsOnly = "403" [Code::OperatorsOnly, Code::CrossOrigin];
    /// Not for this caller, or for an account that is blocked.
    LinkNotAllowed = "403" [Code::OperatorsOnly, Code::AccountBlocked, Code::CrossOrigin];
    /// A key that the caller may not have.
    KeyNotAllowed = "403" [Code::NotYourself, Code::AccountWaiting, Code::TooManyKeys, Code::CrossOrigin];
    /// A cookie that came from another site's page, or a page that sends a token in the body.
    RefreshNotAllowed = "403" [Code::CrossOrigin, Code::NotForPages];
    /// The caller has no such key.
    NoSuchKey = "404" [Code::NotFound];
    /// There is no such account.
    NoSuchPerson = "404" [Code::NotFound];
    /// There is no such invitation.
    NoSuchInvite = "404" [Code::NotFound];
    /// The caller has no such session.
    NoSuchSession = "404" [Code::NotFound];
    /// No such plan takes new keys.
    UnknownPlan = "404" [Code::UnknownPlan];
    /// Not for this caller.
    NotHere = "404" [Code::NotFound];
    /// None of the types that the caller takes.
    NotAcceptable = "406" [Code::NotAcceptable];
    /// The account has a key on this plan.
    KeyAlreadyExists = "409" [Code::KeyAlreadyExists];
    /// Four old values are in the grace that they were promised.
    TooManyOldValues = "409" [Code::TooManyOldValues] { RetryAfter };
    /// It is the last operator who can sign in.
    LastOperator = "409" [Code::LastOperator];
    /// The address has an account.
    EmailTaken = "409" [Code::EmailTaken];
    /// The link is unknown, was used, or is over.
    LinkOver = "404" [Code::LinkOver];
    /// The body is too large.
    BodyTooLarge = "413" [Code::BodyTooLarge];
    /// The body isn't marked as JSON, or is coded in a way that isn't known.
    UnsupportedMediaType = "415" [Code::UnsupportedMediaType] { AcceptEncoding };
    /// Fields or parameters are wrong, each named in `errors`.
    InvalidFields = "422" [Code::InvalidFields];
    /// Fields or headers are wrong, or the `Idempotency-Key` stands for another request.
    KeyRequestRefused = "422" [Code::InvalidFields, Code::IdempotencyKeyReused];
    /// Too many tries.
    TooManyAttempts = "429" [Code::TooManyAttempts] { RetryAfter };
    /// Nothing was created, and nothing left behind.
    CreateFailed = "500" [Code::CreateFailed];
    /// The server can't do it right now.
    Unavailable = "503" [Code::StoreUnavailable, Code::Busy, Code::ShuttingDown] { RetryAfter };
    /// Any other refusal or failure, such as a method that the path doesn't take.
    UnexpectedProblem = "default" [Code::Internal, Code::MethodNotAllowed] { Allow, RetryAfter };
}

components::groups! {
    /// What a form may be refused for.
    FormProblems = [InvalidJson, BodyTooLarge, UnsupportedMediaType, InvalidFields];
    /// What a change by a session may be refused for.
    ChangeProblems = [Unauthenticated, CrossOrigin];
}

fn problem(told: ErrorResponse<'_, Code>) -> Response {
    let examples = told.codes.iter().map(|code| {
        let kind = problem_kinds::of(*code);
        (problem_kinds::name(*code), example(shown(*code), kind.when, kind.to_do))
    });
    let content =
        ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name()))).examples_from_iter(examples).build();
    let mut response =
        ResponseBuilder::new().description(told.description).content("application/problem+json", content).build();
    headers::attach(&mut response, told.headers);
    response
}

/// A problem as the server would answer it.
pub fn shown(code: Code) -> Problem {
    let kind = problem_kinds::of(code);
    let errors = match code {
        Code::InvalidFields => {
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
