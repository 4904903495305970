//! `[tls]`: the server's own certificate, what callers keep of the connection under it, and its renewal without a restart.

use std::{fs, net::Shutdown, os::fd::AsFd as _, path::PathBuf};

use rustls::{
    SupportedProtocolVersion,
    pki_types::CertificateDer,
    version::{TLS12, TLS13},
};
use tempfile::TempDir;
use tests::{Authority, FakeUpstream, RawClient, Script, ServerSetup, TestServer, chunk, settled, wait_until};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

const CHAT: &str = "{\"model\":\"m\",\"messages\":[]}";
const STREAM: &str = "{\"model\":\"m\",\"messages\":[],\"stream\":true}";
const BOTH: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

/// Files for a certificate, and who signs what is put into them.
struct Files {
    authority: Authority,
    _dir: TempDir,
    cert: PathBuf,
    key: PathBuf,
}

impl Files {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
        let files = Self { authority: Authority::default(), _dir: dir, cert, key };
        files.renew();
        files
    }

    fn renew(&self) -> CertificateDer<'static> {
        self.authority.write(&self.cert, &self.key)
    }

    fn named(&self, setup: ServerSetup) -> ServerSetup {
        setup.set("tls.cert_file", self.cert.to_str().unwrap()).set("tls.key_file", self.key.to_str().unwrap())
    }
}

/// A server with a certificate, and the value of a key there.
struct Scene {
    files: Files,
    server: TestServer,
    upstream: FakeUpstream,
    key: String,
}

async fn scene() -> Scene {
    let (files, upstream) = (Files::new(), FakeUpstream::start().await);
    let mut server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await.secret().to_owned();
    server.restart_with(|setup| files.named(setup)).await;
    assert!(server.origin().starts_with("https://"), "{}", server.origin());
    Scene { files, server, upstream, key }
}

impl Scene {
    async fn connected(&self) -> RawClient<TlsStream<TcpStream>> {
        self.connected_by(&BOTH).await
    }

