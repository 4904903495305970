//! The outermost middleware: request id, panic net, problem bodies, security headers and the access log.

use std::{panic::AssertUnwindSafe, time::Instant};

use actix_web::{
    Error, HttpMessage as _, HttpResponse, ResponseError as _,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    error::InternalError,
    http::header::{self, HeaderName, HeaderValue},
    middleware::Next,
    web::Data,
};
use api_types::{ProblemCode, RequestId};
use futures_util::FutureExt as _;

use crate::{ambient, openai_error::OpenAiError, problem::ApiError, shutdown::Shutdown};

/// Name of the header that carries the request's id.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Whether a path belongs to the data plane, which speaks OpenAI's error envelope.
#[must_use]
pub fn is_data_plane(path: &str) -> bool {
    path == "/v1" || path.starts_with("/v1/")
}

/// Answers one request; see the module.
///
/// # Errors
/// After a panic, as actix wants it: the error holds the finished answer.
pub async fn answer(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let id = RequestId::from_random(ambient::random());
    request.extensions_mut().insert(id);
    // The query is left out: it may hold what doesn't belong in a log.
    let (method, path) = (request.method().clone(), request.path().to_owned());
    let log = move |status: u16| {
        let duration_ms = started.elapsed().as_millis();
        tracing::info!(target: "access", { request.id = %id, %method, path, status, duration_ms }, "answered");
    };
    let data_plane = is_data_plane(request.path());
    let shutdown = request.app_data::<Data<Shutdown>>().cloned();
    let _in_flight = shutdown.as_ref().map(|shutdown| shutdown.enter());
    if shutdown.is_some_and(|shutdown| shutdown.is_draining()) {
        let answer = finish(error_answer(&shutting_down(data_plane), id), id);
        log(answer.status().as_u16());
        return Ok(request.into_response(answer));
    }
    match AssertUnwindSafe(next.call(request)).catch_unwind().await {
        Ok(result) => {
            let mut response = result?.map_into_boxed_body();
            if let Some(rendered) = response.response().error().map(|error| error_answer(error, id)) {
                response = response.into_response(rendered);
            }
            let (request, answer) = response.into_parts();
            let answer = finish(answer, id);
            log(answer.status().as_u16());
            Ok(ServiceResponse::new(request, answer))
        }
        Err(_) => {
            let answer = finish(error_answer(&panicked(data_plane), id), id);
            log(answer.status().as_u16());
            Err(InternalError::from_response("a handler panicked", answer).into())
        }
    }
}

fn shutting_down(data_plane: bool) -> Error {
    if data_plane {
        return OpenAiError::shutting_down().into();
    }
    let detail = "This server is shutting down. Please try again.";
    ApiError::new(ProblemCode::ShuttingDown, detail).retry_after(1).into()
}

fn panicked(data_plane: bool) -> Error {
    let cause = "a handler panicked";
    if data_plane { OpenAiError::internal(cause).into() } else { ApiError::internal(cause).into() }
}

/// The answer to an error, its cause logged.
fn error_answer(error: &Error, id: RequestId) -> HttpResponse {
    log_cause(id, error);
    match error.as_error::<ApiError>() {
        Some(error) => error.render(id),
        None => error.error_response(),
    }
}

fn log_cause(id: RequestId, error: &Error) {
    let cause = match (error.as_error::<ApiError>(), error.as_error::<OpenAiError>()) {
        (Some(error), _) => error.cause().map(|cause| (error.status_code(), cause)),
        (_, Some(error)) => error.cause().map(|cause| (error.status_code(), cause)),
        _ => None,
    };
    match cause {
        Some((status, cause)) if status.is_server_error() => tracing::error!(request.id = %id, cause, "request failed"),
        Some((_, cause)) => tracing::info!(request.id = %id, cause, "request refused"),
        None => {}
    }
}

fn finish(mut answer: HttpResponse, id: RequestId) -> HttpResponse {
    let headers = answer.headers_mut();
    if let Ok(value) = HeaderValue::try_from(id.to_string()) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    answer
}
