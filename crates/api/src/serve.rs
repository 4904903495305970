//! Starts the server, and stops it gracefully.

use std::{
    io::{self, Write as _},
    net::{SocketAddr, TcpListener},
    os::unix::net::UnixListener,
    sync::Arc,
    time::Duration,
};

use access::StoreError;
use actix_http::{HttpService, error::DispatchError};
use actix_service::{IntoServiceFactory as _, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::{
    App,
    dev::{AppConfig, Server, ServerHandle},
    middleware::from_fn,
    rt::net::TcpStream,
    web::Data,
};
use anyhow::Context as _;
use socket2::SockRef;
use tokio::signal::unix::{Signal, SignalKind, signal};
use utoipa::OpenApi as _;
use utoipa_actix_web::AppExt as _;

use crate::{
    allocator, answers, app,
    backend::Backend,
    config::Config,
    connection::CallerSocket,
    graceful_shutdown::GracefulShutdown,
    log_writer,
    metrics::Metrics,
    metrics_listener,
    openapi::Frame,
    operators,
    own_certificate::OwnCertificate,
    page::PageFiles,
    settlement::Settlement,
    state::{Running, State},
    upstream_choice::UpstreamChoice,
};

/// How long an early answer to a caller who still sends waits for them to read it: never 0, which resets.
const CLIENT_DISCONNECT: Duration = Duration::from_secs(5);
/// How long a request's head may take.
const REQUEST_HEAD: Duration = Duration::from_secs(10);
/// How long streams that were told to end may take to say so.
const ENDING: Duration = Duration::from_secs(5);
/// How long the server may take to flush what was answered.
const FLUSHING_SECONDS: u64 = 2;

/// Serves until a signal says stop.
///
/// # Errors
/// When the server can't start: what, and what to do.
pub fn serve(mut config: Config) -> anyhow::Result<()> {
    allocator::give_large_blocks_back();
    // Thousands of streams need two descriptors each; the default soft limit is 1,024. Where it can't be raised, the
    // server works with what it has.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    // Settlement and the store live here, and outlive the workers.
    let lasting = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("lasting")
        .enable_all()
        .build()
        .context("can't start a runtime")?;
    // The port first: it is what most often goes wrong, and nothing is touched when it does.
    let listener = listen(config.server.listen, "--listen")?;
    // Port 0 takes a free one: from here on it is known which.
    config.server.listen = listener.local_addr()?;
    let certificate = OwnCertificate::open(&config.tls)?;
    let for_metrics =
        config.server.metrics_listen.map(|address| listen(address, "server.metrics_listen")).transpose()?;
    let backend = lasting.block_on(async {
        let mut backend = Backend::open(&config).await?;
        backend.start(&config).await?;
        anyhow::Ok(backend)
    })?;
    let metrics = Arc::new(Metrics::default());
    let settlement = Settlement::start(Arc::clone(&backend.gate), Arc::clone(&metrics), lasting.handle());
    let shutdown = GracefulShutdown::default();
    let upstream = UpstreamChoice::new(&config)?;
    let plans = lasting.block_on(backend.registry.plans());
    let problem = lasting.block_on(backend.gate.ready()).err().map(|error| error.to_string());
    let told = Told {
        problem,
        backend: backend.description.clone(),
        upstream: upstream.describe(),
        plans: plans.map(|plans| plans.iter().map(|plan| plan.name.to_string()).collect::<Vec<_>>().join(", ")),
    };
    let (runtime, upstream_info) = (lasting.handle().clone(), upstream.info());
    let running =
        Running { backend: &backend, metrics, settlement: settlement.clone(), runtime, upstream: upstream_info };
    let state = Data::new(State::new(config, running)?);
    let for_operators = operators::socket::listen_in(&state.config)?;
    actix_web::rt::System::new().block_on(run(
        Listeners { main: listener, metrics: for_metrics, operators: for_operators },
        certificate,
        state,
        upstream,
        shutdown,
        told,
    ))?;
    lasting.block_on(async {
        settlement.drain().await;
        backend.close().await
    })?;
    tracing::info!("stopped");
    Ok(())
}

/// Takes the port; `setting` is what names it.
fn listen(address: SocketAddr, setting: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "port {} is in use: stop what listens there, or choose another with {setting} {}:PORT",
            address.port(),
            address.ip()
        ),
        io::ErrorKind::PermissionDenied => {
            anyhow::anyhow!("port {} needs root: choose one above 1023 with {setting}", address.port())
        }
        io::ErrorKind::AddrNotAvailable => {
            anyhow::anyhow!("{} is no address of this machine: choose another with {setting}", address.ip())
        }
        _ => anyhow::Error::new(error).context(format!("can't listen at {address}")),
    })
}

