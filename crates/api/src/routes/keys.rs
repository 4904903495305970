//! `POST /create_key` and `/keys`: the caller's API keys.

use std::time::Duration;

use access::{Creation, KeySecret, NewKey};
use actix_web::{
    HttpResponse, delete, get,
    http::header::{self, HeaderName, HeaderValue},
    patch, post,
    web::{Data, Json},
};
use api_types::{
    CreateKey, CreatedKey, KeyChange, KeyEntry, KeyId, PlanName, ProblemCode, RotateKey, Standing, SubscriptionId,
};

use crate::{
    ambient,
    extract::{IdempotencyKey, InOrder, JsonForm, KeysPart, OptionalJsonForm, OwnKeyId, SignedIn},
    openapi::{
        answers::{KeyCreated, KeyShown, KeysListed},
        problems::{
            ChangeProblems, CreateFailed, FormProblems, InvalidFields, KeyAlreadyExists, KeyNotAllowed,
            KeyRequestRefused, NoSuchKey, TooManyOldValues, Unauthenticated, UnknownPlan,
        },
    },
    problem::ApiError,
    state::State,
};

/// Name of the header with the cursor of a list's next part.
const NEXT_CURSOR: HeaderName = HeaderName::from_static("next-cursor");

/// Name of the header of an answer that was given before.
const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Create an API key on a plan.
///
/// One key per account and plan. The value is shown this once; all or nothing is created. Whoever may lose the answer names
/// the call by an `Idempotency-Key`, a new one for each key: repeated under it within 24 hours, the call gives the same
/// answer and makes no other key, also when the key was rotated or revoked since.
#[utoipa::path(
    operation_id = "create_key", tag = "Keys", security(("session" = []), ("session_cookie" = [])), request_body = CreateKey,
    params(("idempotency-key" = Option<String>, Header, nullable = false, min_length = 1, max_length = 255, pattern = "^[!-~]+$",
        description = "A name for this call, such as a UUID.", example = "7a1d1f0c-5a0e-4a3c-9a53-0e0b7c7b6f64")),
    responses(
        KeyCreated, ChangeProblems, FormProblems, KeyNotAllowed, UnknownPlan, KeyAlreadyExists, KeyRequestRefused,
        CreateFailed,
    )
)]
#[post("/create_key")]
pub async fn create_key(
    state: Data<State>,
    InOrder(SignedIn(session), IdempotencyKey(name), JsonForm(form)): InOrder<
        SignedIn,
        IdempotencyKey,
        JsonForm<CreateKey>,
    >,
) -> Result<HttpResponse, ApiError> {
    let account = session.account;
    if account.standing == Standing::Waiting {
        let detail = "Your account waits for an operator's approval; keys come after that.";
        return Err(ApiError::new(ProblemCode::AccountWaiting, detail));
    }
    if form.user.as_ref().is_some_and(|user| *user != account.email) {
        let detail = "Keys are made for oneself: leave user out, or send your own email address.";
        return Err(ApiError::new(ProblemCode::NotYourself, detail));
    }
    let request = serde_json::to_vec(&form).map_err(ApiError::internal)?;
    let secret_of = |id| match &name {
        Some(name) => KeySecret::new(id, state.owner_key.value_bits(id, name)),
        None => new_secret(id),
    };
    let secret = secret_of(KeyId::from_random(ambient::random()));
    let new = NewKey {
        secret: &secret,
        account: account.id,
        owner: state.owner(&account.email),
        plan_name: form.plan_name.clone(),
        subscription: SubscriptionId::from_random(ambient::random()),
        max_keys: state.config.accounts.max_subscriptions,
        call: name.as_ref().map(|name| state.owner_key.call(account.id, name, &request)),
        now: ambient::now(),
    };
    match state.registry.create_key(new).await? {
        Creation::Made => Ok(shown_once(secret, form.plan_name)),
        Creation::MadeBefore(id) => {
            let mut answer = shown_once(secret_of(id), form.plan_name);
            answer.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
            Ok(answer)
        }
    }
}

fn new_secret(id: KeyId) -> KeySecret {
    KeySecret::new(id, ambient::random())
}

fn shown_once(secret: KeySecret, plan_name: PlanName) -> HttpResponse {
    let id = secret.id();
    HttpResponse::Ok().json(CreatedKey { value: secret.reveal(), id, plan_name })
}

