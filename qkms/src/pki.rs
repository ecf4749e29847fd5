//! A small certificate authority for a test field or a site without one.
//!
//! # Rules
//!
//! - A folder holds one authority: `ca.pem`, `ca.key`, and `ca.crl`, the list of what it revoked.
//! - A certificate names its party by the rule of [`crate::tls::identity`]. SAEs get one for TLS
//!   clients alone; KMEs one for servers and clients, with the host names and addresses given.
//! - Keys are ECDSA on P-256 in PKCS #8, in files of mode 0600. No certificate and no key is ever
//!   overwritten; a revocation list is replaced in one step.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevocationReason,
    RevokedCertParams, SanType, SerialNumber,
};
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, pem::PemObject};
use time::{Duration, OffsetDateTime};
use x509_parser::prelude::{CertificateRevocationList, FromDer, X509Certificate};
use zeroize::Zeroizing;

use crate::tls::{Peer, identity::escape};

#[cfg(test)]
mod tests;

/// Why the authority refuses.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// A file of that name is there already.
    #[error("{} exists: nothing is overwritten", .0.display())]
    Exists(PathBuf),
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{} holds no usable {expected}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
    },
    /// A host name is neither a DNS name nor an address, or a date is out of range.
    #[error("no certificate can be made: {0}")]
    Certificate(#[from] rcgen::Error),
}

/// Where a new certificate and its key were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// The certificate, PEM.
    pub certificate: PathBuf,
    /// The private key, PKCS #8 in PEM, mode 0600.
    pub key: PathBuf,
}

/// A certificate authority in a folder.
pub struct Authority {
    folder: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Makes an authority with the common name `name`, valid for `days` days from now, in `folder`
    /// (made if it is not there), with an empty revocation list.
    ///
    /// # Errors
    ///
    /// [`PkiError::Exists`] if the folder holds one already; [`PkiError`] otherwise.
    pub fn create(folder: &Path, name: &str, days: u32) -> Result<Self, PkiError> {
        fs::create_dir_all(folder)
            .map_err(|source| PkiError::File { path: folder.to_owned(), source })?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.key_identifier_method = KeyIdMethod::Sha256;
        set_validity(&mut params, days)?;
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        write_pair(folder, "ca", &certificate.pem(), &key)?;
        let authority = Self { folder: folder.to_owned(), issuer: Issuer::new(params, key) };
        authority.write_list(Vec::new(), 1)?;
        Ok(authority)
    }

    /// Opens the authority in `folder`.
    ///
    /// # Errors
    ///
    /// [`PkiError`] if its certificate or key cannot be read.
    pub fn open(folder: &Path) -> Result<Self, PkiError> {
        let key_path = folder.join("ca.key");
        let pem = Zeroizing::new(read(&key_path)?);
        let key = KeyPair::from_pem(&pem)
            .map_err(|_| PkiError::Content { path: key_path, expected: "private key" })?;
        let path = folder.join("ca.pem");
        let issuer = Issuer::from_ca_cert_pem(&read(&path)?, key)
            .map_err(|_| PkiError::Content { path, expected: "certificate of an authority" })?;
        Ok(Self { folder: folder.to_owned(), issuer })
    }

