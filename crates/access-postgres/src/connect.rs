//! The way to Postgres: the URL read, TLS with the server's certificate checked, and a pool whose connections are set up
//! alike.

use std::{net::IpAddr, sync::Arc, time::Duration};

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime, Timeouts};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use tokio::time::timeout;
use tokio_postgres::{
    Config, NoTls,
    config::{Host, SslMode, TargetSessionAttrs},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::Options;

/// Nothing but deciding happens between a transaction's two journeys: a replica that was cut off in between holds its
/// rows no longer than this.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(2);

/// Postgres can't be reached as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The URL is none. What it holds isn't repeated, since it may hold a password.
    #[error("postgres.url is no connection URL ({0}); write it as postgres://user:password@host:5432/database")]
    BadUrl(String),
    /// `sslmode` asks for what isn't offered.
    #[error("postgres.url asks for sslmode={0}; use disable, require or verify-full")]
    BadSslMode(String),
    /// The file of authorities holds none.
    #[error("postgres.ca_file holds no certificate in PEM form")]
    NoAuthorities,
    /// The name of the schema isn't one that needs no quotes.
    #[error("postgres.schema must be lower-case letters, digits and underscores, and begin with a letter")]
    BadSchema,
    /// TLS can't be set up.
    #[error("TLS can't be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// How a connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encryption {
    None,
    /// With a certificate that is checked.
    Verified,
}

/// A connection's settings, from the URL.
pub(crate) struct Target {
    config: Config,
    tls: Option<MakeRustlsConnect>,
    schema: String,
    patience: Duration,
}

impl Target {
    /// Reads the options; connects to nothing.
    pub(crate) fn of(options: &Options) -> Result<Self, ConnectError> {
        let (url, ssl_mode) = without_ssl_mode(&options.url);
        // The driver's errors name the part of the URL that it can't read, never its value.
        let mut config: Config = url.parse().map_err(|e: tokio_postgres::Error| ConnectError::BadUrl(e.to_string()))?;
        let encryption = match ssl_mode.as_deref() {
            None if is_on_this_machine(&config) => Encryption::None,
            Some("disable") => Encryption::None,
            None | Some("require" | "verify-full") => Encryption::Verified,
            Some(other) => return Err(ConnectError::BadSslMode(other.to_owned())),
        };
        // The driver takes what follows a password's own `@` for the host, which may be shown.
        if config.get_hosts().iter().any(|host| matches!(host, Host::Tcp(name) if name.contains('@'))) {
            return Err(ConnectError::BadUrl("an @ in a user or password is written as %40".to_owned()));
        }
        if !is_plain_name(&options.schema) {
            return Err(ConnectError::BadSchema);
        }
        let hosts = config.get_hosts().len().max(config.get_hostaddrs().len()).max(1);
        config
            .ssl_mode(if encryption == Encryption::None { SslMode::Disable } else { SslMode::Require })
            .application_name("tollgate")
            // Of several hosts, the one that isn't a standby.
            .target_session_attrs(TargetSessionAttrs::ReadWrite)
            // One whose machine is gone, which doesn't even refuse, leaves time for the next.
            .connect_timeout(options.patience / u32::try_from(hosts).unwrap_or(u32::MAX))
            .tcp_user_timeout(options.patience)
            .keepalives_idle(Duration::from_secs(15))
            .keepalives_interval(Duration::from_secs(5))
            .keepalives_retries(3);
        let tls = match encryption {
            Encryption::None => None,
            Encryption::Verified => Some(MakeRustlsConnect::new(tls_config(options.authorities.as_deref())?)),
        };
        Ok(Self { config, tls, schema: options.schema.clone(), patience: options.patience })
    }

    /// What each connection is told first.
    fn greeting(&self) -> String {
        let milliseconds = self.patience.as_millis().max(1);
        let idle = self.patience.min(IDLE_IN_TRANSACTION).as_millis().max(1);
        format!(
            "SET search_path TO {}; SET statement_timeout TO {milliseconds};
             SET idle_in_transaction_session_timeout TO {idle}; SET timezone TO 'UTC';
             SET default_transaction_isolation TO 'read committed';
             SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
            self.schema
        )
    }

    /// A pool of connections. Makes none yet.
    pub(crate) fn pool(&self, size: usize) -> Pool {
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match self.tls.clone() {
            Some(tls) => Manager::from_config(self.config.clone(), tls, recycling),
            None => Manager::from_config(self.config.clone(), NoTls, recycling),
        };
        let (greeting, patience): (Arc<str>, _) = (self.greeting().into(), self.patience);
        let greet = Hook::async_fn(move |client: &mut deadpool_postgres::ClientWrapper, _| {
            let greeting = Arc::clone(&greeting);
            Box::pin(async move {
                match timeout(patience, client.batch_execute(&greeting)).await {
                    Ok(greeted) => greeted.map_err(HookError::Backend),
                    Err(_) => Err(HookError::message("Postgres did not answer in time")),
                }
            })
        });
        let patience = Some(patience);
        let timeouts = Timeouts { wait: patience, create: patience, recycle: patience };
        let builder =
            Pool::builder(manager).max_size(size).timeouts(timeouts).runtime(Runtime::Tokio1).post_create(greet);
        #[expect(clippy::expect_used, reason = "a pool with timeouts needs a runtime, which it has")]
        builder.build().expect("a pool with a runtime")
    }

