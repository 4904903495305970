//! The built-in demo model, which answers where no upstream is configured.

use tests::TestServer;

#[tokio::test]
async fn it_streams_word_by_word_and_says_what_it_is() {
    let server = TestServer::start().await;
    let key = server.with_key("10RequestPerDay").await;
    let mut events = key.chat_stream("tell me about marmalade").stream().await;
    let data = events.rest().await;
    assert_eq!(data.last().unwrap(), "[DONE]");
    let mut text = String::new();
    let mut finished = 0;
    for chunk in &data[..data.len() - 1] {
        let chunk: serde_json::Value = serde_json::from_str(chunk).unwrap();
        assert_eq!(chunk["object"], "chat.completion.chunk");
        text.push_str(chunk["choices"][0]["delta"]["content"].as_str().unwrap_or_default());
        finished += usize::from(chunk["choices"][0]["finish_reason"] == "stop");
    }
    assert!(data.len() > 10, "{data:?}");
    assert_eq!(finished, 1);
    assert!(text.contains("marmalade") && text.to_lowercase().contains("demo"), "{text}");
    assert!(text.contains("OPENAI_API_KEY") || text.contains("upstream.base_url"), "{text}");
    assert_eq!(key.used().await, 1);
}

#[tokio::test]
async fn it_keeps_to_the_configured_heartbeat() {
    let setup = TestServer::setup().set("upstream.heartbeat_seconds", "0.05").set("upstream.demo_pace_ms", "300");
    let server = setup.start().await;
    let key = server.with_key("10RequestPerDay").await;
    let mut events = key.chat_stream("tell me about marmalade").stream().await;
    events.comment().await;
}

#[tokio::test]
async fn it_answers_whole_where_no_stream_is_asked_for() {
    let server = TestServer::start().await;
    let key = server.with_key("10RequestPerDay").await;
    let answer = key.chat("tell me about marmalade").send().await.expect(200).json();
    assert_eq!(answer["object"], "chat.completion");
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    assert!(answer["choices"][0]["message"]["content"].as_str().unwrap().contains("marmalade"));
}

#[tokio::test]
async fn it_is_listed_and_told_about() {
    let server = TestServer::start().await;
    let key = server.with_key("10RequestPerDay").await;
    let about = server.anonymous().get("/about").send().await.expect(200).json();
    assert_eq!(about["upstream"]["kind"], "demo");
    assert_eq!(about["backend"], "embedded");
    assert_eq!(about["promises"]["quota"], "exact");
    assert_eq!(about["promises"]["key_at_rest"], "digest");
    let models = key.get("/v1/models").send().await.expect(200).json();
    assert_eq!(models["data"][0]["id"], about["upstream"]["model"]);
}

#[tokio::test]
async fn odd_questions_get_an_answer_too() {
    let server = TestServer::start().await;
    let key = server.with_key("unlimited").await;
    for messages in [
        "[]",
        "[{\"role\": \"user\", \"content\": \"\"}]",
        "[{\"role\": \"user\", \"content\": [{\"type\": \"text\", \"text\": \"parts\"}]}]",
        "[{\"role\": \"user\", \"content\": [{\"type\": \"image_url\", \"image_url\": {\"url\": \"data:,\"}}]}]",
        "[{\"role\": \"user\", \"content\": null}]",
        "\"text\"",
        "[1, null, {}]",
    ] {
        for stream in ["true", "false"] {
            let body = format!("{{\"stream\": {stream}, \"messages\": {messages}}}");
            let call = key.call(reqwest::Method::POST, "/v1/chat/completions").body("application/json", body);
            let answer = call.send().await;
            assert!([200, 400].contains(&answer.status), "{messages}: {}", answer.text());
        }
    }
}
