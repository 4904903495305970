//! The demo model speaks OpenAI's form and is followed like an upstream.

use std::time::Duration;

use crate::support::*;
use futures_util::StreamExt;
use proxy::{
    Body, BodyError, Endpoint, How, ModelPolicy, Phase,
    demo::{self, Demo},
};
use serde_json::{Value, json};

fn body(body: Value) -> Body {
    let policy = ModelPolicy { allowed: None, default: Some(demo::MODEL.to_owned()) };
    Body::parse(Endpoint::ChatCompletions, body.to_string().into(), &policy).unwrap()
}

fn with(pace: Duration) -> Demo {
    Demo { id: "chatcmpl-1".to_owned(), created: 7, pace, timeouts: LONG }
}

fn chunks(text: &str) -> Vec<Value> {
    let mut chunks = Vec::new();
    let mut done = false;
    sse::Reader::new(1 << 20).push(text.as_bytes(), |event| {
        assert!(!done, "nothing follows [DONE]");
        match &*event.data {
            "[DONE]" => done = true,
            data => chunks.push(serde_json::from_str(data).unwrap()),
        }
    });
    assert!(done);
    chunks
}

#[actix_rt::test]
async fn the_demo_streams_word_by_word_quotes_the_caller_and_says_what_it_is() {
    let request = body(json!({
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Where is the"}, {"type": "image_url"},
                     {"type": "text", "text": "tollgate?"}]}],
        "stream": true,
        "stream_options": {"include_usage": true},
    }));
    let (follow, ends) = follow();
    let got = take(demo::answer(&request, with(Duration::ZERO), follow, proxy::never()).unwrap()).await;
    assert_eq!(got.headers[0].1, "text/event-stream; charset=utf-8");
    assert!(got.chunks.len() > 10);
    let chunks = chunks(&got.text());
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
    assert!(chunks.iter().all(|chunk| chunk["id"] == "chatcmpl-1" && chunk["created"] == 7));
    assert!(chunks.iter().all(|chunk| chunk["object"] == "chat.completion.chunk" && chunk["model"] == demo::MODEL));
    let text: String = chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect();
    assert!(text.contains("“Where is the tollgate?”"), "{text}");
    assert!(text.contains("demo") && text.contains("OPENAI_API_KEY") && text.contains("upstream.base_url"));
    let [.., finish, usage] = &chunks[..] else { panic!() };
    assert_eq!(finish["choices"][0]["finish_reason"], "stop");
    assert_eq!((&usage["choices"], &usage["usage"]["prompt_tokens"]), (&json!([]), &json!(4)));
    let end = only(&ends);
    assert_eq!((end.phase, end.how, end.upstream_status), (Phase::FirstByte, How::Finished, Some(200)));
}

#[actix_rt::test]
async fn the_demo_answers_without_a_stream_too() {
    let request = body(json!({"messages": [{"role": "user", "content": "x".repeat(1000)}]}));
    let (follow, ends) = follow();
    let got = take(demo::answer(&request, with(Duration::ZERO), follow, proxy::never()).unwrap()).await;
    assert_eq!(got.length, Some(got.bytes().len() as u64));
    let answer: Value = serde_json::from_str(&got.text()).unwrap();
    assert_eq!(answer["object"], "chat.completion");
    let text = answer["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(text.contains("xxx…”") && text.len() < 1000);
    assert_eq!(only(&ends).how, How::Finished);
}

#[actix_rt::test]
async fn a_caller_who_leaves_the_demo_cancels_it() {
    let request = body(json!({"messages": [{"role": "user", "content": "hi"}], "stream": true}));
    let (follow, ends) = follow();
    let mut answer = demo::answer(&request, with(Duration::from_secs(3600)), follow, proxy::never()).unwrap();
    answer.body.next().await.unwrap().unwrap();
    drop(answer);
    assert_eq!((only(&ends).phase, only(&ends).how), (Phase::FirstByte, How::Cancelled));
}

#[actix_rt::test]
async fn malformed_messages_are_named_and_end_as_refused() {
    for (messages, param) in [
        (json!("hi"), "messages"),
        (json!([]), "messages"),
        (json!([1]), "messages[0].role"),
        (json!([{"role": "user"}]), "messages[0].content"),
        (json!([{"role": "user", "content": "a"}, {"role": "user", "content": 1}]), "messages[1].content"),
        (json!([{"role": "user", "content": [{"text": "a"}]}]), "messages[0].content[0].type"),
        (json!([{"role": "user", "content": [{"type": "text"}]}]), "messages[0].content[0].text"),
    ] {
        let (follow, ends) = follow();
        let error = demo::answer(&body(json!({"messages": messages})), with(Duration::ZERO), follow, proxy::never());
        assert_eq!(error.unwrap_err().param(), Some(param));
        assert_eq!(only(&ends).phase, Phase::NotSent);
    }
}

#[actix_rt::test]
async fn the_demo_serves_chats_only() {
    let request = Body::parse(Endpoint::Embeddings, "{\"model\":\"m\"}".into(), &ModelPolicy::default()).unwrap();
    let (follow, _) = follow();
    let error = demo::answer(&request, with(Duration::ZERO), follow, proxy::never()).unwrap_err();
    assert_eq!(error, BodyError::NotServed);
    let models: Value = serde_json::from_slice(&demo::models(7)).unwrap();
    assert_eq!(models["data"][0]["id"], demo::MODEL);
}
