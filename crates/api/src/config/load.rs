//! Reads the configuration: flags beat the environment, which beats the file, which beats the defaults.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde_path_to_error::Segment;
use toml::{Table, Value};

use super::{BackendName, BaseUrl, Config, ConfigError, Secret};

/// The environment as pairs of name and value; only the entry point reads the real one.
pub type Environment = Vec<(String, String)>;

/// What the command line says about the configuration.
#[derive(Debug, Default, Clone)]
pub struct Overrides {
    /// `--config`: a file that must be there.
    pub file: Option<PathBuf>,
    /// `--listen`
    pub listen: Option<SocketAddr>,
    /// `--data-dir`
    pub data_dir: Option<PathBuf>,
}

/// The file that is read where no `--config` names another.
pub const DEFAULT_FILE: &str = "tollgate.toml";
const PREFIX: &str = "TOLLGATE_";
/// How an address to listen at is written.
pub const SOCKET_ADDRESS: &str = "an address with a port, like 127.0.0.1:8000 or [::1]:8000; a name isn't taken";

/// Reads and checks the configuration; also says which file it came from.
///
/// # Errors
/// The first thing wrong, with its place.
pub fn load(overrides: &Overrides, environment: &Environment) -> Result<(Config, Option<PathBuf>), ConfigError> {
    let (config, file) = load_without_backend(overrides, environment)?;
    check_backend(&config)?;
    Ok((config, file))
}

/// As [`load`], where only Postgres is needed.
///
/// # Errors
/// The first thing wrong, with its place.
pub fn load_for_migration(
    overrides: &Overrides,
    environment: &Environment,
) -> Result<(Config, Option<PathBuf>), ConfigError> {
    let (config, file) = load_without_backend(overrides, environment)?;
    config.postgres.check_url()?;
    Ok((config, file))
}

/// As [`load`], without asking whether the chosen backend has all that it needs: for what makes it.
///
/// # Errors
/// The first thing wrong, with its place.
pub fn load_without_backend(
    overrides: &Overrides,
    environment: &Environment,
) -> Result<(Config, Option<PathBuf>), ConfigError> {
    let (file, mut table) = read_file(overrides.file.as_deref())?;
    let place = file.as_deref().map_or("the configuration".to_owned(), |f| f.display().to_string());
    let mut config = check(&table, &place)?;
    for (name, text) in environment {
        if let Some(path) = name.strip_prefix(PREFIX) {
            // Checked one by one, so that the error names the variable.
            config = set(&mut table, name, path, text)?;
        }
    }
    if let Some(listen) = overrides.listen {
        config.server.listen = listen;
    }
    if let Some(dir) = &overrides.data_dir {
        config.server.data_dir.clone_from(dir);
    }
    complete_upstream(&mut config, environment)?;
    complete_postgres(&mut config, environment)?;
    check_together(&config)?;
    Ok((config, file))
}

/// What each value alone can't show.
fn check_together(config: &Config) -> Result<(), ConfigError> {
    let error = |place: &str, detail: &str| Err(ConfigError { place: place.to_owned(), detail: detail.to_owned() });
    let upstream = &config.upstream;
    if let Some(model) = &upstream.default_model
        && !upstream.models.is_empty()
        && !upstream.models.contains(model)
    {
        return error("upstream.default_model", "isn't among upstream.models, so that it could never be asked");
    }
    let server = &config.server;
    if server.metrics_listen == Some(server.listen) && server.listen.port() != 0 {
        return error("server.metrics_listen", "must be another address than server.listen");
    }
    config.sign_up.check()?;
    config.tls.check(server.public_url.as_ref())
}

fn read_file(named: Option<&Path>) -> Result<(Option<PathBuf>, Table), ConfigError> {
    let path = named.unwrap_or(Path::new(DEFAULT_FILE));
    let error = |detail: String| ConfigError { place: path.display().to_string(), detail };
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let table = text.parse::<Table>().map_err(|e| error(not_toml(&text, &e)))?;
            Ok((Some(path.to_owned()), table))
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && named.is_none() => Ok((None, Table::new())),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Err(error("no such file".to_owned())),
        Err(e) => Err(error(format!("can't be read: {e}"))),
    }
}

