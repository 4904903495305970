//! Other people's clients before the real server: what each of them makes of our answers.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod client;
mod readers;
mod tap;

use client::{Client, Sdk};
use readers::Reader;
use serde_json::{Value, json};
use tap::Tap;
use tests::{Caller, Exchange, FakeUpstream, Identity, PlanSpec, TestServer, chunk, event, unknown_key};
use tokio::join;

/// A server with one plan, and a key on it.
async fn server_and_key(upstream: &FakeUpstream, plan: PlanSpec) -> (TestServer, Caller) {
    let server = TestServer::setup().upstream(upstream).plans(&[plan]).start().await;
    let key = server.with_key("plan").await;
    (server, key)
}

/// A counter of the server; none yet is 0. Counted before the answer goes out, so that it is exact at once.
async fn counter(server: &TestServer, name: &str) -> u64 {
    let metrics = server.anonymous().get("/metrics").send().await.expect(200).text();
    let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.map_or(0, |value| value.parse().unwrap())
}

async fn refused(server: &TestServer, reason: &str) -> u64 {
    counter(server, &format!("tollgate_requests_refused_total{{reason=\"{reason}\"}}")).await
}

/// Asserts that a request failed, as the SDK's own class for this error, and gives what it told.
#[track_caller]
fn is_failure<'a>(said: &'a Value, class: &str) -> &'a Value {
    let failure = &said["failed"];
    assert_eq!(failure["class"], class, "{said}");
    failure
}

impl Sdk {
    /// Its name for an answer with this status.
    fn refusal(self, status: u16) -> &'static str {
        match (self, status) {
            (Self::Vercel, _) => "APICallError",
            (_, 401) => "AuthenticationError",
            (_, 404) => "NotFoundError",
            (_, 429) => "RateLimitError",
            _ => panic!("no test looks for {status}"),
        }
    }

    /// Its name for an error that comes in the middle of a stream.
    fn interruption(self) -> &'static str {
        if self == Self::Vercel { "StreamProviderError" } else { "APIError" }
    }

    /// Turns off the retries of the SDKs that read no `x-should-retry`.
    fn without_retries(self) -> &'static [(&'static str, &'static str)] {
        if matches!(self, Self::Vercel | Self::LlamaIndex) { &[("MAX_RETRIES", "0")] } else { &[] }
    }

    /// Hears what it tells on the way from a failure to its verdict: one calls `onError` instead of throwing.
    async fn hear_event(self, client: &mut Client, class: &str) {
        if self == Self::Vercel {
            assert_eq!(client.next().await["event"]["class"], class);
        }
    }

    /// Hears how a stream finished, from the one that tells it.
    async fn hear_finish(self, client: &mut Client, reason: &str) {
        if self == Self::Vercel {
            assert_eq!(client.next().await, json!({"finish": reason}));
        }
    }
}

async fn streams_an_answer_piece_by_piece(sdk: Sdk) {
    let upstream = FakeUpstream::start().await;
    upstream.by_hand();
    let (_server, key) = server_and_key(&upstream, PlanSpec::daily("plan", 10)).await;
    let mut client = sdk.start(&key, &["stream"]);
    let mut exchange = upstream.exchange().await;
    exchange.start_stream().await;
    for piece in ["one ", "two ", "thrée"] {
        // The next piece isn't sent before this one was seen.
        exchange.send_text(piece).await;
        assert_eq!(client.next().await, json!({"piece": piece}));
    }
    exchange.finish_stream().await;
    sdk.hear_finish(&mut client, "stop").await;
    assert_eq!(client.rest().await, [json!({"whole": "one two thrée"})]);
    assert_eq!(key.used().await, 1);
}

