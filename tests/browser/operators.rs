//! Operators at the page: people, one of them, and the audit; and that nobody else sees any of it.

use serde_json::json;
use tests::{Browser, Caller, PASSWORD, TestServer};

use crate::{Visit, sign_up};

async fn sign_in(browser: &Browser, name: &str) {
    browser.open("/sign-in").await;
    browser.fill("[name=email]", &format!("{name}@example.com")).await;
    browser.fill("[name=password]", PASSWORD).await;
    browser.enter("[name=password]").await;
    browser.at("/dashboard").await;
}

/// A visit of an operator, with their client beside it.
async fn chief() -> (Visit, Caller) {
    let visit = Visit::start().await;
    let chief = visit.server.operator("chief").await;
    sign_in(&visit.browser, "chief").await;
    (visit, chief)
}

async fn id_of(caller: &Caller) -> String {
    caller.get("/me").send().await.expect(200).json()["id"].as_str().unwrap().to_owned()
}

/// Opens a dialog.
async fn opens(browser: &Browser, deed: &str) {
    browser.click(&format!("[data-deed={deed}]")).await;
    browser.see("dialog[open] [type=submit]").await;
}

/// Opens a dialog and confirms it.
async fn does(browser: &Browser, deed: &str) {
    opens(browser, deed).await;
    browser.click("dialog [type=submit]").await;
}

async fn look(browser: &Browser, state: &str) {
    browser.keeps_layout(state).await;
    browser.is_accessible(state).await;
}

async fn signs_in(server: &TestServer, name: &str) -> tests::Answer {
    let credentials = json!({"email": format!("{name}@example.com"), "password": PASSWORD});
    server.anonymous().post("/sessions", &credentials).send().await
}

#[tokio::test]
async fn an_operator_finds_somebody_stops_them_and_lets_them_back_in() {
    let (visit, _) = chief().await;
    let (server, browser) = (&visit.server, &visit.browser);
    let ada = server.signed_in("ada").await;
    let id = id_of(&ada).await;
    let (key, _) = ada.key_on("10RequestPerDay").await;
    key.chat("hello").send().await.expect(200);
    server.signed_in("bob").await;

    browser.click("[data-testid=people-link]").await;
    browser.at("/people").await;
    browser.reads("table.people", "bob@example.com").await;
    assert_eq!(browser.count("[data-testid=person-row]").await, 3);
    look(browser, "people").await;
    browser.fill("[name=search]", "ADA@").await;
    browser.enter("[name=search]").await;
    browser.reads("[data-testid=person-row]", "ada@example.com").await;
    browser.click("[data-testid=person-row] a").await;
    browser.at(&format!("/people/{id}")).await;
    browser.reads("main h1", "ada@example.com").await;
    browser.reads("[data-testid=persons-key]", "1 of 10 used today").await;
    browser.reads("main", "Nothing was done yet.").await;

    opens(browser, "block").await;
    look(browser, "the dialog block").await;
    browser.fill("dialog [name=note]", &"x".repeat(201)).await;
    browser.enter("dialog [name=note]").await;
    browser.reads("[data-testid=error-note]", "at most 200").await;
    browser.fill("dialog [name=note]", "shares the key in public").await;
    browser.enter("dialog [name=note]").await;
    browser.gone("dialog").await;
    browser.reads("[data-testid=announcement]", "ada@example.com is blocked").await;
    browser.reads("[data-testid=standing]", "Blocked").await;
    browser.reads("[data-testid=audit-note]", "shares the key in public").await;
    browser.reads("[data-testid=audit-row]", "ada@example.com was blocked by chief@example.com.").await;
    key.chat("hello").send().await.is_error(401, "invalid_api_key");
    look(browser, "somebody blocked").await;

    does(browser, "unblock").await;
    browser.reads("[data-testid=standing]", "Active").await;
    key.chat("hello").send().await.expect(200);
    does(browser, "appoint").await;
    browser.reads("main .lead", "Operator").await;
    does(browser, "dismiss").await;
    browser.see("[data-deed=appoint]").await;

    does(browser, "link").await;
    let link = browser.reads("[data-testid=reset-link]", "/reset#tgl_").await;
    look(browser, "a reset link").await;
    browser.click("[data-testid=copy-link]").await;
    assert_eq!(browser.evaluate("navigator.clipboard.readText()").await, link.trim());
    browser.click("[data-testid=link-done]").await;
    browser.gone("dialog").await;
    assert_eq!(browser.count("[data-testid=reset-link]").await, 0, "a link is shown once");
    browser.reads("[data-testid=audit-row]:first-child", "was given a link for a new password by chief").await;

    // The search is as it was left; what it was for is gone.
    does(browser, "delete").await;
    browser.at("/people").await;
    browser.reads("main", "Nobody like this is here.").await;
    look(browser, "nobody found").await;
    signs_in(server, "ada").await.is_problem(401, "wrong_credentials");
    browser.click("[data-testid=to-audit]").await;
    browser.at("/audit").await;
    browser.reads("[data-testid=audit-row]:first-child", &format!("{id} was deleted by chief@example.com")).await;
    browser.reads("[data-testid=audit-row]:last-child", "chief@example.com was made an operator on the server").await;
    look(browser, "audit").await;
    visit.end(&[]).await;
}