/// The parser's message and line, without its excerpt: the line may hold a credential.
fn not_toml(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].lines().count().max(1));
    format!("line {line}: {}", error.message())
}

/// Puts `SERVER__LISTEN` = text at `server.listen`. A text that reads as a TOML value is tried as one, then as itself,
/// and where a list is due, as one with commas.
fn set(table: &mut Table, name: &str, path: &str, text: &str) -> Result<Config, ConfigError> {
    let put = |value: Value| {
        let changed = placed(table, path, value).map_err(|detail| ConfigError { place: name.to_owned(), detail })?;
        check(&changed, name).map(|config| (config, changed))
    };
    let listed = || put(Value::Array(text.split(',').map(|item| Value::String(item.trim().to_owned())).collect()));
    let plain = || {
        let plain = put(Value::String(text.to_owned()));
        plain.or_else(|error| if error.detail.contains("expected a sequence") { listed() } else { Err(error) })
    };
    let (config, changed) = match read_value(text) {
        Some(value) => put(value).or_else(|error| plain().map_err(|_| error))?,
        None => plain()?,
    };
    *table = changed;
    Ok(config)
}

fn read_value(text: &str) -> Option<Value> {
    let mut read = format!("value = {text}").parse::<Table>().ok()?;
    if read.len() == 1 { read.remove("value") } else { None }
}

fn placed(table: &Table, path: &str, value: Value) -> Result<Table, String> {
    let mut changed = table.clone();
    let path = path.to_ascii_lowercase();
    let mut names: Vec<&str> = path.split("__").collect();
    let last = names.pop().unwrap_or_default();
    let mut at = &mut changed;
    for name in names {
        let entry = at.entry(name).or_insert_with(|| Value::Table(Table::new()));
        at = entry.as_table_mut().ok_or_else(|| format!("{name} is a value, not a section"))?;
    }
    at.insert(last.to_owned(), value);
    Ok(changed)
}

/// Types first, of which the first wrong one is told; then the rules at the fields, of which all broken ones are.
fn check(table: &Table, place: &str) -> Result<Config, ConfigError> {
    let config: Config = typed(table, place)?;
    api_types::check(&config).map_err(|broken| {
        let told: Vec<_> = broken.iter().map(|error| format!("{}: {}", error.field, error.detail)).collect();
        ConfigError { place: place.to_owned(), detail: told.join(&format!("\n{place}: ")) }
    })?;
    Ok(config)
}

fn typed(table: &Table, place: &str) -> Result<Config, ConfigError> {
    serde_path_to_error::deserialize(Value::Table(table.clone())).map_err(|error| {
        let path = dotted(error.path());
        let message = error.inner().message();
        let detail = sectioned(place, message).or_else(|| suggestion(message)).or_else(|| as_an_address(message));
        let detail = detail.unwrap_or_else(|| message.to_owned());
        let detail = if path.is_empty() { detail } else { format!("{path}: {detail}") };
        ConfigError { place: place.to_owned(), detail }
    })
}

fn dotted(path: &serde_path_to_error::Path) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => text.push_str(&format!("[{}]", index + 1)),
            Segment::Map { key } => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(key);
            }
            _ => {}
        }
    }
    text
}

/// A variable with one underscore where two part section and key.
fn sectioned(place: &str, message: &str) -> Option<String> {
    let rest = place.strip_prefix(PREFIX).filter(|rest| !rest.contains("__"))?;
    let (section, key) = rest.split_once('_')?;
    let known = format!("`{}`", section.to_ascii_lowercase());
    (message.starts_with("unknown field ") && message.contains(&known))
        .then(|| format!("two underscores part section and key; did you mean {PREFIX}{section}__{key}?"))
}

