//! The image's recipe and the compose file; and the server in a root of its own that it can't write, as nobody in
//! particular, with a data folder and nothing else.

use std::{path::Path, process::Command};

use serde_json::Value;
use tests::{ServerSetup, TestServer, packaging_tool, page_dir, server_binary};

use crate::{NOBODY, nobodys_folder, passes, source};

#[test]
fn the_recipe_and_the_compose_file_pass_their_linters() {
    let recipe = source("packaging/container/Containerfile");
    passes(Command::new(packaging_tool("hadolint")).arg(&recipe));
    let compose = source("packaging/container/compose.yaml");
    let mut check = Command::new(packaging_tool("check-jsonschema"));
    passes(check.args(["--builtin-schema", "vendor.compose-spec"]).arg(&compose));
    let recipe = std::fs::read_to_string(recipe).unwrap();
    assert!(recipe.contains(&format!("USER {NOBODY}:{NOBODY}")), "the tests here are another user");
}

#[test]
fn every_file_that_the_compose_file_mounts_is_there() {
    const AS_JSON: &str = "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)";
    let compose = source("packaging/container/compose.yaml");
    let json = passes(Command::new(packaging_tool("python")).args(["-c", AS_JSON]).arg(&compose));
    let compose_file: Value = serde_json::from_str(&json).unwrap();
    let services = compose_file["services"].as_object().unwrap();
    let volumes = services.values().flat_map(|service| service["volumes"].as_array().unwrap());
    let (files, named): (Vec<_>, Vec<_>) = volumes
        .map(|volume| volume.as_str().unwrap().split_once(':').unwrap())
        .partition(|(from, _)| from.starts_with('.'));
    assert_eq!((files.len(), named.len()), (3, 4), "{files:?} {named:?}");
    let folder = compose.parent().unwrap();
    for (from, _) in files {
        assert!(folder.join(from).exists(), "{from} is mounted and not there");
    }
    for (name, _) in named {
        assert!(compose_file["volumes"].as_object().unwrap().contains_key(name), "{name} is no volume");
    }
    let build = &services["tollgate"]["build"];
    let context = folder.join(build["context"].as_str().unwrap());
    assert!(context.join(build["dockerfile"].as_str().unwrap()).exists());
    assert_eq!(services["tollgate"]["read_only"], true);
}

/// A server that sees its binary, the libraries that this was linked with, if any, the page, and `data` as `/data`, which
/// alone it may write.
fn confined(data: &Path) -> ServerSetup {
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let mut bwrap = ["bwrap", "--die-with-parent", "--unshare-ipc", "--unshare-uts"].map(str::to_owned).to_vec();
    let mut mount = |how: &str, from: &str, to: &str| bwrap.extend([how, from, to].map(str::to_owned));
    for file in libraries().into_iter().chain([text(server_binary())]) {
        mount("--ro-bind", &file, &file);
    }
    mount("--ro-bind", &text(&page_dir().canonicalize().unwrap()), "/page");
    mount("--bind", &text(data), "/data");
    bwrap.extend(["--dev", "/dev", "--proc", "/proc", "--chdir", "/", "--remount-ro", "/"].map(str::to_owned));
    TestServer::setup()
        .launched_by(&bwrap)
        .user(NOBODY)
        .data_dir(data.to_owned())
        .set("server.data_dir", "/data")
        .set("server.page_dir", "/page")
}

/// What the tested binary is linked with; nothing of a static one.
fn libraries() -> Vec<String> {
    let listed = Command::new("ldd").arg(server_binary()).output().unwrap();
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    text.split_whitespace().filter(|word| word.starts_with('/')).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_root_that_cant_be_written_and_a_data_folder_are_enough() {
    let data = nobodys_folder();
    let server = confined(data.path()).start().await;
    let anonymous = server.anonymous();
    anonymous.get("/readyz").send().await.expect(200);
    let page = anonymous.get("/").header("accept", "text/html").send().await.expect(200);
    assert!(page.text().contains("<html"), "{}", page.text());
    let key = server.with_key("10RequestPerDay").await;
    assert!(key.chat_stream("hello").stream().await.rest().await.concat().contains("[DONE]"));
    assert!(data.path().join("tollgate.db").exists());
}

#[tokio::test]
async fn nothing_but_the_data_folder_can_be_written_there() {
    let data = nobodys_folder();
    let (status, said) = TestServer::run(&confined(data.path()).set("server.data_dir", "/elsewhere"), &["serve"]).await;
    assert!(!status.success() && said.contains("/elsewhere") && said.contains("Read-only file system"), "{said}");
}
