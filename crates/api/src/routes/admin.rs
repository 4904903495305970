//! `/admin`: what operators see and do. Reached by them signed in, and by `tollgate`'s own commands on the machine.

use access::Doing;
use actix_web::{
    HttpRequest, HttpResponse, delete, get,
    http::header::{self, HeaderName},
    patch, post,
    web::{Data, Json},
};
use api_types::{
    AccountId, KeyEntry, Person, PersonChange, ProblemCode, ResetLink, Standing, Timestamp, limits::RESET_LINK_SECONDS,
};
use serde::Serialize;

use crate::{
    ambient,
    extract::{AuditPart, Cursor, InOrder, JsonForm, Operator, PeoplePart, PersonId},
    openapi::{
        answers::{AuditListed, PeopleListed},
        problems::{
            FormProblems, InvalidFields, LastOperator, LinkNotAllowed, NoSuchPerson, OperatorsOnly, Unauthenticated,
        },
    },
    problem::ApiError,
    sign_in::ResetToken,
    state::State,
};

const NEXT_CURSOR: HeaderName = HeaderName::from_static("next-cursor");

/// List people.
///
/// Newest first, in parts: as long as there may be more, the answer says in `next-cursor` what to send as `cursor`.
#[utoipa::path(
    operation_id = "list_people", tag = "Operators", security(("session" = []), ("session_cookie" = [])),
    params(
        ("search" = Option<String>, Query, max_length = 254, description = "A piece of the address."),
        ("standing" = Option<api_types::Standing>, Query, description = "Only those of this standing."),
        ("operators" = Option<bool>, Query, description = "`true`: only operators."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Most people of this part; 100 if left out."),
        ("cursor" = Option<String>, Query, pattern = "^[0-9a-f]{16}[a-z2-7]{25}[aeimquy4]$",
            description = "`next-cursor` of the part before."),
    ),
    responses(PeopleListed, Unauthenticated, OperatorsOnly, InvalidFields)
)]
#[get("/people")]
pub async fn list_people(
    request: HttpRequest,
    state: Data<State>,
    InOrder(_operator, PeoplePart(query), ()): InOrder<Operator, PeoplePart>,
) -> Result<HttpResponse, ApiError> {
    let limit = query.limit;
    let people = state.administration.people(query).await?;
    let next = people.last().map(|last| Cursor::after(last.created_at, last.id).to_text());
    Ok(part(&request, &people, limit, next))
}

/// Show somebody.
///
/// The account's address, what it may do, whether it is an operator's, and how many keys it has.
#[utoipa::path(
    operation_id = "get_person", tag = "Operators", security(("session" = []), ("session_cookie" = [])),
    params(("id" = AccountId, Path, description = "The account's id.")),
    responses((status = 200, description = "The account.", body = Person), Unauthenticated, OperatorsOnly, NoSuchPerson)
)]
#[get("/people/{id}")]
pub async fn get_person(
    state: Data<State>,
    InOrder(_operator, PersonId(id), ()): InOrder<Operator, PersonId>,
) -> Result<Json<Person>, ApiError> {
    Ok(Json(state.administration.person(id).await?.ok_or(access::AdministrationError::NotFound)?))
}

/// List somebody's keys.
///
/// Oldest first, each with its quota as it stands.
#[utoipa::path(
    operation_id = "list_keys_of_person", tag = "Operators", security(("session" = []), ("session_cookie" = [])),
    params(("id" = AccountId, Path, description = "The account's id.")),
    responses(
        (status = 200, description = "The account's keys.", body = Vec<KeyEntry>), Unauthenticated, OperatorsOnly, NoSuchPerson,
    )
)]
#[get("/people/{id}/keys")]
pub async fn list_keys_of_person(
    state: Data<State>,
    InOrder(_operator, PersonId(id), ()): InOrder<Operator, PersonId>,
) -> Result<Json<Vec<KeyEntry>>, ApiError> {
    state.administration.person(id).await?.ok_or(access::AdministrationError::NotFound)?;
    Ok(Json(state.registry.keys(id, ambient::now()).await?))
}

/// Block, approve or appoint somebody.
///
/// What is left out stays. Blocking ends the account's sessions and has its keys refused from the answer on; unblocking
/// enables no key that was disabled. The last operator who can sign in can't be taken away by an operator.
#[utoipa::path(
    operation_id = "change_person", tag = "Operators", security(("session" = []), ("session_cookie" = [])),
    request_body = PersonChange, params(("id" = AccountId, Path, description = "The account's id.")),
    responses(
        (status = 200, description = "The account as it is now.", body = Person),
        Unauthenticated, OperatorsOnly, FormProblems, NoSuchPerson, LastOperator,
    )
)]
#[patch("/people/{id}")]
pub async fn change_person(
    state: Data<State>,
    InOrder(operator, PersonId(id), JsonForm(change)): InOrder<Operator, PersonId, JsonForm<PersonChange>>,
) -> Result<Json<Person>, ApiError> {
    let doing = operator.doing(change.note.clone());
    Ok(Json(state.administration.change_person(id, change, doing).await?))
}

