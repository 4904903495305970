//! `tollgate aws plan | apply | status | destroy | template | policy`: the API in Amazon API Gateway, made from the same
//! configuration that the server reads.

use std::io::{self, IsTerminal as _, Write as _};

use access_aws::{
    Role,
    provision::{self, Applied, ChangeSet, Credential, Event, OperatorKey, Provisioner, Wanted, Written},
};
use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};

use crate::{ambient, backend, config::Config, standard_output::print};

/// `tollgate aws …`
#[derive(Args)]
pub struct AwsCommand {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Show what `apply` would change. Changes nothing.
    #[command(after_help = "Example:\n  tollgate aws plan --config /etc/tollgate.toml\n\n\
                            Credentials come from where AWS's own tools take them: AWS_ACCESS_KEY_ID and \
                            AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or the role of the machine.")]
    Plan {
        #[command(flatten)]
        key: KeyOption,
    },
    /// Make the API, its stage and its usage plans as configured; say where it answers.
    #[command(
        after_help = "Examples:\n  tollgate aws apply\n  tollgate aws apply --yes --operator-key 10RequestPerDay\n\n\
                            It can be stopped at any time and started again: it goes on from what it finds. A second \
                            run with nothing to change only reads."
    )]
    Apply {
        #[command(flatten)]
        key: KeyOption,
        /// Don't ask.
        #[arg(long)]
        yes: bool,
    },
    /// Show what is there, its address, the plans with their keys, and whether it is as configured.
    #[command(after_help = "Example:\n  tollgate aws status")]
    Status,
    /// Delete the API, its usage plans and the operator's key. Nothing else is touched.
    #[command(after_help = "Examples:\n  tollgate aws destroy\n  tollgate aws destroy --yes --with-keys\n\n\
                            It refuses while people's keys are on the plans, unless told --with-keys.")]
    Destroy {
        /// Delete people's keys too; keys that Tollgate didn't make are only taken off the plans.
        #[arg(long)]
        with_keys: bool,
        /// Don't ask.
        #[arg(long)]
        yes: bool,
    },
    /// Print the same as a CloudFormation template, for those who apply with their own tools.
    #[command(after_help = "Example:\n  tollgate aws template > api.json\n  \
                            aws cloudformation deploy --template-file api.json --stack-name tollgate \\\n    \
                            --parameter-overrides UpstreamCredential=\"$OPENAI_API_KEY\"\n\n\
                            The upstream's credential is a parameter; the template holds none. Write the template anew \
                            when the credential changes, so that the change goes live.")]
    Template,
    /// Print the least IAM policy that the server or the provisioner needs.
    #[command(after_help = "Example:\n  tollgate aws policy server > policy.json\n  \
                            aws iam put-role-policy --role-name tollgate --policy-name tollgate \\\n    \
                            --policy-document file://policy.json")]
    Policy {
        /// For whom: the running server, or plan, apply, status and destroy.
        #[arg(default_value = "server")]
        role: PolicyRole,
    },
}

#[derive(Args)]
struct KeyOption {
    /// Also make a key for yourself, on this usage plan; its value is shown once.
    #[arg(long, value_name = "PLAN")]
    operator_key: Option<String>,
}

impl KeyOption {
    fn wish(&self) -> Option<OperatorKey> {
        self.operator_key.as_deref().map(|plan| OperatorKey::new(plan, ambient::random()))
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum PolicyRole {
    Server,
    Provisioner,
}

/// Runs one of the commands.
///
/// # Errors
/// What went wrong, in one line.
pub fn run(command: &AwsCommand, config: &Config) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match &command.verb {
            Verb::Plan { key } => plan(config, key).await,
            Verb::Apply { key, yes } => apply(config, key, *yes).await,
            Verb::Status => print(&provisioner(config).await?.status().await?.to_string()),
            Verb::Destroy { with_keys, yes } => destroy(config, *with_keys, *yes).await,
            Verb::Template => template(config),
            Verb::Policy { role } => policy(config, *role),
        }
    })
}

