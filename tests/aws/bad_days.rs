//! AWS away, refusing us, or changed behind our back: the server starts, says what is wrong and where, and recovers.

use serde_json::json;
use tests::{
    FakeUpstream, Identity, Script, ServerSetup, TestServer,
    aws::{Fault, When},
    settled, wait_until,
};

use crate::{
    served::{Served, listed, reason},
    site::destroy,
};

/// What `/readyz` says once it is red with these words.
async fn red(server: &TestServer, words: &str) {
    wait_until(&format!("/readyz says {words:?}"), || async {
        reason(server).await.filter(|reason| reason.contains(words))
    })
    .await;
}

async fn green(server: &TestServer) {
    settled(None, || reason(server)).await;
}

/// Waits until the log has these words.
async fn logged(server: &TestServer, words: &str) {
    let look = || async { server.output().text().contains(words).then_some(()) };
    wait_until(&format!("the log says {words:?}"), look).await;
}

/// What `tollgate check` says is wrong, which is on one line each.
async fn wrong(setup: &ServerSetup, part: &str) -> String {
    let (status, said) = TestServer::run(setup, &["check"]).await;
    assert!(!status.success(), "{said}");
    let line = said.lines().find(|line| line.starts_with(part)).unwrap_or_else(|| panic!("no {part}: {said}"));
    assert!(line.contains("WRONG: "), "{said}");
    line.to_owned()
}

#[tokio::test]
async fn check_says_that_all_is_well() {
    for served in Served::each().await {
        let _ = served.aws.take_calls();
        let (status, said) = TestServer::run(&served.setup(), &["check"]).await;
        assert!(status.success(), "{said}");
        assert!(served.aws.take_calls().iter().all(tests::aws::Call::is_read));
        for words in ["10RequestPerDay", "3RequestPerDay", "asks for a key, as it should"] {
            assert!(said.contains(words), "{said}");
        }
    }
}

#[tokio::test]
async fn a_server_starts_without_aws_and_recovers_by_itself() {
    let served = Served::by_hand().await;
    served.aws.refuse_connections();
    let setup = served.setup();
    assert!(wrong(&setup, "provider").await.contains("GetUsagePlans: "));
    wrong(&setup, "upstream").await;
    let server = setup.start().await;
    assert!(server.output().text().contains("Plans     not known yet"), "{}", server.output().text());
    red(&server, "GetUsagePlans").await;
    server.anonymous().get("/healthz").send().await.expect(200);
    server.anonymous().get("/plans").send().await.is_problem(503, "store_unavailable");
    let ada = server.signed_in("ada").await;
    let refused = ada.create_key("10RequestPerDay").send().await.is_problem(500, "create_failed");
    assert_eq!(refused["detail"], "create failed");
    served.aws.accept_connections();
    green(&server).await;
    server.anonymous().get("/plans").send().await.expect(200);
    ada.key_on("10RequestPerDay").await.0.chat("hello").send().await.expect(200);
    logged(&server, "Amazon API Gateway answers again").await;
}

#[tokio::test]
async fn an_aws_that_says_nothing_is_given_up_on() {
    let served = Served::by_hand().await;
    served.aws.fault("*", When::Always, Fault::Hang);
    let setup = served.setup().set("aws.request_timeout_seconds", "0.2");
    wrong(&setup, "provider").await;
    let server = setup.start().await;
    red(&server, "GetUsagePlans: ").await;
    served.aws.clear_faults();
    green(&server).await;
}

#[tokio::test]
async fn while_the_control_plane_is_away_keys_go_on_working() {
    let served = Served::provisioned().await;
    let server = served.start().await;
    let ada = server.signed_in("ada").await;
    let (key, id) = ada.key_on("10RequestPerDay").await;
    served.aws.fault("*", When::Always, Fault::DropRequest);
    red(&server, "The service that keeps plans and keys can't be used: ").await;
    key.chat("hello").send().await.expect(200);
    key.get("/v1/models").send().await.expect(200);
    server.anonymous().get("/plans").send().await.expect(200);
    assert_eq!(listed(&ada).await["id"], id.as_str(), "as last known");
    ada.create_key("3RequestPerDay").send().await.is_problem(500, "create_failed");
    ada.delete(&format!("/keys/{id}")).send().await.is_problem(503, "store_unavailable");
    key.chat("hello").send().await.expect(200);
    served.aws.clear_faults();
    green(&server).await;
    ada.delete(&format!("/keys/{id}")).send().await.expect(204);
    ada.create_key("3RequestPerDay").send().await.expect(200);
    assert_eq!(served.aws.keys().len(), 1);
}