async fn asks_once_when_the_quota_is_spent(sdk: Sdk) {
    let upstream = FakeUpstream::start().await;
    let (server, key) = server_and_key(&upstream, PlanSpec::daily("plan", 2)).await;
    let mut client = sdk.start_with(&key, &["ask", "ask", "ask", "stream"], sdk.without_retries());
    for _ in 0..2 {
        assert_eq!(client.next().await, json!({"whole": "one two three"}));
    }
    is_spent(is_failure(&client.next().await, sdk.refusal(429)));
    sdk.hear_event(&mut client, sdk.refusal(429)).await;
    is_spent(is_failure(&client.next().await, sdk.refusal(429)));
    assert!(client.rest().await.is_empty());
    assert_eq!(refused(&server, "quota").await, 2, "one request for each of the two");
    assert_eq!((upstream.posts(), key.used().await), (2, 2));
}

#[track_caller]
fn is_spent(failure: &Value) {
    assert_eq!(failure["status"], 429);
    let message = failure["message"].as_str().unwrap();
    assert!(message.contains("Limit 2, Used 2, Requested 1. Please try again in"), "{message}");
}

async fn tries_again_after_a_short_throttle(sdk: Sdk) {
    let upstream = FakeUpstream::start().await;
    let plan = PlanSpec::daily("plan", 10).throttled(0.5, 1);
    let (server, key) = server_and_key(&upstream, plan).await;
    let mut client = sdk.start(&key, &["ask", "ask"]);
    let whole = json!({"whole": "one two three"});
    assert_eq!(client.rest().await, [whole.clone(), whole]);
    assert_eq!(refused(&server, "throttle").await, 1, "it waited for as long as it was told");
    assert_eq!((upstream.posts(), key.used().await), (2, 2));
}

async fn never_takes_half_an_answer_for_a_whole_one(sdk: Sdk) {
    let upstream = FakeUpstream::start().await;
    upstream.by_hand();
    let (_server, key) = server_and_key(&upstream, PlanSpec::daily("plan", 10)).await;
    let mut client = sdk.start(&key, &["stream", "stream"]);
    // Once the connection breaks, once the stream just ends.
    for ends_cleanly in [false, true] {
        let mut exchange = upstream.exchange().await;
        exchange.start_stream().await;
        exchange.send_text("half an").await;
        assert_eq!(client.next().await, json!({"piece": "half an"}));
        if ends_cleanly {
            exchange.send("0\r\n\r\n").await;
        }
        drop(exchange);
        sdk.hear_event(&mut client, sdk.interruption()).await;
        sdk.hear_finish(&mut client, "error").await;
        let said = client.next().await;
        assert_eq!(is_failure(&said, sdk.interruption())["code"], "upstream_stream_interrupted");
    }
    assert!(client.rest().await.is_empty());
    assert_eq!((upstream.posts(), key.used().await), (2, 2));
}

async fn tells_that_a_key_is_wrong(sdk: Sdk) {
    let upstream = FakeUpstream::start().await;
    let (server, key) = server_and_key(&upstream, PlanSpec::daily("plan", 10)).await;
    let stranger = key.as_identity(Identity::Key(unknown_key(1)));
    let mut client = sdk.start(&stranger, &["ask"]);
    assert_eq!(is_failure(&client.next().await, sdk.refusal(401))["status"], 401);
    assert!(client.rest().await.is_empty());
    assert_eq!((refused(&server, "key").await, upstream.posts()), (1, 0));
}

/// Events as OpenAI sends them, which have data and nothing else.
const PLAIN: [&str; 3] = ["", "", ""];
/// Events with what else the standard knows. Some clients keep the `id` for all that follows.
const WITH_FIELDS: [&str; 3] = ["id: 1\n", "event: message\n", "event: message\nid: 2\nretry: 1000\n"];
/// What OpenAI's SDK for Go says of itself.
const OPENAI_GO: [(&str, &str); 2] = [("user-agent", "OpenAI/Go 3.42.0"), ("x-stainless-lang", "go")];
const PIECES: [&str; 3] = ["one ", "two ", "three"];

