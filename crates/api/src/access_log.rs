//! One line per request, written when its answer has ended, whichever way it ended.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use actix_web::{
    HttpMessage as _, HttpRequest,
    body::{BodySize, MessageBody},
    dev::ServiceRequest,
    http::{Method, StatusCode},
    web::Bytes,
};
use api_types::{KeyId, PlanName, RequestId};
use parking_lot::Mutex;

use crate::{connection::CallerBody, graceful_shutdown::InFlight};

/// Most characters of a path that a line shows.
const PATH_CHARS: usize = 200;
/// Most characters of one part of it.
const SEGMENT_CHARS: usize = 48;

/// A request's line as it gathers. Handlers add what they learn; dropped, it is written.
pub struct Line {
    id: RequestId,
    method: Method,
    path: String,
    retry: Option<u32>,
    started: Instant,
    head: Option<(StatusCode, Duration)>,
    bytes: u64,
    notes: Notes,
    in_flight: Option<InFlight>,
}

/// What only a handler knows, for its request's line; never a secret.
#[derive(Clone, Default)]
pub struct Notes(Arc<Mutex<Noted>>);

#[derive(Default)]
struct Noted {
    key: Option<(KeyId, PlanName)>,
    error: Option<String>,
    end: Option<proxy::End>,
}

impl Notes {
    /// The notes of a request's line.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Self {
        // Without the middleware there is no line, and the notes go nowhere.
        request.extensions().get::<Self>().cloned().unwrap_or_default()
    }

    /// Which key asked.
    pub fn key(&self, key: KeyId, plan: &PlanName) {
        self.change(|noted| noted.key = Some((key, plan.clone())));
    }

    /// How the upstream's answer ended.
    pub fn ended(&self, end: proxy::End) {
        self.change(|noted| noted.end = Some(end));
    }

    fn change(&self, change: impl FnOnce(&mut Noted)) {
        change(&mut self.0.lock());
    }
}

impl Line {
    /// Begins a request's line, and puts its notes and its id where extractors find them.
    #[must_use]
    pub fn begin(request: &ServiceRequest, id: RequestId, in_flight: Option<InFlight>) -> Self {
        let notes = Notes::default();
        request.extensions_mut().insert(notes.clone());
        request.extensions_mut().insert(id);
        let retry = request.headers().get("x-stainless-retry-count").and_then(|v| v.to_str().ok()?.parse().ok());
        Self {
            id,
            method: request.method().clone(),
            // The query is left out: it may hold what doesn't belong in a log.
            path: shown_path(request.path()),
            retry,
            started: Instant::now(),
            head: None,
            bytes: 0,
            notes,
            in_flight,
        }
    }

    /// The code of the error that is the answer.
    pub fn failed_with(&self, code: &str) {
        self.notes.change(|noted| noted.error = Some(code.to_owned()));
    }

    /// The answer's body with this line around it: written when the body ends or is dropped.
    #[must_use]
    pub fn around(mut self, status: StatusCode, body: CallerBody) -> LoggedBody {
        self.head = Some((status, self.started.elapsed()));
        LoggedBody { body: Some(body), line: self }
    }

    fn write(&self) {
        let noted = std::mem::take(&mut *self.notes.0.lock());
        let (key, plan) = noted.key.unzip();
        let end = noted.end;
        let outcome = match (&end, &noted.error, self.head) {
            (Some(end), ..) => end.how.as_str(),
            (None, Some(code), _) => code.as_str(),
            (None, None, Some(_)) => "answered",
            (None, None, None) => "caller_left",
        };
        tracing::info!(
            target: "access",
            {
                request.id = %self.id,
                method = %self.method,
                path = %self.path,
                status = self.head.map(|(status, _)| status.as_u16()),
                outcome,
                key.id = key.map(tracing::field::display),
                plan = plan.map(tracing::field::display),
                upstream.status = end.as_ref().and_then(|end| end.upstream_status),
                head_ms = self.head.map(|(_, after)| millis(after)),
                duration_ms = millis(self.started.elapsed()),
                bytes = self.bytes,
                retry = self.retry,
                cause = end.and_then(|end| end.cause)
            },
            "request"
        );
    }
}

/// A path as it may be shown: bounded, and without what could be a key's or a token's value, which people paste where
/// an id belongs. Ids have 30 characters, values more than 50.
#[must_use]
pub fn shown_path(path: &str) -> String {
    if path.len() <= PATH_CHARS && path.split('/').all(|part| part.len() <= SEGMENT_CHARS) {
        return path.to_owned();
    }
    let shown: Vec<String> = path
        .split('/')
        .map(|part| if part.len() > SEGMENT_CHARS { part.chars().take(3).chain(['…']).collect() } else { part.into() })
        .collect();
    shown.join("/").chars().take(PATH_CHARS).collect()
}

/// Milliseconds with two decimals.
fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e5).round() / 100.0
}

impl Drop for Line {
    fn drop(&mut self) {
        self.write();
        self.in_flight.take();
    }
}

/// An answer's body that counts its bytes and writes its request's line at its end.
pub struct LoggedBody {
    body: Option<CallerBody>,
    line: Line,
}

impl MessageBody for LoggedBody {
    type Error = <CallerBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.as_ref().map_or(BodySize::None, MessageBody::size)
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let Some(body) = self.body.as_mut() else {
            return Poll::Ready(None);
        };
        let next = Pin::new(body).poll_next(cx);
        if let Poll::Ready(Some(Ok(bytes))) = &next {
            self.line.bytes += bytes.len() as u64;
        }
        next
    }
}

impl Drop for LoggedBody {
    fn drop(&mut self) {
        // The body first: what follows it learns of the end, and notes it for the line.
        self.body.take();
    }
}
