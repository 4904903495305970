//! A store that no server uses, served to one command for as long as it takes.

use std::{path::Path, sync::Arc};

use actix_web::web::Data;
use anyhow::Context as _;

use super::socket;
use crate::{
    backend::Backend,
    config::Config,
    metrics::Metrics,
    settlement::Settlement,
    state::{Running, State},
    upstream_choice::UpstreamChoice,
};

/// Opens the store and serves it to this process alone, for as long as `work` takes.
///
/// # Errors
/// When it can't be opened, and what `work` says.
pub fn with_own_server<T>(config: Config, work: impl FnOnce(&Path) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let lasting = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let backend = lasting.block_on(Backend::open(&config))?;
    let metrics = Arc::new(Metrics::default());
    let settlement = Settlement::start(Arc::clone(&backend.gate), Arc::clone(&metrics), lasting.handle());
    let upstream = UpstreamChoice::new(&config)?.info();
    let runtime = lasting.handle().clone();
    let running = Running { backend: &backend, metrics, settlement, runtime, upstream };
    let state = Data::new(State::new(config, running)?);
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("operators.sock");
    let listener = socket::listen(&path)?;
    let (ready, handle) = std::sync::mpsc::channel();
    let serving = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async {
            let server = socket::serve(listener, state)?;
            // Whoever waits for it may be gone already.
            let _ = ready.send(server.handle());
            server.await
        })
    });
    let handle = handle.recv().context("can't serve the store to this command")?;
    let outcome = work(&path);
    lasting.block_on(handle.stop(true));
    if serving.join().is_err() {
        anyhow::bail!("the store's server failed");
    }
    lasting.block_on(backend.close())?;
    outcome
}