/// What to write where an address and a port are due.
fn as_an_address(message: &str) -> Option<String> {
    let is_address = message.contains("socket address");
    is_address.then(|| format!("must be {SOCKET_ADDRESS}"))
}

/// serde's "unknown field `x`, expected one of `a`, `b`" with the likeliest of them first.
fn suggestion(message: &str) -> Option<String> {
    let mut quoted = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    let unknown = quoted.next()?;
    let known: Vec<&str> = quoted.collect();
    let best =
        known.iter().max_by(|a, b| strsim::jaro_winkler(unknown, a).total_cmp(&strsim::jaro_winkler(unknown, b)));
    match best {
        Some(name) if strsim::jaro_winkler(unknown, name) > 0.7 => {
            Some(format!("unknown key {unknown:?}; did you mean {name:?}?"))
        }
        _ => Some(format!("unknown key {unknown:?}; known are: {}", known.join(", "))),
    }
}

/// Resolves the credential's file, and OpenAI's own variable, which switches from the demo model to OpenAI.
fn complete_upstream(config: &mut Config, environment: &Environment) -> Result<(), ConfigError> {
    let upstream = &mut config.upstream;
    if let Some(path) = &upstream.api_key_file {
        upstream.api_key = Some(read_secret(upstream.api_key.is_some(), "upstream.api_key", path)?);
    }
    // OpenAI's own variable is for OpenAI: it must not go to whatever server the base URL names.
    let is_openai = upstream.base_url.as_ref().is_none_or(BaseUrl::is_openai);
    if upstream.api_key.is_none() && is_openai {
        let openai = environment.iter().find(|(name, value)| name == "OPENAI_API_KEY" && !value.trim().is_empty());
        upstream.api_key = openai.map(|(_, value)| Secret::new(value));
    }
    if upstream.base_url.is_none() && upstream.api_key.is_some() {
        upstream.base_url = Some(BaseUrl::openai());
    }
    Ok(())
}

/// Resolves the URL's file, and the variable that others use for it too.
fn complete_postgres(config: &mut Config, environment: &Environment) -> Result<(), ConfigError> {
    let postgres = &mut config.postgres;
    if let Some(path) = &postgres.url_file {
        postgres.url = Some(read_secret(postgres.url.is_some(), "postgres.url", path)?);
    }
    if postgres.url.is_none() {
        let set = environment.iter().find(|(name, value)| name == "DATABASE_URL" && !value.trim().is_empty());
        postgres.url = set.map(|(_, value)| Secret::new(value));
    }
    Ok(())
}

/// The secret in the file that takes the place of a key of the configuration, which must not be set beside it.
fn read_secret(is_set: bool, key: &str, path: &Path) -> Result<Secret, ConfigError> {
    let place = format!("{key}_file");
    let error = |detail: String| ConfigError { place: place.clone(), detail };
    if is_set {
        return Err(error(format!("set either {key} or {key}_file, not both")));
    }
    let text = std::fs::read_to_string(path).map_err(|e| error(format!("{}: {e}", path.display())))?;
    Ok(Secret::new(&text))
}

