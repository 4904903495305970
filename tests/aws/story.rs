//! What people do with a server before API Gateway, from their sign-up to the end of their account.

use serde_json::json;
use tests::{
    Identity, Script, TestServer,
    aws::{Period, Quota, Throttle},
    settled,
};

use crate::served::{Served, listed};

#[tokio::test]
async fn from_sign_up_to_a_deleted_account() {
    for served in Served::each().await {
        from_first_to_last(&served).await;
    }
}

async fn from_first_to_last(served: &Served) {
    let server = served.start().await;
    let plans = server.anonymous().get("/plans").send().await.expect(200).json();
    let names: Vec<_> = plans.as_array().unwrap().iter().map(|plan| plan["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["10RequestPerDay", "3RequestPerDay"]);
    let about = server.anonymous().get("/about").send().await.expect(200).json();
    assert_eq!(about["backend"], "aws");
    let promises = &about["promises"];
    assert_eq!((&promises["quota"], &promises["key_at_rest"]), (&json!("best_effort"), &json!("clear")), "{promises}");
    assert_eq!((&promises["reset_known"], &promises["fair_charge"]), (&json!(false), &json!(false)), "{promises}");

    let ada = server.signed_in("ada").await;
    let (key, id) = ada.key_on("10RequestPerDay").await;
    assert_eq!(served.aws.keys()[0].value, key.secret());
    assert_eq!(listed(&ada).await["state"], "activating");
    ada.create_key("10RequestPerDay").send().await.is_problem(409, "key_already_exists");
    ada.create_key("nonsense").send().await.is_problem(404, "unknown_plan");

    let answer = key.chat("hello").send().await.expect(200);
    assert_eq!(answer.json()["choices"][0]["message"]["content"], "one two three");
    for header in ["x-ratelimit-limit-requests", "x-ratelimit-reset-requests", "ratelimit"] {
        assert_eq!(answer.header(header), "", "{header}: what isn't known isn't told");
    }
    let mut events = key.chat_stream("hello").stream().await;
    assert_eq!(events.next_text().await, "one ");
    assert_eq!(events.rest().await.last().unwrap(), "[DONE]");
    let models = key.get("/v1/models").send().await.expect(200).json();
    assert_eq!(models["data"][0]["id"], "model-1");
    settled(json!("active"), || async { listed(&ada).await["state"].clone() }).await;
    let status = key.get("/v1/key").send().await.expect(200).json();
    assert_eq!((&status["id"], &status["plan_name"]), (&json!(id), &json!("10RequestPerDay")), "{status}");
    assert!(status["quota"]["reset_at"].is_null(), "{status}");

    let received = served.upstream.take_received();
    assert_eq!(received.len(), 3);
    for request in received.iter().filter(|_| served.is_provisioned()) {
        assert!(request.headers.iter().all(|(_, value)| !value.contains(key.secret())), "{:?}", request.headers);
        assert_eq!(request.header("authorization"), Some("Bearer sk-upstream-sekret-credential"));
    }

    let rotated = ada.post(&format!("/keys/{id}/rotate"), &json!({})).send().await.expect(200).json();
    assert_eq!(rotated["id"], id.as_str());
    let new = ada.as_identity(Identity::Key(rotated["value"].as_str().unwrap().to_owned()));
    key.chat("hello").send().await.is_error(401, "invalid_api_key");
    new.chat("hello").send().await.expect(200);
    let path = format!("/keys/{id}/usage?from={day}&to={day}", day = served.aws.clock().now().strftime("%Y-%m-%d"));
    let usage = ada.get(&path).send().await.expect(200).json();
    assert_eq!(usage.as_array().unwrap().len(), 1, "{usage}");

    let other = ada.key_on("3RequestPerDay").await.0;
    ada.delete(&format!("/keys/{id}")).send().await.expect(204);
    new.chat("hello").send().await.is_error(401, "invalid_api_key");
    assert_eq!(served.aws.keys().len(), 1);
    other.chat("hello").send().await.expect(200);
    ada.delete_account().send().await.expect(204);
    other.chat("hello").send().await.is_error(401, "invalid_api_key");
    settled(0, || async { served.aws.keys().len() }).await;
}

#[tokio::test]
async fn a_spent_quota_is_a_429_that_is_not_tried_again_and_names_no_time() {
    for served in Served::each().await {
        let server = served.start().await;
        let key = server.with_key("3RequestPerDay").await;
        for _ in 0..3 {
            key.chat("hello").send().await.expect(200);
        }
        for answer in [key.chat("hello").send().await, key.chat_stream("hello").send().await] {
            let error = answer.is_error(429, "rate_limit_exceeded");
            assert_eq!(error["type"], "requests");
            let quota = json!({"plan": "3RequestPerDay", "limit": 3, "used": 3, "reset_at": null});
            assert_eq!(error["quota"], quota);
            assert_eq!(answer.header("x-should-retry"), "false");
            for header in ["retry-after", "x-ratelimit-reset-requests"] {
                assert_eq!(answer.header(header), "", "{header}: AWS promises none");
            }
        }
        assert_eq!(served.upstream.posts(), 3);
        settled(3, || key.used()).await;
    }
}

#[tokio::test]
async fn a_throttle_is_a_429_that_may_be_tried_again() {
    let served = Served::by_hand().await;
    let month = Quota { limit: 100, offset: 0, period: Period::Month };
    let slow = Throttle { rate: 0.5, burst: 2 };
    served.aws.add_plan("slow", Some(month), Some(slow), &served.api, &served.stage);
    let server = served.start().await;
    let key = server.with_key("slow").await;
    for _ in 0..2 {
        key.chat("hello").send().await.expect(200);
    }
    let refused = key.chat("hello").send().await;
    let error = refused.is_error(429, "rate_limit_exceeded");
    assert_eq!(error["type"], "throttle");
    assert!(error["message"].as_str().unwrap().contains("plan slow: it allows 0.5 per second"), "{error}");
    assert_eq!((refused.header("retry-after"), refused.header("x-should-retry")), ("1", ""));
    served.aws.clock().advance(std::time::Duration::from_secs(2).try_into().unwrap());
    key.chat("hello").send().await.expect(200);
    settled(3, || key.used()).await;
}

#[tokio::test]
async fn a_plan_without_a_quota_keeps_its_throttle() {
    let served = Served::by_hand().await;
    let slow = Throttle { rate: 0.5, burst: 2 };
    served.aws.add_plan("endless", None, Some(slow), &served.api, &served.stage);
    let server = served.start().await;
    let plans = server.anonymous().get("/plans").send().await.expect(200).json();
    let shown = plans.as_array().unwrap().iter().find(|plan| plan["name"] == "endless").unwrap();
    assert_eq!(shown["quota"], json!({"kind": "unlimited"}));
    assert_eq!(shown["throttle"], json!({"rate": 0.5, "burst": 2}));
    let key = server.with_key("endless").await;
    for _ in 0..2 {
        key.chat("hello").send().await.expect(200);
    }
    let refused = key.chat("hello").send().await;
    assert_eq!(refused.is_error(429, "rate_limit_exceeded")["type"], "throttle");
    assert_eq!(refused.header("retry-after"), "1");
}

#[tokio::test]
async fn without_a_good_key_all_answers_are_alike() {
    for served in Served::each().await {
        let server = served.start().await;
        let key = server.with_key("10RequestPerDay").await;
        let without = server.anonymous().chat("hello").send().await;
        let mut texts = vec![without.is_error(401, "invalid_api_key")];
        let mut guess = key.secret().to_owned();
        guess.replace_range(guess.len() - 20.., "0123456789abcdefghij");
        for wrong in [tests::unknown_key(1), guess, "a-key-that-nobody-made-anywhere".to_owned()] {
            let caller = key.as_identity(Identity::Key(wrong));
            texts.push(caller.chat("hello").send().await.is_error(401, "invalid_api_key"));
            let models = caller.get("/v1/models").send().await;
            texts.push(models.is_error(401, "invalid_api_key"));
            assert_eq!(models.header("www-authenticate"), "Bearer");
        }
        assert!(texts.windows(2).all(|pair| pair[0] == pair[1]), "{texts:?}");
        assert_eq!(served.upstream.received().len(), 0);
        key.chat("hello").send().await.expect(200);
    }
}

#[tokio::test]
async fn a_key_made_in_the_console_works_and_tells_nothing_of_itself() {
    for served in Served::each().await {
        let server = served.start().await;
        let value = "made-in-the-console-0123456789";
        served.aws.console_create_key(value, Some(&served.plan("3RequestPerDay")));
        let key = server.anonymous().as_identity(Identity::Key(value.to_owned()));
        server.secrets().note(tests::Kind::Credential, value);
        key.chat("hello").send().await.expect(200);
        key.get("/v1/models").send().await.expect(200);
        key.get("/v1/key").send().await.is_error(404, "key_made_elsewhere");
        assert_eq!(key.chat_stream("hello").stream().await.rest().await.last().unwrap(), "[DONE]");
        let spent = key.chat("hello").send().await;
        let error = spent.is_error(429, "rate_limit_exceeded");
        assert_eq!((&error["type"], spent.header("x-should-retry")), (&json!("requests"), "false"));
    }
}

#[tokio::test]
async fn a_key_disabled_in_the_console_is_refused_and_shown_so() {
    for served in Served::each().await {
        let server = served.start().await;
        let ada = server.signed_in("ada").await;
        let (key, _) = ada.key_on("10RequestPerDay").await;
        key.chat("hello").send().await.expect(200);
        settled(json!("active"), || async { listed(&ada).await["state"].clone() }).await;
        let id = served.aws.keys()[0].id.clone();
        served.aws.console_disable_key(&id);
        key.chat("hello").send().await.is_error(401, "invalid_api_key");
        settled(json!("disabled"), || async { listed(&ada).await["state"].clone() }).await;
        key.chat("hello").send().await.is_error(401, "invalid_api_key");
        served.aws.console_enable_key(&id);
        settled(200, || async { key.chat("hello").send().await.status }).await;
    }
}

/// Whoever looks into a key that was switched off reads the same, whichever backend refuses it.
#[tokio::test]
async fn a_disabled_keys_refusal_says_what_it_says_without_aws() {
    let embedded = TestServer::start().await;
    let [by_hand, provisioned] = Served::each().await;
    let servers = [embedded, by_hand.start().await, provisioned.start().await];
    let mut told = Vec::new();
    for server in &servers {
        let ada = server.signed_in("ada").await;
        let (key, id) = ada.key_on("10RequestPerDay").await;
        key.chat("hello").send().await.expect(200);
        ada.patch(&format!("/keys/{id}"), &json!({"enabled": false})).send().await.expect(200);
        let mut answers = Vec::new();
        for answer in [
            key.chat("hello").send().await,
            key.chat_stream("hello").send().await,
            key.get("/v1/models").send().await,
            key.get("/v1/key").send().await,
        ] {
            answers.push((answer.status, answer.text().to_owned(), answer.header("www-authenticate").to_owned()));
        }
        told.push(answers);
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0], told[2]);
}

#[tokio::test]
async fn a_key_that_is_being_activated_is_a_503_that_is_worth_another_try() {
    for served in Served::each().await {
        served.aws.hold_activation();
        let server = served.start().await;
        let ada = server.signed_in("ada").await;
        let (key, _) = ada.key_on("3RequestPerDay").await;
        for answer in [key.chat("hello").send().await, key.get("/v1/models").send().await] {
            answer.is_error(503, "key_activating");
            assert_eq!(answer.header("retry-after"), "10");
        }
        assert_eq!(listed(&ada).await["state"], "activating");
        served.aws.release_activation();
        key.chat("hello").send().await.expect(200);
        settled(json!("active"), || async { listed(&ada).await["state"].clone() }).await;
        assert_eq!(key.used().await, 1, "what was refused counts for nothing");
    }
}

#[tokio::test]
async fn what_the_upstream_refuses_itself_is_not_taken_for_api_gateway() {
    for served in Served::each().await {
        let server = served.start().await;
        let key = server.with_key("10RequestPerDay").await;
        for status in [401, 403] {
            served.upstream.next(Script::error(status, "bad credential"));
            let answer = key.chat("hello").send().await;
            answer.is_error(502, "upstream_auth");
            assert!(!answer.text().contains("bad credential"), "{}", answer.text());
        }
        served.upstream.next(Script::error(429, "slow down"));
        key.chat("hello").send().await.is_error(429, "upstream_rate_limited");
        served.upstream.next(Script::error(404, "no such model"));
        key.chat("hello").send().await.is_envelope(404);
        key.chat("hello").send().await.expect(200);
    }
}

#[tokio::test]
async fn a_caller_who_leaves_while_a_key_is_made_finds_it_whole() {
    let served = Served::by_hand().await;
    let server = served.start().await;
    let ada = server.signed_in("ada").await;
    served.aws.fault("CreateUsagePlanKey", tests::aws::When::Next, tests::aws::Fault::HangReply);
    {
        let creating = std::pin::pin!(ada.create_key("10RequestPerDay").try_send());
        let begun = settled(1, || async { served.aws.hanging() });
        tokio::select! {
            _ = creating => panic!("it can't be done yet"),
            () = begun => {}
        }
    }
    served.aws.release_hanging();
    settled(1, || async { ada.get("/keys").send().await.expect(200).json().as_array().unwrap().len() }).await;
    assert_eq!(served.aws.keys().len(), 1);
}