#[tokio::test]
async fn missing_and_expired_credentials_are_told_in_a_line() {
    let served = Served::by_hand().await;
    let without = served.setup().without_variable("AWS_ACCESS_KEY_ID").without_variable("AWS_SECRET_ACCESS_KEY");
    let none = "no AWS credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
    assert!(wrong(&without, "provider").await.contains(none));
    let server = without.start().await;
    red(&server, none).await;
    drop(server);

    let server = served.start().await;
    green(&server).await;
    served.aws.fault("*", When::Always, Fault::ExpiredToken);
    red(&server, "AWS refuses the credentials, renew them").await;
    assert!(wrong(&served.setup(), "provider").await.contains("renew them"));
    served.aws.clear_faults();
    green(&server).await;
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let served = Served::by_hand().await;
    let server = served.start().await;
    let ada = server.signed_in("ada").await;
    let (key, id) = ada.key_on("10RequestPerDay").await;
    key.chat("hello").send().await.expect(200);
    for (operation, action) in [("GetUsagePlans", "GET on /usageplans"), ("GetApiKeys", "GET on /apikeys")] {
        served.aws.fault(operation, When::Always, Fault::AccessDenied);
        red(&server, &format!("the AWS credentials may not apigateway:{action}")).await;
        served.aws.clear_faults();
        green(&server).await;
    }
    served.aws.fault("GetUsagePlans", When::Always, Fault::AccessDenied);
    assert!(wrong(&served.setup(), "provider").await.contains("apigateway:GET on /usageplans"));
    served.aws.clear_faults();

    served.aws.fault("CreateApiKey", When::Always, Fault::AccessDenied);
    ada.create_key("3RequestPerDay").send().await.is_problem(500, "create_failed");
    served.aws.fault("UpdateApiKey", When::Always, Fault::AccessDenied);
    let path = format!("/keys/{id}");
    ada.patch(&path, &json!({"enabled": false})).send().await.is_problem(503, "store_unavailable");
    served.aws.fault("DeleteApiKey", When::Always, Fault::AccessDenied);
    ada.delete(&path).send().await.is_problem(503, "store_unavailable");
    for action in ["POST on /apikeys", "PATCH on /apikeys/*", "DELETE on /apikeys/*"] {
        logged(&server, &format!("the AWS credentials may not apigateway:{action}")).await;
    }
    key.chat("hello").send().await.expect(200);
    served.aws.clear_faults();
    ada.delete(&path).send().await.expect(204);
}

#[tokio::test]
async fn who_cant_be_asked_is_named() {
    let served = Served::by_hand().await;
    let server = served.start().await;
    let ada = server.signed_in("ada").await;
    let (_, id) = ada.key_on("10RequestPerDay").await;
    served.aws.fault("*", When::Always, Fault::Throttle);
    let usage = ada.get(&format!("/keys/{id}/usage")).send().await;
    let rotated = ada.post(&format!("/keys/{id}/rotate"), &json!({"grace_seconds": 60})).send().await;
    let revoked = ada.delete(&format!("/keys/{id}")).send().await;
    for answer in [usage, rotated, revoked] {
        let problem = answer.is_problem(503, "store_unavailable");
        assert_eq!(problem["detail"], "Amazon API Gateway can't be asked right now. Please try again in a moment.");
        assert_eq!(answer.header("retry-after"), "5");
    }
}