/// What a person at the terminal is told beside addresses and folders.
struct Told {
    backend: String,
    upstream: String,
    plans: Result<String, StoreError>,
    /// Why no request can be admitted yet.
    problem: Option<String>,
}

/// Tells a person at the terminal all that they need to start.
fn announce(state: &State, told: &Told, metrics: Option<SocketAddr>) -> io::Result<()> {
    let here = state.config.local_place();
    let mut out = io::stdout().lock();
    if state.config.backend.uses_the_data_folder() {
        writeln!(out, "  Data      {}", std::path::absolute(&state.config.server.data_dir)?.display())?;
    }
    writeln!(out, "  Backend   {}", told.backend)?;
    writeln!(out, "  Upstream  {}", told.upstream)?;
    match &told.plans {
        Ok(plans) => writeln!(out, "  Plans     {plans}")?,
        Err(error) => writeln!(out, "  Plans     not known yet: {error}")?,
    }
    if let Some(problem) = &told.problem {
        writeln!(out, "  PROBLEM   {problem}")?;
        writeln!(out, "            It is tried again by itself; `tollgate check` and /readyz tell more.")?;
    }
    if let Some(metrics) = metrics {
        writeln!(out, "  Metrics   http://{metrics}/metrics")?;
    }
    writeln!(out, "  Docs      {here}/docs")?;
    writeln!(out, "  Try       curl {here}/plans")?;
    writeln!(out, "Tollgate is ready at {here}")?;
    out.flush()
}

/// Where we are reached.
struct Listeners {
    main: TcpListener,
    /// For the counters alone.
    metrics: Option<TcpListener>,
    /// For commands on this machine.
    operators: Option<UnixListener>,
}

async fn run(
    listeners: Listeners,
    certificate: Option<Arc<OwnCertificate>>,
    state: Data<State>,
    upstream: UpstreamChoice,
    shutdown: GracefulShutdown,
    told: Told,
) -> anyhow::Result<()> {
    let Listeners { main: listener, metrics: for_metrics, operators: for_operators } = listeners;
    let document = app::document_under(state.config.server.base_path());
    let pages = PageFiles::new(state.config.server.page_dir.as_deref());
    let (for_announcement, address) = (state.clone(), state.config.server.listen);
    let metrics_address = for_metrics.as_ref().map(TcpListener::local_addr).transpose()?;
    let metrics = for_metrics.map(|listener| metrics_listener::serve(listener, state.clone())).transpose()?;
    let operators = for_operators.map(|listener| operators::socket::serve(listener, state.clone())).transpose()?;
    let handles: Vec<ServerHandle> = metrics.iter().chain(&operators).map(Server::handle).collect();
    let grace = state.config.server.shutdown_grace.0;
    let (keep_alive, peer_timeout) = (state.config.server.keep_alive.0, state.config.server.peer_timeout.0);
    let (for_workers, for_callers) = (shutdown.clone(), certificate.clone());
    let builder = Server::build().disable_signals().shutdown_timeout(FLUSHING_SECONDS);
    let stopping = builder.graceful_shutdown_signal();
    let http = move || {
        let document = document.clone();
        let app = App::new()
            .into_utoipa_app()
            .openapi(Frame::openapi())
            .app_data(state.clone())
            .app_data(Data::new(upstream.for_worker()))
            .app_data(Data::new(for_workers.clone()))
            .app_data(Data::new(pages.clone()))
            .configure(app::routes)
            .into_app()
            .configure(move |config| app::undocumented(config, &document))
            .wrap(from_fn(answers::answer))
            .into_factory()
            .map_err(|error: actix_web::Error| error.error_response());
        let (stopping, certificate) = (stopping.clone(), for_callers.clone());
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .keep_alive(keep_alive)
            .client_request_timeout(REQUEST_HEAD)
            .client_disconnect_timeout(CLIENT_DISCONNECT)
            // Whether a half-closed caller is gone, `connection` finds out.
            .h1_allow_half_closed(true)
            .local_addr(address)
            .on_connect_ext(|socket: &CallerSocket, data| _ = data.insert(socket.connection()))
            .h1(map_config(app, |()| AppConfig::default()));
        fn_service(move |tcp: TcpStream| {
            let peer = prepared(&tcp, peer_timeout);
            let acceptor = certificate.as_ref().map(|certificate| certificate.acceptor());
            async move { Ok((CallerSocket::open(tcp, acceptor).await?, peer)) }
        })
        .and_then(http)
        // A caller's fault, mostly: nobody may fill the log with theirs.
        .map_err(|error: DispatchError| tracing::debug!(%error, "a caller's connection failed"))
    };
    let server = builder.listen("tollgate", listener, http)?.run();
    let handle = server.handle();
    // Before the ready line: whoever has read it may send a signal.
    let signals = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    #[expect(
        clippy::disallowed_methods,
        reason = "watches for signals on the main thread, which no worker's end stops"
    )]
    actix_web::rt::spawn(stop_on_signal(handle, signals, shutdown, grace));
    let hang_up = signal(SignalKind::hangup())?;
    #[expect(clippy::disallowed_methods, reason = "watches for signals on the main thread, as above")]
    actix_web::rt::spawn(reload_on_signal(certificate, hang_up));
    announce(&for_announcement, &told, metrics_address)?;
    let beside = |server: Option<Server>| async {
        match server {
            Some(server) => server.await,
            None => Ok(()),
        }
    };
    let main = async {
        let ended = server.await;
        for handle in handles {
            handle.stop(false).await;
        }
        ended
    };
    let (main, metrics, operators) = tokio::join!(main, beside(metrics), beside(operators));
    Ok(main.and(metrics).and(operators)?)
}

