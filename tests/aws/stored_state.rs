//! Who may name what the upstream keeps, where API Gateway stands in front of it.

use serde_json::json;
use tests::{Identity, Script};

use crate::served::Served;

#[tokio::test]
async fn a_response_is_continued_by_its_own_account_and_never_by_a_key_made_elsewhere() {
    for served in Served::each().await {
        let server = served.start().await;
        let ada = server.signed_in("ada").await;
        let own = ada.key_on("10RequestPerDay").await.0;
        let on_another_plan = ada.key_on("3RequestPerDay").await.0;
        let bob = server.with_key("10RequestPerDay").await;
        let value = "made-in-the-console-0123456789";
        served.aws.console_create_key(value, Some(&served.plan("10RequestPerDay")));
        let elsewhere = server.anonymous().as_identity(Identity::Key(value.to_owned()));
        server.secrets().note(tests::Kind::Credential, value);

        let path = "/v1/responses";
        let answer = |id: &str| Script::json(200, &json!({"id": id, "object": "response", "output": []}));
        let begin = json!({"model": "model-1", "input": "hello"});
        served.upstream.next(answer("resp_ada"));
        own.post(path, &begin).send().await.expect(200);
        served.upstream.next(answer("resp_elsewhere"));
        elsewhere.post(path, &begin).send().await.expect(200);
        let posts = served.upstream.posts();
        for id in ["resp_ada", "resp_elsewhere"] {
            let go_on = json!({"model": "model-1", "input": "more", "previous_response_id": id});
            bob.post(path, &go_on).send().await.is_error(404, "previous_response_not_found");
            let error = elsewhere.post(path, &go_on).send().await.is_error(400, "stored_state_refused");
            assert_eq!(error["param"], "previous_response_id");
        }
        assert_eq!(served.upstream.posts(), posts);
        let go_on = json!({"model": "model-1", "input": "more", "previous_response_id": "resp_ada"});
        for key in [own, on_another_plan] {
            key.post(path, &go_on).send().await.expect(200);
        }
    }
}
