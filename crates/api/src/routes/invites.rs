//! `/admin/invites`: invitations to sign up.

use access::InviteToMake;
use actix_web::{
    HttpResponse, delete, get, post,
    web::{Data, Json},
};
use api_types::{Invite, InviteId, InviteMade, NewInvite, Timestamp};

use crate::{
    ambient,
    extract::{InOrder, InvitePathId, JsonForm, Operator},
    openapi::problems::{FormProblems, NoSuchInvite, OperatorsOnly, Unauthenticated},
    problem::ApiError,
    sign_in::InviteToken,
    state::State,
};

/// Seconds of a day.
const DAY_SECONDS: i64 = 86_400;

/// Invite somebody.
///
/// One account may be made with it, whatever `sign_up.mode` says. Its secret is shown this once.
#[utoipa::path(
    operation_id = "create_invite", tag = "Operators", security(("session" = []), ("session_cookie" = [])),
    request_body = NewInvite,
    responses(
        (status = 201, description = "The invitation.", body = InviteMade), Unauthenticated, OperatorsOnly, FormProblems,
    )
)]
#[post("/invites")]
pub async fn create_invite(
    state: Data<State>,
    InOrder(operator, JsonForm(new), ()): InOrder<Operator, JsonForm<NewInvite>>,
) -> Result<HttpResponse, ApiError> {
    let (token, doing) = (InviteToken::new(), operator.doing(new.note));
    let (id, created_at) = (InviteId::from_random(ambient::random()), doing.now);
    let seconds = created_at.as_second() + i64::from(new.days) * DAY_SECONDS;
    let expires_at = Timestamp::from_second(seconds).map_err(ApiError::internal)?;
    let invite = Invite { id, email: new.email, domain: new.domain, created_at, expires_at };
    state.administration.make_invite(InviteToMake { invite, digest: token.digest() }, doing).await?;
    let url = format!("{}/sign-up#{}", state.config.place(), token.reveal());
    Ok(HttpResponse::Created().json(InviteMade { id, url, expires_at }))
}

/// List invitations.
///
/// Those that may still be used, newest first.
#[utoipa::path(
    operation_id = "list_invites", tag = "Operators", security(("session" = []), ("session_cookie" = [])),
    responses((status = 200, description = "The invitations.", body = Vec<Invite>), Unauthenticated, OperatorsOnly)
)]
#[get("/invites")]
pub async fn list_invites(state: Data<State>, _operator: Operator) -> Result<Json<Vec<Invite>>, ApiError> {
    Ok(Json(state.administration.invites(ambient::now()).await?))
}

/// Withdraw an invitation.
///
/// Nobody can use it any more. One that was used is no more.
#[utoipa::path(
    operation_id = "delete_invite", tag = "Operators", security(("session" = []), ("session_cookie" = [])),
    params(("id" = InviteId, Path, description = "The invitation's id.")),
    responses((status = 204, description = "It is withdrawn."), Unauthenticated, OperatorsOnly, NoSuchInvite)
)]
#[delete("/invites/{id}")]
pub async fn delete_invite(
    state: Data<State>,
    InOrder(operator, InvitePathId(id), ()): InOrder<Operator, InvitePathId>,
) -> Result<HttpResponse, ApiError> {
    state.administration.withdraw_invite(id, operator.doing(None)).await?;
    Ok(HttpResponse::NoContent().finish())
}