fn wanted(config: &Config) -> anyhow::Result<Wanted> {
    let upstream = &config.upstream;
    let base_url = upstream.base_url.as_ref();
    let base_url = base_url.context("upstream.base_url: set the server that API Gateway shall pass requests to")?;
    Ok(Wanted::new(Written {
        api_name: config.aws.api_name.clone(),
        stage: config.aws.stage.clone(),
        paths: config.aws.paths.clone(),
        base_url: base_url.as_str().to_owned(),
        credential: upstream.api_key.as_ref().map(|key| Credential::new(key.reveal())),
        timeout: upstream.total_timeout.0,
        plans: config.plans.clone(),
        models: upstream.models.clone(),
        default_model: upstream.default_model.clone(),
    })?)
}

/// What is allowed in the configuration but likely not meant. Said where something is about to be made of it, and not
/// with each look at what is there.
fn warn(wanted: &Wanted) {
    for warning in wanted.warnings() {
        eprintln!("warning: {warning}");
    }
}

async fn provisioner(config: &Config) -> anyhow::Result<Provisioner> {
    let wanted = wanted(config)?;
    Ok(Provisioner::new(backend::aws::control(config, Role::Provisioner).await?, wanted))
}

async fn plan(config: &Config, key: &KeyOption) -> anyhow::Result<()> {
    let provisioner = provisioner(config).await?;
    let set = provisioner.preview(key.wish().as_ref()).await?;
    if !set.is_empty() {
        warn(provisioner.wanted());
    }
    print(&set.to_string())
}

async fn apply(config: &Config, key: &KeyOption, yes: bool) -> anyhow::Result<()> {
    let provisioner = provisioner(config).await?;
    let key = key.wish();
    let shown = provisioner.preview(key.as_ref()).await?;
    if !shown.is_empty() {
        warn(provisioner.wanted());
    }
    print(&shown.to_string())?;
    if !shown.is_empty() {
        confirm(yes, "yes", "Type yes to apply this: ")?;
    }
    let mut ask = |set: &ChangeSet| {
        // The question comes after it; where it can't be shown, there is nobody to ask.
        let is_shown = print(&format!("\nWhat is there has changed meanwhile. By now it takes:\n\n{set}")).is_ok();
        is_shown && confirm(yes, "yes", "Type yes to apply this: ").is_ok()
    };
    let applied = provisioner.apply_as_shown(&shown, key.as_ref(), &mut ask, &mut tell).await?;
    print(&told(&applied, config))
}

async fn destroy(config: &Config, with_keys: bool, yes: bool) -> anyhow::Result<()> {
    let provisioner = provisioner(config).await?;
    let set = provisioner.preview_destroy(with_keys).await?;
    print(&set.to_string())?;
    if set.is_empty() {
        return Ok(());
    }
    let name = provisioner.wanted().api_name();
    confirm(yes, name, &format!("This can't be undone. Type the API's name, {name}, to confirm: "))?;
    provisioner.destroy(with_keys, &mut tell).await?;
    print("Destroyed. Nothing of it is left.\n")
}

fn template(config: &Config) -> anyhow::Result<()> {
    let wanted = wanted(config)?;
    warn(&wanted);
    print(&format!("{:#}\n", provision::template(&wanted)))
}

fn policy(config: &Config, role: PolicyRole) -> anyhow::Result<()> {
    let role = match role {
        PolicyRole::Server => Role::Server,
        PolicyRole::Provisioner => Role::Provisioner,
    };
    // Without a region in the configuration the policy holds for all.
    let region = config.aws.region.as_deref().unwrap_or("*");
    print(&format!("{:#}\n", provision::policy(role, region)))
}

/// Progress goes where logs go, so that the answer can be piped.
fn tell(event: Event<'_>) {
    match event {
        Event::Step { number, of, line } => eprintln!("[{number}/{of}] {line}"),
        Event::LooksAgain(error) => eprintln!("{error}\nlooking again at what is there"),
    }
}

