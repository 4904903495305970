//! What a key may call: the `/v1` routes, as any OpenAI client would. No cookie goes with these.

use api_types::{
    KeyStatus,
    openai::{ErrorEnvelope, ErrorObject},
};
use gloo_net::http::{Method, RequestBuilder};
use js_sys::{Reflect, Uint8Array};
use serde::{Deserialize, de::DeserializeOwned};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, ReadableStreamDefaultReader, RequestCache, RequestCredentials};

use super::call::{Reply, exchange};
use crate::chat_request::ChatRequest;

/// A header's name and what it says.
pub(crate) type Header = (&'static str, String);

/// How many requests are left, by its name.
pub(crate) const REMAINING: &str = "x-ratelimit-remaining-requests";

/// The headers of an answer that are shown: its limits, and by what it can be found again.
const TOLD: [&str; 7] = [
    "x-ratelimit-limit-requests",
    REMAINING,
    "x-ratelimit-reset-requests",
    "ratelimit-policy",
    "ratelimit",
    "retry-after",
    "x-request-id",
];

/// A client that presents one key. Neither it nor the key is ever printed.
#[derive(Clone)]
pub(crate) struct KeyClient {
    key: String,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CallFailure {
    /// No answer came.
    Network,
    /// The server said no.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The body, where it is OpenAI's envelope.
        error: Option<Box<ErrorObject>>,
        /// `Retry-After`, in seconds.
        retry_after: Option<u64>,
    },
}

impl CallFailure {
    /// Whether the key is good and only too new to work everywhere.
    pub(crate) fn is_activating(&self) -> bool {
        matches!(self, Self::Refused { status: 503, error: Some(error), .. }
            if error.code.as_deref() == Some("key_activating"))
    }

    /// `Retry-After`, in seconds, where the server named one.
    pub(crate) const fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Network => None,
            Self::Refused { retry_after, .. } => *retry_after,
        }
    }
}

/// An accepted chat request: its answer as it comes.
pub(crate) enum Answer {
    /// Server-sent events.
    Stream(Chunks),
    /// One JSON document, from an upstream that doesn't stream.
    Whole(String),
}

/// The bytes of a streamed answer.
pub(crate) struct Chunks {
    reader: ReadableStreamDefaultReader,
}

impl Chunks {
    /// The next bytes; `Ok(None)` at a clean end.
    ///
    /// # Errors
    /// The connection broke, or the reader pressed Stop.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, JsValue> {
        let step = JsFuture::from(self.reader.read()).await?;
        if Reflect::get(&step, &"done".into())?.is_truthy() {
            return Ok(None);
        }
        Ok(Some(Reflect::get(&step, &"value".into())?.unchecked_into::<Uint8Array>().to_vec()))
    }
}

impl KeyClient {
    /// A client with this key.
    pub(crate) const fn new(key: String) -> Self {
        Self { key }
    }

    /// What the key tells about itself. Costs nothing.
    pub(crate) async fn status(&self) -> Result<KeyStatus, CallFailure> {
        self.get("v1/key").await
    }

    /// The models on offer. Costs nothing, unless a gate in front of the model counts it.
    pub(crate) async fn models(&self) -> Result<Vec<String>, CallFailure> {
        #[derive(Deserialize)]
        struct List {
            data: Vec<Model>,
        }
        #[derive(Deserialize)]
        struct Model {
            id: String,
        }
        let list: List = self.get("v1/models").await?;
        Ok(list.data.into_iter().map(|model| model.id).collect())
    }

    /// Asks for a streamed answer; `stop` ends it at any time. `heard` gets the headers that tell of limits as soon as they
    /// are there.
    pub(crate) async fn chat(
        &self,
        request: &ChatRequest,
        stop: &AbortSignal,
        heard: impl FnOnce(Vec<Header>),
    ) -> Result<Answer, CallFailure> {
        let request = self
            .builder(Method::POST, "v1/chat/completions")
            .abort_signal(Some(stop))
            .header("content-type", "application/json")
            .body(request.body())
            .map_err(|_| CallFailure::Network)?;
        let response = request.send().await.map_err(|_| CallFailure::Network)?;
        let headers = response.headers();
        heard(TOLD.iter().filter_map(|name| Some((*name, headers.get(name)?))).collect());
        let streams = response.headers().get("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"));
        match response.body() {
            Some(stream) if streams && response.ok() => {
                Ok(Answer::Stream(Chunks { reader: stream.get_reader().unchecked_into() }))
            }
            _ => checked(Reply::of(response).await).map(|reply| Answer::Whole(reply.text)),
        }
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, CallFailure> {
        let reply = checked(exchange(self.builder(Method::GET, path), None).await)?;
        reply.read().map_err(|_| CallFailure::Refused { status: reply.status, error: None, retry_after: None })
    }

    fn builder(&self, method: Method, path: &str) -> RequestBuilder {
        RequestBuilder::new(path)
            .method(method)
            .credentials(RequestCredentials::Omit)
            .cache(RequestCache::NoStore)
            .header("authorization", &format!("Bearer {}", self.key))
    }
}

fn checked(reply: Option<Reply>) -> Result<Reply, CallFailure> {
    let reply = reply.ok_or(CallFailure::Network)?;
    if reply.is_ok() {
        return Ok(reply);
    }
    let error = reply.read::<ErrorEnvelope>().ok().map(|envelope| Box::new(envelope.error));
    Err(CallFailure::Refused { status: reply.status, error, retry_after: reply.retry_after })
}
