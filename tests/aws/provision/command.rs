//! `tollgate aws` as people type it.

use std::process::ExitStatus;

use serde_json::Value;
use tests::{
    ServerSetup, TestServer,
    aws::{FakeAws, Fault, When},
};

fn setup(aws: &FakeAws) -> ServerSetup {
    TestServer::setup()
        .set("upstream.base_url", "https://models.example.com/v1")
        .set("upstream.api_key", "sk-upstream-sekret-credential")
        .set("aws.region", "us-east-1")
        .variable("AWS_ENDPOINT_URL", &aws.endpoint_url())
        .variable("AWS_ACCESS_KEY_ID", "test")
        .variable("AWS_SECRET_ACCESS_KEY", "test")
        .variable("AWS_EC2_METADATA_DISABLED", "true")
}

/// Runs it; what it says is searched for the credential on the way.
async fn run(setup: &ServerSetup, arguments: &str) -> (ExitStatus, String) {
    let arguments: Vec<&str> = ["aws"].into_iter().chain(arguments.split_whitespace()).collect();
    TestServer::run(setup, &arguments).await
}

async fn succeeds(setup: &ServerSetup, arguments: &str) -> String {
    let (status, said) = run(setup, arguments).await;
    assert!(status.success(), "{arguments}: {said}");
    said
}

/// The one line of an error.
async fn fails(setup: &ServerSetup, arguments: &str) -> String {
    let (status, said) = run(setup, arguments).await;
    assert!(!status.success(), "{arguments}: {said}");
    said.lines().find_map(|line| line.strip_prefix("tollgate: ")).unwrap_or_else(|| panic!("{said}")).to_owned()
}

#[tokio::test]
async fn from_plan_to_destroy() {
    let aws = FakeAws::start().await;
    let setup = setup(&aws);
    let said = succeeds(&setup, "plan").await;
    assert!(said.contains("to add, 0 to change, 0 to destroy."), "{said}");
    for endpoint in [
        "POST /v1/chat/completions",
        "POST /v1/completions",
        "POST /v1/embeddings",
        "POST /v1/responses",
        "GET /v1/models",
    ] {
        assert!(said.contains(&format!("+ method {endpoint} (key required)")), "{endpoint} is not in:\n{said}");
    }
    assert!(!said.contains("warning: aws.paths") && !said.contains("{proxy"), "{said}");
    assert!(fails(&setup, "apply").await.contains("add --yes"));
    assert!(aws.apis().is_empty());
    let said = succeeds(&setup, "apply --yes --operator-key 10RequestPerDay").await;
    let api = &aws.apis()[0].id;
    for text in [
        "Done: ",
        "An emulator has addresses of its own.",
        "backend = \"aws\"",
        &format!("api_id = \"{api}\""),
        &format!("curl INVOKE_URL/chat/completions -H 'x-api-key: {}'", aws.keys()[0].value),
        "default_headers={\"x-api-key\":",
    ] {
        assert!(said.contains(text), "{text} is not in:\n{said}");
    }
    assert!(!said.contains("amazonaws.com"), "{said}");
    let said = succeeds(&setup, "apply").await;
    assert!(said.contains("No changes. The API is as configured."), "{said}");
    assert!(said.contains("-H 'x-api-key: YOUR_KEY'"), "{said}");
    assert!(succeeds(&setup, "status").await.contains("All is as configured."));
    assert!(fails(&setup, "destroy").await.contains("add --yes"));
    assert_eq!(aws.apis().len(), 1);
    assert!(succeeds(&setup, "destroy --yes").await.contains("Nothing of it is left."));
    assert!(aws.apis().is_empty() && aws.plans().is_empty() && aws.keys().is_empty());
}

#[tokio::test]
async fn the_backend_need_not_be_complete_to_be_made() {
    let aws = FakeAws::start().await;
    succeeds(&setup(&aws).set("backend", "aws"), "plan").await;
}

#[tokio::test]
async fn what_the_stage_lets_through_beyond_tollgate_is_warned_of() {
    let aws = FakeAws::start().await;
    let wide = setup(&aws).set("aws.paths", "[\"/v1/{proxy+}\"]").set("upstream.models", "[\"small\"]");
    let said = succeeds(&wide, "plan").await;
    assert!(said.contains("warning: aws.paths: /v1/{proxy+} opens everything"), "{said}");
    assert!(said.contains("warning: upstream.models: holds for requests through Tollgate"), "{said}");
}

