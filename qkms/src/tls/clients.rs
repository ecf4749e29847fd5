//! Which client certificates are accepted, at the handshake and later.
//!
//! A certificate is accepted if a CA of the configured file issued it for client authentication,
//! it is within its validity, and the revocation list does not name it. The list is an X.509 CRL
//! (PEM) of such a CA. It is re-read while the service runs; a list that cannot be read, or that no
//! such CA has signed, leaves the last good one in force. A list past its `nextUpdate` stays in
//! force: an operator who forgets to renew it must not lock every SAE out.
//!
//! A connection that stays open is checked again before a request is answered, by [`Admission`]:
//! when the list has changed, and when the certificate has expired.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use arc_swap::ArcSwap;
use rustls::{
    DigitallySignedStruct, DistinguishedName, RootCertStore, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    server::{
        WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime, pem::PemObject};
use x509_parser::prelude::{CertificateRevocationList, FromDer, X509Certificate};

use super::{TlsError, identity, provider, read, read_certificates};

/// The check of client certificates, with a revocation list that can change.
pub struct ClientCheck {
    authorities: Vec<CertificateDer<'static>>,
    roots: Arc<RootCertStore>,
    hints: Vec<DistinguishedName>,
    list: Option<PathBuf>,
    current: ArcSwap<InForce>,
}

struct InForce {
    verifier: Arc<dyn ClientCertVerifier>,
    generation: u64,
    pem: Vec<u8>,
}

impl fmt::Debug for ClientCheck {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ClientCheck").field("list", &self.list).finish_non_exhaustive()
    }
}

impl ClientCheck {
    /// Accepts certificates of the CAs in the file `ca`, less those on `list`.
    ///
    /// # Errors
    ///
    /// [`TlsError`] if a file cannot be read or used.
    pub fn open(ca: &Path, list: Option<&Path>) -> Result<Arc<Self>, TlsError> {
        let authorities = read_certificates(ca)?;
        let mut roots = RootCertStore::empty();
        for certificate in &authorities {
            roots.add(certificate.clone())?;
        }
        let roots = Arc::new(roots);
        let first = in_force(&authorities, &roots, list, 0)?;
        Ok(Arc::new(Self {
            hints: roots.subjects(),
            authorities,
            roots,
            list: list.map(Path::to_owned),
            current: ArcSwap::from_pointee(first),
        }))
    }

    /// Reads the revocation list again and puts it in force if it has changed; tells whether.
    ///
    /// # Errors
    ///
    /// [`TlsError`], and then the last good list stays in force.
    pub fn reload(&self) -> Result<bool, TlsError> {
        let Some(path) = &self.list else { return Ok(false) };
        let current = self.current.load();
        if read(path)? == current.pem {
            return Ok(false);
        }
        let next = current.generation.saturating_add(1);
        let renewed = in_force(&self.authorities, &self.roots, Some(path), next)?;
        self.current.store(Arc::new(renewed));
        Ok(true)
    }

    /// Admits the owner of a chain that the handshake has accepted.
    ///
    /// # Errors
    ///
    /// [`identity::BadCertificate`] if the chain is empty or names nobody.
    pub fn admit(
        self: &Arc<Self>,
        chain: &[CertificateDer<'_>],
    ) -> Result<Admission, identity::BadCertificate> {
        let (own, issuers) = chain.split_first().ok_or(identity::BadCertificate::Malformed)?;
        Ok(Admission {
            peer: identity::peer_of(own)?,
            not_after: identity::not_after(own)?,
            // No generation: a list that changed since the handshake is seen at the first request.
            checked: AtomicU64::new(u64::MAX),
            own: own.clone().into_owned(),
            issuers: issuers.iter().map(|issuer| issuer.clone().into_owned()).collect(),
            check: Arc::clone(self),
        })
    }
}

/// Who is at the other end of a connection, as long as the certificate holds.
#[derive(Debug)]
pub struct Admission {
    peer: identity::Peer,
    not_after: i64,
    checked: AtomicU64,
    own: CertificateDer<'static>,
    issuers: Vec<CertificateDer<'static>>,
    check: Arc<ClientCheck>,
}

impl Admission {
    /// The party that the certificate names, whether or not it still holds.
    pub fn named(&self) -> &identity::Peer {
        &self.peer
    }

    /// The party, or none if its certificate has expired or been revoked by `now`.
    pub fn peer(&self, now: UnixTime) -> Option<&identity::Peer> {
        let now_s = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        if now_s > self.not_after {
            return None;
        }
        let current = self.check.current.load();
        if self.checked.load(Ordering::Relaxed) != current.generation {
            current.verifier.verify_client_cert(&self.own, &self.issuers, now).ok()?;
            self.checked.store(current.generation, Ordering::Relaxed);
        }
        Some(&self.peer)
    }
}

fn in_force(
    authorities: &[CertificateDer<'static>],
    roots: &Arc<RootCertStore>,
    list: Option<&Path>,
    generation: u64,
) -> Result<InForce, TlsError> {
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::clone(roots), provider());
    let Some(path) = list else {
        return Ok(InForce { verifier: builder.build()?, generation, pem: Vec::new() });
    };
    let pem = read(path)?;
    let lists =
        CertificateRevocationListDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>().map_err(
            |source| TlsError::Pem { path: path.to_owned(), expected: "revocation list", source },
        )?;
    let ours = lists.iter().all(|list| authorities.iter().any(|ca| has_signed(ca, list)));
    if lists.is_empty() || !ours {
        return Err(TlsError::ForeignList(path.to_owned()));
    }
    // With several CAs, those without a list of theirs revoke nothing.
    let verifier = builder
        .with_crls(lists)
        .only_check_end_entity_revocation()
        .allow_unknown_revocation_status()
        .build()?;
    Ok(InForce { verifier, generation, pem })
}

fn has_signed(ca: &CertificateDer<'_>, list: &CertificateRevocationListDer<'_>) -> bool {
    let (Ok((_, ca)), Ok((_, list))) =
        (X509Certificate::from_der(ca), CertificateRevocationList::from_der(list.as_ref()))
    else {
        return false;
    };
    ca.subject() == list.issuer() && list.verify_signature(ca.public_key()).is_ok()
}

impl ClientCertVerifier for ClientCheck {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        self.current.load().verifier.verify_client_cert(end_entity, intermediates, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.current.load().verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.current.load().verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.current.load().verifier.supported_verify_schemes()
    }
}
