//! The command line: `tollgate serve | check | openapi | plans | migrate | migrate-store | backup | accounts | operators | invites | audit | aws`.

use std::{
    io::{self, IsTerminal as _},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
};

use api_types::{Quota, Throttle};
use clap::{Args, Parser, Subcommand, ValueEnum};
use tracing::Metadata;
use tracing_subscriber::{EnvFilter, filter::filter_fn, layer::SubscriberExt as _, util::SubscriberInitExt as _};

#[cfg(feature = "aws")]
use crate::aws_command;
use crate::{
    app, backend, check,
    config::{self, Config, ConfigError, Environment, LogConfig, LogFormat, Overrides, SOCKET_ADDRESS},
    log_writer::{self, FlushAtEnd, LogWriter},
    openapi,
    operators::{
        self,
        command::{AccountsCommand, AuditCommand, InvitesCommand, OperatorsCommand},
    },
    serve,
    standard_output::print,
};

#[derive(Parser)]
#[command(
    name = "tollgate",
    version,
    about = "Self-service API keys with exact quotas for an OpenAI-compatible API.",
    after_help = "Without a command it serves. Without a configuration it runs with three plans and a demo model.\n\n\
                  Example:\n  OPENAI_API_KEY=sk-… tollgate --listen 0.0.0.0:8000 --data-dir /var/lib/tollgate"
)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the page, the API and the proxy (the default).
    #[command(after_help = "Example:\n  tollgate serve --config /etc/tollgate.toml --listen 127.0.0.1:8000")]
    Serve,
    /// Check the configuration, the store and the upstream, and say what is wrong.
    #[command(after_help = "Example:\n  tollgate check --config /etc/tollgate.toml")]
    Check,
    /// Print the OpenAPI document.
    #[command(
        after_help = "Examples:\n  tollgate openapi > openapi.json\n  tollgate openapi --version 3.0 > openapi-3.0.json"
    )]
    Openapi {
        /// OpenAPI's version; 3.0 is for generators that don't read 3.1 yet.
        #[arg(long, value_name = "VERSION", value_enum, default_value = "3.1")]
        version: OpenApiVersion,
    },
    /// List the configured plans.
    #[command(after_help = "Example:\n  tollgate plans --config /etc/tollgate.toml")]
    Plans,
    /// Make the tables in Postgres, or bring them up to date, for the backend postgres.
    #[command(after_help = "Run it before the replicas of a new version start; run twice, it changes nothing.\n\n\
                            Example:\n  DATABASE_URL=postgres://tollgate:…@db:5432/tollgate tollgate migrate")]
    Migrate,
    /// Move everything from the data folder's SQLite file to Postgres: people, keys and what they have used.
    #[command(
        after_help = "Stop the server that uses the folder, make the tables with `tollgate migrate`, and run this \
                            before any replica\nhas started on them. All is moved or nothing; the file stays as it is, for the \
                            way back.\n\n\
                            Example:\n  DATABASE_URL=postgres://tollgate:…@db:5432/tollgate tollgate migrate-store \
                            --from sqlite --to postgres --data-dir /var/lib/tollgate"
    )]
    MigrateStore {
        /// Where everything is.
        #[arg(long, value_name = "STORE")]
        from: Source,
        /// Where it is to be.
        #[arg(long, value_name = "STORE")]
        to: Target,
    },
    /// Copy the data folder, whole or not at all, while the server runs.
    #[command(after_help = "A server on the copy goes on from that moment: tollgate --data-dir DIR.\n\n\
                            Example:\n  tollgate backup /backup/tollgate-2026-11-28 --data-dir /var/lib/tollgate")]
    Backup {
        /// The folder to make; it must not exist.
        #[arg(value_name = "DIR")]
        to: PathBuf,
    },
    /// List, show, block, approve and delete people, and let them back in.
    #[command(subcommand)]
    Accounts(AccountsCommand),
    /// Say who may do so over the page and the API.
    #[command(subcommand)]
    Operators(OperatorsCommand),
    /// Let somebody sign up who otherwise might not.
    #[command(subcommand)]
    Invites(InvitesCommand),
    /// Show what operators did.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Make, show or delete the API in Amazon API Gateway.
    #[cfg(feature = "aws")]
    #[command(after_help = "Example:\n  tollgate aws plan\n  tollgate aws apply")]
    Aws(aws_command::AwsCommand),
}