#[tokio::test]
async fn a_server_whose_api_was_destroyed_says_so() {
    let served = Served::provisioned().await;
    let server = served.start().await;
    let key = server.with_key("10RequestPerDay").await;
    key.chat("hello").send().await.expect(200);
    green(&server).await;
    destroy(&served.aws.endpoint_url(), true).await.unwrap();
    red(&server, &format!("there is no stage \"live\" of API {:?}", served.api)).await;
    key.chat("hello").send().await.is_error(401, "invalid_api_key");
}

#[tokio::test]
async fn without_a_region_nothing_starts() {
    let served = Served::by_hand().await;
    let setup = served.setup().unset("aws.region");
    for command in ["serve", "check"] {
        let (status, said) = TestServer::run(&setup, &[command]).await;
        assert!(!status.success(), "{said}");
        assert!(said.contains("no AWS region is set: set aws.region or AWS_REGION"), "{said}");
    }
    let by_variable = setup.variable("AWS_REGION", "eu-central-1").start().await;
    green(&by_variable).await;
}

#[tokio::test]
async fn a_plan_deleted_behind_our_back_closes_its_keys_and_no_other() {
    for served in Served::each().await {
        let server = served.start().await;
        let ada = server.signed_in("ada").await;
        let (key, id) = ada.key_on("10RequestPerDay").await;
        let other = server.with_key("3RequestPerDay").await;
        key.chat("hello").send().await.expect(200);
        served.aws.console_delete_plan(&served.plan("10RequestPerDay"));
        key.chat("hello").send().await.is_error(401, "invalid_api_key");
        settled(1, || async { server.anonymous().get("/plans").send().await.json().as_array().unwrap().len() }).await;
        assert_eq!(listed(&ada).await["state"], "disabled");
        server.signed_in("bob").await.create_key("10RequestPerDay").send().await.is_problem(404, "unknown_plan");
        other.chat("hello").send().await.expect(200);
        ada.delete(&format!("/keys/{id}")).send().await.expect(204);
        assert_eq!(served.aws.keys().len(), 1);

        served.aws.console_delete_plan(&served.plan("3RequestPerDay"));
        red(&server, "no usage plan is attached to stage").await;
        assert!(wrong(&served.setup(), "provider").await.contains("no usage plan is attached to stage"));
    }
}

#[tokio::test]
async fn ten_thousand_keys_are_told_in_the_log() {
    let served = Served::by_hand().await;
    let server = served.start().await;
    let ada = server.signed_in("ada").await;
    let (other, id) = ada.key_on("3RequestPerDay").await;
    served.aws.fault("CreateApiKey", When::Always, Fault::KeyLimit);
    let _ = served.aws.take_calls();
    let created = ada.create_key("10RequestPerDay").send().await;
    let rotated = ada.post(&format!("/keys/{id}/rotate"), &json!({})).send().await;
    for answer in [created, rotated] {
        // It is a 429 of AWS, and one that no waiting mends.
        let detail = answer.is_problem(500, "create_failed")["detail"].as_str().unwrap().to_owned();
        assert!(
            detail.starts_with("create failed: Amazon API Gateway holds as many keys as its account may"),
            "{detail}"
        );
        assert_eq!(answer.header("retry-after"), "");
    }
    assert_eq!(served.aws.calls_of("CreateApiKey").len(), 2, "asked once each");
    other.chat("hello").send().await.expect(200);
    logged(
        &server,
        "CreateApiKey: a limit of the AWS account is reached, and trying again won't help: LimitExceededException",
    )
    .await;
    served.aws.clear_faults();
    ada.create_key("10RequestPerDay").send().await.expect(200);
}

#[tokio::test]
async fn a_throttled_control_plane_is_waited_for() {
    let served = Served::by_hand().await;
    let server = served.start().await;
    let ada = server.signed_in("ada").await;
    for operation in ["CreateApiKey", "CreateUsagePlanKey"] {
        served.aws.fault(operation, When::First(2), Fault::Throttle);
    }
    ada.create_key("10RequestPerDay").send().await.expect(200);
    assert_eq!(served.aws.keys().len(), 1);
    served.aws.fault("CreateUsagePlanKey", When::Always, Fault::Throttle);
    ada.create_key("3RequestPerDay").send().await.is_problem(500, "create_failed");
    logged(&server, "CreateUsagePlanKey: API Gateway's control plane is over its rate limit").await;
    assert_eq!(served.aws.keys().len(), 1);
}

