//! Some thousands of requests made from the document: what each answer may be, what headers it may have, and that no
//! operation is left out.

use std::collections::{BTreeMap, BTreeSet};

use tests::{FakeUpstream, HEADERS_EVERYWHERE, PlanSpec, TestServer};

use crate::{
    document::{Document, Operation},
    schemathesis::{self, Exchange},
};

/// Fewest requests of a run, so that a run that hardly asks fails.
const FEWEST: usize = 1500;

/// A server that no number of requests brings to its limits.
async fn server(upstream: &FakeUpstream) -> TestServer {
    let mut setup = TestServer::setup().upstream(upstream).set("upstream.default_model", "model-1");
    // A failed run shows what the server said: not one line for each request.
    setup = setup.set("log.level", "warn");
    for limit in ["failed_sign_ins", "failed_sign_ins_per_source", "failed_keys_per_source", "sign_ups_per_hour"] {
        setup = setup.set(&format!("accounts.{limit}"), "1000000");
    }
    let plans = ["10RequestPerDay", "20RequestPerDay", "unlimited"].map(PlanSpec::unlimited);
    setup.plans(&plans).start().await
}

/// What came of a caller's requests: for each operation, how often which status.
type Statuses = BTreeMap<String, BTreeMap<u16, usize>>;

async fn conforms(caller: &str) -> (Document, Statuses) {
    let upstream = FakeUpstream::start().await;
    let server = server(&upstream).await;
    let document = Document::of(&server).await;
    let key = server.with_key("unlimited").await;
    let operator = server.operator("operator").await;
    let exchanges = schemathesis::run(&server, caller, key.secret(), operator.secret()).await;
    println!("{caller}: {} requests", exchanges.len());
    assert!(exchanges.len() >= FEWEST, "{caller}: {} requests", exchanges.len());
    let mut statuses = Statuses::new();
    let mut wrong = BTreeSet::new();
    for exchange in &exchanges {
        let Exchange { method, path, status, headers } = exchange;
        let asked = document.at(path).find(|operation| operation.method == *method);
        if let Some(operation) = asked {
            *statuses.entry(operation.id.clone()).or_default().entry(*status).or_default() += 1;
        }
        if *status >= 500 || !may_have(&document, asked, path, *status) {
            wrong.insert(format!("{method} {path} answered {status}, which isn't documented"));
        }
        let may = headers_of(&document, asked, path, *status);
        for name in headers.iter().filter(|name| !HEADERS_EVERYWHERE.contains(&name.as_str()) && !may.contains(*name)) {
            let of = asked.map_or(path.as_str(), |operation| operation.id.as_str());
            wrong.insert(format!("{method} {of} answered {status} with {name}, which isn't documented"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    println!("{statuses:#?}");
    (document, statuses)
}

/// Whether a status is told of an operation by its number. `default` would cover any; it stands for what comes where no
/// operation is: another method, or no such path.
fn may_have(document: &Document, asked: Option<&Operation>, path: &str, status: u16) -> bool {
    match asked {
        Some(operation) => document.response(operation, &status.to_string()).is_some(),
        None if document.at(path).next().is_some() => matches!(status, 204 | 405),
        None => status == 404,
    }
}

fn headers_of(document: &Document, asked: Option<&Operation>, path: &str, status: u16) -> BTreeSet<String> {
    match asked {
        Some(operation) => document.headers(operation, &status.to_string()),
        None => document.at(path).flat_map(|operation| document.headers(operation, "default")).collect(),
    }
}

/// Fails for an operation that `takes` such callers and never gave one what it is for.
fn served(document: &Document, statuses: &Statuses, takes: &[Option<&str>]) {
    let taken = |operation: &&Operation| takes.iter().any(|scheme| operation.takes(*scheme));
    for operation in document.operations.iter().filter(taken) {
        let seen = statuses.get(&operation.id).cloned().unwrap_or_default();
        assert!(seen.keys().any(|status| (200..300).contains(status)), "{} was never answered: {seen:?}", operation.id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn to_the_anonymous_the_open_is_open_and_the_rest_is_closed() {
    let (document, statuses) = conforms("anonymous").await;
    served(&document, &statuses, &[None]);
    for operation in document.operations.iter().filter(|operation| !operation.takes(None)) {
        let seen = &statuses[&operation.id];
        assert!(seen.keys().all(|status| *status == 401), "{}: {seen:?}", operation.id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signed_in_gets_what_is_documented() {
    let (document, statuses) = conforms("session").await;
    served(&document, &statuses, &[None, Some("session")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_holder_of_a_key_gets_what_is_documented() {
    let (document, statuses) = conforms("key").await;
    served(&document, &statuses, &[None, Some("api_key")]);
    // The three runs together have called each operation: it takes one of their callers.
    for operation in &document.operations {
        let taken = [None, Some("session"), Some("api_key")].into_iter().any(|scheme| operation.takes(scheme));
        assert!(taken, "no run calls {}", operation.id);
    }
}
