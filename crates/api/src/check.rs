//! `tollgate check`: tries the configuration, the store and the upstream, and says what is wrong with each.

use std::{os::unix::net::UnixStream, path::Path};

use crate::{
    backend::Backend,
    brand::Brand,
    config::Config,
    operators::socket,
    own_certificate::OwnCertificate,
    standard_output::print,
    upstream_choice::{Answers, UpstreamChoice},
};

/// Prints a line; a reader that left is no error.
macro_rules! say {
    ($($text:tt)*) => { print(&format!("{}\n", format_args!($($text)*)))? };
}

/// Checks all, prints a line for each, and fails if any is wrong.
///
/// # Errors
/// When something is wrong; the lines said what.
pub fn check(config: Config, file: Option<&Path>) -> anyhow::Result<()> {
    let place = file.map_or("built-in defaults".to_owned(), |file| file.display().to_string());
    let plans = match config.plans.len() {
        1 => "1 plan".to_owned(),
        more => format!("{more} plans"),
    };
    say!("configuration  ok: {place}, {plans}");
    if config.server.public_url.is_some() && config.server.trusted_proxies.is_empty() {
        // Not wrong where the proxy is only a tunnel; everywhere else all its callers share one caller's limits.
        say!(
            "configuration  WARNING: server.public_url says that a proxy stands in front, but server.trusted_proxies names \
             none: all who come through it count as one caller. Set its address, such as [\"127.0.0.1\"]"
        );
    }
    let certificate = OwnCertificate::open(&config.tls);
    match &certificate {
        Ok(None) => {}
        Ok(Some(certificate)) => say!("certificate    ok: {}", certificate.file().display()),
        Err(error) => say!("certificate    WRONG: {error:#}"),
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let data = config.server.data_dir.display();
    let is_in_use = is_in_use(&config);
    let store = if is_in_use {
        Ok(())
    } else if Backend::exists(&config) {
        runtime.block_on(try_store(&config))
    } else {
        can_be_made(&config.server.data_dir)
    };
    match &store {
        Ok(()) if is_in_use => {
            say!("store          ok: {data}, used by a running tollgate; /readyz says whether it can be written")
        }
        Ok(()) if !config.backend.uses_the_data_folder() => say!("store          ok: Postgres can be written"),
        Ok(()) if Backend::exists(&config) => say!("store          ok: {data}"),
        Ok(()) => say!("store          ok: {data} isn't there yet, the first start makes it"),
        Err(error) => say!("store          WRONG: {error:#}"),
    }
    let provider = runtime.block_on(Backend::try_provider(&config));
    match &provider {
        Ok(None) => {}
        Ok(Some(said)) => say!("provider       ok: {said}"),
        Err(error) => say!("provider       WRONG: {error:#}"),
    }
    let upstream = actix_web::rt::System::new().block_on(try_upstream(&config));
    match &upstream {
        Ok(said) => say!("upstream       ok: {said}"),
        Err(error) => say!("upstream       WRONG: {error:#}"),
    }
    let page = Brand::open(&config.page);
    if let Err(error) = &page {
        say!("page           WRONG: {error:#}");
    }
    if certificate.is_ok() && store.is_ok() && provider.is_ok() && upstream.is_ok() && page.is_ok() {
        Ok(())
    } else {
        anyhow::bail!("something is wrong; see above")
    }
}

/// Whether a running server uses the data folder, and answers.
fn is_in_use(config: &Config) -> bool {
    config.backend.uses_the_data_folder() && UnixStream::connect(socket::place(&config.server.data_dir)).is_ok()
}

/// Whether the first start could make the data folder: what is there of its path is a folder that can be written.
fn can_be_made(data_dir: &Path) -> anyhow::Result<()> {
    let path = std::path::absolute(data_dir)?;
    let Some(there) = path.ancestors().find(|path| path.exists()) else { return Ok(()) };
    let found = there.metadata()?;
    if !found.is_dir() {
        anyhow::bail!("{} is a file, not a folder; name another with --data-dir", there.display());
    }
    if found.permissions().readonly() {
        anyhow::bail!("{} can't be written; name another with --data-dir", there.display());
    }
    Ok(())
}

/// Opens the store as it is and proves a write; plans are not applied.
async fn try_store(config: &Config) -> anyhow::Result<()> {
    let backend = Backend::open(config).await?;
    let written = backend.prove_a_write().await;
    backend.close().await?;
    written
}

async fn try_upstream(config: &Config) -> anyhow::Result<String> {
    if let Some(said) = Backend::try_gate(config).await? {
        return Ok(said);
    }
    let upstream = UpstreamChoice::new(config)?;
    match upstream.for_worker().answers {
        Answers::Demo { .. } => Ok(upstream.describe()),
        Answers::Server(client) => match proxy::models(&client, None, None).await {
            Ok(_) => Ok(format!("{} lists its models", upstream.describe())),
            Err(error) => anyhow::bail!("{}: {error}", upstream.describe()),
        },
    }
}