/// A new connection's other end. Without `nodelay` streamed events wait 40 ms for the caller's delayed acknowledgement. A
/// peer that vanished without a word is noticed when what was sent, heartbeats among it, stays unacknowledged for so long
/// (Linux, tcp(7), TCP_USER_TIMEOUT); so is one that is there but reads nothing.
fn prepared(tcp: &TcpStream, peer_timeout: Duration) -> Option<SocketAddr> {
    let set = tcp.set_nodelay(true).and_then(|()| SockRef::from(tcp).set_tcp_user_timeout(Some(peer_timeout)));
    if let Err(error) = set {
        tracing::warn!(%error, "a vanished caller will be noticed late");
    }
    tcp.peer_addr().ok()
}

/// Each SIGHUP: read the certificate again, where there is one. It ends no server.
async fn reload_on_signal(certificate: Option<Arc<OwnCertificate>>, mut hang_up: Signal) {
    while hang_up.recv().await.is_some() {
        let Some(certificate) = &certificate else {
            tracing::info!("SIGHUP: there is no certificate to read again; a changed configuration takes a restart");
            continue;
        };
        match certificate.reload() {
            Ok(()) => tracing::info!(file = %certificate.file().display(), "read the certificate again"),
            Err(error) => tracing::error!(error = format!("{error:#}"), "the old certificate stays in use"),
        }
    }
}

/// First signal: refuse new requests, let open streams finish for the grace time, then tell them to end. Second: exit.
async fn stop_on_signal(
    server: ServerHandle,
    (mut terminate, mut interrupt): (Signal, Signal),
    shutdown: GracefulShutdown,
    grace: Duration,
) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!(
        grace_seconds = grace.as_secs_f64(),
        "stopping: open streams may finish; a second signal stops at once"
    );
    shutdown.drain();
    let finish = async {
        if !shutdown.is_idle_within(grace).await {
            shutdown.end_streams();
            let _ = shutdown.is_idle_within(ENDING).await;
        }
        server.stop(true).await;
    };
    let code = tokio::select! {
        () = finish => return,
        _ = terminate.recv() => 143,
        _ = interrupt.recv() => 130,
    };
    log_writer::flush();
    std::process::exit(code);
}
