//! The page's files and its fallback, which must never get in the way of the API.

use std::fs;

use tempfile::TempDir;
use tests::TestServer;

const INDEX: &str = "<!doctype html><title>the page</title><script type=\"module\">1</script>";

async fn with_page() -> (TempDir, TestServer) {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("index.html"), INDEX).unwrap();
    fs::write(dir.path().join("style-0123456789abcdef.css"), "body{}").unwrap();
    fs::write(dir.path().join("style-0123456789abcdef.css.br"), "coded").unwrap();
    let server = TestServer::setup().set("server.page_dir", dir.path().to_str().unwrap()).start().await;
    (dir, server)
}

#[tokio::test]
async fn every_route_of_the_page_is_the_page() {
    let (_dir, server) = with_page().await;
    for path in ["/", "/sign-up", "/sign-in", "/dashboard", "/playground", "/account", "/not-there"] {
        let answer = server.anonymous().get(path).header("accept", "text/html,*/*").send().await.expect(200);
        assert_eq!(answer.text(), INDEX);
        assert_eq!(answer.header("cache-control"), "no-cache");
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'self'") && policy.contains("sha256-"), "{policy}");
    }
}

#[tokio::test]
async fn the_front_door_is_the_page_for_whoever_names_no_type() {
    let (_dir, server) = with_page().await;
    assert_eq!(server.anonymous().get("/").header("accept", "*/*").send().await.expect(200).text(), INDEX);
    assert_eq!(server.anonymous().get("/").send().await.expect(200).text(), INDEX);
    server.anonymous().get("/").header("accept", "application/json").send().await.is_problem(404, "not_found");
}

#[tokio::test]
async fn only_a_browsers_navigation_gets_the_page() {
    let (_dir, server) = with_page().await;
    server.anonymous().get("/dashboard").header("accept", "*/*").send().await.is_problem(404, "not_found");
    server.anonymous().get("/dashboard").header("accept", "application/json").send().await.is_problem(404, "not_found");
    let posted =
        server.anonymous().post("/dashboard", &serde_json::json!({})).header("accept", "text/html").send().await;
    posted.is_problem(404, "not_found");
    let data_plane = server.anonymous().get("/v1/nothing").header("accept", "text/html").send().await;
    data_plane.is_error(404, "unknown_url");
    let api = server.anonymous().get("/me").header("accept", "text/html").send().await;
    api.is_problem(401, "unauthenticated");
}

#[tokio::test]
async fn files_with_a_hash_are_kept_and_come_coded_where_that_is_taken() {
    let (_dir, server) = with_page().await;
    let path = "/style-0123456789abcdef.css";
    let plain = server.anonymous().get(path).send().await.expect(200);
    assert_eq!((plain.text().as_str(), plain.header("content-encoding")), ("body{}", ""));
    assert!(
        plain.header("cache-control").contains("immutable") && plain.header("content-type").starts_with("text/css")
    );
    let coded = server.anonymous().get(path).header("accept-encoding", "gzip, br").send().await.expect(200);
    assert_eq!((coded.text().as_str(), coded.header("content-encoding")), ("coded", "br"));
    for refused in ["br;q=0", "*;q=0", "gzip, br;q=0", "br;q=0.0, *"] {
        let answer = server.anonymous().get(path).header("accept-encoding", refused).send().await.expect(200);
        assert_eq!((answer.text().as_str(), answer.header("content-encoding")), ("body{}", ""), "{refused}");
    }
    let etag = plain.header("etag");
    // A proxy that coded the file on its way calls the tag a weak one.
    for tags in [etag.to_owned(), format!("W/{etag}"), format!("\"other\", {etag}"), "*".to_owned()] {
        let known = server.anonymous().get(path).header("if-none-match", &tags).send().await.expect(304);
        assert_eq!((known.header("etag"), known.header("cache-control")), (etag, plain.header("cache-control")));
    }
    server.anonymous().get(path).header("if-none-match", coded.header("etag")).send().await.expect(200);
    let missing = server.anonymous().get("/style-aaaaaaaaaaaaaaaa.css").header("accept", "text/html").send().await;
    missing.is_problem(404, "not_found");
}

#[tokio::test]
async fn nothing_outside_the_pages_folder_is_served() {
    let (dir, server) = with_page().await;
    fs::write(dir.path().parent().unwrap().join("outside-the-page.txt"), "outside").unwrap();
    let absolute = format!("/{}/data/session.key", dir.path().display());
    for path in [
        "/../outside-the-page.txt",
        "/..%2foutside-the-page.txt",
        "/%2e%2e/outside-the-page.txt",
        "/a/../../outside-the-page.txt",
        "/..\\outside-the-page.txt",
        "//etc/passwd",
        "/%2fetc/passwd",
        &absolute,
    ] {
        let mut client = server.raw().await;
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\naccept: */*\r\n\r\n");
        client.send(request).await.unwrap();
        let answer = client.answer().await.unwrap();
        assert!([400, 404].contains(&answer.status), "{path}: {}", answer.status);
        assert!(!String::from_utf8_lossy(&answer.body).contains("outside\n"), "{path}");
    }
    let _ = fs::remove_file(dir.path().parent().unwrap().join("outside-the-page.txt"));
}

#[tokio::test]
async fn the_document_is_sent_again_only_when_it_is_another() {
    let server = TestServer::start().await;
    let first = server.anonymous().get("/openapi.json").send().await.expect(200);
    let again = server.anonymous().get("/openapi.json").header("if-none-match", first.header("etag"));
    again.send().await.expect(304);
}
