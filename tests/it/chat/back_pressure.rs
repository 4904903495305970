//! A reader who stands still holds back its own upstream: nobody else waits, and the server doesn't store for it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tests::{FakeUpstream, Script, TestServer, chat_events, chunk, event, wait_until};
use tokio::task::JoinSet;

const READERS: usize = 1000;
const STREAM: &str = "{\"stream\": true, \"model\": \"m\", \"messages\": []}";
/// What the upstream has for the one who doesn't read.
const OFFERED: usize = 200 * 1024 * 1024;
/// Most that may lie between upstream and reader: the buffers of four sockets, which Linux lets grow to 6 MiB for
/// reading and 4 MiB for writing each, and what the server holds of a stream.
const ON_THE_WAY: usize = 32 * 1024 * 1024;
/// Most that the server may grow by: the others' connections, 1,000 times some 60 KiB in a development build, and room
/// for the allocator; less than half of what is offered.
const GROWTH: u64 = 90 * 1024 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_who_does_not_read_neither_grows_the_server_nor_slows_the_others() {
    // A thousand readers and their upstreams have more sockets than the usual soft limit of 1,024.
    rlimit::increase_nofile_limit(u64::MAX).unwrap();
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("unlimited").await;
    let before = server.resident_bytes();

    upstream.by_hand();
    let mut still = server.raw().await;
    let authorization = format!("authorization: Bearer {}\r\n", key.secret());
    still.post("/v1/chat/completions", &authorization, STREAM).await;
    let mut exchange = upstream.exchange().await;
    let (sent, mut talking) = (Arc::new(AtomicUsize::new(0)), JoinSet::new());
    let counter = Arc::clone(&sent);
    talking.spawn(async move {
        exchange.start_stream().await;
        let piece = chunk(event(&"x".repeat(64 * 1024)));
        while counter.load(Ordering::Relaxed) < OFFERED && exchange.try_send(&piece).await.is_ok() {
            counter.fetch_add(piece.len(), Ordering::Relaxed);
        }
    });

    let words = ["word "; 50];
    upstream.always(Script::stream(chat_events(&words)));
    let mut reading = JoinSet::new();
    for _ in 0..READERS {
        let call = key.chat_stream("hello");
        reading.spawn(async move { call.stream().await.rest().await });
    }
    for events in reading.join_all().await {
        assert_eq!((events.len(), events.last().unwrap().as_str()), (words.len() + 2, "[DONE]"));
    }
    let mut looks = (0, 0);
    let held_back = wait_until("the upstream is held back", || {
        let now = sent.load(Ordering::Relaxed);
        looks = if looks.0 == now { (now, looks.1 + 1) } else { (now, 0) };
        async move { (looks.1 >= 100).then_some(looks.0) }
    })
    .await;
    assert!(held_back > 64 * 1024, "it had begun");
    assert!(held_back < ON_THE_WAY, "{held_back} bytes were taken from the upstream for nobody");
    let growth = server.resident_bytes().saturating_sub(before);
    assert!(growth < GROWTH, "the server grew by {growth} bytes");
    assert_eq!(server.metrics().await.value("tollgate_streams_open"), 1.0);

    drop(still);
    wait_until("the upstream is let go", || {
        let ended = talking.try_join_next().is_some();
        async move { ended.then_some(()) }
    })
    .await;
    assert_eq!(key.chat_stream("hello").stream().await.rest().await.last().unwrap(), "[DONE]");
}
