//! `POST /password_resets`: a new password through a link that an operator made.

use actix_web::{HttpRequest, HttpResponse, post, web::Data};
use api_types::{Password, PasswordReset, ProblemCode};

use crate::{
    ambient,
    extract::{JsonForm, request_id},
    openapi::problems::{FormProblems, LinkOver, TooManyAttempts},
    problem::ApiError,
    sign_in::ResetToken,
    source::Source,
    state::State,
};

/// Choose a new password.
///
/// By the secret of a link that an operator made; it works once. Every session of the account ends: sign in anew.
#[utoipa::path(
    operation_id = "reset_password", tag = "Accounts", security(), request_body = PasswordReset,
    responses((status = 204, description = "The password is the new one."), FormProblems, LinkOver, TooManyAttempts)
)]
#[post("/password_resets")]
pub async fn reset_password(
    request: HttpRequest,
    state: Data<State>,
    JsonForm(reset): JsonForm<PasswordReset>,
) -> Result<HttpResponse, ApiError> {
    let source = Source::of(&request, &state.config.server.trusted_proxies);
    let attempt = state.sign_in_limits.question(source, ambient::now()).await;
    let attempt = attempt.map_err(|reason| ApiError::too_many(reason, "Too many tries."))?;
    let digest = ResetToken::parse(&reset.token).map(|token| token.digest());
    let person = match digest {
        Some(digest) => state.administration.reset_link_of(digest, ambient::now()).await?,
        None => None,
    };
    let Some((digest, person)) = digest.zip(person) else {
        attempt.count(ambient::now());
        return Err(link_over());
    };
    if reset.new_password.is_email(&person.email) {
        return Err(ApiError::invalid_field("new_password", Password::IS_THE_EMAIL));
    }
    let hash = state.hasher.hash(reset.new_password).await?;
    if !state.administration.reset_password(digest, hash, request_id(&request)?, ambient::now()).await? {
        return Err(link_over());
    }
    Ok(HttpResponse::NoContent().finish())
}

fn link_over() -> ApiError {
    let detail = "This link is unknown, was used, or is more than an hour old. Ask for a new one.";
    ApiError::new(ProblemCode::LinkOver, detail)
}