    async fn connected_by(&self, versions: &[&'static SupportedProtocolVersion]) -> RawClient<TlsStream<TcpStream>> {
        self.server.raw_tls(self.files.authority.caller(versions, &["h2", "http/1.1"])).await.unwrap()
    }

    fn chat(&self, version: &str, headers: &str, body: &str) -> String {
        let (key, length) = (&self.key, body.len());
        format!(
            "POST /v1/chat/completions HTTP/{version}\r\nhost: x\r\nauthorization: Bearer {key}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
        )
    }
}

fn certificate_of(client: &RawClient<TlsStream<TcpStream>>) -> CertificateDer<'static> {
    client.stream().get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn a_stream_comes_through_both_versions_of_tls_on_a_connection_that_goes_on() {
    let scene = scene().await;
    for version in BOTH {
        let mut client = scene.connected_by(&[version]).await;
        assert_eq!(client.stream().get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        for _ in 0..2 {
            client.send(scene.chat("1.1", "", STREAM)).await.unwrap();
            let answer = client.answer().await.unwrap();
            assert_eq!(answer.status, 200, "{}", answer.head);
            assert!(answer.head.contains("strict-transport-security: max-age="), "{}", answer.head);
            assert!(text(answer.body).ends_with("data: [DONE]\n\n"));
        }
    }
    // As it comes, not at the end.
    scene.upstream.by_hand();
    let mut client = scene.connected().await;
    client.send(scene.chat("1.1", "", STREAM)).await.unwrap();
    let mut exchange = scene.upstream.exchange().await;
    exchange.start_stream().await;
    for word in ["first", "second"] {
        exchange.send_text(word).await;
        client.until(word).await;
    }
    exchange.finish_stream().await;
    client.until("[DONE]").await;
}

#[tokio::test]
async fn more_than_a_socket_holds_comes_through_whole_in_both_directions() {
    let scene = scene().await;
    let large = "x".repeat(8_000_000);
    scene.upstream.next(Script::completion(&large));
    let body = format!("{{\"model\":\"m\",\"messages\":[{{\"role\":\"user\",\"content\":\"{large}\"}}]}}");
    let mut client = scene.connected().await;
    client.send(scene.chat("1.1", "", &body)).await.unwrap();
    let answer = client.answer().await.unwrap();
    assert_eq!((answer.status, text(answer.body).contains(&large)), (200, true));
    assert_eq!(scene.upstream.last().message().len(), large.len());
}

#[tokio::test]
async fn cookies_are_for_https_alone_and_our_own_origin_is_https() {
    let scene = scene().await;
    let mut client = scene.connected().await;
    client.post("/accounts", "", "{\"email\":\"ada@example.com\",\"password\":\"nine plain lakes\"}").await;
    let answer = client.answer().await.unwrap();
    assert_eq!(answer.status, 201, "{}", answer.head);
    let cookies: Vec<_> = answer.head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")).collect();
    assert_eq!(cookies.len(), 2, "{}", answer.head);
    assert!(cookies.iter().all(|cookie| cookie.contains("; secure")), "{cookies:?}");
    let session = text(answer.head.into_bytes());
    assert!(session.contains("set-cookie: __host-tollgate_session="), "{session}");
}

#[tokio::test]
async fn a_caller_who_closes_only_its_sending_side_gets_its_answer() {
    let scene = scene().await;
    for (request, expected) in [
        ("GET /plans HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(), "10RequestPerDay"),
        (scene.chat("1.1", "", CHAT), "one two three"),
        (scene.chat("1.1", "", STREAM), "data: [DONE]"),
        (scene.chat("1.0", "", STREAM), "data: [DONE]"),
    ] {
        let mut client = scene.connected().await;
        client.send(&request).await.unwrap();
        client.finish().await;
        let (bytes, was_cut) = client.rest_and_end().await;
        let answer = text(bytes);
        assert!(answer.contains(" 200 OK\r\n") && answer.contains(expected) && !was_cut, "{request}\n{answer}");
    }
    // One who waits for a slow model is seen to be there.
    scene.upstream.by_hand();
    let mut client = scene.connected().await;
    client.send(scene.chat("1.1", "", STREAM)).await.unwrap();
    let mut exchange = scene.upstream.exchange().await;
    client.finish().await;
    client.until("HTTP/1.1 100 Continue\r\n\r\n").await;
    exchange.start_stream().await;
    exchange.send_text("late").await;
    exchange.finish_stream().await;
    client.until("[DONE]").await;
}

#[tokio::test]
async fn a_caller_who_leaves_cancels_the_upstream_before_and_amid_its_answer() {
    let scene = scene().await;
    scene.upstream.by_hand();
    for has_begun in [false, true] {
        for says_so in [false, true] {
            let mut client = scene.connected().await;
            client.send(scene.chat("1.1", "", STREAM)).await.unwrap();
            let mut exchange = scene.upstream.exchange().await;
            if has_begun {
                exchange.start_stream().await;
                exchange.send_text("begun").await;
                client.until("begun").await;
            }
            if says_so {
                client.finish().await;
            }
            drop(client);
            exchange.closed().await;
        }
    }
}

#[tokio::test]
async fn an_end_that_tls_doesnt_tell_is_no_half_closed_caller() {
    let scene = scene().await;
    scene.upstream.by_hand();
    let mut client = scene.connected().await;
    client.send(scene.chat("1.1", "", STREAM)).await.unwrap();
    let exchange = scene.upstream.exchange().await;
    // Anybody between the two could have sent it.
    let socket = client.stream().get_ref().0.as_fd().try_clone_to_owned().unwrap();
    std::net::TcpStream::from(socket).shutdown(Shutdown::Write).unwrap();
    exchange.closed().await;
    assert!(!text(client.rest().await).contains("100 Continue"));
}

#[tokio::test]
async fn a_broken_answer_without_another_end_is_cut_off() {
    let scene = scene().await;
    let large = format!("{{\"choices\":[\"{}", "x".repeat(100_000));
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    scene.upstream.next(Script::raw([head]).and_raw(chunk(&large)).then_close());
    let mut client = scene.connected().await;
    client.send(scene.chat("1.0", "", CHAT)).await.unwrap();
    let (_, was_cut) = client.rest_and_end().await;
    assert!(was_cut, "a clean end would make the half answer look whole");
}

#[tokio::test]
async fn a_body_is_asked_for_and_lines_are_looked_at_as_without_tls() {
    let scene = scene().await;
    let mut client = scene.connected().await;
    let request = scene.chat("1.1", "expect: 100-continue\r\n", CHAT);
    client.send(request.strip_suffix(CHAT).unwrap()).await.unwrap();
    client.until("HTTP/1.1 100 Continue\r\n\r\n").await;
    client.send(CHAT).await.unwrap();
    client.until("one two three").await;

    let mut client = scene.connected().await;
    client.send("GET /plans HTTP/1.1\nhost: x\r\n\r\n").await.unwrap();
    let answer = text(client.rest().await);
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[tokio::test]
async fn plain_http_is_told_to_speak_https_and_other_talk_is_ended() {
    let scene = scene().await;
    let mut client = scene.server.raw().await;
    client.send(scene.chat("1.1", "", &"x".repeat(500_000))).await.unwrap();
    let (bytes, was_reset) = client.rest_and_end().await;
    let said = text(bytes);
    assert!(said.starts_with("HTTP/1.1 400 ") && said.contains("write https://") && !was_reset, "{said}");
    let mut client = scene.server.raw().await;
    client.send([0u8; 100]).await.unwrap();
    assert!(!text(client.rest().await).contains("HTTP"));
    // Two readers of one protocol could disagree on what was agreed: there is no other.
    let only_http_2 = scene.files.authority.caller(&BOTH, &["h2"]);
    assert!(scene.server.raw_tls(only_http_2).await.is_err());
    assert_eq!(scene.upstream.posts(), 0);
}

#[tokio::test]
async fn who_never_comes_to_encrypt_is_let_go() {
    let scene = scene().await;
    // Silent from the beginning, and amid the first record.
    let (mut silent, mut half) = (scene.server.raw().await, scene.server.raw().await);
    half.send([22, 3, 1, 2, 0, 1]).await.unwrap();
    assert_eq!(silent.rest().await, b"");
    assert_eq!(half.rest().await, b"");
    // Meanwhile nobody else had to wait.
    let mut client = scene.connected().await;
    client.send(scene.chat("1.1", "", CHAT)).await.unwrap();
    assert_eq!(client.answer().await.unwrap().status, 200);
}

#[tokio::test]
async fn a_renewed_certificate_is_for_new_connections_and_a_broken_one_for_none() {
    let scene = scene().await;
    let old = certificate_of(&scene.connected().await);
    scene.upstream.by_hand();
    let mut running = scene.connected().await;
    running.send(scene.chat("1.1", "", STREAM)).await.unwrap();
    let mut exchange = scene.upstream.exchange().await;
    exchange.start_stream().await;

    let renewed = scene.files.renew();
    assert_eq!(certificate_of(&scene.connected().await), old, "nobody said that it is to be read again");
    scene.server.sighup();
    wait_until("the new certificate is shown", || async {
        (certificate_of(&scene.connected().await) == renewed).then_some(())
    })
    .await;
    exchange.send_text("still here").await;
    running.until("still here").await;
    exchange.finish_stream().await;
    running.until("[DONE]").await;

    let cert = scene.files.cert.display().to_string();
    for (content, why) in [("", "holds no certificate"), ("-----BEGIN CERTIFICATE-----\nAA", "is no PEM")] {
        fs::write(&scene.files.cert, content).unwrap();
        scene.server.sighup();
        wait_until("the broken file is told", || async {
            let said = scene.server.output().text();
            said.lines()
                .any(|line| {
                    line.contains("the old certificate stays in use") && line.contains(&cert) && line.contains(why)
                })
                .then_some(())
        })
        .await;
        assert_eq!(certificate_of(&scene.connected().await), renewed);
    }
    let renewed = scene.files.renew();
    scene.server.sighup();
    settled(true, || async { certificate_of(&scene.connected().await) == renewed }).await;
}

#[tokio::test]
async fn a_server_without_a_certificate_has_nothing_to_read_again_and_goes_on() {
    let server = TestServer::start().await;
    server.sighup();
    server.output().until("no certificate to read again").await;
    server.anonymous().get("/plans").send().await.expect(200);
}

#[tokio::test]
async fn files_that_cant_be_used_are_refused_at_the_start_and_by_check_with_their_names() {
    let files = Files::new();
    let (status, said) = TestServer::run(&files.named(TestServer::setup()), &["check"]).await;
    assert!(status.success() && said.contains("certificate    ok"), "{said}");
    let (cert, key) = (files.cert.display().to_string(), files.key.display().to_string());
    let (right_cert, right_key) = (fs::read(&files.cert).unwrap(), fs::read(&files.key).unwrap());
    files.renew();
    let other_key = fs::read(&files.key).unwrap();
    let no_key = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".to_vec();
    for (is_cert, content, words) in [
        (false, Some(&other_key), vec!["tls.key_file", &key, &cert, "isn't that of the certificate"]),
        (false, Some(&right_cert), vec!["tls.key_file", &key, "no private key"]),
        (false, Some(&no_key), vec!["tls.key_file", &key, "can't be used"]),
        (false, None, vec!["tls.key_file", &key, "No such file"]),
        (true, Some(&right_key), vec!["tls.cert_file", &cert, "no certificate"]),
        (true, None, vec!["tls.cert_file", &cert, "No such file"]),
    ] {
        fs::write(&files.cert, &right_cert).unwrap();
        fs::write(&files.key, &right_key).unwrap();
        let file = if is_cert { &files.cert } else { &files.key };
        fs::remove_file(file).unwrap();
        if let Some(content) = content {
            fs::write(file, content).unwrap();
        }
        for command in ["serve", "check"] {
            let (status, said) = TestServer::run(&files.named(TestServer::setup()), &[command]).await;
            assert!(!status.success(), "{said}");
            for word in &words {
                assert!(said.contains(word), "{command}: {word:?} isn't in: {said}");
            }
        }
    }
    for (setup, word) in [
        (TestServer::setup().set("tls.cert_file", &cert), "tls.key_file: must be set along"),
        (TestServer::setup().set("tls.key_file", &key), "tls.cert_file: must be set along"),
        (files.named(TestServer::setup().set("server.public_url", "http://a.example")), "must begin with https://"),
    ] {
        let (status, said) = TestServer::run(&setup, &["serve"]).await;
        assert!(!status.success() && said.contains(word), "{said}");
    }
}
