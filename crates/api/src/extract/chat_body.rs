//! A request body of the data plane, read whole and bounded; what it means, the proxy parses.

use std::{future::Future, pin::Pin, time::Duration};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header,
    web::{Bytes, BytesMut},
};
use futures_util::StreamExt as _;

use crate::openai_error::OpenAiError;

/// How long a body may take to arrive: 20 MiB at 350 kB/s.
const READ_TIME: Duration = Duration::from_secs(60);

/// The bytes of a body within `limits.chat_body_max_bytes`. All of it is read before anything else is waited for: an
/// unread body would hide that the client left.
pub struct ChatBody(pub Bytes);

impl FromRequest for ChatBody {
    type Error = OpenAiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, OpenAiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            let state = super::signed_in::state(&request).map_err(OpenAiError::internal)?;
            let most = state.config.limits.chat_body_max_bytes;
            let said =
                request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
            if said.is_some_and(|length: usize| length > most) {
                return Err(OpenAiError::request_too_large(most));
            }
            let read = tokio::time::timeout(READ_TIME, read(payload, most));
            read.await.map_err(|_| OpenAiError::request_timeout())?.map(Self)
        })
    }
}

async fn read(mut payload: Payload, most: usize) -> Result<Bytes, OpenAiError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| OpenAiError::invalid_body("The request body could not be read.", None))?;
        if body.len() + chunk.len() > most {
            return Err(OpenAiError::request_too_large(most));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
