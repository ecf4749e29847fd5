//! Mutual TLS, as a KME serves it and an SAE or a peer KME uses it.
//!
//! # Rules
//!
//! - TLS 1.2 and 1.3, by rustls with ring. Both sides show a certificate; there is no anonymous
//!   access.
//! - Who a party is stands in its certificate and nowhere else: [`identity`].
//! - The server resumes no sessions, so each connection starts with a certificate that was checked
//!   at that moment, against the revocation list of that moment: [`clients`].
//! - A private key that others than its owner and group may access is refused.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::{CryptoProvider, ring},
    server::NoServerSessionStorage,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

pub mod clients;
pub mod identity;

#[cfg(test)]
mod tests;

pub use clients::ClientCheck;
pub use identity::{BadCertificate, Peer, peer_of};

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file holds no PEM of the expected kind.
    #[error("{} holds no {expected} in PEM: {source}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
        /// The cause.
        source: rustls_pki_types::pem::Error,
    },
    /// A private key may be accessed by everyone.
    #[error("{} may be accessed by everyone: take these rights away", .0.display())]
    Exposed(PathBuf),
    /// The revocation list is not signed by a CA of clients.
    #[error("{} is not a revocation list that a CA of clients has signed", .0.display())]
    ForeignList(PathBuf),
    /// rustls refuses the certificates, the key or the list.
    #[error("TLS cannot be set up: {0}")]
    Rustls(#[from] rustls::Error),
    /// The verifier of client certificates cannot be made.
    #[error("TLS cannot be set up: {0}")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
}

/// A certificate chain, the party's own first, and its private key.
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// Reads both from PEM files.
    ///
    /// # Errors
    ///
    /// [`TlsError`] if a file cannot be read, holds something else or is open to everyone.
    pub fn from_files(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let chain = read_certificates(certificate)?;
        refuse_exposed(key)?;
        let pem = zeroize::Zeroizing::new(read(key)?);
        let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|source| TlsError::Pem {
            path: key.to_owned(),
            expected: "private key",
            source,
        })?;
        Ok(Self { chain, key })
    }

    /// The party's own certificate.
    pub fn certificate(&self) -> Option<&CertificateDer<'static>> {
        self.chain.first()
    }
}

/// What a KME serves with: its identity, and clients as `clients` accepts them.
///
/// # Errors
///
/// [`TlsError::Rustls`] if key and certificate do not belong together.
pub fn server_config(
    identity: &Identity,
    clients: Arc<ClientCheck>,
) -> Result<ServerConfig, TlsError> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(rustls::ALL_VERSIONS)?
        .with_client_cert_verifier(clients)
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// What an SAE or a peer KME connects with: its identity, and servers of the CAs in the file `ca`.
///
/// # Errors
///
/// [`TlsError`] if the file of CAs cannot be used, or key and certificate do not belong together.
pub fn client_config(identity: &Identity, ca: &Path) -> Result<ClientConfig, TlsError> {
    let config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(rustls::ALL_VERSIONS)?
        .with_root_certificates(read_roots(ca)?)
        .with_client_auth_cert(identity.chain.clone(), identity.key.clone_key())?;
    Ok(config)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::Read { path: path.to_owned(), source })
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = read(path)?;
    let wrong = |source| TlsError::Pem { path: path.to_owned(), expected: "certificate", source };
    let chain =
        CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>().map_err(wrong)?;
    if chain.is_empty() {
        return Err(wrong(rustls_pki_types::pem::Error::NoItemsFound));
    }
    Ok(chain)
}

fn read_roots(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in read_certificates(path)? {
        roots.add(certificate)?;
    }
    Ok(roots)
}

#[cfg(unix)]
fn refuse_exposed(key: &Path) -> Result<(), TlsError> {
    use std::os::unix::fs::PermissionsExt;
    let metadata =
        std::fs::metadata(key).map_err(|source| TlsError::Read { path: key.to_owned(), source })?;
    let open = metadata.permissions().mode() & 0o007 != 0;
    if open { Err(TlsError::Exposed(key.to_owned())) } else { Ok(()) }
}

#[cfg(not(unix))]
fn refuse_exposed(_key: &Path) -> Result<(), TlsError> {
    Ok(())
}
