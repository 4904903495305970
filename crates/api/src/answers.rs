//! The outermost middleware: request id, panic net, problem bodies, security headers and the access log.

use std::{panic::AssertUnwindSafe, rc::Rc};

use actix_web::{
    Error, HttpResponse, ResponseError as _,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    error::InternalError,
    http::{
        ConnectionType, Method, Version,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::Next,
    web::Data,
};
use api_types::{ProblemCode, RequestId};
use futures_util::FutureExt as _;

use crate::{
    access_log::{Line, LoggedBody},
    ambient,
    base_path::BasePath,
    connection::{self, CallerBody, Connection, lasts_until_close},
    cors::Cors,
    graceful_shutdown::GracefulShutdown,
    openai_error::OpenAiError,
    planes::is_data_plane,
    problem::ApiError,
    state::State,
};

/// Name of the header that carries the request's id.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a browser may do with an answer that isn't a page: not run, load or frame anything.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";
/// How long a browser that came by https never comes without it.
const A_YEAR: &str = "max-age=31536000";

/// Answers one request; see the module.
///
/// # Errors
/// After a panic, as actix wants it: the error holds the finished answer.
pub async fn answer(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<LoggedBody>, Error> {
    let id = RequestId::from_random(ambient::random_id());
    let (mut is_https, mut base) = (false, BasePath::ROOT.clone());
    let connection = Connection::of(request.request()).cloned();
    let version = request.head().version;
    if let Some(state) = request.app_data::<Data<State>>().cloned() {
        let server = &state.config.server;
        base.clone_from(server.base_path());
        base.take_off(&mut request);
        state.strange_proxies.notice(request.request(), &server.trusted_proxies);
        is_https = state.config.is_https();
    }
    let expects = connection::expects(request.headers());
    let caller = Caller { id, is_https, version, expects, connection };
    let cors = Cors::of(&request);
    let finish = |mut answer: HttpResponse, line| {
        cors.mark(answer.headers_mut());
        finish(answer, line, &caller)
    };
    let left = |line| {
        // It may be read all the same, by a caller of HTTP/1.0 who closed only its sending side.
        let answer = finish(error_answer(&OpenAiError::caller_left().into(), id, &base, &line), line);
        InternalError::from_response("the caller left", answer.map_into_boxed_body()).into()
    };
    let data_plane = is_data_plane(request.path());
    let shutdown = request.app_data::<Data<GracefulShutdown>>().cloned();
    let line = Line::begin(&request, id, shutdown.as_ref().map(|shutdown| shutdown.enter()));
    // Before all refusals: a page may read those only if this went well.
    if let Some(answer) = cors.preflight(&request) {
        return Ok(request.into_response(finish(answer, line)));
    }
    if shutdown.is_some_and(|shutdown| shutdown.is_draining()) {
        let answer = error_answer(&shutting_down(data_plane), id, &base, &line);
        return Ok(request.into_response(finish(answer, line)));
    }
    if request.method() == Method::HEAD {
        // Answered as its GET; the connection leaves the body out (RFC 9110, 9.3.2).
        request.head_mut().method = Method::GET;
    }
    if caller.connection.as_ref().is_some_and(|connection| connection.is_gone()) {
        return Err(left(line));
    }
    let answered = AssertUnwindSafe(next.call(request)).catch_unwind();
    let answered = match caller.connection.as_ref().filter(|_| data_plane) {
        None => answered.await,
        // A model may think for long: whoever leaves meanwhile takes the request along.
        Some(connection) => tokio::select! {
            biased;
            answered = answered => answered,
            () = connection.left(version) => return Err(left(line)),
        },
    };
    match answered {
        Ok(result) => {
            let (request, answer) = result?.map_into_boxed_body().into_parts();
            let rendered = answer.error().map(|error| error_answer(error, id, &base, &line));
            Ok(ServiceResponse::new(request, finish(rendered.unwrap_or(answer), line)))
        }
        Err(_) => {
            let answer = error_answer(&panicked(data_plane), id, &base, &line);
            let answer = finish(answer, line).map_into_boxed_body();
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

/// The answer to an error; its cause is logged here and nowhere else.
fn error_answer(error: &Error, id: RequestId, base: &BasePath, line: &Line) -> HttpResponse {
    let (answer, code, cause) = match (error.as_error::<ApiError>(), error.as_error::<OpenAiError>()) {
        (Some(error), _) => (error.render(id, base), error.code(), error.cause()),
        (_, Some(error)) => (error.error_response(), error.code().to_owned(), error.cause()),
        _ => (error.error_response(), "unknown".to_owned(), None),
    };
    match cause {
        Some(cause) if answer.status().is_server_error() => tracing::error!(request.id = %id, code, cause, "failed"),
        Some(cause) => tracing::info!(request.id = %id, code, cause, "refused"),
        None => {}
    }
    line.failed_with(&code);
    answer
}

/// What of a request its answer needs to know.
struct Caller {
    id: RequestId,
    is_https: bool,
    version: Version,
    expects: bool,
    connection: Option<Rc<Connection>>,
}

/// The headers that every answer has, and its line in the log.
fn finish(mut answer: HttpResponse, line: Line, caller: &Caller) -> HttpResponse<LoggedBody> {
    let headers = answer.headers_mut();
    if let Ok(value) = HeaderValue::try_from(caller.id.to_string()) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // No other site's page holds ours, or shows what is ours in its own.
    headers.insert(header::CROSS_ORIGIN_OPENER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    // The page and the documentation say themselves what they need; nothing else is for looking at.
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(NOTHING));
    }
    if caller.is_https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(A_YEAR));
    }
    // What a cookie or a key opened belongs in no cache; what may be kept says so itself.
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    // What may still come as a body that was never asked for can't be told from a next request.
    let ends = caller.expects && caller.connection.as_ref().is_some_and(|connection| connection.is_uninvited());
    if let Some(connection) = &caller.connection {
        connection.writes();
    }
    let lasts_until_close = lasts_until_close(answer.body().size(), caller.version);
    if lasts_until_close || ends {
        answer.head_mut().set_connection_type(ConnectionType::Close);
    }
    answer.head_mut().no_chunking(lasts_until_close);
    let status = answer.status();
    answer.map_body(|_, body| line.around(status, CallerBody::new(body, lasts_until_close, caller.connection.clone())))
}
