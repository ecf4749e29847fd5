//! The TLS server: connections, their time limits, and its end.
//!
//! - A handshake, the head of a request (from the end of the answer before it), a body and an
//!   answer that the client does not take each have a time limit; then the connection is closed.
//! - A client may close its sending half after a request and is still answered.
//! - More connections than `max_connections` are closed before TLS is spoken.
//! - When the server is told to stop, it accepts nothing more, lets requests that have begun
//!   finish, and closes what is left after `stop_s`.

use std::{convert::Infallible, io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use axum::{Router, body::Body, http::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use serde::Deserialize;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};
use tower::ServiceExt;

use super::handlers::{Caller, router};
use crate::{
    kme::service::KeyService,
    metrics::KmeMetrics,
    tls::{self, ClientCheck, Identity, Peer, TlsError},
};

/// The part `etsi014` of a KME's configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The KME's certificate chain, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
    /// The CAs of SAEs' certificates, PEM.
    pub client_ca: PathBuf,
    /// Certificates that such a CA has revoked: an X.509 CRL, PEM.
    pub revocation_list: Option<PathBuf>,
    /// How often the list is re-read, in seconds, at least 1.
    #[serde(default = "defaults::revocation_check_s")]
    pub revocation_check_s: u64,
    /// Connections at once.
    #[serde(default = "defaults::max_connections")]
    pub max_connections: usize,
    /// For the TLS handshake, in seconds.
    #[serde(default = "defaults::handshake_s")]
    pub handshake_s: u64,
    /// From a connection's start or its last answer to the end of the next request's head, in
    /// seconds: a connection kept alive may be idle that long.
    #[serde(default = "defaults::idle_s")]
    pub idle_s: u64,
    /// For a request's body, in seconds.
    #[serde(default = "defaults::body_s")]
    pub body_s: u64,
    /// For a client to take the next bytes of an answer, in seconds.
    #[serde(default = "defaults::write_s")]
    pub write_s: u64,
    /// For requests that have begun to finish when the server stops, in seconds.
    #[serde(default = "defaults::stop_s")]
    pub stop_s: u64,
}

mod defaults {
    pub(super) fn revocation_check_s() -> u64 {
        5
    }
    pub(super) fn max_connections() -> usize {
        16_384
    }
    pub(super) fn handshake_s() -> u64 {
        10
    }
    pub(super) fn idle_s() -> u64 {
        60
    }
    pub(super) fn body_s() -> u64 {
        10
    }
    pub(super) fn write_s() -> u64 {
        10
    }
    pub(super) fn stop_s() -> u64 {
        10
    }
}

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The KME's own certificate does not name a KME.
    #[error("{} is not a KME's certificate", .0.display())]
    NotAKme(PathBuf),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        source: io::Error,
    },
}

impl Settings {
    /// What the files that it names give for TLS.
    ///
    /// # Errors
    ///
    /// [`ServeError::Tls`] or [`ServeError::NotAKme`].
    pub(crate) fn tls(&self) -> Result<(ServerConfig, Arc<ClientCheck>), ServeError> {
        let identity = Identity::from_files(&self.certificate, &self.key)?;
        let peer = identity.certificate().map(tls::peer_of);
        if !matches!(peer, Some(Ok(Peer::Kme(_)))) {
            return Err(ServeError::NotAKme(self.certificate.clone()));
        }
        let clients = ClientCheck::open(&self.client_ca, self.revocation_list.as_deref())?;
        Ok((tls::server_config(&identity, Arc::clone(&clients))?, clients))
    }
}

/// A KME's door, listening.
pub struct Server<S> {
    listener: TcpListener,
    address: SocketAddr,
    tls: TlsAcceptor,
    clients: Arc<ClientCheck>,
    service: Arc<S>,
    metrics: KmeMetrics,
    settings: Settings,
}

impl<S: KeyService> Server<S> {
    /// Listens. Connections are accepted once [`Server::run`] is awaited.
    ///
    /// # Errors
    ///
    /// [`ServeError`].
    pub async fn bind(
        settings: Settings,
        service: Arc<S>,
        metrics: KmeMetrics,
    ) -> Result<Self, ServeError> {
        let (config, clients) = settings.tls()?;
        let refuse = |source| ServeError::Listen { address: settings.listen, source };
        let listener = listen(settings.listen).map_err(refuse)?;
        let address = listener.local_addr().map_err(refuse)?;
        let tls = TlsAcceptor::from(Arc::new(config));
        Ok(Self { listener, address, tls, clients, service, metrics, settings })
    }

