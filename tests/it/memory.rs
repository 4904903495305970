//! What the server keeps of its memory once the work that needed it is done.

use std::thread::available_parallelism;

use futures_util::future::join_all;
use serde_json::json;
use tests::{PASSWORD, TestServer};

const MIB: u64 = 1024 * 1024;
/// What one password's hash works in: Argon2id with 19 MiB.
const TURN: u64 = 19 * MIB;
/// As many as fit at once: more are told to come back.
const AT_ONCE: usize = 60;

#[tokio::test]
async fn sign_ins_and_sign_ups_leave_no_more_than_their_turns_need() {
    let setup = TestServer::setup()
        .set("accounts.failed_sign_ins", "100000")
        .set("accounts.failed_sign_ins_per_source", "100000");
    let server = setup.start().await;
    let idle = server.allocated_bytes();
    assert!(idle < 60 * MIB, "{} MiB before anybody signs in", idle / MIB);
    server.signed_in("ada").await;
    let anonymous = server.anonymous();
    for round in 0..2 {
        let wrong = json!({"email": "ada@example.com", "password": "a wrong password"});
        let sign_ins = (0..AT_ONCE).map(|_| anonymous.post("/sessions", &wrong).send());
        for answer in join_all(sign_ins).await {
            answer.is_problem(401, "wrong_credentials");
        }
        let bodies: Vec<_> = (0..AT_ONCE / 2)
            .map(|number| json!({"email": format!("bob{round}.{number}@example.com"), "password": PASSWORD}))
            .collect();
        let sign_ups = bodies.iter().map(|body| anonymous.post("/accounts", body).send());
        for answer in join_all(sign_ups).await {
            answer.expect(201);
        }
    }
    let turns = TURN * available_parallelism().map_or(1, usize::from) as u64;
    let kept = server.allocated_bytes();
    assert!(
        kept < idle + turns + 20 * MIB,
        "{} MiB are kept after {} MiB idle and {} MiB for the turns",
        kept / MIB,
        idle / MIB,
        turns / MIB
    );
}

#[tokio::test]
async fn large_bodies_leave_nothing_behind() {
    let server = TestServer::start().await;
    let key = server.with_key("unlimited").await;
    let idle = server.allocated_bytes();
    let body = json!({"messages": [{"role": "user", "content": "x".repeat(15 * MIB as usize)}]});
    for _ in 0..3 {
        // Each on a connection of its own, and as many as there are workers on a small machine.
        let callers = [server.anonymous(), server.anonymous()].map(|caller| caller.as_identity(key.identity.clone()));
        for answer in join_all(callers.iter().map(|caller| caller.post("/v1/chat/completions", &body).send())).await {
            answer.expect(200);
        }
    }
    let kept = server.allocated_bytes();
    assert!(kept < idle + 20 * MIB, "{} MiB are kept, {} before", kept / MIB, idle / MIB);
}