/// A server that isn't silent for long, and a key.
async fn server_with_heartbeats(upstream: &FakeUpstream) -> (TestServer, Caller) {
    upstream.by_hand();
    let setup = TestServer::setup().upstream(upstream).plans(&[PlanSpec::daily("plan", 100)]);
    let server = setup.set("upstream.heartbeat_seconds", "0.05").start().await;
    let key = server.with_key("plan").await;
    (server, key)
}

/// Sends a piece of the answer with these lines before its data.
async fn send_piece(exchange: &mut Exchange, fields: &str, piece: &str) {
    exchange.send(chunk(format!("{fields}{}", event(piece)))).await;
}

async fn reads_on_after_heartbeats(sdk: Sdk) {
    let upstream = FakeUpstream::start().await;
    let (_server, key) = server_with_heartbeats(&upstream).await;
    let tap = Tap::before(&key).await;
    let mut client = sdk.start_with(&key, &["stream", "stream"], &[("OPENAI_BASE_URL", &tap.base_url())]);
    for fields in [PLAIN, WITH_FIELDS] {
        let mut exchange = upstream.exchange().await;
        exchange.start_stream().await;
        tap.heartbeats(3).await;
        for (fields, piece) in fields.into_iter().zip(PIECES) {
            send_piece(&mut exchange, fields, piece).await;
            assert_eq!(client.next().await, json!({"piece": piece}));
            tap.heartbeats(3).await;
        }
        exchange.finish_stream().await;
        sdk.hear_finish(&mut client, "stop").await;
        assert_eq!(client.next().await, json!({"whole": "one two three"}));
    }
    assert!(client.rest().await.is_empty());
}

/// The same six for each SDK.
macro_rules! sdk_tests {
    ($($module:ident: $sdk:expr,)*) => {$(
        mod $module {
            use super::Sdk;

            #[tokio::test]
            async fn streams_an_answer_piece_by_piece() {
                super::streams_an_answer_piece_by_piece($sdk).await;
            }

            #[tokio::test]
            async fn asks_once_when_the_quota_is_spent() {
                super::asks_once_when_the_quota_is_spent($sdk).await;
            }

            #[tokio::test]
            async fn tries_again_after_a_short_throttle() {
                super::tries_again_after_a_short_throttle($sdk).await;
            }

            #[tokio::test]
            async fn never_takes_half_an_answer_for_a_whole_one() {
                super::never_takes_half_an_answer_for_a_whole_one($sdk).await;
            }

            #[tokio::test]
            async fn tells_that_a_key_is_wrong() {
                super::tells_that_a_key_is_wrong($sdk).await;
            }

            #[tokio::test]
            async fn reads_on_after_heartbeats() {
                super::reads_on_after_heartbeats($sdk).await;
            }
        }
    )*};
}

sdk_tests! {
    openai_python: Sdk::OpenAiPython,
    llm: Sdk::Llm,
    llamaindex: Sdk::LlamaIndex,
    openai_node: Sdk::OpenAiNode,
    langchain: Sdk::LangChain,
    vercel: Sdk::Vercel,
}

#[tokio::test]
async fn openais_own_show_one_model() {
    for sdk in [Sdk::OpenAiPython, Sdk::OpenAiNode] {
        let upstream = FakeUpstream::start().await;
        let (_server, key) = server_and_key(&upstream, PlanSpec::daily("plan", 10)).await;
        let model = json!({"id": "meta/llama:3", "object": "model", "created": 1, "owned_by": "fake"});
        upstream.lists(tests::Script::json(200, &json!({"object": "list", "data": [model]})));
        let mut client = sdk.start(&key, &["retrieve", "retrieve_unknown"]);
        assert_eq!(client.next().await, json!({"whole": "meta/llama:3"}), "{sdk:?}");
        let said = client.next().await;
        let failure = is_failure(&said, sdk.refusal(404));
        assert_eq!((&failure["status"], &failure["code"]), (&json!(404), &json!("model_not_found")), "{sdk:?}");
        assert!(client.rest().await.is_empty());
        assert_eq!(key.used().await, 0);
    }
}

