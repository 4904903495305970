//! Grafana's dashboard: each panel's queries find something in a real Prometheus that scrapes a real server under load.

use std::{
    fs,
    process::{Child, Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;
use tests::{FakeUpstream, PlanSpec, Script, TestServer, event, free_port, wait_until};

use crate::{passes, source};

/// A Prometheus in place of the one in the compose file, with its configuration.
struct Prometheus {
    child: Child,
    url: String,
    _dir: TempDir,
}

impl Prometheus {
    /// Scrapes `target` often, so that nobody has to wait for it.
    fn start(target: &str) -> Self {
        let dir = TempDir::new().unwrap();
        let written = fs::read_to_string(source("packaging/container/monitor/prometheus.yml")).unwrap();
        let changed =
            written.replace("tollgate:9100", target).replace("scrape_interval: 15s", "scrape_interval: 100ms");
        assert!(changed.contains(target) && changed.contains("100ms"), "{written}");
        let (file, port) = (dir.path().join("prometheus.yml"), free_port());
        fs::write(&file, changed).unwrap();
        passes(Command::new("promtool").args(["check", "config"]).arg(&file));
        let mut command = Command::new("prometheus");
        command
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", dir.path().join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--log.level=error");
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Self { child, url: format!("http://127.0.0.1:{port}"), _dir: dir }
    }

    /// Whether a query finds a number now; `None` while nobody answers.
    async fn finds(&self, query: &str) -> Option<bool> {
        let url = reqwest::Url::parse_with_params(&format!("{}/api/v1/query", self.url), [("query", query)]).unwrap();
        let answer: Value = serde_json::from_slice(&reqwest::get(url).await.ok()?.bytes().await.ok()?).ok()?;
        assert_eq!(answer["status"], "success", "{query}: {answer}");
        let found = answer["data"]["result"].as_array().unwrap();
        Some(found.iter().any(|series| {
            let value: f64 = series["value"][1].as_str().unwrap().parse().unwrap();
            value.is_finite()
        }))
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The dashboard's queries with their panels' titles, as Grafana sends them.
fn queries() -> Vec<(String, String)> {
    let text = fs::read_to_string(source("packaging/container/monitor/grafana/dashboards/tollgate.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let queries = panels.iter().flat_map(|panel| {
        let title = panel["title"].as_str().unwrap();
        panel["targets"].as_array().unwrap().iter().map(move |target| {
            let query = target["expr"].as_str().unwrap().replace("$__rate_interval", "10s").replace("$job", "tollgate");
            assert!(!query.contains('$'), "{title}: a variable that nobody fills: {query}");
            (title.to_owned(), query)
        })
    });
    queries.collect()
}

/// One request of each kind of end.
async fn load(server: &TestServer, upstream: &FakeUpstream, (large, small): (&tests::Caller, &tests::Caller)) {
    large.chat_stream("hello").stream().await.rest().await;
    upstream.next(Script::error(500, "no"));
    large.chat("hello").send().await.expect(502);
    upstream.next(Script::open_stream([event("half")]).then_reset());
    large.chat_stream("hello").stream().await.rest().await;
    upstream.next(Script::open_stream([event("half")]).then_stall());
    let left = server.metrics().await.value("tollgate_streams_cancelled_total");
    let mut stream = large.chat_stream("hello").stream().await;
    stream.next().await;
    drop(stream);
    wait_until("the leaving is counted", || async {
        (server.metrics().await.value("tollgate_streams_cancelled_total") > left).then_some(())
    })
    .await;
    small.chat("hello").send().await;
}

#[tokio::test]
async fn every_query_of_the_dashboard_finds_something_under_load() {
    let upstream = FakeUpstream::start().await;
    let plans = [PlanSpec::unlimited("large"), PlanSpec::daily("small", 1)];
    let server = TestServer::setup().upstream(&upstream).plans(&plans).start().await;
    let (large, small) = (server.with_key("large").await, server.with_key("small").await);
    let prometheus = Prometheus::start(&server.address());
    let mut waiting = queries();
    assert!(waiting.len() >= 12, "{waiting:?}");
    while !waiting.is_empty() {
        wait_until(&format!("these find something: {waiting:#?}"), || async {
            load(&server, &upstream, (&large, &small)).await;
            let mut found = None;
            for (number, (_, query)) in waiting.iter().enumerate() {
                if prometheus.finds(query).await == Some(true) {
                    found = Some(number);
                }
            }
            found
        })
        .await;
        let mut still = Vec::new();
        for (title, query) in waiting {
            if prometheus.finds(&query).await != Some(true) {
                still.push((title, query));
            }
        }
        waiting = still;
    }
}
