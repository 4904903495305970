//! A JSON body read into a typed form, every wrong field named at once.

use std::time::Duration;

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header, web::Bytes};
use api_types::{Form, ProblemCode, limits::FORM_MAX_BYTES, read_form};
use futures_util::future::LocalBoxFuture;

use super::body::{self, Unreadable};
use crate::problem::ApiError;

/// How long a form may take to arrive.
const READ_TIME: Duration = Duration::from_secs(30);

/// A form that must be sent.
///
/// Errors: 415 unless marked as JSON or where coded as we can't decode, 413 above 64 KiB, 400 for what isn't JSON, 422 for wrong fields.
pub struct JsonForm<F>(pub F);

/// A form that may be left out altogether: an empty body is `{}`.
pub struct OptionalJsonForm<F>(pub F);

impl<F: Form> FromRequest for JsonForm<F> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move { parse(&request, &read(&request, payload).await?).map(Self) })
    }
}

impl<F: Form> FromRequest for OptionalJsonForm<F> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let body = read(&request, payload).await?;
            if body.is_empty() {
                let empty = serde_json::Value::Object(serde_json::Map::new());
                return read_form(empty).map(Self).map_err(ApiError::invalid);
            }
            parse(&request, &body).map(Self)
        })
    }
}

fn parse<F: Form>(request: &HttpRequest, body: &[u8]) -> Result<F, ApiError> {
    if !is_json(request) {
        let detail = "Send JSON, marked with the header 'content-type: application/json'.";
        return Err(ApiError::new(ProblemCode::UnsupportedMediaType, detail));
    }
    let value = serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        ApiError::new(ProblemCode::InvalidJson, format!("The body isn't JSON (line {line}, column {column})."))
    })?;
    read_form(value).map_err(ApiError::invalid)
}

fn is_json(request: &HttpRequest) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

async fn read(request: &HttpRequest, payload: Payload) -> Result<Bytes, ApiError> {
    body::read(request, payload, FORM_MAX_BYTES, READ_TIME).await.map_err(|why| match why {
        Unreadable::TooLarge => {
            let detail = format!("The body is larger than {FORM_MAX_BYTES} bytes.");
            ApiError::new(ProblemCode::BodyTooLarge, detail)
        }
        Unreadable::TooSlow => ApiError::new(ProblemCode::InvalidJson, "The body did not arrive in time."),
        Unreadable::Broken => ApiError::new(ProblemCode::InvalidJson, "The body could not be read."),
        Unreadable::UnknownCoding => ApiError::unsupported_coding(),
        Unreadable::WronglyCoded => {
            ApiError::new(ProblemCode::InvalidJson, "The body isn't coded as its Content-Encoding says.")
        }
    })
}