/// What the chosen backend can't do without.
fn check_backend(config: &Config) -> Result<(), ConfigError> {
    match config.backend {
        BackendName::Embedded => Ok(()),
        BackendName::Postgres => {
            config.postgres.check(config.server.session_key.as_ref(), config.server.owner_key.as_ref())
        }
        BackendName::Aws if cfg!(feature = "aws") => config.aws.check(),
        BackendName::Aws => {
            let detail = "this tollgate was built without the backend aws; build it with --features aws".to_owned();
            Err(ConfigError { place: "backend".to_owned(), detail })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use proptest::prelude::*;

    use super::*;

    fn from(text: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let overrides = Overrides { file: Some(file.path().to_owned()), ..Overrides::default() };
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let place = file.path().display().to_string();
        load(&overrides, &environment).map(|(config, _)| config).map_err(|e| e.to_string().replace(&place, "FILE"))
    }

    fn error(text: &str, environment: &[(&str, &str)]) -> String {
        from(text, environment).unwrap_err()
    }

    #[test]
    fn nothing_configured_is_three_plans_and_the_demo_model() {
        let config = from("", &[]).unwrap();
        assert_eq!(config.plans.len(), 3);
        assert_eq!(config.plans[0].plan().name.as_str(), "10RequestPerDay");
        assert!(config.upstream.base_url.is_none());
        assert_eq!(config.server.listen.to_string(), "127.0.0.1:8000");
    }

    #[test]
    fn the_example_in_the_readme_is_true() {
        let readme = include_str!("../../../../README.md");
        let example = readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let config = from(example, &[]).unwrap();
        // Value by value, as far as they may be shown; the plans are other ones, to show what a plan can have.
        let defaults = Config { plans: config.plans.clone(), ..Config::default() };
        assert_eq!(format!("{config:#?}"), format!("{defaults:#?}"));
        assert_eq!(config.plans.len(), 3);
        // Every key that the example shows commented out is known too.
        let all = example.replace("\n# ", "\n").replace("api_key = \"sk-…\"", "api_key = \"sk-x\"");
        let all = all.replace("_key = \"…\"", "_key = \"0123456789abcdef0123456789abcdef\"");
        let all = if cfg!(feature = "aws") { all } else { all.replace("backend = \"aws\"", "backend = \"embedded\"") };
        from(&all, &[]).unwrap();
    }

    #[test]
    fn the_backend_postgres_asks_for_what_replicas_share() {
        let (key, url) = ("0123456789abcdef0123456789abcdef", "postgres://u:p@db/t");
        let with = |more: &str, environment: &[(&str, &str)]| {
            from(&format!("backend = \"postgres\"\n{more}"), environment).map(|config| config.postgres.url)
        };
        assert!(with("", &[]).unwrap_err().starts_with("postgres.url: "));
        let url_set = [("DATABASE_URL", url)];
        assert!(with("", &url_set).unwrap_err().starts_with("server.session_key: must be set"));
        let session = format!("[server]\nsession_key = \"{key}\"\n");
        assert!(with(&session, &url_set).unwrap_err().starts_with("server.owner_key: must be set"));
        let both = format!("{session}owner_key = \"{key}\"\n");
        assert_eq!(with(&both, &url_set).unwrap().unwrap().reveal(), url);
        let file = format!("{both}[postgres]\nurl = \"postgres://other\"");
        assert_eq!(with(&file, &url_set).unwrap().unwrap().reveal(), "postgres://other");
        let twice = format!("{both}[postgres]\nurl = \"postgres://u:secret@db/t\"\nurl_file = \"/nowhere\"");
        let said = with(&twice, &[]).unwrap_err();
        assert!(said.contains("not both") && !said.contains("secret"), "{said}");
        assert_eq!(from("", &url_set).unwrap().backend, BackendName::Embedded);
    }

    #[test]
    fn the_environment_beats_the_file_and_flags_beat_both() {
        let file = "[server]\nlisten = \"127.0.0.1:1\"\n[upstream]\nmodels = [\"a\"]";
        let set = [("TOLLGATE_SERVER__LISTEN", "127.0.0.1:2"), ("TOLLGATE_UPSTREAM__MODELS", "[\"b\", \"c\"]")];
        let config = from(file, &set).unwrap();
        assert_eq!(config.server.listen.port(), 2);
        assert_eq!(config.upstream.models, ["b", "c"]);
        let listen = Some("127.0.0.1:3".parse().unwrap());
        let environment = vec![("TOLLGATE_SERVER__LISTEN".to_owned(), "127.0.0.1:2".to_owned())];
        let (config, _) = load(&Overrides { listen, ..Overrides::default() }, &environment).unwrap();
        assert_eq!(config.server.listen.port(), 3);
    }

    #[test]
    fn a_text_that_looks_like_a_number_stays_a_text_where_one_is_due() {
        let config = from("", &[("TOLLGATE_UPSTREAM__API_KEY", "12345"), ("TOLLGATE_UPSTREAM__DEFAULT_MODEL", "7")]);
        assert_eq!(config.unwrap().upstream.default_model.as_deref(), Some("7"));
    }

    #[test]
    fn a_list_may_be_written_with_commas_in_the_environment() {
        let set = [("TOLLGATE_UPSTREAM__MODELS", "a, b"), ("TOLLGATE_SERVER__TRUSTED_PROXIES", "127.0.0.1")];
        let config = from("", &set).unwrap();
        assert_eq!(config.upstream.models, ["a", "b"]);
        assert_eq!(config.server.trusted_proxies.len(), 1);
        assert!(error("", &[("TOLLGATE_SERVER__TRUSTED_PROXIES", "127.0.0.1,x")]).contains("neither an address"));
    }

    #[test]
    fn values_that_dont_go_together_are_told() {
        let said = error("[upstream]\nmodels = [\"a\"]\ndefault_model = \"b\"", &[]);
        assert!(said.starts_with("upstream.default_model: isn't among"), "{said}");
        let said = error("[server]\nlisten = \"127.0.0.1:1\"\nmetrics_listen = \"127.0.0.1:1\"", &[]);
        assert!(said.starts_with("server.metrics_listen: must be another"), "{said}");
        for listen in ["8000", "\"localhost:8000\"", "\":8000\""] {
            let said = error(&format!("[server]\nlisten = {listen}"), &[]);
            assert!(said.contains("like 127.0.0.1:8000"), "{listen}: {said}");
        }
    }

    #[test]
    fn an_unknown_key_suggests_the_right_one() {
        assert_eq!(
            error("[server]\nlisen = \"x\"", &[]),
            "FILE: server.lisen: unknown key \"lisen\"; did you mean \"listen\"?"
        );
        let said = error("", &[("TOLLGATE_SERVER__LISTN", "1")]);
        assert_eq!(said, "TOLLGATE_SERVER__LISTN: server.listn: unknown key \"listn\"; did you mean \"listen\"?");
        let said = error("", &[("TOLLGATE_SERVER_LISTEN", "127.0.0.1:1")]);
        assert!(said.ends_with("did you mean TOLLGATE_SERVER__LISTEN?"), "{said}");
        assert!(error("[zzz]", &[]).contains("known are: backend, server, tls, log"));
    }

    #[test]
    fn a_wrong_value_is_named_with_its_place() {
        assert!(error("[server]\nlisten = 5", &[]).starts_with("FILE: server.listen: "));
        assert!(error("[upstream]\nidle_timeout_seconds = 0", &[]).contains("above 0"));
        assert!(error("[upstream]\nbase_url = \"ftp://x\"", &[]).contains("must be a URL like"));
        assert!(error("[upstream]\nbase_url = \"https://u:p@x/v1\"", &[]).contains("must not hold a credential"));
        assert!(error("plans = []", &[]).contains("at least one plan"));
        assert!(error("[[plans]]\nname = \"a\"\nquota = \"many\"", &[]).contains("\"unlimited\""));
        let offset = "[[plans]]\nname = \"a\"\nquota = { limit = 5, period = \"DAY\", offset = 1 }";
        assert!(error(offset, &[]).contains("plan \"a\": quota.offset: must be from 0 to 0"));
        let twice = "[[plans]]\nname = \"a\"\nquota = \"unlimited\"\n";
        assert!(error(&twice.repeat(2), &[]).contains("is there twice"));
        assert!(error("[server]\ntrusted_proxies = [\"x\"]", &[]).contains("neither an address"));
    }

    #[test]
    fn every_bound_that_is_not_kept_is_named_at_once_and_no_value_is() {
        let said = error(
            "[server]\nsession_key = \"sekret\"\n[limits]\nchat_body_max_bytes = 0\n[aws]\nrefresh_seconds = 61\n\
             [accounts]\nmax_subscriptions = 0\n[upstream]\ndemo_pace_ms = 60001",
            &[],
        );
        assert_eq!(
            said.lines().collect::<Vec<_>>(),
            [
                "FILE: accounts.max_subscriptions: must be at least 1; leave it out for one on every plan",
                "FILE: aws.refresh_seconds: must be at most 60",
                "FILE: limits.chat_body_max_bytes: must be from 1 to 1073741824",
                "FILE: server.session_key: must have at least 32 characters",
                "FILE: upstream.demo_pace_ms: must be from 0 to 60000",
            ]
        );
        let said = error("", &[("TOLLGATE_SERVER__SESSION_KEY", "sekret")]);
        assert_eq!(said, "TOLLGATE_SERVER__SESSION_KEY: server.session_key: must have at least 32 characters");
        let plan =
            "[[plans]]\nname = \"a\"\nquota = { limit = 0, period = \"DAY\" }\nthrottle = { rate = nan, burst = 0 }";
        let said = error(plan, &[]);
        for field in ["quota.limit", "throttle.rate", "throttle.burst"] {
            assert!(said.contains(field), "{said}");
        }
    }

    #[cfg(feature = "aws")]
    #[test]
    fn the_backend_aws_asks_for_an_api_and_its_address_and_sees_when_they_differ() {
        let said = |more: &str| error(&format!("backend = \"aws\"\n[aws]\n{more}"), &[]);
        assert!(said("").starts_with("aws.api_id: "), "{}", said(""));
        assert!(said("api_id = \"a1\"").starts_with("aws.invoke_url: "));
        let url = |url: &str| said(&format!("api_id = \"a1\"\ninvoke_url = \"{url}\""));
        assert!(url("http://a1.execute-api.eu-central-1.amazonaws.com/live/v1").contains("must start with https://"));
        assert!(
            url("https://b2.execute-api.eu-central-1.amazonaws.com/live/v1").contains("another API than aws.api_id")
        );
        assert!(
            url("https://a1.execute-api.eu-central-1.amazonaws.com/v1").contains("must go on with the stage, /live")
        );
        let right = "backend = \"aws\"\n[aws]\napi_id = \"a1\"\ninvoke_url = ";
        for url in ["https://a1.execute-api.eu-central-1.amazonaws.com/live/v1", "https://llm.example.com/v1"] {
            from(&format!("{right}\"{url}\""), &[]).unwrap();
        }
        assert!(error(&format!("{right}\"https://x/v1\"\nrefresh_seconds = 61"), &[]).contains("at most 60"));
    }

    #[test]
    fn openais_own_variable_switches_to_openai() {
        let config = from("", &[("OPENAI_API_KEY", "sk-x")]).unwrap();
        assert_eq!(config.upstream.base_url.unwrap().as_str(), "https://api.openai.com/v1");
    }

    #[test]
    fn no_error_and_no_debug_output_shows_a_credential() {
        let said = error("[upstream]\napi_key = \"sk-sekret", &[]);
        assert!(!said.contains("sekret"), "{said}");
        let said = error("", &[("TOLLGATE_UPSTREAM__API_KEY", "sk sekret")]);
        assert!(!said.contains("sekret"), "{said}");
        let shown = format!("{:?}", from("", &[("TOLLGATE_UPSTREAM__API_KEY", "sk-sekret")]).unwrap());
        assert!(!shown.contains("sekret"), "{shown}");
    }

    proptest! {
        #[test]
        fn any_file_is_read_without_panic(text in "\\PC{0,200}") {
            let _ = from(&text, &[]);
        }

        #[test]
        fn any_variable_is_read_without_panic(name in "[A-Z_]{0,30}", value in "\\PC{0,60}") {
            let _ = from("", &[(&format!("TOLLGATE_{name}"), &value)]);
        }
    }
}
