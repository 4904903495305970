//! What the upstream keeps belongs to whoever's answer named it: all callers share the upstream's one account.

use serde_json::{Value, json};
use tests::{Answer, Caller, FakeUpstream, Script, TestServer, settled};

const RESPONSES: &str = "/v1/responses";
const CHAT: &str = "/v1/chat/completions";

/// A whole answer of the upstream that names these.
fn response(id: &str, items: &[Value]) -> Value {
    json!({"id": id, "object": "response", "created_at": 1, "status": "completed", "model": "model-1",
        "instructions": "Say \"id\": \"resp_said\".", "previous_response_id": "resp_echoed", "output": items,
        "tools": [{"type": "code_interpreter", "container": "cntr_echoed"}]})
}

fn message(id: &str) -> Value {
    json!({"type": "message", "id": id, "role": "assistant", "status": "completed",
        "content": [{"type": "output_text", "text": "hello", "annotations": []}]})
}

/// The same answer as a stream.
fn response_events(id: &str, items: &[Value]) -> Vec<String> {
    let begun = json!({"id": id, "object": "response", "status": "in_progress", "output": []});
    let mut events = vec![json!({"type": "response.created", "sequence_number": 0, "response": begun})];
    for item in items {
        events.push(json!({"type": "response.output_item.added", "output_index": 0, "item": item}));
    }
    events.push(json!({"type": "response.completed", "response": response(id, items)}));
    events.iter().map(|event| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap())).collect()
}

fn asking(more: &Value) -> Value {
    let mut body = json!({"model": "model-1", "input": "hello"});
    let fields = more.as_object().expect("an object of further fields").clone();
    body.as_object_mut().expect("an object").extend(fields);
    body
}

async fn ask(caller: &Caller, more: &Value) -> Answer {
    caller.post(RESPONSES, &asking(more)).send().await
}

/// A response of the caller's with these items.
async fn create(upstream: &FakeUpstream, caller: &Caller, id: &str, items: &[Value]) {
    upstream.next(Script::json(200, &response(id, items)));
    ask(caller, &json!({})).await.expect(200);
}

async fn continues(upstream: &FakeUpstream, caller: &Caller, more: &Value) {
    let before = upstream.posts();
    ask(caller, more).await.expect(200);
    assert_eq!(upstream.posts(), before + 1);
}

#[tokio::test]
async fn a_response_is_continued_by_its_own_account_only() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let (ada, bob) = (server.signed_in("ada").await, server.with_key("10RequestPerDay").await);
    let own = ada.key_on("10RequestPerDay").await.0;
    let on_another_plan = ada.key_on("20RequestPerDay").await.0;
    create(&upstream, &own, "resp_ada", &[]).await;
    let named = json!({"previous_response_id": "resp_ada"});
    continues(&upstream, &own, &named).await;
    continues(&upstream, &on_another_plan, &named).await;
    let posts = upstream.posts();
    for id in ["resp_ada", "resp_nobody", "resp_echoed", "resp_said", "Resp_ada", " resp_ada", ""] {
        let error = ask(&bob, &json!({"previous_response_id": id})).await.is_error(404, "previous_response_not_found");
        assert_eq!(error["param"], "previous_response_id");
        assert_eq!(error["type"], "invalid_request_error");
        let told = error["message"].as_str().unwrap();
        assert!(told.starts_with(&format!("Previous response with id '{id}' not found.")), "{told}");
    }
    // An answer echoes what its request named; that makes nobody its owner.
    for id in ["resp_echoed", "resp_said"] {
        ask(&own, &json!({"previous_response_id": id})).await.is_error(404, "previous_response_not_found");
    }
    assert_eq!(upstream.posts(), posts, "a refused request was sent");
    settled(0, || bob.used()).await;
}

#[tokio::test]
async fn what_a_stream_names_counts_from_its_first_event_on() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let (ada, bob) = (server.with_key("10RequestPerDay").await, server.with_key("10RequestPerDay").await);
    let events = response_events("resp_stream", &[message("msg_stream")]);
    upstream.next(Script::open_stream(&events[..1]));
    let mut open = ada.post(RESPONSES, &asking(&json!({"stream": true}))).stream().await;
    assert!(open.next().await.is_some_and(|event| event.contains("resp_stream")));
    continues(&upstream, &ada, &json!({"previous_response_id": "resp_stream"})).await;
    let refused = ask(&bob, &json!({"previous_response_id": "resp_stream"})).await;
    refused.is_error(404, "previous_response_not_found");
    drop(open);

    // The bytes are the upstream's own, each and all.
    upstream.next(Script::stream(&events));
    let whole = ada.post(RESPONSES, &asking(&json!({"stream": true}))).send().await.expect(200);
    assert_eq!(whole.text(), events.concat());
    let item = json!({"input": [{"type": "item_reference", "id": "msg_stream"}]});
    continues(&upstream, &ada, &item).await;
    ask(&bob, &item).await.is_error(404, "item_not_found");
}

