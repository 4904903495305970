//! Sends one request to the upstream and decides what its head means, before a byte goes to the caller.
//!
//! The answer's head is passed on when it is a 2xx of the right type that doesn't open with an error, or a 4xx in JSON
//! that is about the request itself: 400, 404, 413, 422 and the like. All else is a [`Failure`]: no connection, no head in
//! time, redirects, 401, 402 and 403 (our account's business, not the caller's), 408, 409 and 429 (which SDKs would
//! retry, or take for ours), 5xx, HTML in place of an answer, a coded body. Then the body follows, see `answer/body.rs`.
//!
//! A stream was asked for and JSON came: it is passed on as JSON. Some servers ignore `stream`, and SDKs read the type.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use http::{
    StatusCode,
    header::{HeaderName, HeaderValue},
};
use serde::de::IgnoredAny;
use tokio::time::{Instant, timeout};

use crate::{
    AnswerBody, Client, Failure, Follow, ReportedError, Request, Secret, StopSignal, Upstream,
    answer::{
        LONGEST, head,
        kind::Kind,
        opening::{self, Opening},
        source::Source,
    },
    client::Response,
};

/// Longest body of a 4xx that is passed on, in bytes. OpenAI's are a few hundred.
const ERROR_BODY_MAX: usize = 1024 * 1024;
/// How much of a failure's body the log gets, in bytes, and how long we wait for it.
const LOGGED_MAX: usize = 2 * 1024;
const LOGGED_WAIT: Duration = Duration::from_secs(1);

/// What the caller gets.
#[derive(Debug)]
pub struct Answer {
    /// The upstream's status: 2xx, or a 4xx that is about the request.
    pub status: StatusCode,
    /// The headers that may pass, `content-type` among them.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body's length in bytes, where it is known beforehand.
    pub length: Option<u64>,
    /// The body, followed to its end.
    pub body: AnswerBody,
}

/// Sends a request and follows its answer to the end. Dropping the future cancels the request.
///
/// # Errors
/// When there is no answer to pass on. `follow` has then been ended with the same facts.
pub async fn relay(client: &Client, request: Request, mut follow: Follow, stop: StopSignal) -> Result<Answer, Failure> {
    match try_relay(client, request, &mut follow, stop).await {
        Ok(pending) => Ok(pending.follow(follow, client)),
        Err(failure) => {
            let cause = match &failure {
                Failure::Status { text: Some(text), .. } => format!("{failure}: {text}"),
                _ => failure.to_string(),
            };
            follow.fail(failure.kind(), Some(cause));
            Err(failure)
        }
    }
}

/// An answer whose head was accepted and whose guard hasn't moved in yet.
struct Pending {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    length: Option<u64>,
    body: PendingBody,
}

enum PendingBody {
    Whole(Bytes),
    Stream { source: Source, kind: Kind, since: (Instant, Instant), stop: StopSignal },
}

impl Pending {
    fn follow(self, follow: Follow, client: &Client) -> Answer {
        let timeouts = &client.upstream().timeouts;
        let body = match self.body {
            PendingBody::Whole(bytes) => AnswerBody::whole(bytes, follow, timeouts),
            PendingBody::Stream { source, kind, since, stop } => {
                AnswerBody::new(source, kind, follow, since, timeouts, stop)
            }
        };
        Answer { status: self.status, headers: self.headers, length: self.length, body }
    }
}

async fn try_relay(
    client: &Client,
    request: Request,
    follow: &mut Follow,
    mut stop: StopSignal,
) -> Result<Pending, Failure> {
    let started = Instant::now();
    let timeouts = client.upstream().timeouts;
    let caller_key = request.caller_key.clone();
    let (endpoint, streams, choices) = (request.body.endpoint(), request.body.streams(), request.body.choices());
    let heartbeat = request.heartbeat;
    let head = timeout(timeouts.first_byte.min(timeouts.total), request.send(client, follow.phase()));
    let response = tokio::select! {
        biased;
        () = &mut stop => return Err(Failure::ShuttingDown),
        head = head => head.map_err(|_| Failure::HeadTimeout)??,
    };
    let head_at = Instant::now();
    let status = response.status;
    follow.answered(status.as_u16());
    let headers = head::passed_down(&response);
    if !status.is_success() {
        let bytes = error_about_the_request(client.upstream(), response, follow, &mut stop, caller_key).await?;
        let headers = head::as_json(headers);
        return Ok(Pending { status, headers, length: Some(bytes.len() as u64), body: PendingBody::Whole(bytes) });
    }
    head::refuse_coding(&response)?;
    let length = response.length();
    let content_type = head::content_type(&response);
    let kind = match head::essence(&content_type).as_str() {
        "text/event-stream" if streams => Kind::events(endpoint, choices, heartbeat),
        "application/json" if response.lasts_until_close() => Kind::until_close(),
        "application/json" => Kind::Framed { left: length },
        _ => return Err(Failure::BadContentType { status, content_type }),
    };
    let ends = started + timeouts.total.min(LONGEST);
    let opening = tokio::select! {
        biased;
        () = &mut stop => return Err(Failure::ShuttingDown),
        opening = opening::look(Box::pin(response.body), &kind, endpoint, timeouts.heartbeat, ends) => opening,
    };
    match opening {
        Opening::GoesOn(source) => {
            follow.accepted();
            let length = length.filter(|_| matches!(kind, Kind::Framed { .. }));
            let body = PendingBody::Stream { source, kind, since: (started, head_at), stop };
            Ok(Pending { status, headers, length, body })
        }
        Opening::Whole(bytes) => {
            follow.accepted();
            Ok(Pending { status, headers, length: Some(bytes.len() as u64), body: PendingBody::Whole(bytes) })
        }
        Opening::Error(error) => {
            let redact = |text: &str| redacted(client.upstream(), caller_key.as_ref(), text);
            let text = redact(&error.to_string()).chars().take(LOGGED_MAX).collect();
            Err(Failure::Reported { status, error: Box::new(ReportedError::read(&error, redact)), text })
        }
        Opening::Broke(kind, cause) => {
            // Charged as an answer that breaks later is.
            follow.accepted();
            Err(Failure::Broke { status, kind, cause })
        }
    }
}

