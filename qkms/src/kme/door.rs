//! How KMEs reach each other: mutual TLS over TCP, or a wire within one process.
//!
//! Who a KME is stands in its certificate ([`tls::peer_of`]); each side refuses every other party,
//! and ends the connection when the certificate expires or is revoked ([`Admitted`]).

use std::{
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use rustls_pki_types::ServerName;
use serde::Deserialize;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, TlsConnector, rustls::ServerConfig};

use super::{
    Kme,
    admitted::Admitted,
    line::{Dialer, Dialing},
    service::KmeId,
    wire::Stream,
};
use crate::tls::{self, ClientCheck, Identity, TlsError};

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Connections of peers at once.
const CONNECTIONS: usize = 64;

/// The part `peers` of a KME's configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where to listen for peers.
    pub listen: SocketAddr,
    /// The KME's certificate chain, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
    /// The CAs of KMEs' certificates, PEM.
    pub ca: PathBuf,
    /// Certificates that such a CA has revoked: an X.509 CRL, PEM.
    pub revocation_list: Option<PathBuf>,
    /// Seconds between two looks at the revocation list and a peer's validity, at least 1.
    #[serde(default = "revocation_check_s")]
    pub revocation_check_s: u64,
}

fn revocation_check_s() -> u64 {
    10
}

impl Settings {
    /// What the files that it names give for TLS.
    ///
    /// # Errors
    ///
    /// [`TlsError`].
    pub(crate) fn tls(&self) -> Result<(ServerConfig, Arc<ClientCheck>), TlsError> {
        let identity = Identity::from_files(&self.certificate, &self.key)?;
        let check = self.check()?;
        Ok((tls::server_config(&identity, Arc::clone(&check))?, check))
    }

    fn check(&self) -> Result<Arc<ClientCheck>, TlsError> {
        ClientCheck::open(&self.ca, self.revocation_list.as_deref())
    }

    fn recheck(&self) -> Duration {
        Duration::from_secs(self.revocation_check_s.max(1))
    }
}

/// Connects to a peer by mutual TLS.
pub struct TlsDialer {
    connector: TlsConnector,
    address: String,
    name: ServerName<'static>,
    peer: KmeId,
    check: Arc<ClientCheck>,
    recheck: Duration,
}

impl TlsDialer {
    /// A dialer to `peer` at `address`, host and port; the certificate must name the host, and the
    /// peer.
    ///
    /// # Errors
    ///
    /// [`TlsError`], or a host that is none.
    pub fn new(settings: &Settings, address: &str, peer: KmeId) -> io::Result<Self> {
        let identity = Identity::from_files(&settings.certificate, &settings.key);
        let config = identity.and_then(|identity| tls::client_config(&identity, &settings.ca));
        let config = config.map_err(io::Error::other)?;
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let connector = TlsConnector::from(Arc::new(config));
        let check = settings.check().map_err(io::Error::other)?;
        let recheck = settings.recheck();
        Ok(Self { connector, address: address.to_owned(), name, peer, check, recheck })
    }
}

impl Dialer for TlsDialer {
    fn dial(&self) -> Dialing<'_> {
        Box::pin(async {
            let stream = TcpStream::connect(&self.address).await?;
            stream.set_nodelay(true)?;
            let stream = self.connector.connect(self.name.clone(), stream).await?;
            let chain = stream.get_ref().1.peer_certificates().unwrap_or_default().to_vec();
            let (named, stream) = Admitted::new(stream, &chain, &self.check, self.recheck)?;
            if named != self.peer {
                return Err(io::Error::other("the certificate names another party"));
            }
            Ok(Box::new(stream) as Box<dyn Stream>)
        })
    }
}

/// Where peers connect, listening.
pub struct Door {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    check: Arc<ClientCheck>,
    recheck: Duration,
}

impl Door {
    /// Listens.
    ///
    /// # Errors
    ///
    /// TLS that cannot be set up, or an address that cannot be listened on.
    pub async fn bind(settings: &Settings) -> io::Result<Self> {
        let (mut config, check) = settings.tls().map_err(io::Error::other)?;
        config.alpn_protocols.clear();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind(settings.listen).await?;
        Ok(Self { listener, acceptor, check, recheck: settings.recheck() })
    }

    /// The address it listens on.
    ///
    /// # Errors
    ///
    /// The operating system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Accepts peers for ever.
    pub async fn run(self, kme: Arc<Kme>) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let stream = match self.listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of file descriptors, most likely: pause, so that others can close.
                    tracing::warn!(%error, "cannot accept a peer");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
            let (acceptor, check, recheck) =
                (self.acceptor.clone(), Arc::clone(&self.check), self.recheck);
            let kme = Arc::clone(&kme);
            tokio::spawn(async move {
                let _place = place;
                if let Err(error) = welcome(&acceptor, stream, &check, recheck, &kme).await {
                    tracing::debug!(%error, "a peer's connection ended");
                }
            });
        }
    }
}

async fn welcome(
    acceptor: &TlsAcceptor,
    stream: TcpStream,
    check: &Arc<ClientCheck>,
    recheck: Duration,
    kme: &Kme,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let stream = timeout(HANDSHAKE, acceptor.accept(stream)).await??;
    let chain = stream.get_ref().1.peer_certificates().unwrap_or_default().to_vec();
    let (peer, stream) = Admitted::new(stream, &chain, check, recheck)?;
    kme.answer(&peer, Box::new(stream)).await
}

/// A KME of the same process, once it has started.
pub type Slot = Arc<Mutex<Weak<Kme>>>;

/// A wire between two KMEs of one process.
pub struct Wire {
    peer: Slot,
    own: KmeId,
}

impl Wire {
    /// A wire on which `own` reaches whom `peer` holds at the time.
    pub fn new(own: KmeId, peer: Slot) -> Self {
        Self { peer, own }
    }
}

impl Dialer for Wire {
    fn dial(&self) -> Dialing<'_> {
        let peer = self.peer.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        let own = self.own.clone();
        Box::pin(async move {
            let peer = peer.ok_or(io::ErrorKind::ConnectionRefused)?;
            let (here, there) = tokio::io::duplex(1 << 16);
            tokio::spawn(async move { peer.answer(&own, Box::new(there)).await });
            Ok(Box::new(here) as Box<dyn Stream>)
        })
    }
}