#[tokio::test]
async fn owners_outlive_a_restart_and_a_kill() {
    let upstream = FakeUpstream::start().await;
    let mut server = TestServer::before(&upstream).await;
    let (ada, bob) = (server.with_key("30RequestPerDay").await, server.with_key("30RequestPerDay").await);
    let (first, second) = (json!({"previous_response_id": "resp_1"}), json!({"previous_response_id": "resp_2"}));
    create(&upstream, &ada, "resp_1", &[]).await;
    server.restart().await;
    continues(&upstream, &ada, &first).await;
    create(&upstream, &ada, "resp_2", &[]).await;
    // Looking it up proves that it is written.
    continues(&upstream, &ada, &second).await;
    server.sigkill();
    server.start_again().await;
    for named in [&first, &second] {
        continues(&upstream, &ada, named).await;
        ask(&bob, named).await.is_error(404, "previous_response_not_found");
    }
}

#[tokio::test]
async fn an_items_id_names_what_the_upstream_keeps() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let (ada, bob) = (server.with_key("30RequestPerDay").await, server.with_key("30RequestPerDay").await);
    let citation = json!({"type": "container_file_citation", "container_id": "cntr_2", "file_id": "cfile_1"});
    let mut cited = message("msg_1");
    cited["content"][0]["annotations"] = json!([citation]);
    let items = [
        json!({"type": "reasoning", "id": "rs_1", "summary": []}),
        json!({"type": "code_interpreter_call", "id": "ci_1", "container_id": "cntr_1", "code": "1"}),
        json!({"type": "mcp_approval_request", "id": "mcpr_1", "name": "n", "arguments": "{}"}),
        // What a tool's own server said is nobody's.
        json!({"type": "mcp_list_tools", "id": "mcpl_1", "tools": [
            {"name": "n", "input_schema": {"id": "rs_told", "container_id": "cntr_told"}, "id": "rs_told"}]}),
        cited,
    ];
    create(&upstream, &ada, "resp_1", &items).await;
    let replays = [
        (json!({"input": items}), "item_not_found"),
        (json!({"input": [{"type": "reasoning", "id": "rs_1", "summary": []}]}), "item_not_found"),
        (
            json!({"input": [{"type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": true}]}),
            "item_not_found",
        ),
        (json!({"tools": [{"type": "code_interpreter", "container": "cntr_1"}]}), "container_not_found"),
        (
            json!({"input": [{"type": "additional_tools", "role": "developer",
            "tools": [{"type": "code_interpreter", "container": "cntr_2"}]}]}),
            "container_not_found",
        ),
        (
            json!({"tools": [{"type": "shell",
            "environment": {"type": "container_reference", "container_id": "cntr_1"}}]}),
            "container_not_found",
        ),
    ];
    for (named, code) in &replays {
        continues(&upstream, &ada, named).await;
        ask(&bob, named).await.is_error(404, code);
    }
    for told in [json!({"input": [{"id": "rs_told"}]}), json!({"tools": [{"container": "cntr_told"}]})] {
        ask(&ada, &told).await.is_envelope(404);
    }
}

#[tokio::test]
async fn a_conversation_belongs_to_whom_an_answer_named_it() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let (ada, bob) = (server.with_key("10RequestPerDay").await, server.with_key("10RequestPerDay").await);
    let mut answer = response("resp_1", &[]);
    answer["conversation"] = json!({"id": "conv_1"});
    upstream.next(Script::json(200, &answer));
    ask(&ada, &json!({})).await.expect(200);
    for named in [json!({"conversation": "conv_1"}), json!({"conversation": {"id": "conv_1"}})] {
        continues(&upstream, &ada, &named).await;
        let error = ask(&bob, &named).await.is_error(404, "conversation_not_found");
        assert_eq!(error["param"], "conversation");
    }
    ask(&ada, &json!({"conversation": {"id": 7}})).await.is_envelope(400);
    ask(&ada, &json!({"previous_response_id": {"id": "resp_1"}})).await.is_envelope(400);
    continues(&upstream, &ada, &json!({"conversation": null, "previous_response_id": null, "prompt": null})).await;
}