/// Delete somebody.
///
/// The account goes with its keys and sessions. What was used of a plan stays used for whoever signs up with the address
/// again.
#[utoipa::path(
    operation_id = "delete_person", tag = "Operators", security(("session" = []), ("session_cookie" = [])),
    params(("id" = AccountId, Path, description = "The account's id.")),
    responses(
        (status = 204, description = "It is gone."), Unauthenticated, OperatorsOnly, NoSuchPerson, LastOperator,
    )
)]
#[delete("/people/{id}")]
pub async fn delete_person(
    state: Data<State>,
    InOrder(operator, PersonId(id), ()): InOrder<Operator, PersonId>,
) -> Result<HttpResponse, ApiError> {
    delete_with_keys(&state, id, &operator.doing(None)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Deletes somebody. First the account is shut, so that whatever fails half-way leaves it so. Where keys live in another
/// service, they are ended there before their rows go.
pub async fn delete_with_keys(state: &State, id: AccountId, doing: &Doing) -> Result<(), ApiError> {
    let block = PersonChange { blocked: Some(true), ..PersonChange::default() };
    state.administration.change_person(id, block, doing.clone()).await?;
    state.registry.release_account(id, doing.now).await?;
    Ok(state.administration.delete_person(id, doing.clone()).await?)
}

/// Make a link for a new password.
///
/// For somebody who can't sign in any more: good once, for an hour, and void after the next link or a change of the
/// password. Its secret is shown this once.
#[utoipa::path(
    operation_id = "create_reset_link", tag = "Operators", security(("session" = []), ("session_cookie" = [])),
    params(("id" = AccountId, Path, description = "The account's id.")),
    responses(
        (status = 201, description = "The link.", body = ResetLink), Unauthenticated, LinkNotAllowed, NoSuchPerson,
    )
)]
#[post("/people/{id}/reset_link")]
pub async fn create_reset_link(
    state: Data<State>,
    InOrder(operator, PersonId(id), ()): InOrder<Operator, PersonId>,
) -> Result<HttpResponse, ApiError> {
    let person = state.administration.person(id).await?.ok_or(access::AdministrationError::NotFound)?;
    if person.standing == Standing::Blocked {
        let detail = "This account is blocked, so that no link lets it in. Unblock it first.";
        return Err(ApiError::new(ProblemCode::AccountBlocked, detail));
    }
    let (token, now) = (ResetToken::new(), ambient::now());
    let expires_at = Timestamp::from_second(now.as_second() + RESET_LINK_SECONDS).map_err(ApiError::internal)?;
    state.administration.make_reset_link(id, token.digest(), expires_at, operator.doing(None)).await?;
    let url = format!("{}/reset#{}", state.config.place(), token.reveal());
    Ok(HttpResponse::Created().json(ResetLink { url, expires_at }))
}

/// List the audit.
///
/// What was done, by whom and to whom, newest first, in parts as the list of people.
#[utoipa::path(
    operation_id = "list_audit", tag = "Operators", security(("session" = []), ("session_cookie" = [])),
    params(
        ("subject" = Option<AccountId>, Query, description = "Only what was done to this account."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Most entries of this part; 100 if left out."),
        ("cursor" = Option<String>, Query, pattern = "^[0-9a-f]{16}$", description = "`next-cursor` of the part before."),
    ),
    responses(AuditListed, Unauthenticated, OperatorsOnly, InvalidFields)
)]
#[get("/audit")]
pub async fn list_audit(
    request: HttpRequest,
    state: Data<State>,
    InOrder(_operator, asked, ()): InOrder<Operator, AuditPart>,
) -> Result<HttpResponse, ApiError> {
    let entries = state.administration.audit(asked.before, asked.subject, asked.limit).await?;
    let next = entries.last().map(|last| format!("{:016x}", last.id));
    Ok(part(&request, &entries, asked.limit, next))
}

/// A part of a list; one that is full may have a next one.
fn part<T: Serialize>(request: &HttpRequest, entries: &[T], limit: u32, next: Option<String>) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    if let Some(next) = next.filter(|_| entries.len() == limit as usize) {
        // What was asked for, from where this part ends.
        let asked = url::form_urlencoded::parse(request.query_string().as_bytes());
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(asked.filter(|(name, _)| name != "cursor")).append_pair("cursor", &next);
        answer.insert_header((header::LINK, format!("<?{}>; rel=\"next\"", query.finish())));
        answer.insert_header((NEXT_CURSOR, next));
    }
    answer.json(entries)
}
