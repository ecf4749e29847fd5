//! How KMEs reach each other: mutual TLS over TCP, or a wire within one process.
//!
//! Who a KME is stands in its certificate ([`tls::peer_of`]); each side refuses every other party.

use std::{
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use rustls_pki_types::{CertificateDer, ServerName};
use serde::Deserialize;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::{
    Kme,
    line::{Dialer, Dialing},
    service::KmeId,
    wire::Stream,
};
use crate::tls::{self, ClientCheck, Identity, Peer, TlsError};

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
}

/// Connects to a peer by mutual TLS.
pub struct TlsDialer {
    connector: TlsConnector,
    address: String,
    name: ServerName<'static>,
    peer: KmeId,
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
        Ok(Self { connector, address: address.to_owned(), name, peer })
    }
}

impl Dialer for TlsDialer {
    fn dial(&self) -> Dialing<'_> {
        Box::pin(async {
            let stream = TcpStream::connect(&self.address).await?;
            stream.set_nodelay(true)?;
            let stream = self.connector.connect(self.name.clone(), stream).await?;
            let named = kme_of(stream.get_ref().1.peer_certificates());
            if named.as_ref() != Some(&self.peer) {
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
}

impl Door {
    /// Listens.
    ///
    /// # Errors
    ///
    /// TLS that cannot be set up, or an address that cannot be listened on.
    pub async fn bind(settings: &Settings) -> io::Result<Self> {
        let config = || -> Result<_, TlsError> {
            let identity = Identity::from_files(&settings.certificate, &settings.key)?;
            let check = ClientCheck::open(&settings.ca, settings.revocation_list.as_deref())?;
            tls::server_config(&identity, check)
        };
        let mut config = config().map_err(io::Error::other)?;
        config.alpn_protocols.clear();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Self { listener: TcpListener::bind(settings.listen).await?, acceptor })
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
            let (acceptor, kme) = (self.acceptor.clone(), Arc::clone(&kme));
            tokio::spawn(async move {
                let _place = place;
                if let Err(error) = welcome(&acceptor, stream, &kme).await {
                    tracing::debug!(%error, "a peer's connection ended");
                }
            });
        }
    }
}

async fn welcome(acceptor: &TlsAcceptor, stream: TcpStream, kme: &Kme) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let stream = timeout(HANDSHAKE, acceptor.accept(stream)).await??;
    match kme_of(stream.get_ref().1.peer_certificates()) {
        Some(peer) => kme.answer(&peer, Box::new(stream)).await,
        None => Err(io::Error::other("no certificate of a KME")),
    }
}

fn kme_of(chain: Option<&[CertificateDer<'_>]>) -> Option<KmeId> {
    match tls::peer_of(chain?.first()?) {
        Ok(Peer::Kme(id)) => Some(id),
        Ok(Peer::Sae(_)) | Err(_) => None,
    }
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
