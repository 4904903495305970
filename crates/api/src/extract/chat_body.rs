//! A request body of the data plane, read whole and bounded; what it means, the proxy parses.

use std::time::Duration;

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header, web::Bytes};
use futures_util::future::LocalBoxFuture;

use super::body::{self, Unreadable};
use crate::openai_error::OpenAiError;

/// How long a body may take to arrive: 20 MiB at 350 kB/s.
const READ_TIME: Duration = Duration::from_secs(60);

/// The bytes of a body within `limits.chat_body_max_bytes`, decoded.
pub struct ChatBody(pub Bytes);

impl FromRequest for ChatBody {
    type Error = OpenAiError;
    type Future = LocalBoxFuture<'static, Result<Self, OpenAiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let state = super::state(&request).map_err(OpenAiError::internal)?;
            let most = state.config.limits.chat_body_max_bytes;
            let bytes = body::read(&request, payload, most, READ_TIME).await.map_err(|why| match why {
                Unreadable::TooLarge => OpenAiError::request_too_large(most),
                Unreadable::TooSlow => OpenAiError::request_timeout(),
                Unreadable::Broken => OpenAiError::invalid_body("The request body could not be read.", None),
                Unreadable::UnknownCoding => OpenAiError::unsupported_coding(),
                Unreadable::WronglyCoded => {
                    OpenAiError::invalid_body("The request body isn't coded as its Content-Encoding says.", None)
                }
            })?;
            if may_be_json(&request) { Ok(Self(bytes)) } else { Err(OpenAiError::unsupported_content_type()) }
        })
    }
}

/// Whether a body may be JSON by what it says of itself; what says nothing is meant to be.
fn may_be_json(request: &HttpRequest) -> bool {
    let Some(kind) = request.headers().get(header::CONTENT_TYPE) else { return true };
    let kind = kind.to_str().ok().and_then(|kind| kind.split(';').next()).unwrap_or_default();
    let kind = kind.trim().to_ascii_lowercase();
    let is_json = |kind: &str| kind == "json" || kind.ends_with("+json");
    kind.is_empty() || kind.strip_prefix("application/").is_some_and(is_json)
}
