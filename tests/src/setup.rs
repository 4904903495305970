//! How a server under test is configured: everything by environment, nothing from the machine.

use std::path::PathBuf;

use crate::{FakeUpstream, Kind, PlanSpec, Secrets, aws::FakeAws};

/// A server to be started: in a new data folder on a free port, with the three usual plans, the demo model without its
/// pace, and room for many sign-ups from one address.
#[derive(Debug, Clone)]
pub struct ServerSetup {
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) data_dir: Option<PathBuf>,
    pub(crate) launcher: Vec<String>,
    pub(crate) files: Vec<(String, String)>,
    pub(crate) user: Option<u32>,
    pub(crate) secrets: Secrets,
}

impl Default for ServerSetup {
    fn default() -> Self {
        let daily = |limit: u64| PlanSpec::daily(&format!("{limit}RequestPerDay"), limit).throttled(10.0, 20);
        Self::bare()
            .set("server.listen", "127.0.0.1:0")
            .set("accounts.sign_ups_per_hour", "100000")
            .set("upstream.demo_pace_ms", "1")
            .plans(&[daily(10), daily(20), daily(30), PlanSpec::unlimited("unlimited")])
    }
}

impl ServerSetup {
    /// The server's own defaults, but for its data folder.
    #[must_use]
    pub fn bare() -> Self {
        Self {
            variables: Vec::new(),
            data_dir: None,
            launcher: Vec::new(),
            files: Vec::new(),
            user: None,
            secrets: Secrets::default(),
        }
    }

    /// Sets a value by its name in the configuration file, such as `upstream.idle_timeout_seconds`.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        let variable = format!("TOLLGATE_{}", name.replace('.', "__").to_uppercase());
        self.variables.retain(|(found, _)| *found != variable);
        self.variable(&variable, &value.into())
    }

    /// Takes an environment variable back.
    #[must_use]
    pub fn without_variable(mut self, name: &str) -> Self {
        self.variables.retain(|(found, _)| found != name);
        self
    }

    /// Leaves a value at the server's own default.
    #[must_use]
    pub fn unset(mut self, name: &str) -> Self {
        let variable = format!("TOLLGATE_{}", name.replace('.', "__").to_uppercase());
        self.variables.retain(|(found, _)| *found != variable);
        self
    }

    /// Sets any environment variable. What one named `…API_KEY` or `…SECRET_ACCESS_KEY` holds is a secret.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        if name.ends_with("API_KEY") || name.ends_with("SECRET_ACCESS_KEY") {
            self.secrets.note(Kind::Credential, value);
        }
        self.variables.retain(|(found, _)| found != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Offers these plans and no others.
    #[must_use]
    pub fn plans(self, plans: &[PlanSpec]) -> Self {
        let entries: Vec<_> = plans.iter().map(PlanSpec::to_toml).collect();
        self.set("plans", format!("[{}]", entries.join(", ")))
    }

    /// Sends requests to this upstream, with a credential.
    #[must_use]
    pub fn upstream(self, upstream: &FakeUpstream) -> Self {
        self.set("upstream.base_url", upstream.base_url()).set("upstream.api_key", "sk-upstream-credential")
    }

    /// Keeps everything in this Postgres, as one of several replicas that share their keys. Its tables are made by
    /// `tollgate migrate`.
    #[must_use]
    pub fn postgres(self, url: &str) -> Self {
        self.set("backend", "postgres")
            .set("postgres.url", url)
            .set("server.session_key", "the-session-key-of-all-replicas-of-a-test")
            .set("server.owner_key", "the-owner-key-of-all-replicas-of-a-test-too")
    }

    /// Keeps keys and plans in this account's API Gateway and sends requests to this stage of it. What is changed in the
    /// console is noticed at once.
    #[must_use]
    pub fn aws(self, aws: &FakeAws, api: &str, stage: &str) -> Self {
        self.api_gateway(&aws.endpoint_url(), &aws.invoke_url(api, stage), api, stage)
    }

    /// The same with an emulator, by the addresses of its control plane and of the stage.
    #[must_use]
    pub fn api_gateway(self, endpoint_url: &str, stage_url: &str, api: &str, stage: &str) -> Self {
        self.set("backend", "aws")
            .set("aws.region", "us-east-1")
            .set("aws.endpoint_url", endpoint_url)
            .set("aws.api_id", api)
            .set("aws.stage", stage)
            .set("aws.invoke_url", format!("{stage_url}/v1"))
            .set("aws.refresh_seconds", "0.2")
            .variable("AWS_ACCESS_KEY_ID", "AKIATOLLGATETEST0001")
            .variable("AWS_SECRET_ACCESS_KEY", "sekret/of/the/aws/account/0123456789abcd")
            .variable("AWS_EC2_METADATA_DISABLED", "true")
    }

    /// Uses this data folder instead of one of its own.
    #[must_use]
    pub fn data_dir(mut self, dir: PathBuf) -> Self {
        self.data_dir = Some(dir);
        self
    }

    /// Puts a file into the working folder that the server starts in.
    #[must_use]
    pub fn file(mut self, name: &str, text: &str) -> Self {
        self.files.push((name.to_owned(), text.to_owned()));
        self
    }

    /// Starts it so that [`TestServer::fill_disk`](crate::TestServer::fill_disk) gets it an error instead of a signal: a file at the size limit is
    /// what a full disk is, for a process that may not mount one.
    #[must_use]
    pub fn on_a_small_disk(mut self) -> Self {
        let script = "trap '' XFSZ; exec \"$0\" \"$@\"";
        self.launcher = ["sh", "-c", script].map(str::to_owned).to_vec();
        self
    }

    /// Starts it through this program and its arguments, which end with the server's own.
    #[must_use]
    pub fn launched_by(mut self, launcher: &[String]) -> Self {
        self.launcher = launcher.to_vec();
        self
    }

    /// Runs as this user; for tests that themselves run as root, whom no file mode stops.
    #[must_use]
    pub fn user(mut self, id: u32) -> Self {
        self.user = Some(id);
        self
    }
}
