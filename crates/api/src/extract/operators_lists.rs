//! Which people, and which entries of the audit, an operator asks for.

use std::future::{Ready, ready};

use access::PeopleQuery;
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use api_types::{AccountId, FieldError, Reason, Standing, Timestamp, limits::LIST_PART_MAX};

use super::cursor::Cursor;
use crate::problem::ApiError;

/// Most characters of an address that are searched for.
const SEARCH_MAX_CHARS: usize = 254;

/// `?search=…&standing=…&operators=…&limit=…&cursor=…`: which people.
pub struct PeoplePart(pub PeopleQuery);

impl FromRequest for PeoplePart {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut query = PeopleQuery { limit: LIST_PART_MAX, ..PeopleQuery::default() };
        let read = read(request, |name, value| match name {
            "search" => put(&mut query.search, search(value)),
            "standing" => put(&mut query.standing, standing(value)),
            "operators" => {
                let read = value.parse().map_err(|_| Reason::new("type", "Must be true or false."));
                put(&mut query.operators, read)
            }
            "limit" => put(&mut query.limit, limit(value)),
            "cursor" => put(&mut query.after, after(value)),
            _ => Some(UNKNOWN),
        });
        ready(read.map(|()| Self(query)))
    }
}

/// `?subject=…&limit=…&cursor=…`: which entries.
pub struct AuditPart {
    /// Those before this one.
    pub before: Option<u64>,
    /// Those of this account.
    pub subject: Option<AccountId>,
    /// At most so many.
    pub limit: u32,
}

impl FromRequest for AuditPart {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut part = Self { before: None, subject: None, limit: LIST_PART_MAX };
        let read = read(request, |name, value| match name {
            "subject" => {
                let wrong = Reason::new("id", "Must be an account's id, acc_ and 26 characters.");
                put(&mut part.subject, value.parse().map(Some).map_err(|_| wrong))
            }
            "limit" => put(&mut part.limit, limit(value)),
            "cursor" => put(&mut part.before, before(value)),
            _ => Some(UNKNOWN),
        });
        ready(read.map(|()| part))
    }
}

const UNKNOWN: Reason = Reason::new("unknown", "Unknown parameter; remove it.");
const CURSOR: Reason = Reason::new("cursor", "Send a cursor as an answer gave it.");

fn search(value: &str) -> Result<String, Reason> {
    if value.chars().count() > SEARCH_MAX_CHARS {
        return Err(Reason::new("length", "Use at most 254 characters."));
    }
    Ok(value.trim().to_ascii_lowercase())
}

fn standing(value: &str) -> Result<Option<Standing>, Reason> {
    let all = [Standing::Active, Standing::Waiting, Standing::Blocked];
    let found = all.into_iter().find(|standing| standing.as_str() == value);
    found.map(Some).ok_or(Reason::new("unknown", "Must be active, waiting or blocked."))
}

fn after(value: &str) -> Result<Option<(Timestamp, AccountId)>, Reason> {
    let last = Cursor::<AccountId>::parse(value).ok_or(CURSOR)?;
    // Nobody signed up at a time that no clock of ours shows.
    let created_at = Timestamp::from_millisecond(last.created_at.max(0)).unwrap_or(Timestamp::MAX);
    Ok(Some((created_at, last.id)))
}

fn before(value: &str) -> Result<Option<u64>, Reason> {
    let is_ours = value.len() == 16 && value.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
    let read = is_ours.then(|| u64::from_str_radix(value, 16).ok()).flatten();
    read.map(Some).ok_or(CURSOR)
}

fn limit(value: &str) -> Result<u32, Reason> {
    let limit = value.parse().ok().filter(|limit| (1..=LIST_PART_MAX).contains(limit));
    limit.ok_or(Reason::new("range", "Must be a whole number from 1 to 100."))
}

/// Puts what was read in its place; what is wrong otherwise.
fn put<T>(place: &mut T, read: Result<T, Reason>) -> Option<Reason> {
    read.map(|value| *place = value).err()
}

/// Takes each parameter; all that is wrong is told at once.
fn read(request: &HttpRequest, mut take: impl FnMut(&str, &str) -> Option<Reason>) -> Result<(), ApiError> {
    let mut errors = Vec::new();
    for (name, value) in url::form_urlencoded::parse(request.query_string().as_bytes()) {
        let shown = || name.chars().take(64).collect::<String>();
        errors.extend(take(&name, &value).map(|reason| FieldError::new(&shown(), reason)));
    }
    if errors.is_empty() { Ok(()) } else { Err(ApiError::invalid(errors)) }
}
