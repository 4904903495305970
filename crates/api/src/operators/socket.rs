//! The socket that commands on this machine speak to: it opens `/admin` to whoever may open the data folder.

use std::{
    fs, io,
    os::unix::{fs::PermissionsExt as _, net::UnixListener},
    path::{Path, PathBuf},
};

use actix_web::{App, HttpServer, dev::Server, middleware::from_fn, web::Data};
use anyhow::Context as _;
use utoipa_actix_web::AppExt as _;

use crate::{answers, app, config::Config, extract::OnTheMachine, state::State};

/// The socket's name in the data folder.
const NAME: &str = "operators.sock";

/// Where a server that uses this data folder listens for commands.
pub fn place(data_dir: &Path) -> PathBuf {
    data_dir.join(NAME)
}

/// Takes the socket in the data folder, where there is one; whoever held it is gone, since the folder's lock is ours.
/// Where the folder's path is too long for a socket's address, commands have to wait until the server is stopped.
///
/// # Errors
/// When it can't be made.
pub fn listen_in(config: &Config) -> anyhow::Result<Option<UnixListener>> {
    if !config.backend.uses_the_data_folder() {
        return Ok(None);
    }
    match listen(&place(&config.server.data_dir)) {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            tracing::warn!(
                "the data folder's path is too long for a socket: tollgate's commands for operators can't reach this server while it \
                 runs; a shorter server.data_dir mends that"
            );
            Ok(None)
        }
        Err(error) => Err(error).with_context(|| format!("can't make {NAME} in the data folder")),
    }
}

/// Takes a socket that its owner alone may open.
pub(super) fn listen(path: &Path) -> io::Result<UnixListener> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Serves what operators may do to all who reach this socket.
///
/// # Errors
/// When the listener can't be used.
pub fn serve(listener: UnixListener, state: Data<State>) -> io::Result<Server> {
    let server = HttpServer::new(move || {
        App::new()
            .into_utoipa_app()
            .app_data(state.clone())
            .app_data(OnTheMachine)
            .configure(app::operators)
            .into_app()
            .wrap(from_fn(answers::answer))
    });
    Ok(server.listen_uds(listener)?.workers(1).disable_signals().run())
}