    /// Issues a certificate for `peer`, valid for `days` days from now. `hosts` are the DNS names
    /// and IP addresses at which a KME serves; an SAE needs none. The files are called
    /// `sae-ID` or `kme-ID` with `.pem` and `.key`, ID escaped as in the certificate.
    ///
    /// # Errors
    ///
    /// [`PkiError::Exists`] if a file of that name is there; [`PkiError`] otherwise.
    pub fn issue(&self, peer: &Peer, hosts: &[String], days: u32) -> Result<Issued, PkiError> {
        let mut params = CertificateParams::new(hosts)?;
        let uri = peer.to_urn().as_str().try_into()?;
        params.subject_alt_names.push(SanType::URI(uri));
        let (id, stem, usages) = match peer {
            Peer::Sae(id) => (id.as_str(), "sae", vec![ExtendedKeyUsagePurpose::ClientAuth]),
            Peer::Kme(id) => (
                id.as_str(),
                "kme",
                vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth],
            ),
        };
        params.distinguished_name.push(DnType::CommonName, id);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = usages;
        params.use_authority_key_identifier_extension = true;
        set_validity(&mut params, days)?;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        write_pair(&self.folder, &format!("{stem}-{}", escape(id)), &certificate.pem(), &key)
    }

    /// Puts the certificate in the file `certificate` on the authority's revocation list and
    /// replaces `ca.crl`. What is on it already is kept.
    ///
    /// # Errors
    ///
    /// [`PkiError`] if the certificate or the list cannot be read, or the list not be written.
    pub fn revoke(&self, certificate: &Path) -> Result<(), PkiError> {
        let content = |path: &Path, expected| PkiError::Content { path: path.to_owned(), expected };
        let der = CertificateDer::from_pem_slice(read(certificate)?.as_bytes())
            .map_err(|_| content(certificate, "certificate"))?;
        let (_, parsed) =
            X509Certificate::from_der(&der).map_err(|_| content(certificate, "certificate"))?;
        let path = self.folder.join("ca.crl");
        let list = CertificateRevocationListDer::from_pem_slice(read(&path)?.as_bytes())
            .map_err(|_| content(&path, "revocation list"))?;
        let (_, list) = CertificateRevocationList::from_der(list.as_ref())
            .map_err(|_| content(&path, "revocation list"))?;

        let mut revoked = Vec::new();
        for entry in list.iter_revoked_certificates() {
            revoked.push(revocation(entry.raw_serial(), entry.revocation_date.to_datetime()));
        }
        if !revoked.iter().any(|entry| entry.serial_number.as_ref() == parsed.raw_serial()) {
            revoked.push(revocation(parsed.raw_serial(), OffsetDateTime::now_utc()));
        }
        let number = list
            .crl_number()
            .and_then(|number| number.to_u64_digits().first().copied())
            .unwrap_or(0)
            .saturating_add(1);
        self.write_list(revoked, number)
    }

    fn write_list(&self, revoked: Vec<RevokedCertParams>, number: u64) -> Result<(), PkiError> {
        let now = OffsetDateTime::now_utc();
        let list = CertificateRevocationListParams {
            this_update: now,
            next_update: now.saturating_add(Duration::days(30)),
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: revoked,
            key_identifier_method: KeyIdMethod::Sha256,
        }
        .signed_by(&self.issuer)?;
        let path = self.folder.join("ca.crl");
        let new = self.folder.join("ca.crl.new");
        fs::write(&new, list.pem()?)
            .and_then(|()| fs::rename(&new, &path))
            .map_err(|source| PkiError::File { path, source })
    }
}

fn revocation(serial: &[u8], when: OffsetDateTime) -> RevokedCertParams {
    RevokedCertParams {
        serial_number: SerialNumber::from_slice(serial),
        revocation_time: when,
        reason_code: Some(RevocationReason::Unspecified),
        invalidity_date: None,
    }
}

/// From a minute ago, so that clocks of other machines may lag a little.
fn set_validity(params: &mut CertificateParams, days: u32) -> Result<(), PkiError> {
    let now = OffsetDateTime::now_utc();
    params.not_before = now.saturating_sub(Duration::minutes(1));
    params.not_after = now.checked_add(Duration::days(days.into())).ok_or(rcgen::Error::Time)?;
    Ok(())
}

fn read(path: &Path) -> Result<String, PkiError> {
    fs::read_to_string(path).map_err(|source| PkiError::File { path: path.to_owned(), source })
}

fn write_pair(
    folder: &Path,
    stem: &str,
    certificate: &str,
    key: &KeyPair,
) -> Result<Issued, PkiError> {
    let issued = Issued {
        certificate: folder.join(format!("{stem}.pem")),
        key: folder.join(format!("{stem}.key")),
    };
    if issued.certificate.exists() {
        return Err(PkiError::Exists(issued.certificate));
    }
    let pem = Zeroizing::new(key.serialize_pem());
    write_new(&issued.key, pem.as_bytes(), 0o600)?;
    write_new(&issued.certificate, certificate.as_bytes(), 0o644).inspect_err(|_| {
        // A key without its certificate is of no use and would block the next attempt.
        let _ = fs::remove_file(&issued.key);
    })?;
    Ok(issued)
}

/// Creates a file that must not exist, with the rights `mode` from the start.
fn write_new(path: &Path, content: &[u8], mode: u32) -> Result<(), PkiError> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let wrong = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => PkiError::Exists(path.to_owned()),
        _ => PkiError::File { path: path.to_owned(), source },
    };
    let mut file = options.open(path).map_err(wrong)?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(wrong)
}