fn confirm(yes: bool, word: &str, question: &str) -> anyhow::Result<()> {
    if yes {
        return Ok(());
    }
    let input = io::stdin();
    if !input.is_terminal() {
        anyhow::bail!("nothing was changed: there is no terminal to ask at; add --yes to go on without asking");
    }
    print!("{question}");
    io::stdout().flush()?;
    let mut line = String::new();
    input.read_line(&mut line)?;
    if line.trim() == word { Ok(()) } else { anyhow::bail!("nothing was changed") }
}

/// What to do with it now.
fn told(applied: &Applied, config: &Config) -> String {
    let Applied { api_id, region, .. } = applied;
    let stage = &config.aws.stage;
    let mut text = match applied.steps {
        0 => String::new(),
        1 => "\nDone: 1 change.\n".to_owned(),
        steps => format!("\nDone: {steps} changes.\n"),
    };
    let (url, place) = match &applied.invoke_url {
        Some(url) => (url.as_str(), format!("It answers at {url}")),
        None => (
            "INVOKE_URL",
            "An emulator has addresses of its own. Put this stage's, with /v1, for INVOKE_URL.".to_owned(),
        ),
    };
    text.push_str(&format!(
        "\n{place}\n\nFor the server, in tollgate.toml:\n\n  backend = \"aws\"\n\n  [aws]\n  region = \"{region}\"\n  \
         api_id = \"{api_id}\"\n  stage = \"{stage}\"\n  invoke_url = \"{url}\"\n"
    ));
    if let Some(key) = &applied.operator_key {
        text.push_str(&format!(
            "\nThe operator's key, shown this once (API Gateway may take two minutes to know it):\n\n  {}\n",
            key.reveal()
        ));
    } else if let Some(id) = &applied.known_operator_key {
        text.push_str(&format!(
            "\nThe operator's key is there already; AWS shows its value:\n\n  aws apigateway get-api-key --api-key {id} \
             --include-value\n"
        ));
    }
    let key = applied.operator_key.as_ref().map_or("YOUR_KEY", Credential::reveal);
    let model = config.upstream.default_model.as_deref().unwrap_or("MODEL");
    text.push_str(&format!(
        "\nTo call it:\n\n  curl {url}/chat/completions -H 'x-api-key: {key}' -H 'content-type: application/json' \\\n    \
         -d '{{\"model\": \"{model}\", \"messages\": [{{\"role\": \"user\", \"content\": \"Hello\"}}]}}'\n\n  \
         OpenAI(base_url=\"{url}\", api_key=\"none\", default_headers={{\"x-api-key\": \"{key}\"}})\n"
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied() -> Applied {
        Applied {
            steps: 2,
            api_id: "a1".to_owned(),
            region: "us-east-1".to_owned(),
            invoke_url: Some("https://a1.execute-api.us-east-1.amazonaws.com/live/v1".to_owned()),
            operator_key: None,
            known_operator_key: None,
        }
    }

    #[test]
    fn how_to_call_the_endpoint_is_always_said() {
        let said = told(&applied(), &Config::default());
        let url = "https://a1.execute-api.us-east-1.amazonaws.com/live/v1";
        for text in [
            "Done: 2 changes.",
            &format!("It answers at {url}\n"),
            &format!("invoke_url = \"{url}\""),
            &format!("curl {url}/chat/completions -H 'x-api-key: YOUR_KEY'"),
            &format!("OpenAI(base_url=\"{url}\", api_key=\"none\", default_headers={{\"x-api-key\": \"YOUR_KEY\"}})"),
        ] {
            assert!(said.contains(text), "{text} is not in:\n{said}");
        }
        let key = Credential::new("op_value");
        let said = told(&Applied { operator_key: Some(key), ..applied() }, &Config::default());
        assert!(said.contains("-H 'x-api-key: op_value'") && !said.contains("YOUR_KEY"), "{said}");
    }

    #[test]
    fn no_address_of_awss_is_told_for_an_emulator() {
        let said = told(&Applied { invoke_url: None, ..applied() }, &Config::default());
        assert!(said.contains("An emulator has addresses of its own.") && !said.contains("amazonaws.com"), "{said}");
    }
}
