//! A listener of its own for `GET /metrics`: reached by whoever gathers the counters, and by no proxy for people.

use std::{io, net::TcpListener};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    dev::Server,
    http::Method,
    middleware::from_fn,
    web::{self, Data},
};

use crate::{answers, methods::Allow, problem::ApiError, routes::metrics, state::State};

/// Serves the counters to all who reach this listener, also while the other refuses new requests at its end.
///
/// # Errors
/// When the listener can't be used.
pub fn serve(listener: TcpListener, state: Data<State>) -> io::Result<Server> {
    let server = HttpServer::new(move || {
        App::new().app_data(state.clone()).default_service(web::to(answer)).wrap(from_fn(answers::answer))
    });
    Ok(server.listen(listener)?.workers(1).disable_signals().run())
}

async fn answer(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, ApiError> {
    match (request.path(), request.method()) {
        ("/metrics", &Method::GET) => metrics::counters(&request, &state),
        ("/metrics", &Method::OPTIONS) => Ok(Allow::reading().answer()),
        ("/metrics", _) => Err(ApiError::method_not_allowed(&Allow::reading())),
        _ => Err(ApiError::not_found("Only /metrics is here.")),
    }
}
