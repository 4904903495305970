//! What was used, as a chart with its table and its file, and all that is known of somebody as another.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;
use tests::Identity;

use crate::Visit;

/// The file that was downloaded, once it is whole.
async fn downloaded(file: &Path) -> String {
    tests::wait_until("the file is there", || async { std::fs::read_to_string(file).ok() }).await
}

#[tokio::test]
async fn thirty_days_are_a_chart_with_a_table_and_a_file_behind_it() {
    let (visit, value) = Visit::with_key("10RequestPerDay").await;
    let browser = &visit.browser;
    let downloads = TempDir::new().unwrap();
    browser.downloads_to(downloads.path()).await;
    browser.click("[data-testid=key-done]").await;
    browser.click("[data-action=usage]").await;
    browser.see("[data-testid=usage-chart] [aria-label^='No requests in 30 days']").await;
    browser.keeps_layout("usage of a key that was never used").await;
    browser.click("dialog [aria-label=Close]").await;

    let key = visit.server.anonymous().as_identity(Identity::Key(value));
    for _ in 0..12 {
        key.chat("hello").send().await;
    }
    browser.click("[data-action=usage]").await;
    browser.see("[data-testid=usage-chart] [aria-label$='10 used, 2 refused.']").await;
    browser.reads("[data-testid=usage-chart] figcaption", "at most 12 in a day").await;
    assert_eq!((browser.count(".chart .used").await, browser.count(".chart .refused").await), (1, 1));
    let heights =
        "['used', 'refused'].map(part => +document.querySelector(`.chart .${part}`).getAttribute('height')).join()";
    assert_eq!(browser.evaluate(heights).await, "100,20");
    let row = browser.reads("dialog tbody tr:first-child", "10").await;
    assert!(row.contains('2'), "{row}");
    browser.keeps_layout("usage of a key that is used up").await;
    browser.is_accessible("usage of a key that is used up").await;

    browser.click("[data-testid=download-csv]").await;
    let csv = downloaded(&downloads.path().join("usage.csv")).await;
    let rows: Vec<&str> = csv.lines().collect();
    assert!(rows.len() > 30 && rows[0] == "date,used,refused,returned,limit", "{csv}");
    assert_eq!(rows.iter().filter(|row| row.ends_with(",10,2,0,10")).count(), 1, "{csv}");
    visit.end(&[]).await;
}

#[tokio::test]
async fn somebody_downloads_all_that_is_known_of_them() {
    let (visit, value) = Visit::with_key("10RequestPerDay").await;
    let browser = &visit.browser;
    let downloads = TempDir::new().unwrap();
    browser.downloads_to(downloads.path()).await;
    let key = visit.server.anonymous().as_identity(Identity::Key(value.clone()));
    key.chat("a secret question").send().await.expect(200);
    browser.open("/account").await;
    browser.click("[data-testid=download-data]").await;
    browser.reads("[data-testid=announcement]", "downloaded").await;
    let text = downloaded(&downloads.path().join("tollgate-account.json")).await;
    let data: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(data["account"]["email"], "ada@example.com");
    assert_eq!(data["keys"][0]["key"]["plan_name"], "10RequestPerDay");
    assert_eq!(data["keys"][0]["usage"][0]["used"], 1);
    assert!(!text.contains(&value) && !text.contains("secret question"), "{text}");
    visit.end(&[]).await;
}
