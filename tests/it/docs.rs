//! The pages below `/docs`, for people.

use serde_json::json;
use tests::{Answer, TestServer};

#[tokio::test]
async fn a_problems_type_leads_to_its_entry() {
    for base in ["", "/llm"] {
        let setup = TestServer::setup();
        let setup = if base.is_empty() { setup } else { setup.set("server.public_url", "http://127.0.0.1/llm") };
        let server = setup.start().await;
        let anonymous = server.anonymous();
        let wrong = json!({"email": "ada@example.com", "password": "short"});
        let problems: [Answer; 3] = [
            anonymous.get("/me").send().await,
            anonymous.get("/nothing-here").send().await,
            anonymous.post("/accounts", &wrong).send().await,
        ];
        for problem in problems {
            let problem = problem.json();
            let (page, anchor) = problem["type"].as_str().unwrap().split_once('#').unwrap();
            assert_eq!(anchor, problem["code"]);
            let path = page.strip_prefix(base).unwrap();
            let page = anonymous.get(path).send().await.expect(200).text();
            assert!(page.contains(&format!("<section id=\"{anchor}\">")), "{anchor}");
            assert!(page.contains(problem["title"].as_str().unwrap()), "{problem}");
        }
    }
}

#[tokio::test]
async fn chapters_name_the_readers_own_address_and_nobody_elses() {
    let server = TestServer::setup().set("server.public_url", "https://llm.example.com/x").start().await;
    let front = server.anonymous().get("/docs/").send().await.expect(200).text();
    for chapter in ["quick-start", "portal", "data-plane", "limits", "errors"] {
        assert!(front.contains(&format!("<a href=\"{chapter}\">")), "{chapter}");
        let page = server.anonymous().get(&format!("/docs/{chapter}")).send().await.expect(200);
        assert!(page.header("content-type").starts_with("text/html"), "{chapter}");
        let text = page.text();
        assert!(!text.contains("{{"), "{chapter} has an open place");
        for link in text.split("href=\"").skip(1).chain(text.split("src=\"").skip(1)) {
            assert!(!link.split('"').next().unwrap().contains("//"), "{chapter}: {link:.60}");
        }
    }
    let quick = server.anonymous().get("/docs/quick-start").send().await.expect(200).text();
    assert!(quick.contains("base_url=\"https://llm.example.com/x/v1\"") && quick.contains("tollgate-demo"), "{quick}");
}

#[tokio::test]
async fn an_address_that_is_no_address_is_not_repeated() {
    let server = TestServer::start().await;
    let asked = server.anonymous().get("/docs/quick-start").header("host", "a\"><script>");
    let text = asked.send().await.text();
    assert!(!text.contains("\"><script>"), "{text}");
}

#[tokio::test]
async fn the_reference_keeps_a_sign_in_and_offers_to_try() {
    let server = TestServer::start().await;
    let settings = server.anonymous().get("/docs/swagger-initializer.js").send().await.expect(200).text();
    for setting in ["\"persistAuthorization\": true", "\"tryItOutEnabled\": true", "../openapi.json"] {
        assert!(settings.contains(setting), "{setting}: {settings}");
    }
}