/// A version of OpenAPI that the document can be had in.
#[derive(Clone, Copy, ValueEnum)]
enum OpenApiVersion {
    #[value(name = "3.1")]
    V3_1,
    #[value(name = "3.0")]
    V3_0,
}

/// A store to move from.
#[derive(Clone, Copy, ValueEnum)]
enum Source {
    Sqlite,
}

/// A store to move to.
#[derive(Clone, Copy, ValueEnum)]
enum Target {
    Postgres,
}

#[derive(Args)]
struct Settings {
    /// Configuration file [default: ./tollgate.toml, if it is there].
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Address and port to listen at [default: 127.0.0.1:8000].
    #[arg(long, value_name = "ADDR:PORT", global = true, value_parser = socket_address)]
    listen: Option<SocketAddr>,
    /// Folder of the database and the session key [default: ./tollgate-data].
    #[arg(long, value_name = "DIR", global = true)]
    data_dir: Option<PathBuf>,
}

fn socket_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("must be {SOCKET_ADDRESS}"))
}

/// Runs the command line.
#[must_use]
pub fn run() -> ExitCode {
    let line = CommandLine::parse();
    let _flush = FlushAtEnd;
    match execute(line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log_writer::flush();
            eprintln!("tollgate: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn execute(CommandLine { command, settings }: CommandLine) -> anyhow::Result<()> {
    match command.unwrap_or(Command::Serve) {
        Command::Serve => serve::serve(configured(settings, config::load)?.0),
        Command::Check => {
            let (config, file) = configured(settings, config::load)?;
            check::check(config, file.as_deref())
        }
        Command::Openapi { version: OpenApiVersion::V3_1 } => {
            print(&format!("{}\n", app::document().to_pretty_json()?))
        }
        Command::Openapi { version: OpenApiVersion::V3_0 } => {
            let document = openapi::version_3_0::of(serde_json::to_value(app::document())?);
            print(&format!("{}\n", serde_json::to_string_pretty(&document)?))
        }
        Command::Plans => print(&plans(&configured(settings, config::load)?.0)),
        Command::Migrate => migrate(&configured(settings, config::load_for_migration)?.0),
        Command::MigrateStore { from: Source::Sqlite, to: Target::Postgres } => {
            let config = configured(settings, config::load_for_migration)?.0;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            print(&runtime.block_on(backend::moving::sqlite_to_postgres(&config))?)
        }
        Command::Backup { to } => {
            backend::back_up(&configured(settings, quietly)?.0, &to)?;
            print(&format!("Backed up to {}. Try it: tollgate check --data-dir {0}\n", to.display()))
        }
        Command::Accounts(command) => operators::command::run(command, configured(settings, quietly)?.0),
        Command::Operators(command) => operators::command::run(command, configured(settings, quietly)?.0),
        Command::Invites(command) => operators::command::run(command, configured(settings, quietly)?.0),
        Command::Audit(command) => operators::command::run(command, configured(settings, quietly)?.0),
        // It makes what the server's own configuration names.
        #[cfg(feature = "aws")]
        Command::Aws(command) => aws_command::run(&command, &configured(settings, config::load_without_backend)?.0),
    }
}

/// For commands that serve the store to themselves: their own requests are nothing to tell.
fn quietly(overrides: &Overrides, environment: &Environment) -> Result<(Config, Option<PathBuf>), ConfigError> {
    let (mut config, file) = config::load(overrides, environment)?;
    config.log.level = "warn".to_owned();
    Ok((config, file))
}

type Load = fn(&Overrides, &Environment) -> Result<(Config, Option<PathBuf>), ConfigError>;

/// The configuration and its file; what is wrong from here on is logged as it says.
fn configured(settings: Settings, load: Load) -> anyhow::Result<(Config, Option<PathBuf>)> {
    #[expect(clippy::disallowed_methods, reason = "the entry point reads the environment, once")]
    let environment = std::env::vars_os()
        .filter(|(name, _)| {
            let name = name.to_string_lossy();
            name.starts_with("TOLLGATE_") || ["OPENAI_API_KEY", "DATABASE_URL"].contains(&&*name)
        })
        .map(|(name, value)| {
            let shown = name.to_string_lossy().into_owned();
            match (name.into_string(), value.into_string()) {
                (Ok(name), Ok(value)) => Ok((name, value)),
                _ => Err(anyhow::anyhow!("{shown}: must be UTF-8")),
            }
        })
        .collect::<anyhow::Result<_>>()?;
    let Settings { config: file, listen, data_dir } = settings;
    let (config, file) = load(&Overrides { file, listen, data_dir }, &environment)?;
    start_log(&config.log)?;
    Ok((config, file))
}

/// AWS's SDK writes whole requests and answers at its finer levels, people's keys among them, and at WARN what the
/// machine's metadata service said. A filter of its own, since no directive of `log.level` may bring that back.
///
/// actix-http tells at ERROR what is a caller's fault, a request that can't be parsed above all: `serve` tells that at
/// debug level instead.
fn may_be_logged(event: &Metadata<'_>) -> bool {
    !event.target().starts_with("aws_") && !event.target().starts_with("actix_http::h1::")
}

/// Logs go to standard error; standard output is for answers.
fn start_log(config: &LogConfig) -> anyhow::Result<()> {
    // The server library tells its own start and stop beside ours; who wants that asks for it.
    let level = format!("actix_server=warn,{}", config.level);
    // The filter takes a misspelt level for a module's name and then shows nothing at all.
    let is_level =
        |part: &str| part.contains('=') || part.trim().parse::<tracing::level_filters::LevelFilter>().is_ok();
    if !config.level.split(',').all(is_level) {
        anyhow::bail!("log.level: {:?} is no level; use error, warn, info, debug or trace", config.level);
    }
    let filter = EnvFilter::try_new(level).map_err(|e| anyhow::anyhow!("log.level: {e}"))?;
    let filtered = tracing_subscriber::registry().with(filter).with(filter_fn(may_be_logged));
    let log = tracing_subscriber::fmt::layer().with_writer(LogWriter);
    match config.format {
        LogFormat::Text => filtered.with(log.with_ansi(io::stderr().is_terminal())).init(),
        LogFormat::Json => filtered.with(log.json().flatten_event(true)).init(),
    }
    Ok(())
}

fn migrate(config: &Config) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    print(&format!("{}\n", runtime.block_on(backend::postgres::migrate(config))?))
}

fn plans(config: &Config) -> String {
    let mut text = String::new();
    for plan in &config.plans {
        let shown = plan.plan();
        let quota = match shown.quota {
            Quota::Unlimited => "unlimited".to_owned(),
            Quota::Limited { limit, period, offset: 0 } => format!("{limit} per {}", period.noun()),
            Quota::Limited { limit, period, offset } => {
                format!("{limit} per {}, {offset} less in the first", period.noun())
            }
        };
        let throttle = match shown.throttle {
            Some(Throttle { rate, burst }) => format!("{rate} per second, burst {burst}"),
            None => "no throttle".to_owned(),
        };
        let (name, zone) = (shown.name.as_str(), plan.time_zone().name());
        text.push_str(&format!("{name:24} {quota:32} {throttle:28} {zone}\n"));
    }
    text
}
