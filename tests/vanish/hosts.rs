//! Replicas as hosts of their own behind nginx and HAProxy, of which one is cut off from everybody in mid-stream.

use std::net::Ipv4Addr;

use serde_json::json;
use tests::{
    Caller, Database, FakeUpstream, Front, Identity, PASSWORD, PlanSpec, Script, ServerSetup, TestServer, free_port,
    haproxy, nginx, wait_until, within,
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::network::Network;

const LIMIT: u64 = 12;
/// How long the proxy waits for a byte of a replica's: more often than that, heartbeats come.
const PATIENCE: &str = "3s";

/// A port of all of this machine's addresses that leads to one of the loopback interface.
struct Gate {
    port: u16,
    _passing: JoinSet<()>,
}

impl Gate {
    async fn to(address: String) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut passing = JoinSet::new();
        passing.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut inside, _)) = listener.accept().await {
                let address = address.clone();
                connections.spawn(async move {
                    if let Ok(mut target) = TcpStream::connect(address).await {
                        let _ = copy_bidirectional(&mut inside, &mut target).await;
                    }
                });
            }
        });
        Self { port, _passing: passing }
    }
}

/// A replica in a network of its own.
struct Host {
    network: Network,
    server: TestServer,
}

impl Host {
    async fn start(setup: &ServerSetup, postgres: (&Gate, &str), upstream: &Gate) -> Self {
        let network = Network::new();
        let (ours, (gate, database)) = (network.ours(), postgres);
        let url = format!("postgres://postgres@{ours}:{}/{database}?sslmode=disable", gate.port);
        let setup = setup
            .clone()
            .set("postgres.url", url)
            .set("upstream.base_url", format!("http://{ours}:{}/v1", upstream.port))
            .launched_by(&network.launcher());
        Self { server: setup.start().await, network }
    }

    fn address(&self) -> String {
        let (_, port) = self.server.origin().rsplit_once(':').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        format!("{}:{port}", self.network.theirs())
    }

    /// The caller at this host, past the proxy.
    fn reached_by(&self, caller: &Caller) -> Caller {
        caller.through(&format!("http://{}", self.address()))
    }
}

/// What a request is told, maybe by the proxy itself, whose pages are its own.
async fn status_by(front: &Front, key: &Caller) -> u16 {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let body = "{\"model\": \"m\", \"messages\": [{\"role\": \"user\", \"content\": \"hello\"}]}";
    let request = client.post(format!("{}/v1/chat/completions", front.origin())).bearer_auth(key.secret());
    let answer = request.header("content-type", "application/json").body(body).send();
    within("an answer", answer).await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_nginx_a_stream_of_a_host_that_is_cut_off_ends_as_cut_and_the_others_go_on() {
    cut_off_in_mid_stream(async |one, two| {
        let patient = |text: String| text.replace("proxy_read_timeout 620s", &format!("proxy_read_timeout {PATIENCE}"));
        nginx(free_port(), &format!("{one};\n    server {two}"), patient).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_haproxy_a_stream_of_a_host_that_is_cut_off_ends_as_cut_and_the_others_go_on() {
    cut_off_in_mid_stream(async |one, two| haproxy(free_port(), &[one, two], PATIENCE).await).await;
}

/// Everything, behind the proxy that is started in front of two addresses.
async fn cut_off_in_mid_stream(proxy: impl AsyncFnOnce(String, String) -> Front) {
    let (database, upstream) = (Database::fresh().await, FakeUpstream::start().await);
    let url = database.url();
    let (at, name) = url.rsplit_once('/').unwrap();
    let to_postgres = Gate::to(at.rsplit_once('@').unwrap().1.to_owned()).await;
    let to_upstream = Gate::to(upstream.base_url()["http://".len()..].trim_end_matches("/v1").to_owned()).await;
    let setup = TestServer::setup()
        .postgres(&url)
        .upstream(&upstream)
        .plans(&[PlanSpec::daily("few", LIMIT)])
        .set("server.listen", "0.0.0.0:0")
        .set("postgres.timeout_seconds", "2")
        .set("upstream.heartbeat_seconds", "1");
    let (status, said) = TestServer::run(&setup, &["migrate"]).await;
    assert!(status.success(), "{said}");
    let one = Host::start(&setup, (&to_postgres, name), &to_upstream).await;
    let two = Host::start(&setup, (&to_postgres, name), &to_upstream).await;
    let front = proxy(one.address(), two.address()).await;

    let visitor = one.server.anonymous().through(front.origin());
    let ada = json!({"email": "ada@example.com", "password": PASSWORD});
    let ada = visitor.post("/accounts", &ada).send().await.expect(201).json();
    let ada = visitor.as_identity(Identity::Bearer(ada["access_token"].as_str().unwrap().to_owned()));
    let (key, _) = ada.key_on("few").await;

    upstream.by_hand();
    // One at each: the proxy lets them take turns.
    let (mut streams, mut exchanges) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        let (exchange, stream) = tokio::join!(
            async {
                let mut exchange = upstream.exchange().await;
                exchange.start_stream().await;
                exchange.send_text("before").await;
                exchange
            },
            key.chat_stream("hello").stream()
        );
        exchanges.push(exchange);
        streams.push(stream);
    }
    for stream in &mut streams {
        assert_eq!(stream.next_text().await, "before");
    }
    one.network.cut();
    for exchange in &mut exchanges {
        exchange.send_text("after").await;
        exchange.finish_stream().await;
    }
    let mut ends = Vec::new();
    for stream in &mut streams {
        let rest = stream.rest().await.concat();
        ends.push((stream.was_cut(), rest.contains("after"), rest.contains("[DONE]")));
    }
    ends.sort_unstable();
    assert_eq!(ends, [(false, true, true), (true, false, false)]);

    let there = two.reached_by(&key);
    assert_eq!(there.used().await, 2, "both were admitted");
    upstream.always(Script::completion("hello"));
    let mut used = 2;
    // While one is away, and the proxy may still take it for there.
    for _ in 0..3 {
        let status = status_by(&front, &key).await;
        assert!([200, 502, 503, 504].contains(&status), "{status}");
        used += u64::from(status == 200);
    }
    there.chat("hello").send().await.expect(200);
    used += 1;
    assert_eq!(there.used().await, used);

    one.network.mend();
    let back = one.reached_by(&key);
    let is_ready =
        || async { back.get("/readyz").try_send().await.ok().filter(|answer| answer.status == 200).map(drop) };
    wait_until("the host is back", is_ready).await;
    for number in used..LIMIT {
        let caller = if number % 2 == 0 { &back } else { &there };
        caller.chat("hello").send().await.expect(200);
    }
    for caller in [&back, &there, &key] {
        caller.chat("hello").send().await.is_error(429, "rate_limit_exceeded");
        assert_eq!(caller.used().await, LIMIT);
    }
}