/// With what is about to be made, and not again with each look at what is there.
#[tokio::test]
async fn warnings_stand_where_something_is_made() {
    let aws = FakeAws::start().await;
    let wide = setup(&aws).set("aws.paths", "[\"/v1/{proxy+}\"]");
    let mut warned = Vec::new();
    for command in ["plan", "status", "apply --yes", "apply --yes", "plan", "status", "template", "destroy --yes"] {
        let said = succeeds(&wide, command).await;
        warned.push((command, said.matches("warning: aws.paths").count()));
    }
    assert_eq!(
        warned,
        [
            ("plan", 1),
            ("status", 0),
            ("apply --yes", 1),
            ("apply --yes", 0),
            ("plan", 0),
            ("status", 0),
            ("template", 1),
            ("destroy --yes", 0)
        ]
    );
}

#[tokio::test]
async fn what_is_wrong_is_said_in_one_line_that_says_what_to_do() {
    let aws = FakeAws::start().await;
    let usual = setup(&aws);
    let no_upstream = usual.clone().unset("upstream.base_url").unset("upstream.api_key");
    assert!(fails(&no_upstream, "plan").await.starts_with("upstream.base_url: "));
    assert!(fails(&usual.clone().unset("aws.region"), "plan").await.contains("set aws.region or AWS_REGION"));
    assert!(fails(&usual.clone().set("aws.paths", "[\"/x\"]"), "plan").await.starts_with("aws.paths: "));
    let in_clear = usual.clone().set("aws.endpoint_url", "http://apigateway.example.com");
    assert!(fails(&in_clear, "plan").await.starts_with("aws.endpoint_url: must start with https://"));
    let said = fails(&usual, "plan --operator-key gold").await;
    assert!(said.contains("--operator-key \"gold\": no such plan"), "{said}");
    let anonymous = TestServer::setup()
        .set("upstream.base_url", "https://models.example.com/v1")
        .set("aws.region", "us-east-1")
        .variable("AWS_ENDPOINT_URL", &aws.endpoint_url())
        .variable("AWS_EC2_METADATA_DISABLED", "true");
    assert!(fails(&anonymous, "plan").await.starts_with("no AWS credentials were found"));
    aws.fault("GetRestApis", When::Next, Fault::AccessDenied);
    let said = fails(&usual, "plan").await;
    assert!(said.contains("apigateway:GET on /restapis") && said.contains("tollgate aws policy"), "{said}");
    aws.fault("GetRestApis", When::Next, Fault::ExpiredToken);
    assert!(fails(&usual, "plan").await.contains("renew them"));
}

/// What went to standard output; warnings go elsewhere.
fn json(said: &str) -> Value {
    let lines: Vec<&str> = said.lines().filter(|line| !line.starts_with("warning: ")).collect();
    serde_json::from_str(&lines.join("\n")).unwrap_or_else(|error| panic!("{error}: {said}"))
}

#[tokio::test]
async fn template_and_policy_need_no_aws_and_are_json() {
    let aws = FakeAws::start().await;
    aws.refuse_connections();
    let setup = setup(&aws);
    let template = json(&succeeds(&setup, "template").await);
    assert_eq!(template["Parameters"]["UpstreamCredential"]["NoEcho"], true);
    for role in ["server", "provisioner"] {
        let policy = json(&succeeds(&setup, &format!("policy {role}")).await);
        assert_eq!(policy["Version"], "2012-10-17");
        assert!(policy.to_string().contains("arn:aws:apigateway:us-east-1::/usageplans"), "{policy}");
    }
}

#[tokio::test]
async fn help_names_every_command() {
    let aws = FakeAws::start().await;
    let said = succeeds(&setup(&aws), "--help").await;
    for command in ["plan", "apply", "status", "destroy", "template", "policy"] {
        assert!(said.lines().any(|line| line.trim_start().starts_with(command)), "{command} is not in:\n{said}");
        assert!(succeeds(&setup(&aws), &format!("{command} --help")).await.contains("Example"), "{command}");
    }
}
