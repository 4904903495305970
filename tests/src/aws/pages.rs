//! Lists in pages, as the control plane gives them.

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use super::{
    answer::{Answered, AwsError, Reply},
    request::Request,
};

const DEFAULT_PAGE: i64 = 25;
const LARGEST_PAGE: i64 = 500;

/// The entries of a page by their key, and the position of the next page.
pub(crate) type Page = (Vec<(String, Value)>, Option<String>);

/// The page of `entries`, sorted by their key, that the request asks for, and the position of the next.
///
/// A position names the last entry given, so what is created or deleted between two pages moves nothing. A limit
/// beneath 1 gives an empty page, as AWS does.
pub(crate) fn page(request: &Request, entries: impl IntoIterator<Item = (String, Value)>) -> Result<Page, AwsError> {
    let limit = match request.query("limit") {
        None => DEFAULT_PAGE,
        Some(text) => {
            text.parse::<i64>().map_err(|_| AwsError::bad_request(format!("Invalid limit parameter: {text}")))?
        }
    };
    let after = request.query("position").map(last_given).transpose()?;
    let size = usize::try_from(limit.min(LARGEST_PAGE)).unwrap_or_default();
    let mut entries: Vec<_> = entries.into_iter().collect();
    entries.sort_by(|(one, _), (other, _)| one.cmp(other));
    entries.retain(|(key, _)| after.as_ref().is_none_or(|after| key > after));
    let more = entries.len() > size;
    entries.truncate(size);
    let position = entries.last().filter(|_| more).map(|(key, _)| BASE64URL_NOPAD.encode(key.as_bytes()));
    Ok((entries, position))
}

fn last_given(position: &str) -> Result<String, AwsError> {
    let bytes = BASE64URL_NOPAD.decode(position.as_bytes()).ok();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| AwsError::bad_request("Invalid position"))
}

/// A list as API Gateway gives it: entries under `item`, and `position` while there are more.
pub(crate) fn list(request: &Request, entries: impl IntoIterator<Item = (String, Value)>) -> Answered {
    let (entries, position) = page(request, entries)?;
    let items: Vec<_> = entries.into_iter().map(|(_, entry)| entry).collect();
    let mut body = json!({"item": items});
    if let Some(position) = position {
        body["position"] = position.into();
    }
    Ok(Reply::json(200, &body))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(count: usize) -> Vec<(String, Value)> {
        (0..count).map(|n| (format!("{n:04}"), json!(n))).collect()
    }

    fn pages(count: usize, limit: Option<&str>) -> Vec<usize> {
        let (mut sizes, mut position) = (Vec::new(), None);
        loop {
            let mut query: Vec<(&str, &str)> = limit.map(|limit| ("limit", limit)).into_iter().collect();
            query.extend(position.as_deref().map(|position| ("position", position)));
            let request = Request::internal("GET", "/apikeys", &Value::Null).with_query(&query);
            let (page, next) = page(&request, entries(count)).unwrap();
            sizes.push(page.len());
            match next {
                None => return sizes,
                next => position = next,
            }
        }
    }

    #[test]
    fn a_page_has_25_entries_unless_asked_and_500_at_most() {
        assert_eq!(pages(60, None), [25, 25, 10]);
        assert_eq!(pages(25, None), [25]);
        assert_eq!(pages(1_000, Some("500")), [500, 500]);
        assert_eq!(pages(501, Some("9000")), [500, 1]);
        assert_eq!(pages(3, Some("-1")), [0]);
        assert_eq!(pages(0, None), [0]);
    }

    #[test]
    fn an_entry_deleted_between_two_pages_moves_no_other() {
        let ask = |query: &[(&str, &str)], entries| {
            page(&Request::internal("GET", "/apikeys", &Value::Null).with_query(query), entries).unwrap()
        };
        let (_, position) = ask(&[("limit", "2")], entries(4));
        let without_the_second: Vec<_> = entries(4).into_iter().filter(|(key, _)| key != "0001").collect();
        let (rest, _) = ask(&[("limit", "2"), ("position", &position.unwrap())], without_the_second);
        assert_eq!(rest, entries(4)[2..]);
    }

    #[test]
    fn a_position_that_was_never_given_is_refused() {
        let request = Request::internal("GET", "/apikeys", &Value::Null).with_query(&[("position", "!")]);
        assert_eq!(page(&request, entries(1)).unwrap_err().code, "BadRequestException");
    }
}
