//! A client of other people's making as a process: it is told which requests to make, and says line by line what it saw.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;
use tests::{Caller, Output, sdk_program, wait_until};

/// An SDK, in the version that `tests/sdks` pins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sdk {
    OpenAiPython,
    Llm,
    LlamaIndex,
    OpenAiNode,
    LangChain,
    Vercel,
}

/// A running client; dropping it kills the process, and tells what it complained about if the test failed.
pub struct Client {
    process: Child,
    said: Output,
    complaints: Output,
    heard: usize,
    _scripts: Option<TempDir>,
}

impl Sdk {
    /// Lets its script make these requests, `ask` or `stream` each, with the SDK's own defaults.
    pub fn start(self, key: &Caller, requests: &[&str]) -> Client {
        self.start_with(key, requests, &[])
    }

    /// The same with these environment variables.
    pub fn start_with(self, key: &Caller, requests: &[&str], variables: &[(&str, &str)]) -> Client {
        let (mut command, scripts) = match self {
            Self::OpenAiPython => (python("TOLLGATE_SDKS_PYTHON", "python", "openai_chat.py"), None),
            Self::Llm => (python("TOLLGATE_SDKS_PYTHON", "python", "llm_chat.py"), None),
            Self::LlamaIndex => (python("TOLLGATE_SDKS_LLAMAINDEX", "llamaindex", "llamaindex_chat.py"), None),
            Self::OpenAiNode => node("openai.mjs"),
            Self::LangChain => node("langchain.mjs"),
            Self::Vercel => node("vercel.mjs"),
        };
        command
            .args(requests)
            .env_clear()
            .env("OPENAI_BASE_URL", format!("{}/v1", key.origin()))
            .env("OPENAI_API_KEY", key.secret())
            .envs(variables.iter().copied());
        Client::start(command, scripts)
    }
}

impl Client {
    /// `curl -N`, which shows a streamed answer as it comes.
    pub fn curl(key: &Caller, body: &Value) -> Self {
        let mut command = Command::new("curl");
        command
            .args(["--disable", "--no-buffer", "--silent", "--show-error", "--noproxy", "*"])
            .args(["--header", "content-type: application/json"])
            .args(["--header", &format!("authorization: Bearer {}", key.secret())])
            .args(["--data", &body.to_string(), &format!("{}/v1/chat/completions", key.origin())]);
        Self::start(command, None)
    }

    fn start(mut command: Command, scripts: Option<TempDir>) -> Self {
        let program = command.get_program().to_string_lossy().into_owned();
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("{program}: {e}; `cargo xtask test` installs what these tests need"));
        let (said, complaints) = (Output::default(), Output::default());
        said.gather(process.stdout.take().expect("a pipe"));
        complaints.gather(process.stderr.take().expect("a pipe"));
        Self { process, said, complaints, heard: 0, _scripts: scripts }
    }

    /// Its next line, waited for.
    pub async fn line(&mut self) -> String {
        self.try_line().await.expect("a line more before it ends")
    }

    /// Its next line, waited for; `None` when it ended without one.
    async fn try_line(&mut self) -> Option<String> {
        let heard = self.heard;
        let line = wait_until("the client says something", || {
            // In this order: what it said before it ended is said.
            let has_ended = self.process.try_wait().expect("a process to wait for").is_some();
            if has_ended {
                self.said.drain();
            }
            let is_said = self.said.len() > heard;
            let line = self.said.text().split('\n').nth(heard).filter(|_| is_said).map(str::to_owned);
            async move { if line.is_some() || has_ended { Some(line) } else { None } }
        })
        .await;
        self.heard += 1;
        line
    }

    /// What it says next, as JSON.
    pub async fn next(&mut self) -> Value {
        parse(&self.line().await)
    }

    /// All that it has still to say, once it has ended well.
    pub async fn rest(&mut self) -> Vec<Value> {
        let mut all = Vec::new();
        while let Some(line) = self.try_line().await {
            all.push(parse(&line));
        }
        let status = self.process.wait().expect("an ended process");
        assert!(status.success(), "the client ended with {status} after {all:?}");
        all
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            self.said.drain();
            self.complaints.drain();
            eprintln!("the client said:\n{}\n{}", self.said.text(), self.complaints.text());
        }
    }
}

fn parse(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))
}

/// The Python of an environment, which leaves nothing beside the script.
fn python(variable: &str, environment: &str, script: &str) -> Command {
    let mut command = Command::new(sdk_program(variable, environment, "bin/python"));
    command.arg("-B").arg(sources("python").join(script));
    command
}

/// Node finds packages beside its script or above, so that the scripts are copied to where the packages are.
fn node(script: &str) -> (Command, Option<TempDir>) {
    let program = sdk_program("TOLLGATE_SDKS_NODE", "node", "bin/node");
    let packages = program.ancestors().nth(2).expect("a folder with packages");
    let scripts = TempDir::new_in(packages).expect("a folder beside the packages");
    for entry in fs::read_dir(sources("node")).expect("the scripts").flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "mjs") {
            fs::copy(entry.path(), scripts.path().join(entry.file_name())).expect("a copied script");
        }
    }
    let mut command = Command::new(&program);
    command.arg(scripts.path().join(script));
    (command, Some(scripts))
}

fn sources(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sdks").join(name)
}