    /// The address it listens on, with the port that was given if the settings say 0.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is ready, and then ends as the module says.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) {
        let body_timeout = Duration::from_secs(self.settings.body_s);
        let entry = Entry {
            routes: router(self.service, self.metrics.clone(), body_timeout),
            tls: self.tls,
            clients: Arc::clone(&self.clients),
            metrics: self.metrics.clone(),
            settings: Arc::new(self.settings),
        };
        let settings = Arc::clone(&entry.settings);
        let places = Arc::new(Semaphore::new(settings.max_connections));
        let open = GracefulShutdown::new();
        let mut connections = JoinSet::new();
        let mut reload = interval(Duration::from_secs(settings.revocation_check_s.max(1)));
        reload.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                Some(_) = connections.join_next(), if !connections.is_empty() => {},
                _ = reload.tick() => reread(&self.clients, &self.metrics),
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                            self.metrics.refused_connections.inc();
                            continue;
                        };
                        let (entry, watcher) = (entry.clone(), open.watcher());
                        connections.spawn(async move {
                            let _place = place;
                            let _counted = entry.metrics.connected();
                            entry.serve(stream, watcher).await;
                        });
                    },
                    Err(error) => {
                        // Out of file descriptors, most likely: pause, so that others can close.
                        tracing::warn!(%error, "cannot accept a connection");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    },
                },
            }
        }
        drop(self.listener);
        if timeout(Duration::from_secs(settings.stop_s), open.shutdown()).await.is_err() {
            tracing::warn!("some requests were still open when the server stopped");
            connections.shutdown().await;
        }
    }
}

/// A listener with a backlog for many clients at once.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => tokio::net::TcpSocket::new_v4()?,
        SocketAddr::V6(_) => tokio::net::TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(4096)
}

fn reread(clients: &ClientCheck, metrics: &KmeMetrics) {
    match clients.reload() {
        Ok(true) => tracing::info!("a new revocation list is in force"),
        Ok(false) => {}
        Err(error) => {
            metrics.revocation_errors.inc();
            tracing::error!(%error, "the revocation list was not re-read; the last one stays");
        }
    }
}

/// What each connection needs.
#[derive(Clone)]
struct Entry {
    routes: Router,
    tls: TlsAcceptor,
    clients: Arc<ClientCheck>,
    metrics: KmeMetrics,
    settings: Arc<Settings>,
}

impl Entry {
    async fn serve(self, stream: TcpStream, watcher: hyper_util::server::graceful::Watcher) {
        let _ = stream.set_nodelay(true);
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(Duration::from_secs(self.settings.write_s)));
        let handshake = self.tls.accept(Box::pin(stream));
        let limit = Duration::from_secs(self.settings.handshake_s);
        let stream = match timeout(limit, handshake).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                self.metrics.failed_handshakes.inc();
                tracing::debug!(%error, "TLS handshake failed");
                return;
            }
            Err(_) => {
                self.metrics.failed_handshakes.inc();
                tracing::debug!("TLS handshake did not end in time");
                return;
            }
        };
        let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
        let caller: Caller = match self.clients.admit(chain) {
            Ok(admission) => Some(Arc::new(admission)),
            Err(error) => {
                tracing::debug!(%error, "a certificate of no SAE");
                None
            }
        };
        let routes = self.routes;
        let answer = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(caller.clone());
            let routes = routes.clone();
            async move { Ok::<_, Infallible>(routes.oneshot(request).await.unwrap_or_else(never)) }
        });
        let connection = http1::Builder::new()
            .half_close(true)
            .max_buf_size(MAX_HEAD_BYTES)
            .timer(TokioTimer::new())
            .header_read_timeout(Duration::from_secs(self.settings.idle_s))
            .serve_connection(TokioIo::new(stream), answer);
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%error, "connection ended");
        }
    }
}

/// The largest head of a request, in bytes.
const MAX_HEAD_BYTES: usize = 32 * 1024;

fn never<T>(impossible: Infallible) -> T {
    match impossible {}
}
