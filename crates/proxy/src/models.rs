//! The upstream's list of models, cut to those that may be used.

use awc::http::Method;
use bytes::Bytes;
use serde_json::Value;
use tokio::time::timeout;

use crate::{
    Client, Failure, Secret,
    relay::{read_bounded, refuse_coding, refused},
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
    let upstream = client.upstream();
    let request = authorise(client.request(Method::GET, "/models"), &upstream.credential, caller_key);
    let wait = upstream.timeouts.first_byte.min(upstream.timeouts.idle);
    let response = timeout(wait, request.send()).await.map_err(|_| Failure::HeadTimeout)??;
    let status = response.status();
    if !status.is_success() {
        return Err(refused(upstream, response, caller_key).await);
    }
    if let Some(coded) = refuse_coding(&response) {
        return Err(coded);
    }
    let body = timeout(wait, read_bounded(response, LIST_MAX)).await;
    let body = body.unwrap_or_else(|_| Err("it didn't come in time".to_owned()));
    body.and_then(|body| cut(&body, allowed)).map_err(|cause| Failure::BadList { cause })
}

fn cut(list: &[u8], allowed: Option<&[String]>) -> Result<Bytes, String> {
    // The parser's own words are about the upstream's bytes: line and column, never content.
    let list: Value = serde_json::from_slice(list).map_err(|error| error.to_string())?;
    let Some(Value::Array(models)) = list.get("data") else {
        return Err("it has no list named data".to_owned());
    };
    let may_be_used = |model: &&Value| match (model.get("id").and_then(Value::as_str), allowed) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(id), Some(allowed)) => allowed.iter().any(|name| name == id),
    };
    let models: Vec<&Value> = models.iter().filter(may_be_used).collect();
    Ok(serde_json::json!({"object": "list", "data": models}).to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_cut_to_the_allowed_models_and_keeps_their_fields() {
        let list = br#"{"object":"list","data":[{"id":"a","x":1},{"id":"b"},{"no":"id"}],"extra":1}"#;
        assert_eq!(cut(list, None).unwrap(), r#"{"data":[{"id":"a","x":1},{"id":"b"}],"object":"list"}"#);
        let allowed = ["a".to_owned(), "c".to_owned()];
        assert_eq!(cut(list, Some(&allowed)).unwrap(), r#"{"data":[{"id":"a","x":1}],"object":"list"}"#);
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for bytes in [&b"<html>"[..], b"{}", b"[]", b"{\"data\":1}"] {
            assert!(cut(bytes, None).is_err());
        }
    }
}
