//! Mutual TLS 1.3 of rustls with ring, between two ends in memory.

use rustls::{
    ClientConfig, ClientConnection, HandshakeKind, RootCertStore, ServerConfig, ServerConnection,
    client::Resumption,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    server::WebPkiClientVerifier,
    version::TLS13,
};
use std::sync::Arc;

const CA: &[u8] = include_bytes!("../certificates/ca.der");
const SERVER: [&[u8]; 2] = [
    include_bytes!("../certificates/server.der"),
    include_bytes!("../certificates/server.key.der"),
];
const CLIENT: [&[u8]; 2] = [
    include_bytes!("../certificates/client.der"),
    include_bytes!("../certificates/client.key.der"),
];

/// A server, and a client that resumes beside one that does not.
pub struct Tls {
    server: Arc<ServerConfig>,
    full: Arc<ClientConfig>,
    resuming: Arc<ClientConfig>,
}

impl Tls {
    pub fn new() -> Self {
        let provider = Arc::new(default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(CA.into()).unwrap();
        let roots = Arc::new(roots);
        let identity = |[certificate, key]: [&'static [u8]; 2]| {
            let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key));
            (vec![CertificateDer::from(certificate)], key)
        };

        let verifier =
            WebPkiClientVerifier::builder_with_provider(roots.clone(), provider.clone()).build();
        let (chain, key) = identity(SERVER);
        let server = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[&TLS13])
            .unwrap()
            .with_client_cert_verifier(verifier.unwrap())
            .with_single_cert(chain, key)
            .unwrap();
        let (chain, key) = identity(CLIENT);
        let resuming = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13])
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key)
            .unwrap();
        let mut full = resuming.clone();
        full.resumption = Resumption::disabled();
        let tls =
            Self { server: Arc::new(server), full: Arc::new(full), resuming: Arc::new(resuming) };
        // The first one earns the tickets.
        assert_eq!(tls.connect(&tls.resuming), HandshakeKind::Full);
        tls
    }

    /// Both ends of a full handshake, each with a certificate.
    pub fn full(&self) {
        assert_eq!(self.connect(&self.full), HandshakeKind::Full);
    }

    /// Both ends of a handshake under the secret of the one before, with an exchange of fresh curve
    /// points.
    pub fn resumed(&self) {
        assert_eq!(self.connect(&self.resuming), HandshakeKind::Resumed);
    }

    fn connect(&self, client: &Arc<ClientConfig>) -> HandshakeKind {
        let name = "server".try_into().unwrap();
        let mut client = ClientConnection::new(client.clone(), name).unwrap();
        let mut server = ServerConnection::new(self.server.clone()).unwrap();
        let mut bytes = Vec::new();
        while client.wants_write() || server.wants_write() {
            bytes.clear();
            while client.wants_write() {
                client.write_tls(&mut bytes).unwrap();
            }
            let mut sent = &bytes[..];
            while !sent.is_empty() {
                server.read_tls(&mut sent).unwrap();
                server.process_new_packets().unwrap();
            }
            bytes.clear();
            while server.wants_write() {
                server.write_tls(&mut bytes).unwrap();
            }
            let mut sent = &bytes[..];
            while !sent.is_empty() {
                client.read_tls(&mut sent).unwrap();
                client.process_new_packets().unwrap();
            }
        }
        assert!(!client.is_handshaking() && !server.is_handshaking());
        client.handshake_kind().unwrap()
    }
}