#[tokio::test]
async fn retries_of_an_sdk_that_cannot_be_told_to_stop_cost_nothing() {
    let upstream = FakeUpstream::start().await;
    let (server, key) = server_and_key(&upstream, PlanSpec::daily("plan", 2)).await;
    let said = Sdk::Vercel.start(&key, &["ask", "ask", "ask"]).rest().await;
    let whole = json!({"whole": "one two three"});
    assert_eq!(said[..2], [whole.clone(), whole]);
    is_failure(&said[2], "RetryError");
    assert_eq!(refused(&server, "quota").await, 3);
    assert_eq!((upstream.posts(), key.used().await), (2, 2));
}

#[tokio::test]
async fn curl_shows_the_stream_growing() {
    let upstream = FakeUpstream::start().await;
    upstream.by_hand();
    let (_server, key) = server_and_key(&upstream, PlanSpec::daily("plan", 10)).await;
    let body = json!({"model": "model-1", "stream": true, "messages": [{"role": "user", "content": "hello"}]});
    let mut curl = Client::curl(&key, &body);
    let mut exchange = upstream.exchange().await;
    exchange.start_stream().await;
    for piece in ["one ", "two ", "three"] {
        exchange.send_text(piece).await;
        let event = curl.line().await;
        assert!(event.starts_with("data: {") && event.contains(&format!("\"{piece}\"")), "{event}");
        assert_eq!(curl.line().await, "", "an empty line ends an event");
    }
    exchange.finish_stream().await;
    assert!(curl.line().await.contains("\"stop\""));
    assert_eq!(curl.line().await, "");
    assert_eq!(curl.line().await, "data: [DONE]");
}

/// The text of an answer with heartbeats before, between and after its pieces, as this client reads it.
async fn read_with_heartbeats(
    upstream: &FakeUpstream,
    key: &Caller,
    reader: Reader,
    headers: &[(&str, &str)],
    fields: [&str; 3],
) -> Result<String, String> {
    let call = headers.iter().fold(key.chat_stream("hello"), |call, (name, value)| call.header(name, value));
    let start = async {
        let mut exchange = upstream.exchange().await;
        exchange.start_stream().await;
        // The first event comes at once, as what a client keeps of it is what matters; the others after heartbeats.
        send_piece(&mut exchange, fields[0], PIECES[0]).await;
        exchange
    };
    let (mut exchange, mut events) = join!(start, call.stream());
    assert_eq!(events.next_text().await, PIECES[0]);
    for (fields, piece) in fields.into_iter().zip(PIECES).skip(1) {
        events.comments(3).await;
        send_piece(&mut exchange, fields, piece).await;
        assert_eq!(events.next_text().await, piece);
    }
    events.comments(3).await;
    exchange.finish_stream().await;
    events.rest().await;
    reader.text(&String::from_utf8(events.bytes).unwrap())
}

#[tokio::test]
async fn clients_that_are_not_installed_read_on_after_heartbeats_by_their_rule() {
    let upstream = FakeUpstream::start().await;
    let (_server, key) = server_with_heartbeats(&upstream).await;
    let read = async |reader, headers: &[(&str, &str)], fields| {
        let text = read_with_heartbeats(&upstream, &key, reader, headers, fields).await;
        assert_eq!(text, Ok("one two three".to_owned()), "{reader:?}, {headers:?}, {fields:?}");
    };
    let id_once = ["id: 1\n", "", ""];
    for reader in [Reader::OpenAiGo, Reader::OpenAiGoSince343] {
        for fields in [PLAIN, id_once, WITH_FIELDS] {
            read(reader, &OPENAI_GO, fields).await;
        }
    }
    // Where an event had more than data, whoever asks.
    for reader in [Reader::OpenAiGo, Reader::Pieces] {
        for fields in [id_once, WITH_FIELDS] {
            read(reader, &[], fields).await;
        }
    }
    for reader in [Reader::Pieces, Reader::PiecesByTheirBeginning] {
        read(reader, &[], PLAIN).await;
    }
}
