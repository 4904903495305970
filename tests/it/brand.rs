//! What is wrong with the operator's own mark and colour is said before the start, not seen on the page.

use std::fs;

use tempfile::TempDir;
use tests::TestServer;

#[tokio::test]
async fn what_the_page_could_not_show_is_found_by_a_check() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, bytes: usize| {
        let file = folder.path().join(name);
        fs::write(&file, vec![b' '; bytes]).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let cases = [
        ("page.accent", "#ffee00".to_owned(), "darker colour"),
        ("page.accent", "teal".to_owned(), "a colour like"),
        ("page.name", String::new(), "1 to 40 characters"),
        ("page.logo", file("logo.gif", 1), ".svg or .png"),
        ("page.logo", file("large.png", 300 * 1024), "256 KiB"),
        ("page.logo", folder.path().join("gone.svg").to_str().unwrap().to_owned(), "can't be read"),
    ];
    for (name, value, told) in cases {
        let setup = TestServer::setup().set(name, value.as_str());
        let (status, said) = TestServer::run(&setup, &["check"]).await;
        assert!(!status.success() && said.contains(name) && said.contains(told), "{name} = {value}: {said}");
    }
}
