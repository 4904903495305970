//! The page under a part of a host, behind nginx with https: links, calls, cookies, reloads and the documentation.

use tests::{Browser, FakeUpstream, Front, PASSWORD, TestServer, free_port, nginx_with_tls};

use crate::{get_key, say, setup};

async fn behind_nginx(upstream: &FakeUpstream, change: impl FnOnce(String) -> String) -> (TestServer, Front) {
    let port = free_port();
    let setup = setup(upstream).set("server.public_url", format!("https://127.0.0.1:{port}/llm"));
    let server = setup.set("server.trusted_proxies", "[\"127.0.0.1\"]").start().await;
    let front = nginx_with_tls(port, &server.address(), change).await;
    (server, front)
}

async fn the_whole_story(upstream: &FakeUpstream, front: &Front) {
    let browser = Browser::start(front.origin()).await;
    browser.open("/llm/").await;
    browser.click("a[href='sign-up']").await;
    browser.at("/llm/sign-up").await;
    browser.fill("[name=email]", "ada@example.com").await;
    browser.fill("[name=password]", PASSWORD).await;
    browser.enter("[name=password]").await;
    browser.at("/llm/dashboard").await;
    let value = get_key(&browser, "10RequestPerDay").await;
    let curl = browser.reads("[data-testid=curl-line]", "curl").await;
    assert!(curl.contains(&value) && curl.contains(&format!("{}/llm/v1/chat/completions", front.origin())), "{curl}");

    browser.click("[data-testid=try-in-chat]").await;
    browser.at("/llm/playground").await;
    upstream.by_hand();
    say(&browser, "hello").await;
    let mut exchange = upstream.exchange().await;
    exchange.start_stream().await;
    let mut shown = Vec::new();
    for word in ["alpha ", "beta ", "gamma"] {
        exchange.send_text(word).await;
        shown.push(browser.reads("[data-testid=answer]", word.trim()).await);
    }
    assert!(!shown[0].contains("beta") && !shown[1].contains("gamma"), "nothing is held back: {shown:?}");
    exchange.finish_stream().await;
    browser.reads("[data-testid=remaining]", "9").await;

    browser.open("/llm/account").await;
    browser.reload().await;
    browser.see("[data-testid=sign-out]").await;
    browser.at("/llm/account").await;
    browser.open("/llm/not/there").await;
    browser.reads("main h1", "no such page").await;
    browser.click("main a").await;
    browser.at("/llm/dashboard").await;
    let cookies = browser.evaluate("document.cookie").await;
    assert_eq!(cookies, "", "no script sees them");

    browser.click("[data-testid=sign-out]").await;
    browser.gone("[data-testid=sign-out]").await;
    browser.open("/llm/dashboard").await;
    browser.see("[name=password]").await;
    browser.click("footer a").await;
    browser.at("/llm/docs/").await;
    browser.see(".opblock").await;
    browser.reads(".servers", "/llm").await;
    browser.close(&[]).await;
}

#[tokio::test]
async fn a_path_that_nginx_takes_off() {
    let upstream = FakeUpstream::start().await;
    let (_server, front) = behind_nginx(&upstream, |text| {
        text.replace("location / {", "location /llm/ {").replace("http://tollgate;", "http://tollgate/;")
    })
    .await;
    the_whole_story(&upstream, &front).await;
}

#[tokio::test]
async fn a_path_that_nginx_leaves_on() {
    let upstream = FakeUpstream::start().await;
    let (_server, front) = behind_nginx(&upstream, |text| text.replace("location / {", "location /llm/ {")).await;
    the_whole_story(&upstream, &front).await;
}