#[tokio::test]
async fn operators_pages_open_in_their_place() {
    let (visit, chief) = chief().await;
    let (server, browser) = (&visit.server, &visit.browser);
    for name in ["ada", "bob", "a-rather-long-name-that-does-not-end-soon"] {
        server.signed_in(name).await.key_on("10RequestPerDay").await;
    }
    browser.opens_in_place("/people", "[data-testid=person-row]").await;
    let id = id_of(&chief).await;
    browser.opens_in_place(&format!("/people/{id}"), "[data-testid=audit-row]").await;
    let id = id_of(&server.signed_in("ada").await).await;
    browser.opens_in_place(&format!("/people/{id}"), "[data-testid=persons-key]").await;
    browser.opens_in_place("/audit", "[data-testid=audit-row]").await;
    browser.opens_in_place("/dashboard", "[data-testid=plan-card]").await;
    visit.end(&[]).await;
}

#[tokio::test]
async fn those_who_wait_are_found_and_approved() {
    let visit = Visit::with(|setup| setup.set("sign_up.mode", "approval")).await;
    let (server, browser) = (&visit.server, &visit.browser);
    let chief = server.operator("chief").await;
    let (ada, bob) = (server.signed_in("ada").await, server.signed_in("bob").await);
    for person in [&chief, &bob] {
        let path = format!("/admin/people/{}", id_of(person).await);
        chief.patch(&path, &json!({"approved": true})).send().await.expect(200);
    }
    sign_in(browser, "chief").await;
    browser.open("/people").await;
    browser.see("[data-testid=person-row]").await;
    browser
        .evaluate(
            "(() => { const choice = document.querySelector('[name=standing]'); choice.value = 'standing=waiting'; \
         choice.dispatchEvent(new Event('change', { bubbles: true })); })()",
        )
        .await;
    browser.reads("tbody:has(tr:only-child)", "ada@example.com").await;
    browser.click("[data-testid=person-row] a").await;
    does(browser, "approve").await;
    browser.reads("[data-testid=standing]", "Active").await;
    browser.gone("[data-deed=approve]").await;
    ada.key_on("10RequestPerDay").await;
    visit.end(&[]).await;
}

#[tokio::test]
async fn a_long_list_comes_in_parts() {
    let (visit, _) = chief().await;
    let browser = &visit.browser;
    // The chief is the oldest, behind a whole part of others.
    for number in 0..25 {
        visit.server.signed_in(&format!("person{number}")).await;
    }
    browser.click("[data-testid=people-link]").await;
    browser.reads("[data-testid=person-row]", "person0@example.com").await;
    assert_eq!(browser.count("[data-testid=person-row]").await, 25);
    browser.click("[data-testid=more]").await;
    browser.reads("[data-testid=person-row]", "chief@example.com").await;
    assert_eq!(browser.count("[data-testid=person-row]").await, 26);
    browser.gone("[data-testid=more]").await;
    // The focus is on what came.
    assert_eq!(browser.evaluate("document.activeElement.textContent").await, "chief@example.com");
    visit.end(&[]).await;
}

#[tokio::test]
async fn nobody_but_operators_sees_any_of_it() {
    let visit = Visit::start().await;
    let (server, browser) = (&visit.server, &visit.browser);
    let chief = server.operator("chief").await;
    let pages = ["/people".to_owned(), format!("/people/{}", id_of(&chief).await), "/audit".to_owned()];
    for page in &pages {
        browser.open(page).await;
        browser.see("[name=password]").await;
    }
    sign_up(browser).await;
    browser.see("[data-testid=sign-out]").await;
    assert_eq!(browser.count("a[href='people'], a[href='audit']").await, 0);
    for page in &pages {
        browser.open(page).await;
        browser.reads("[data-testid=operators-only]", "For operators only").await;
        assert_eq!(browser.count("table, [data-deed], [name=search]").await, 0);
    }
    look(browser, "for operators only").await;
    visit.end(&[]).await;
}

#[tokio::test]
async fn whoever_is_dismissed_meanwhile_and_the_last_operator_read_why() {
    let (visit, chief) = chief().await;
    let (server, browser) = (&visit.server, &visit.browser);
    let path = format!("/people/{}", id_of(&chief).await);
    browser.open(&path).await;
    does(browser, "dismiss").await;
    browser.reads("[data-testid=form-error]", "last operator").await;
    browser.click("dialog [aria-label=Close]").await;
    browser.gone("dialog").await;
    browser.open("/people").await;
    browser.see("[data-testid=person-row]").await;
    let (status, said) = server.command(&["operators", "remove", "chief@example.com"]).await;
    assert!(status.success(), "{said}");
    browser.enter("[name=search]").await;
    browser.see("[data-testid=operators-only]").await;
    browser.gone("[data-testid=people-link]").await;
    visit.end(&[(&format!("/admin{path}"), 409), ("/admin/people?search=&&limit=25", 403)]).await;
}