/// The body of a 4xx that is about the request, in JSON; all else that isn't a 2xx is a failure.
async fn error_about_the_request(
    upstream: &Upstream,
    response: Response,
    follow: &mut Follow,
    stop: &mut StopSignal,
    caller_key: Option<Secret>,
) -> Result<Bytes, Failure> {
    let status = response.status;
    if !is_about_the_request(status) {
        return Err(refused(upstream, response, caller_key.as_ref()).await);
    }
    // Charged also where its body breaks off: the upstream has judged the request.
    follow.accepted();
    // An error names nothing that is kept.
    drop(follow.take_on_id());
    head::refuse_coding(&response)?;
    let timeouts = upstream.timeouts;
    let body = tokio::select! {
        biased;
        () = stop => return Err(Failure::ShuttingDown),
        body = timeout(timeouts.idle.min(timeouts.total), read_bounded(response, ERROR_BODY_MAX)) => body,
    };
    let bytes = body
        .unwrap_or_else(|_| Err("it didn't come in time".to_owned()))
        .map_err(|cause| Failure::BadErrorBody { status, cause })?;
    let is_structured = matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'['));
    if is_structured && serde_json::from_slice::<IgnoredAny>(&bytes).is_ok() {
        return Ok(bytes);
    }
    let text = redacted(upstream, caller_key.as_ref(), &String::from_utf8_lossy(&bytes));
    let text = (!text.trim().is_empty()).then(|| text.chars().take(LOGGED_MAX).collect());
    // Not an API's answer: it says nothing about the request.
    follow.delivered_nothing();
    Err(Failure::NotJson { status, text })
}

/// A text of the upstream without our credential and without the caller's key.
fn redacted(upstream: &Upstream, caller_key: Option<&Secret>, text: &str) -> String {
    let text = upstream.redact(text);
    caller_key.map_or(text.clone(), |key| key.redact(&text))
}

/// The failure that a status means which isn't passed on.
pub(crate) async fn refused(upstream: &Upstream, response: Response, caller_key: Option<&Secret>) -> Failure {
    let (status, retry_after) = (response.status, head::retry_after(&response));
    let headers = response.headers.clone();
    let text = logged_text(response).await.map(|text| redacted(upstream, caller_key, &text));
    Failure::Status { status, retry_after, headers, text }
}

/// A 4xx that tells the caller what is wrong with the request, as opposed to one about our account (its credential, its
/// balance, its rights) or its rate, or one that SDKs would retry.
fn is_about_the_request(status: StatusCode) -> bool {
    status.is_client_error() && !matches!(status.as_u16(), 401..=403 | 408 | 409 | 429)
}

/// The beginning of a failure's body, if it comes soon.
async fn logged_text(response: Response) -> Option<String> {
    let mut start = BytesMut::new();
    let mut response = response;
    let _in_time = timeout(LOGGED_WAIT, async {
        while let Some(Ok(chunk)) = response.body.next().await {
            start.extend_from_slice(&chunk);
            if start.len() >= LOGGED_MAX {
                break;
            }
        }
    })
    .await;
    start.truncate(LOGGED_MAX);
    (!start.is_empty()).then(|| String::from_utf8_lossy(&start).into_owned())
}

/// A body as a whole, or what is wrong with it.
pub(crate) async fn read_bounded(mut response: Response, most: usize) -> Result<Bytes, String> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.body.next().await {
        let chunk = chunk?;
        if body.len() + chunk.len() > most {
            return Err(format!("it is longer than {most} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