/// A console-made key, with which no activation is waited for.
async fn call_with_a_good_key(served: &Served, setup: ServerSetup) -> (TestServer, tests::Answer) {
    let value = "made-in-the-console-0123456789";
    served.aws.console_create_key(value, Some(&served.plan("10RequestPerDay")));
    let server = setup.start().await;
    let answer = server.anonymous().as_identity(Identity::Key(value.to_owned())).chat("hello").send().await;
    (server, answer)
}

#[tokio::test]
async fn an_address_of_no_stage_is_found_by_check() {
    for served in Served::each().await {
        let elsewhere = served.aws.invoke_url(&served.api, "nowhere");
        let setup = served.setup().set("aws.invoke_url", format!("{elsewhere}/v1"));
        assert!(wrong(&setup, "upstream").await.contains("no such stage"));
        let (_server, answer) = call_with_a_good_key(&served, setup).await;
        answer.is_error(401, "invalid_api_key");
    }
}

/// API Gateway refuses a key alike at a stage and where there is none, so that only the address tells them apart.
#[tokio::test]
async fn an_address_of_another_api_is_found_by_check() {
    let served = Served::by_hand().await;
    let (other, stage) = served.aws.seed_stage(&served.upstream.base_url());
    let setup = served.setup().set("aws.invoke_url", format!("{}/v1", served.aws.invoke_url(&other, &stage)));
    assert!(wrong(&setup, "upstream").await.contains("aws.api_id"));
}

/// What lies beside a stage's paths says nothing of it: a path for everything asks for a key there too, and an emulator
/// knows nothing there. Its plain refusal is enough.
#[tokio::test]
async fn a_working_stage_is_judged_by_its_own_path() {
    let served = Served::by_hand().await;
    let forbidden = json!({"message": "Forbidden"});
    let aws_own = || Script::answer(403, "application/json", &["x-amzn-ErrorType: ForbiddenException"], "{}");
    for (own, beside) in [
        (Script::json(403, &forbidden), Script::answer(404, "text/html", &[], "<h1>404</h1>")),
        (Script::json(403, &forbidden), Script::json(403, &forbidden)),
        (aws_own(), Script::answer(404, "application/json", &[], "{}")),
        (aws_own(), aws_own()),
        (aws_own(), Script::error(500, "oops")),
    ] {
        let stage = FakeUpstream::start().await;
        stage.lists(beside).lists_at("/v1/models", own);
        let setup = served.setup().set("aws.invoke_url", stage.base_url());
        let (status, said) = TestServer::run(&setup, &["check"]).await;
        assert!(status.success() && said.contains("asks for a key, as it should"), "{said}");
    }
}

#[tokio::test]
async fn an_address_of_another_path_is_the_operators_to_mend() {
    for served in Served::each().await {
        let stage = served.aws.invoke_url(&served.api, &served.stage);
        for url in [stage.clone(), format!("{stage}/v2")] {
            let setup = served.setup().set("aws.invoke_url", &url);
            assert!(wrong(&setup, "upstream").await.contains("aws.invoke_url must end in the /v1"), "{url}");
        }
        let setup = served.setup().set("aws.invoke_url", format!("{stage}/v2"));
        let (_server, answer) = call_with_a_good_key(&served, setup).await;
        if served.is_provisioned() {
            // A provisioned API says so itself, since a path may also be left out on purpose.
            answer.is_error(404, "unknown_url");
        } else {
            answer.is_error(502, "upstream_misdirected");
            assert_eq!(answer.header("x-should-retry"), "false");
        }
    }
}

#[tokio::test]
async fn an_address_that_asks_for_no_key_is_found_by_check() {
    let served = Served::by_hand().await;
    let setup = served.setup().set("aws.invoke_url", served.upstream.base_url());
    assert!(wrong(&setup, "upstream").await.contains("answers without a key, so that no usage plan holds"));
    let setup = served.setup().set("aws.invoke_url", "http://127.0.0.1:9/v1");
    wrong(&setup, "upstream").await;
}