    /// Host, port and database, for people; never user or password.
    fn place(&self) -> String {
        let ports = self.config.get_ports();
        let hosts = self.config.get_hosts().iter().enumerate().map(|(number, host)| {
            let port = ports.get(number).or(ports.first()).copied().unwrap_or(5432);
            match host {
                Host::Tcp(name) => format!("{name}:{port}"),
                Host::Unix(path) => format!("{} (port {port})", path.display()),
            }
        });
        let hosts: Vec<String> = hosts.collect();
        format!("{}/{}", hosts.join(","), self.config.get_dbname().unwrap_or_default())
    }

    /// The schema that the tables live in; needs no quotes.
    pub(crate) fn schema(&self) -> &str {
        &self.schema
    }
}

impl Options {
    /// Where Postgres is, for people: host, port, database and schema.
    ///
    /// # Errors
    /// When the options can't be used.
    pub fn place(&self) -> Result<String, ConnectError> {
        Target::of(self).map(|target| format!("{}, schema {}", target.place(), target.schema()))
    }
}

/// The URL without its `sslmode`, and that: the driver knows fewer modes than there are.
fn without_ssl_mode(url: &str) -> (String, Option<String>) {
    let Some((head, query)) = url.split_once('?') else { return (url.to_owned(), None) };
    let (modes, rest): (Vec<&str>, Vec<&str>) = query.split('&').partition(|part| part.starts_with("sslmode="));
    let mode = modes.last().and_then(|part| part.split_once('=')).map(|(_, mode)| mode.to_owned());
    let rest = rest.join("&");
    (if rest.is_empty() { head.to_owned() } else { format!("{head}?{rest}") }, mode)
}

/// Whether no connection leaves the machine. An address, where one is given, is what is connected to.
fn is_on_this_machine(config: &Config) -> bool {
    let is_here = |host: &Host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
    };
    config.get_hosts().iter().all(is_here) && config.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

/// Whether a name means the same in SQL with and without quotes.
fn is_plain_name(name: &str) -> bool {
    let mut letters = name.bytes();
    letters.next().is_some_and(|first| first.is_ascii_lowercase())
        && letters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_')
        && name.len() <= 63
}

fn tls_config(authorities: Option<&str>) -> Result<ClientConfig, ConnectError> {
    let mut roots = RootCertStore::empty();
    match authorities {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                roots.add(certificate.map_err(|_| ConnectError::NoAuthorities)?)?;
            }
            if roots.is_empty() {
                return Err(ConnectError::NoAuthorities);
            }
        }
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(url: &str) -> Options {
        Options {
            url: url.to_owned(),
            authorities: None,
            schema: "tollgate".to_owned(),
            pool_size: 3,
            patience: Duration::from_secs(5),
            clock: crate::Clock::Database,
        }
    }

    fn encrypts(url: &str) -> bool {
        Target::of(&options(url)).unwrap_or_else(|error| panic!("{url}: {error}")).tls.is_some()
    }

    #[test]
    fn what_leaves_the_machine_is_encrypted_unless_told_otherwise() {
        assert!(encrypts("postgres://u:p@db.example.com/tollgate"));
        assert!(encrypts("postgres://u:p@127.0.0.1,db.example.com/tollgate"));
        assert!(encrypts("postgres://u:p@localhost/tollgate?sslmode=verify-full&connect_timeout=3"));
        assert!(encrypts("postgres://u:p@localhost/tollgate?hostaddr=10.0.0.5"));
        assert!(encrypts("postgres:///tollgate?hostaddr=10.0.0.5"));
        assert!(!encrypts("postgres://u:p@localhost/tollgate?hostaddr=127.0.0.1"));
        assert!(!encrypts("postgres://u:p@db.example.com/tollgate?sslmode=disable"));
        assert!(!encrypts("postgres://u@127.0.0.1:5432/tollgate"));
        assert!(!encrypts("postgres://u@localhost/tollgate"));
        assert!(!encrypts("postgres:///tollgate?host=/run/postgresql"));
    }

    #[test]
    fn the_place_is_told_without_user_and_password() {
        let place = |url: &str| options(url).place().unwrap_or_default();
        assert_eq!(place("postgres://u:hunter2@db,db2:6000/t"), "db:5432,db2:6000/t, schema tollgate");
        assert_eq!(place("postgres://u:hunter2@db/t"), "db:5432/t, schema tollgate");
    }

    #[test]
    fn what_cannot_be_used_is_told_without_the_password() {
        for url in [
            "postgres://u:hunter2@db/t?sslmode=prefer",
            "postgres://u:hunter2@db:port/t",
            "hunter2",
            "postgres://u:x@hunter2@db/t",
        ] {
            let error = Target::of(&options(url)).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(!error.is_empty() && !error.contains("hunter2"), "{url}: {error:?}");
        }
        for schema in ["", "Tollgate", "1st", "a b", "x;drop"] {
            let options = Options { schema: schema.to_owned(), ..options("postgres://u@localhost/t") };
            assert!(matches!(Target::of(&options), Err(ConnectError::BadSchema)), "{schema}");
        }
        let options = Options { authorities: Some("none".to_owned()), ..options("postgres://u@db/t") };
        assert!(matches!(Target::of(&options), Err(ConnectError::NoAuthorities)));
    }
}
