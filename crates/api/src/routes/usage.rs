//! `GET /keys/{id}/usage` and `/keys/{id}/usage.csv`: a key's usage by day, as JSON or CSV.

use std::fmt::Write as _;

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{self, HeaderValue},
    web::Data,
};
use api_types::{AccountId, Date, KeyId, ProblemCode, Reason, UsageDay, limits::USAGE_MAX_DAYS};

use crate::{
    accept, ambient,
    extract::{DayRange, InOrder, OwnKeyId, SignedIn},
    openapi::problems::{InvalidFields, NoSuchKey, NotAcceptable, Unauthenticated},
    problem::ApiError,
    state::State,
};

/// Days listed where the caller names none.
const DEFAULT_DAYS: i64 = 30;
const CSV: &str = "text/csv";

const FROM: &str = "First day; 29 days before `to` if left out. At most 366 days are listed at once.";
const TO: &str = "Last day, not before `from`; today in the plan's time zone if left out.";
/// What the CSV looks like.
const ROWS: &str = "date,used,refused,returned,limit\r\n2026-11-21,3,0,0,10\r\n";

/// List a key's usage by day.
///
/// Inclusive days in the plan's time zone; without a range the last 30. CSV for `Accept: text/csv`, or at `/keys/{id}/usage.csv`.
#[utoipa::path(
    operation_id = "list_usage", tag = "Keys", security(("session" = []), ("session_cookie" = [])),
    params(
        ("id" = KeyId, Path, description = "The key's id."),
        ("from" = Option<String>, Query, format = Date, description = FROM, example = "2026-11-01"),
        ("to" = Option<String>, Query, format = Date, description = TO, example = "2026-11-30"),
    ),
    responses(
        (status = 200, description = "One row per day.", body = Vec<UsageDay>),
        Unauthenticated, NoSuchKey, NotAcceptable, InvalidFields,
    )
)]
#[get("/keys/{id}/usage")]
pub async fn list_usage(
    request: HttpRequest,
    state: Data<State>,
    InOrder(SignedIn(session), OwnKeyId(key), range): InOrder<SignedIn, OwnKeyId, DayRange>,
) -> Result<HttpResponse, ApiError> {
    let Some(kind) = accept::best(&request, &["application/json", CSV]) else {
        return Err(ApiError::new(ProblemCode::NotAcceptable, "Usage comes as application/json or text/csv."));
    };
    let days = days(&state, (session.account.id, key), range).await?;
    let mut answer = if kind == CSV { csv(&days) } else { HttpResponse::Ok().json(days) };
    answer.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    Ok(answer)
}

/// List a key's usage by day as CSV.
///
/// The rows of `GET /keys/{id}/usage`, for clients that can't choose by `Accept`.
#[utoipa::path(
    operation_id = "list_usage_csv", tag = "Keys", security(("session" = []), ("session_cookie" = [])),
    params(
        ("id" = KeyId, Path, description = "The key's id."),
        ("from" = Option<String>, Query, format = Date, description = FROM, example = "2026-11-01"),
        ("to" = Option<String>, Query, format = Date, description = TO, example = "2026-11-30"),
    ),
    responses(
        (status = 200, description = "A header line, then one line per day.",
            content((String = "text/csv", example = json!(ROWS)))),
        Unauthenticated, NoSuchKey, InvalidFields,
    )
)]
#[get("/keys/{id}/usage.csv")]
pub async fn list_usage_csv(
    state: Data<State>,
    InOrder(SignedIn(session), OwnKeyId(key), range): InOrder<SignedIn, OwnKeyId, DayRange>,
) -> Result<HttpResponse, ApiError> {
    Ok(csv(&days(&state, (session.account.id, key), range).await?))
}

async fn days(state: &State, (account, key): (AccountId, KeyId), range: DayRange) -> Result<Vec<UsageDay>, ApiError> {
    let to = match range.to {
        Some(to) => to,
        None => state.registry.today(account, key, ambient::now()).await?,
    };
    let (from, to) = bounded(range.from, to)?;
    Ok(state.registry.usage(account, key, from, to).await?)
}

fn bounded(from: Option<Date>, to: Date) -> Result<(Date, Date), ApiError> {
    let from = from.unwrap_or_else(|| to.saturating_sub(jiff::Span::new().days(DEFAULT_DAYS - 1)));
    if from > to {
        return Err(ApiError::invalid_field("from", Reason::new("range", "Must not be after to.")));
    }
    let days = to.since(from).map_or(i32::MAX, |span| span.get_days()).saturating_add(1);
    if days > USAGE_MAX_DAYS {
        return Err(ApiError::invalid_field("from", Reason::new("range", "Ask for at most 366 days at once.")));
    }
    Ok((from, to))
}

fn csv(days: &[UsageDay]) -> HttpResponse {
    let mut text = String::from("date,used,refused,returned,limit\r\n");
    for day in days {
        let limit = day.limit.map(|limit| limit.to_string()).unwrap_or_default();
        let UsageDay { date, used, refused, returned, .. } = day;
        // Writing to a String can't fail.
        let _ = write!(text, "{date},{used},{refused},{returned},{limit}\r\n");
    }
    HttpResponse::Ok().content_type("text/csv; charset=utf-8").body(text)
}
