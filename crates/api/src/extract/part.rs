//! `?limit=…&cursor=…`: a part of the caller's keys, and where the next one begins.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use api_types::{FieldError, KeyEntry, KeyId, Reason, limits::LIST_PART_MAX};

use super::Cursor;
use crate::problem::ApiError;

/// Which part of the list is asked for; all of it where nothing is said.
#[derive(Debug, Default)]
pub struct KeysPart {
    limit: Option<usize>,
    after: Option<Cursor<KeyId>>,
}

impl KeysPart {
    /// This part of all keys, which come oldest first; and the query that asks for the next part, if there is one.
    #[must_use]
    pub fn of(self, mut keys: Vec<KeyEntry>) -> (Vec<KeyEntry>, Option<NextPart>) {
        if let Some(last_seen) = self.after {
            let place = keys.iter().position(|key| key.id == last_seen.id);
            // Of one that is gone, whatever was made in the same millisecond comes again rather than never.
            let begin = place.map(|place| place + 1);
            let begin = begin.unwrap_or_else(|| keys.partition_point(|key| created_at(key) < last_seen.created_at));
            keys.drain(..begin);
        }
        let Some(limit) = self.limit.filter(|limit| *limit < keys.len()) else { return (keys, None) };
        keys.truncate(limit);
        let cursor = keys.last().map(|last| Cursor::after(last.created_at, last.id));
        (keys, cursor.map(|cursor| NextPart { limit, cursor: cursor.to_text() }))
    }

    fn read(request: &HttpRequest) -> Result<Self, ApiError> {
        let (mut part, mut errors) = (Self::default(), Vec::new());
        for (name, value) in url::form_urlencoded::parse(request.query_string().as_bytes()) {
            let wrong = match name.as_ref() {
                "limit" => {
                    part.limit = value.parse().ok().filter(|limit| (1..=LIST_PART_MAX as usize).contains(limit));
                    part.limit.is_none().then_some(Reason::new("range", "Must be a whole number from 1 to 100."))
                }
                "cursor" => {
                    part.after = Cursor::parse(&value);
                    part.after.is_none().then_some(Reason::new("cursor", "Send a cursor as an answer gave it."))
                }
                _ => Some(Reason::new("unknown", "Unknown parameter; remove it.")),
            };
            let shown = || name.chars().take(64).collect::<String>();
            errors.extend(wrong.map(|reason| FieldError::new(&shown(), reason)));
        }
        if errors.is_empty() { Ok(part) } else { Err(ApiError::invalid(errors)) }
    }
}

impl FromRequest for KeysPart {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(request))
    }
}

/// How the next part is asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct NextPart {
    limit: usize,
    /// The cursor.
    pub cursor: String,
}

impl NextPart {
    /// The header `Link` (RFC 8288), relative to what was asked for: a proxy in front may serve us under any path.
    #[must_use]
    pub fn link(&self) -> String {
        format!("<keys?limit={}&cursor={}>; rel=\"next\"", self.limit, self.cursor)
    }
}

fn created_at(key: &KeyEntry) -> i64 {
    key.created_at.as_millisecond()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn read(query: &str) -> Result<KeysPart, ApiError> {
        KeysPart::read(&TestRequest::with_uri(&format!("/keys?{query}")).to_http_request())
    }

    #[test]
    fn a_bound_is_told_as_it_is() {
        assert_eq!(read(&format!("limit={LIST_PART_MAX}")).unwrap().limit, Some(LIST_PART_MAX as usize));
        let refused = read(&format!("limit={}", LIST_PART_MAX + 1)).unwrap_err();
        assert!(format!("{refused:?}").contains(&format!("to {LIST_PART_MAX}.")), "{refused:?}");
    }
}