/// List one's keys.
///
/// Oldest first, each with its quota as it stands. All at once, or with `limit` in parts: as long as there is a next one,
/// the answer says in `next-cursor` what to send as `cursor`.
#[utoipa::path(
    operation_id = "list_keys", tag = "Keys", security(("session" = []), ("session_cookie" = [])),
    params(
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Most keys of this part; all if left out."),
        ("cursor" = Option<String>, Query, pattern = "^[0-9a-f]{16}[a-z2-7]{25}[aeimquy4]$",
            description = "`next-cursor` of the part before."),
    ),
    responses(KeysListed, Unauthenticated, InvalidFields)
)]
#[get("/keys")]
pub async fn list_keys(
    state: Data<State>,
    InOrder(SignedIn(session), part, ()): InOrder<SignedIn, KeysPart>,
) -> Result<HttpResponse, ApiError> {
    let (keys, next) = part.of(state.registry.keys(session.account.id, ambient::now()).await?);
    let mut answer = HttpResponse::Ok();
    if let Some(next) = next {
        answer.insert_header((header::LINK, next.link()));
        answer.insert_header((NEXT_CURSOR, next.cursor));
    }
    Ok(answer.json(keys))
}

/// Enable, disable or label a key.
///
/// What is left out stays. Disabling ends the old values too; enabled again, the key works by its newest alone.
#[utoipa::path(
    operation_id = "change_key", tag = "Keys", security(("session" = []), ("session_cookie" = [])), request_body = KeyChange,
    params(("id" = KeyId, Path, description = "The key's id.")),
    responses(
        (status = 200, description = "The key as it is now.", body = KeyEntry), ChangeProblems, FormProblems, NoSuchKey,
    )
)]
#[patch("/keys/{id}")]
pub async fn change_key(
    state: Data<State>,
    InOrder(SignedIn(session), OwnKeyId(id), JsonForm(change)): InOrder<SignedIn, OwnKeyId, JsonForm<KeyChange>>,
) -> Result<Json<KeyEntry>, ApiError> {
    Ok(Json(state.registry.change_key(session.account.id, id, change, ambient::now()).await?))
}

/// Replace a key's value.
///
/// Id, plan and count stay. The old value works until the grace ends; without one it ends now. Values from before keep
/// the grace that they were promised, at most four of them: where another has no room, the answer is 409 and says until
/// when. Disabling or revoking the key ends them all.
#[utoipa::path(
    operation_id = "rotate_key", tag = "Keys", security(("session" = []), ("session_cookie" = [])),
    request_body = Option<RotateKey>, params(("id" = KeyId, Path, description = "The key's id.")),
    responses(KeyShown, ChangeProblems, FormProblems, NoSuchKey, TooManyOldValues, CreateFailed)
)]
#[post("/keys/{id}/rotate")]
pub async fn rotate_key(
    state: Data<State>,
    InOrder(SignedIn(session), OwnKeyId(id), OptionalJsonForm(form)): InOrder<
        SignedIn,
        OwnKeyId,
        OptionalJsonForm<RotateKey>,
    >,
) -> Result<HttpResponse, ApiError> {
    let (now, secret) = (ambient::now(), new_secret(id));
    let grace = Duration::from_secs(form.grace_seconds.into());
    let old_value_until = (!grace.is_zero()).then(|| now.saturating_add(grace).unwrap_or(now));
    let plan_name = state.registry.rotate_key(session.account.id, &secret, old_value_until, now).await?;
    Ok(shown_once(secret, plan_name))
}

/// Revoke a key for good.
///
/// The first request after the answer is refused. The plan's count stays.
#[utoipa::path(
    operation_id = "revoke_key", tag = "Keys", security(("session" = []), ("session_cookie" = [])),
    params(("id" = KeyId, Path, description = "The key's id.")),
    responses((status = 204, description = "It no longer works."), ChangeProblems, NoSuchKey)
)]
#[delete("/keys/{id}")]
pub async fn revoke_key(
    state: Data<State>,
    InOrder(SignedIn(session), OwnKeyId(id), ()): InOrder<SignedIn, OwnKeyId>,
) -> Result<HttpResponse, ApiError> {
    state.registry.revoke_key(session.account.id, id, ambient::now()).await?;
    Ok(HttpResponse::NoContent().finish())
}
