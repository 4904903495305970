//! The POSTs under `/v1`: admitted, relayed to what answers, and followed to the end.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use access::PresentedKey;
use actix_web::{
    HttpRequest, HttpResponse,
    body::SizedStream,
    http::header::{HeaderName, HeaderValue},
    post,
    web::{Bytes, Data},
};
use api_types::{
    QuotaStatus, Timestamp,
    openai::{ChatCompletionRequest, CompletionRequest, EmbeddingRequest, ModelResponseRequest},
};
use proxy::{Answer, Body, BodyError, Endpoint, Failure, Request, Secret, Timeouts, demo};

use crate::{
    access_log::Notes,
    ambient,
    connection::Connection,
    extract::{Admitted, ChatBody, InOrder, KeyCaller},
    graceful_shutdown::GracefulShutdown,
    openai_error::OpenAiError,
    openapi::{
        errors::RelayErrors,
        relayed::{ChatAnswered, CompletionAnswered, EmbeddingsAnswered, ResponseAnswered},
    },
    rate_headers,
    settle_at_end::settle_at_end,
    state::State,
    stored_state,
    upstream_choice::{Answers, WorkerUpstream},
};

macro_rules! data_plane_post {
    ($(#[$doc:meta])* $name:ident, $path:literal, $operation:literal, $endpoint:expr, $request:ident, $answered:ident) => {
        $(#[$doc])*
        #[utoipa::path(
            operation_id = $operation, tag = "Data plane", security(("api_key" = []), ("x_api_key" = [])),
            request_body(content = $request, description = "OpenAI's request body, passed on untouched."),
            responses($answered, RelayErrors)
        )]
        #[post($path)]
        pub async fn $name(
            request: HttpRequest,
            upstream: Data<WorkerUpstream>,
            shutdown: Data<GracefulShutdown>,
            state: Data<State>,
            InOrder(admitted, ChatBody(bytes), ()): InOrder<Admitted, ChatBody>,
        ) -> Result<HttpResponse, OpenAiError> {
            answer(&request, &upstream, &shutdown, &state, admitted, $endpoint, bytes).await
        }
    };
}

data_plane_post!(
    /// Create a chat completion.
    ///
    /// OpenAI's `POST /v1/chat/completions`, streamed or not. Costs one request of the key's plan.
    create_chat_completion, "/chat/completions", "create_chat_completion", Endpoint::ChatCompletions,
    ChatCompletionRequest, ChatAnswered
);
data_plane_post!(
    /// Create a completion.
    ///
    /// OpenAI's legacy `POST /v1/completions`, passed through. Costs one request of the key's plan.
    create_completion, "/completions", "create_completion", Endpoint::Completions, CompletionRequest, CompletionAnswered
);
data_plane_post!(
    /// Create embeddings.
    ///
    /// OpenAI's `POST /v1/embeddings`, passed through. Costs one request of the key's plan.
    create_embeddings, "/embeddings", "create_embeddings", Endpoint::Embeddings, EmbeddingRequest, EmbeddingsAnswered
);
data_plane_post!(
    /// Create a response.
    ///
    /// OpenAI's `POST /v1/responses`, passed through. Costs one request of the key's plan.
    create_response, "/responses", "create_response", Endpoint::Responses, ModelResponseRequest, ResponseAnswered
);

/// One admitted request: its body parsed, sent, and its answer handed out as it comes. Its pass is settled by how far it
/// came, whatever happens from here on.
async fn answer(
    request: &HttpRequest,
    upstream: &WorkerUpstream,
    shutdown: &GracefulShutdown,
    state: &State,
    Admitted { pass, caller }: Admitted,
    endpoint: Endpoint,
    bytes: Bytes,
) -> Result<HttpResponse, OpenAiError> {
    let now = ambient::now();
    let body = Body::parse(endpoint, bytes, &upstream.policy).map_err(body_error)?;
    let account = pass.pass().and_then(|pass| pass.account);
    stored_state::check(&body, account, state).await?;
    let metrics = &state.metrics;
    let quota = pass.pass().and_then(|pass| Some(pass.booking?.quota));
    let follow = settle_at_end(Notes::of(request), pass, Arc::clone(metrics));
    let follow = stored_state::remember(follow, endpoint, account, state);
    let ending = proxy::stop_signal(shutdown.ending());
    let mut answer = match &upstream.answers {
        Answers::Demo { pace, timeouts } => {
            demo::answer(&body, demo_answer(*pace, *timeouts, now), follow, ending).map_err(body_error)?
        }
        Answers::Server(client) => {
            let mut request = Request::new(body).with_headers(request.headers().iter());
            if let Some(key) = caller_key(&caller.key) {
                request = request.with_caller_key(key);
            }
            let sent = Instant::now();
            let answer = proxy::relay(client, request, follow, ending).await;
            metrics.head_took(sent.elapsed());
            let answer = answer.map_err(|failed| failure(&caller, failed))?;
            // A 4xx that is passed on may be of a gate that didn't look at the key.
            if answer.status.is_success() {
                caller.was_right();
            }
            answer
        }
    };
    if let Some(connection) = Connection::of(request) {
        answer.body.heartbeat_when(connection.heartbeat_due());
    }
    Ok(respond(answer, quota.as_ref(), now))
}

fn demo_answer(pace: Duration, timeouts: Timeouts, now: Timestamp) -> demo::Demo {
    let id = format!("chatcmpl-{}", api_types::RequestId::from_random(ambient::random_id()).bare());
    demo::Demo { id, created: now.as_second(), pace, timeouts }
}

/// Head and body of an answer; the quota's headers are those of the moment of admission.
fn respond(answer: Answer, quota: Option<&QuotaStatus>, now: Timestamp) -> HttpResponse {
    let mut response = HttpResponse::build(answer.status);
    for (name, value) in answer.headers {
        response.insert_header((name, value));
    }
    for header in quota.map(|quota| rate_headers::of(quota, now)).unwrap_or_default() {
        response.insert_header(header);
    }
    // A reverse proxy in front must not gather the stream (nginx, ngx_http_proxy_module, X-Accel-Buffering).
    response.insert_header((HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")));
    match answer.length {
        Some(length) => response.body(SizedStream::new(length, answer.body)),
        None => response.streaming(answer.body),
    }
}

fn body_error(error: BodyError) -> OpenAiError {
    match &error {
        BodyError::ModelNotAllowed { model } => OpenAiError::model_not_found(model),
        BodyError::NotServed => OpenAiError::not_served(error.to_string()),
        _ => OpenAiError::invalid_body(error.to_string(), error.param()),
    }
}

/// A caller's key as a gate in front of the upstream gets it.
pub fn caller_key(key: &PresentedKey) -> Option<Secret> {
    Secret::new(key.reveal()).ok()
}

/// What a failure before the first byte becomes: the gate's answer, where one stands in front of the upstream and it is
/// the gate's, else the upstream's.
pub fn failure(caller: &KeyCaller, failure: Failure) -> OpenAiError {
    caller.judge(&failure, ambient::now()).unwrap_or_else(|| failure.into())
}