#[tokio::test]
async fn no_spelling_and_no_place_walks_around_it() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let (ada, bob) = (server.with_key("10RequestPerDay").await, server.with_key("unlimited").await);
    create(&upstream, &ada, "resp_ada", &[json!({"type": "reasoning", "id": "rs_ada"})]).await;
    create(&upstream, &bob, "resp_bob", &[json!({"type": "reasoning", "id": "rs_bob"})]).await;
    let deep = |inner: &str| format!(r#"{{"input": [{{"content": {}{inner}{}}}]}}"#, "[".repeat(60), "]".repeat(60));
    let too_deep = format!(r#"{{"input": {}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    let bodies = [
        r#"{"previous\u005fresponse_id": "resp_ada"}"#.to_owned(),
        r#"{"previous_response_id": "\u0072esp_ada"}"#.to_owned(),
        r#"{"Previous_Response_ID": "resp_ada"}"#.to_owned(),
        r#"{"previou\u017f_response_id": "resp_ada"}"#.to_owned(),
        r#"{"previous_response_id": "resp_bob", "previous_response_id": "resp_ada"}"#.to_owned(),
        r#"{"previous_response_id": "resp_ada", "previous_response_id": "resp_bob"}"#.to_owned(),
        r#"{"conversation": {"id": "rs_bob", "ID": "conv_ada"}}"#.to_owned(),
        r#"{"input": [{"id": "rs_bob", "\u0069d": "rs_ada"}]}"#.to_owned(),
        r#"{"input": [{"id": "rs_bob"}, {"id": "rs_ada"}]}"#.to_owned(),
        r#"{"INPUT": [{"Id": "rs_ada"}]}"#.to_owned(),
        r#"{"input": {"id": "rs_ada"}}"#.to_owned(),
        r#"{"extra_body": {"previous_response_id": "resp_ada"}}"#.to_owned(),
        r#"{"input": [{"content": [{"type": "input_file", "File_Id": "file-ada"}]}]}"#.to_owned(),
        r#"{"input": [{"content": [{"file_id": ["file-ada"]}]}]}"#.to_owned(),
        r#"{"input": [{"content": [{"file_id": 7}]}]}"#.to_owned(),
        deep(r#"{"file_id": "file-ada"}"#),
        too_deep,
    ];
    let posts = upstream.posts();
    for body in bodies {
        let body = body.replacen('{', r#"{"model": "model-1", "#, 1);
        let call = bob.call(reqwest::Method::POST, RESPONSES).body("application/json", body.clone());
        let answer = call.send().await;
        assert!([400, 404].contains(&answer.status), "{body}: {}", answer.text());
        answer.is_envelope(answer.status);
    }
    assert_eq!(upstream.posts(), posts);
}

#[tokio::test]
async fn what_can_not_be_bound_to_an_owner_is_refused_with_the_reason() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let ada = server.with_key("30RequestPerDay").await;
    let in_content = |part: Value| json!({"input": [{"role": "user", "content": [part]}]});
    let in_messages = |part: Value| json!({"messages": [{"role": "user", "content": [part]}]});
    let in_tool = |tool: Value| json!({"tools": [tool]});
    let cases = [
        (RESPONSES, "file_id", in_content(json!({"type": "input_file", "file_id": "file-1"}))),
        (RESPONSES, "file_id", in_content(json!({"type": "input_image", "file_id": "file-1"}))),
        (
            RESPONSES,
            "file_id",
            json!({"input": [{"type": "computer_call_output", "call_id": "c",
            "output": {"type": "computer_screenshot", "file_id": "file-1"}}]}),
        ),
        (RESPONSES, "file_id", in_tool(json!({"type": "image_generation", "input_image_mask": {"file_id": "file-1"}}))),
        (
            RESPONSES,
            "file_ids",
            in_tool(json!({"type": "code_interpreter", "container": {"type": "auto",
            "file_ids": ["file-1"]}})),
        ),
        (RESPONSES, "vector_store_ids", in_tool(json!({"type": "file_search", "vector_store_ids": ["vs_1"]}))),
        (
            RESPONSES,
            "skill_id",
            in_tool(json!({"type": "shell", "environment": {"type": "container_auto",
            "skills": [{"type": "skill_reference", "skill_id": "skill_1"}]}})),
        ),
        (RESPONSES, "tunnel_id", in_tool(json!({"type": "mcp", "server_label": "l", "tunnel_id": "t"}))),
        (RESPONSES, "prompt", json!({"prompt": {"id": "pmpt_1"}})),
        (RESPONSES, "request_id", json!({"request_id": "resp_chosen"})),
        (CHAT, "file_id", in_messages(json!({"type": "file", "file": {"file_id": "file-1"}}))),
        (CHAT, "audio.id", json!({"messages": [{"role": "assistant", "audio": {"id": "audio_1"}}]})),
        (CHAT, "voice.id", json!({"messages": [], "audio": {"format": "wav", "voice": {"id": "voice_1"}}})),
    ];
    for (path, field, more) in cases {
        let error = ada.post(path, &asking(&more)).send().await.is_error(400, "stored_state_refused");
        assert_eq!(error["param"], field, "{more}");
        let told = error["message"].as_str().unwrap();
        assert!(told.contains("upstream.shared_state"), "{told}");
    }
    assert_eq!(upstream.posts(), 0);
    settled(0, || ada.used()).await;
}

#[tokio::test]
async fn what_names_nothing_that_is_kept_passes_untouched() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let ada = server.with_key("10RequestPerDay").await;
    let schema = json!({"type": "object", "required": ["file_id"], "properties": {
        "file_id": {"type": "string"}, "container": {"type": "string"}, "id": {"type": "string"},
        "example": {"default": {"file_id": "a", "previous_response_id": "b"}}}});
    let bodies = [
        (
            RESPONSES,
            json!({"tools": [
            {"type": "function", "name": "f", "parameters": schema},
            {"type": "code_interpreter", "container": {"type": "auto", "file_ids": []}},
            {"type": "mcp", "server_label": "l", "server_url": "http://mcp.example", "headers": {"container": "x"}}],
            "metadata": {"file_id": "mine", "conversation": "mine"}, "store": true, "background": false,
            "text": {"format": {"type": "json_schema", "name": "n", "schema": schema}}}),
        ),
        (
            RESPONSES,
            json!({"input": [
            {"role": "user", "content": [
                {"type": "input_image", "image_url": "https://images.example/1.png", "file_id": null},
                {"type": "input_file", "filename": "a.txt", "file_data": "data:text/plain;base64,aGVsbG8="}]},
            {"type": "function_call_output", "call_id": "call_1", "output": "{\"file_id\": \"file-1\"}"}]}),
        ),
        (
            CHAT,
            json!({"messages": [{"role": "user", "content": "\"file_id\": \"file-1\""}, {"id": "mine", "role": "user",
            "content": "x"}], "store": true, "prompt": "x", "input": [{"id": "mine"}],
            "tools": [{"type": "function", "function": {"name": "f", "parameters": schema}}],
            "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}}),
        ),
        ("/v1/embeddings", json!({"input": [{"id": "x", "file_id": "y"}]})),
        ("/v1/completions", json!({"prompt": "x", "request_id": "y"})),
    ];
    for (path, more) in bodies {
        let body = asking(&more);
        ada.post(path, &body).send().await.expect(200);
        assert_eq!(upstream.last().json(), body);
    }
    // Half of a surrogate pair, as cut texts have it, is JSON.
    let odd = r#"{"model": "model-1", "odd": 1e400, "input": "\ud83d"}"#;
    ada.call(reqwest::Method::POST, RESPONSES).body("application/json", odd).send().await.expect(200);
    assert_eq!(String::from_utf8(upstream.last().body).unwrap(), odd);
}

#[tokio::test]
async fn an_operator_may_share_all_that_is_kept() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::setup().upstream(&upstream).set("upstream.shared_state", "true").start().await;
    let ada = server.with_key("10RequestPerDay").await;
    let bodies = [
        json!({"previous_response_id": "resp_anyones"}),
        json!({"conversation": "conv_anyones", "prompt": {"id": "pmpt_1"}}),
        json!({"input": [{"type": "item_reference", "id": "rs_1"}, {"content": [{"file_id": "file-1"}]}],
            "tools": [{"type": "file_search", "vector_store_ids": ["vs_1"]}]}),
    ];
    for more in bodies {
        continues(&upstream, &ada, &more).await;
    }
}

#[tokio::test]
async fn what_is_kept_can_not_be_fetched_by_its_address() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let ada = server.with_key("10RequestPerDay").await;
    create(&upstream, &ada, "resp_1", &[]).await;
    for path in ["/v1/responses/resp_1", "/v1/responses/resp_1/input_items", "/v1/conversations/conv_1", "/v1/files"] {
        ada.get(path).send().await.is_error(404, "unknown_url");
    }
    ada.delete("/v1/responses/resp_1").send().await.is_error(404, "unknown_url");
    ada.post("/v1/responses/resp_1/cancel", &json!({})).send().await.is_error(404, "unknown_url");
    assert_eq!(upstream.received().len(), 1);
}
