//! The ids that an answer names are told while it passes, whatever its framing, and change none of its bytes.

use std::{cell::RefCell, rc::Rc};

use proxy::{Body, Endpoint, ModelPolicy, Request, relay};

use crate::support::{CLOSE_HEAD, Connection, FakeUpstream, LONG, follow, take};

const ANSWER: &str = r#"{"id": "resp_1", "output": [{"type": "message", "id": "msg_1", "content": []}]}"#;
const EVENT: &str = "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"id\":\"resp_1\",\"output\":[{\"id\":\"msg_1\"}]}}";

/// What was told by the end of an answer, and the answer.
async fn told(stream: bool, upstream: impl AsyncFnOnce(Connection)) -> (Vec<String>, String) {
    let fake = FakeUpstream::start().await;
    let client = fake.client(LONG);
    let told = Rc::new(RefCell::new(Vec::new()));
    let for_answer = Rc::clone(&told);
    let follow = follow().0.on_id(move |id| for_answer.borrow_mut().push(id.to_owned()));
    let body = format!("{{\"model\":\"m\",\"input\":\"hi\",\"stream\":{stream}}}");
    let request = Request::new(Body::parse(Endpoint::Responses, body.into(), &ModelPolicy::default()).unwrap());
    let caller = async { take(relay(&client, request, follow, proxy::never()).await.unwrap()).await };
    let script = async {
        let mut connection = fake.accept().await;
        connection.request().await;
        upstream(connection).await;
    };
    let (got, ()) = tokio::join!(caller, script);
    let told = told.borrow().clone();
    (told, got.text())
}

#[actix_rt::test]
async fn a_whole_answer_tells_its_ids_whatever_its_framing() {
    let framings = [
        format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{ANSWER}",
            ANSWER.len()
        ),
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{ANSWER}"),
        format!("HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n{ANSWER}"),
    ];
    for framing in framings {
        let (head, tail) = framing.split_at(framing.len() - 60);
        let (ids, text) = told(false, async |mut up| {
            up.send(head).await;
            up.send(tail).await;
        })
        .await;
        assert_eq!((ids, text.as_str()), (vec!["resp_1".to_owned(), "msg_1".to_owned()], ANSWER), "{framing}");
    }
}

#[actix_rt::test]
async fn a_stream_tells_its_ids_also_in_a_last_event_without_its_blank_line() {
    for end in ["\n\n", "\r\n\r\n", "\n", ""] {
        let whole = format!("{EVENT}{end}");
        let (ids, text) = told(true, async |mut up| {
            up.send(CLOSE_HEAD).await;
            up.send(&whole).await;
        })
        .await;
        assert_eq!((ids, text), (vec!["resp_1".to_owned(), "msg_1".to_owned()], whole));
    }
}

#[actix_rt::test]
async fn a_refusal_names_nothing() {
    let (ids, text) = told(false, async |mut up| {
        let head = "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json";
        up.send(format!("{head}\r\ncontent-length: {}\r\n\r\n{ANSWER}", ANSWER.len())).await;
    })
    .await;
    assert_eq!((ids, text.as_str()), (Vec::new(), ANSWER));
}
