//! Clients that other people's generators make from the OpenAPI document, as `cargo xtask clients` gives them to users:
//! each is generated, its types are checked together with a program that uses it, and the program walks through the API
//! of the real server.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

#[path = "walks/walk.rs"]
mod rust;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;
use tests::{FakeUpstream, PlanSpec, TestServer};

/// What README.md shows of a client, by the language of its code and the walk that does the same.
const README: &str = include_str!("../../README.md");
const WALKS: [(&str, &str); 4] = [
    ("ts", include_str!("walks/openapi_fetch.ts")),
    ("ts", include_str!("walks/hey_api.ts")),
    ("python", include_str!("walks/walk.py")),
    ("rust", include_str!("walks/walk.rs")),
];

/// A program that uses the crate for Rust.
const RUST_PROGRAM: &str = r#"
[package]
name = "program"
edition = "2024"

[dependencies]
reqwest = { version = "0.13", default-features = false }
serde_json = "1"
tollgate-client = { path = "client" }
"#;

#[tokio::test]
async fn openapi_fetch_walks() {
    typescript_walks("typescript", "openapi_fetch.ts").await;
}

#[tokio::test]
async fn hey_api_walks() {
    typescript_walks("hey-api", "hey_api.ts").await;
}

#[tokio::test]
async fn openapi_python_client_walks() {
    let python = tool("TOLLGATE_CLIENTS_PYTHON", "clients/tools/python/bin/python");
    let home = TempDir::new().unwrap();
    let client = home.path().join("client");
    generate("python", &client);
    has_names_for_all(&client.join("tollgate_client"));
    fs::copy(source("walk.py"), home.path().join("walk.py")).unwrap();
    let in_python = |arguments: &[&str]| {
        let mut command = Command::new(&python);
        command.args(arguments).current_dir(home.path()).env("PYTHONPATH", &client).env("MYPYPATH", &client);
        command
    };
    succeed(in_python(&["-B", "-m", "mypy", "--strict", "walk.py", "client/tollgate_client"]));
    walk(in_python(&["-B", "walk.py"])).await;
}

/// Every type has a name of its own: the generator numbers those that the document leaves without.
fn has_names_for_all(package: &Path) {
    let models: Vec<_> = fs::read_dir(package.join("models")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(models.len() > 50, "{models:?}");
    let classes = models.iter().flat_map(|model| {
        let code = fs::read_to_string(model).unwrap();
        let classes = code.lines().filter_map(|line| line.strip_prefix("class ")).map(str::to_owned);
        classes.chain([model.file_stem().unwrap().to_string_lossy().into_owned()]).collect::<Vec<_>>()
    });
    let is_numbered = |name: &String| {
        let name = name.to_lowercase().replace("type_", "type");
        name.split("type").skip(1).any(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
    };
    assert_eq!(classes.filter(is_numbered).collect::<Vec<_>>(), Vec::<String>::new(), "names that nobody gave");
}

#[tokio::test]
async fn progenitor_walks() {
    let (server, upstream) = server().await;
    rust::walk(&server.origin()).await.unwrap();
    assert_eq!(upstream.posts(), 2, "what the quota allows, and nothing else, went through");
}

/// What users get is a crate of its own, which needs nothing of the workspace but the versions in its lock.
#[test]
fn the_crate_for_rust_compiles_by_itself() {
    let home = TempDir::new().unwrap();
    generate("rust", &home.path().join("client"));
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::copy(workspace.join("Cargo.lock"), home.path().join("Cargo.lock")).unwrap();
    fs::write(home.path().join("Cargo.toml"), RUST_PROGRAM).unwrap();
    fs::create_dir(home.path().join("src")).unwrap();
    let walk = fs::read_to_string(source("walk.rs")).unwrap().replace("rust_client", "tollgate_client");
    fs::write(home.path().join("src/lib.rs"), walk).unwrap();
    let mut check = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    check.args(["check", "--offline"]).current_dir(home.path());
    check.env("CARGO_TARGET_DIR", workspace.join("target/clients/rust-program"));
    succeed(check);
}

/// Checks the types of a client together with its walk, and walks.
async fn typescript_walks(language: &str, script: &str) {
    let node = tool("TOLLGATE_CLIENTS_NODE", "clients/tools/node/bin/node");
    // Node and tsc find packages beside their files or above.
    let packages = node.ancestors().nth(2).unwrap();
    let home = TempDir::new_in(packages).unwrap();
    generate(language, &home.path().join("client"));
    fs::copy(source(script), home.path().join("walk.ts")).unwrap();
    fs::copy(source("../node/tsconfig.json"), home.path().join("tsconfig.json")).unwrap();
    let in_node = |script: PathBuf| {
        let mut command = Command::new(&node);
        command.arg(script).current_dir(home.path());
        command
    };
    succeed(in_node(packages.join("node_modules/typescript/bin/tsc")));
    walk(in_node("built/walk.js".into())).await;
}

/// Lets a program walk, which fails unless it is answered as it should.
async fn walk(mut program: Command) {
    let (server, upstream) = server().await;
    program.env("TOLLGATE_URL", server.origin());
    // Beside the upstream, which runs on this thread.
    tokio::task::spawn_blocking(|| succeed(program)).await.unwrap();
    assert_eq!(upstream.posts(), 2, "what the quota allows, and nothing else, went through");
}

async fn server() -> (TestServer, FakeUpstream) {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::setup().upstream(&upstream).plans(&[PlanSpec::daily("plan", 2)]).start().await;
    (server, upstream)
}

/// Generates a client as users do.
fn generate(language: &str, out: &Path) {
    let mut command = Command::new(tool("TOLLGATE_XTASK", "debug/xtask"));
    command.args(["clients", "--lang", language, "--out"]).arg(out);
    succeed(command);
}

/// Runs a program to its end.
#[track_caller]
fn succeed(mut command: Command) {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{said}\n{complained}", output.status);
}

/// The program that `variable` names, else where `cargo xtask test` has it under `target`.
fn tool(variable: &str, usual: &str) -> PathBuf {
    let usual = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target").join(usual);
    let program = env::var_os(variable).map_or_else(usual, PathBuf::from);
    assert!(program.exists(), "there is no {}: run `cargo xtask test`, which provides it", program.display());
    program
}

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/walks").join(name)
}

#[test]
fn the_readme_shows_what_the_walks_do() {
    let (_, chapter) = README.split_once("\n## Generated clients\n").expect("the chapter");
    let chapter = chapter.split("\n## ").next().unwrap();
    let mut shown = chapter.split("```").skip(1).step_by(2).filter(|block| !block.starts_with("sh\n"));
    for (language, walk) in WALKS {
        let block = shown.next().expect("a block for each walk").strip_prefix(language).expect("its language");
        for line in block.lines().filter(|line| !line.is_empty()) {
            assert!(walk.lines().any(|walked| walked.trim_start() == line.trim_start()), "no walk does `{line}`");
        }
    }
    assert_eq!(shown.next(), None, "a block that no walk does");
}
