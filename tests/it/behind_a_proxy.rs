//! What a proxy in front asks of the server: connections that outlive its own.

use tests::TestServer;

/// A request on a connection that goes on.
const ASK: &str = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";

#[tokio::test]
async fn a_connection_without_a_request_stays_open_as_long_as_configured() {
    // Longer than actix's own 5 seconds: what outlives this one was kept by us.
    let shorter = TestServer::setup().set("server.keep_alive_seconds", "6").start().await;
    let usual = TestServer::start().await;
    let (mut kept, mut closed) = (usual.raw().await, shorter.raw().await);
    for client in [&mut kept, &mut closed] {
        client.send(ASK).await.unwrap();
        assert_eq!(client.answer().await.unwrap().status, 200);
    }
    assert_eq!(closed.rest().await, b"", "it ends without a word");
    kept.send(ASK).await.unwrap();
    assert_eq!(kept.answer().await.expect("the other is still open").status, 200);
}
