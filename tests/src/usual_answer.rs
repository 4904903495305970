//! What the fake upstream says where a test tells it nothing else: an answer of the kind that each call wants.

use serde_json::{Value, json};

use crate::{Received, Script, chat_events};

pub(crate) fn usual_answer(request: &Received) -> Script {
    let streams = || request.json()["stream"] == true;
    match request.path.as_str() {
        "/v1/models" => Script::json(200, &list(&[model("model-1"), model("model-2")])),
        "/v1/chat/completions" if streams() => Script::stream(chat_events(&["one ", "two ", "three"])),
        "/v1/chat/completions" => Script::completion("one two three"),
        "/v1/completions" if streams() => {
            Script::stream([format!("data: {}\n\n", text_completion()), "data: [DONE]\n\n".to_owned()])
        }
        "/v1/completions" => Script::json(200, &text_completion()),
        "/v1/responses" if streams() => {
            let done = json!({"type": "response.completed", "sequence_number": 0, "response": response()});
            Script::stream([format!("event: response.completed\ndata: {done}\n\n")])
        }
        "/v1/responses" => Script::json(200, &response()),
        "/v1/embeddings" => {
            let mut answer = list(&[json!({"object": "embedding", "index": 0, "embedding": [0.5, -0.5]})]);
            answer["model"] = "model-1".into();
            Script::json(200, &answer)
        }
        _ => Script::json(200, &list(&[])),
    }
}

fn list(data: &[Value]) -> Value {
    json!({"object": "list", "data": data})
}

fn model(id: &str) -> Value {
    json!({"id": id, "object": "model", "created": 1, "owned_by": "fake"})
}

fn text_completion() -> Value {
    json!({"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "model-1",
        "choices": [{"index": 0, "text": "one two three", "logprobs": null, "finish_reason": "stop"}]})
}

fn response() -> Value {
    let text = json!({"type": "output_text", "text": "one two three", "annotations": []});
    json!({"id": "resp_1", "object": "response", "created_at": 1, "model": "model-1", "status": "completed",
        "output": [{"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [text]}]})
}
