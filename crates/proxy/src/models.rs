//! The upstream's list of models, cut to those that may be used.

use bytes::Bytes;
use serde_json::Value;
use tokio::time::timeout;

use crate::{
    Client, Failure, Secret,
    answer::head::refuse_coding,
    relay::{read_bounded, refused},
    request::authorise,
};

/// Longest list that is read, in bytes: OpenAI's has about 15 KB, aggregators' a few hundred.
const LIST_MAX: usize = 4 * 1024 * 1024;

/// Asks the upstream for its models and gives the list as JSON in OpenAI's form, without those that aren't `allowed`.
/// Costs nothing, so that no guard follows it; dropping the future ends it.
///
/// # Errors
/// When the upstream can't be asked or answers with anything but a list.
pub async fn models(
    client: &Client,
    allowed: Option<&[String]>,
    caller_key: Option<&Secret>,
) -> Result<Bytes, Failure> {
    let models = ask(client, allowed, caller_key).await?;
    Ok(serde_json::json!({"object": "list", "data": models}).to_string().into())
}

/// One of those models, as JSON; `None` when the list doesn't hold it. The list is what is asked for: many servers have
/// no call for one model, or none that takes a name with slashes.
///
/// # Errors
/// As for [`models`]. A model that isn't allowed is `None` without asking.
pub async fn model(
    client: &Client,
    id: &str,
    allowed: Option<&[String]>,
    caller_key: Option<&Secret>,
) -> Result<Option<Bytes>, Failure> {
    if allowed.is_some_and(|allowed| allowed.iter().all(|name| name != id)) {
        return Ok(None);
    }
    let models = ask(client, allowed, caller_key).await?;
    Ok(models.into_iter().find(|model| name(model) == Some(id)).map(|model| model.to_string().into()))
}

async fn ask(client: &Client, allowed: Option<&[String]>, caller_key: Option<&Secret>) -> Result<Vec<Value>, Failure> {
    let upstream = client.upstream();
    let mut head = client.head("GET", "/models");
    authorise(&mut head, &upstream.credential, caller_key);
    let wait = upstream.timeouts.first_byte.min(upstream.timeouts.idle);
    let sent = timeout(wait, client.send(head, Bytes::new(), || {}));
    let response = sent.await.map_err(|_| Failure::HeadTimeout)??;
    if !response.status.is_success() {
        return Err(refused(upstream, response, caller_key).await);
    }
    refuse_coding(&response)?;
    let body = timeout(wait, read_bounded(response, LIST_MAX)).await;
    let body = body.unwrap_or_else(|_| Err("it didn't come in time".to_owned()));
    body.and_then(|body| cut(&body, allowed)).map_err(|cause| Failure::BadList { cause })
}

fn name(model: &Value) -> Option<&str> {
    model.get("id").and_then(Value::as_str)
}

/// The models of a list that may be used: OpenAI's object with `data`, or a bare array, as some servers send it.
fn cut(list: &[u8], allowed: Option<&[String]>) -> Result<Vec<Value>, String> {
    // The parser's own words are about the upstream's bytes: line and column, never content.
    let list: Value = serde_json::from_slice(list).map_err(|error| error.to_string())?;
    let models = match list {
        Value::Array(models) => models,
        Value::Object(mut list) => match list.remove("data") {
            Some(Value::Array(models)) => models,
            _ => return Err("it has no list named data".to_owned()),
        },
        _ => return Err("it is no list".to_owned()),
    };
    let may_be_used = |model: &Value| match (name(model), allowed) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(id), Some(allowed)) => allowed.iter().any(|name| name == id),
    };
    Ok(models.into_iter().filter(may_be_used).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_is_cut_to_the_allowed_models_and_keeps_their_fields() {
        let list = br#"{"object":"list","data":[{"id":"a","x":1},{"id":"b"},{"no":"id"}],"extra":1}"#;
        let bare = br#"[{"id":"a","x":1},{"id":"b"},{"no":"id"},"c"]"#;
        let allowed = ["a".to_owned(), "c".to_owned()];
        for list in [&list[..], bare] {
            assert_eq!(cut(list, None).unwrap(), [json!({"id": "a", "x": 1}), json!({"id": "b"})]);
            assert_eq!(cut(list, Some(&allowed)).unwrap(), [json!({"id": "a", "x": 1})]);
        }
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for bytes in [&b"<html>"[..], b"{}", b"1", b"{\"data\":1}"] {
            assert!(cut(bytes, None).is_err());
        }
    }
}
