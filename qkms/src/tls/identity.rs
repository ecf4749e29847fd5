//! Who a certificate speaks for.
//!
//! # The rule
//!
//! ETSI GS QKD 014 V1.1.1 takes identities from certificates and leaves open how they stand there.
//! Here a certificate holds, among its subject alternative names, **exactly one URI of the form
//! `urn:qkms:sae:ID` or `urn:qkms:kme:ID`**, where ID is the identity in UTF-8 with every byte
//! percent-encoded that is not an ASCII letter, digit, `-`, `.`, `_` or `~`. Such a certificate
//! speaks for that SAE or that KME and for nobody else: a KME's is not accepted as an SAE's, nor
//! the reverse. Subject, common name, serial number and DNS names say nothing about identity.
//! Encoded forms are compared as decoded text, so `%2d` and `-` are the same.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use crate::kme::service::{InvalidId, KmeId, SaeId};

const SAE: &str = "urn:qkms:sae:";
const KME: &str = "urn:qkms:kme:";

/// What is percent-encoded: all but the unreserved characters of RFC 3986.
pub const ESCAPED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Whom a certificate speaks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Peer {
    /// A secure application entity.
    Sae(SaeId),
    /// A key management entity.
    Kme(KmeId),
}

impl Peer {
    /// The URI by which a certificate names this party.
    pub fn to_urn(&self) -> String {
        let (prefix, id) = match self {
            Self::Sae(id) => (SAE, id.as_str()),
            Self::Kme(id) => (KME, id.as_str()),
        };
        format!("{prefix}{}", escape(id))
    }

    /// The party that a URI names; none if it is not of this scheme.
    ///
    /// # Errors
    ///
    /// [`BadCertificate::Id`] if the scheme is ours and the identity is not a valid one.
    pub fn from_urn(uri: &str) -> Result<Option<Self>, BadCertificate> {
        let decode = |id: &str| -> Result<String, BadCertificate> {
            let text = percent_decode_str(id).decode_utf8();
            Ok(text.map_err(|_| BadCertificate::Id(InvalidId))?.into_owned())
        };
        if let Some(id) = uri.strip_prefix(SAE) {
            let id = SaeId::try_from(decode(id)?).map_err(BadCertificate::Id)?;
            return Ok(Some(Self::Sae(id)));
        }
        if let Some(id) = uri.strip_prefix(KME) {
            let id = KmeId::try_from(decode(id)?).map_err(BadCertificate::Id)?;
            return Ok(Some(Self::Kme(id)));
        }
        Ok(None)
    }
}

/// Percent-encodes an identity for a URN, a path segment or a file name.
pub fn escape(id: &str) -> String {
    utf8_percent_encode(id, ESCAPED).to_string()
}

/// Why a certificate speaks for nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadCertificate {
    /// It is no X.509 certificate in DER.
    #[error("not an X.509 certificate")]
    Malformed,
    /// No URI of the scheme is in it.
    #[error("the certificate names neither an SAE nor a KME")]
    Nobody,
    /// More than one is.
    #[error("the certificate names more than one party")]
    Ambiguous,
    /// The identity that it names is not a valid one.
    #[error("the certificate names an invalid identity: {0}")]
    Id(InvalidId),
}

/// Whom `certificate` speaks for, by the module's rule. Its signature and validity are not checked
/// here.
///
/// # Errors
///
/// [`BadCertificate`].
pub fn peer_of(certificate: &CertificateDer<'_>) -> Result<Peer, BadCertificate> {
    let (_, parsed) =
        X509Certificate::from_der(certificate).map_err(|_| BadCertificate::Malformed)?;
    let names = parsed.subject_alternative_name().map_err(|_| BadCertificate::Malformed)?;
    let mut found = None;
    for name in names.iter().flat_map(|extension| &extension.value.general_names) {
        let GeneralName::URI(uri) = name else { continue };
        let Some(peer) = Peer::from_urn(uri)? else { continue };
        if found.replace(peer).is_some() {
            return Err(BadCertificate::Ambiguous);
        }
    }
    found.ok_or(BadCertificate::Nobody)
}

/// The moment after which a certificate is no longer valid, in seconds of Unix time.
///
/// # Errors
///
/// [`BadCertificate::Malformed`].
pub fn not_after(certificate: &CertificateDer<'_>) -> Result<i64, BadCertificate> {
    let (_, parsed) =
        X509Certificate::from_der(certificate).map_err(|_| BadCertificate::Malformed)?;
    Ok(parsed.validity().not_after.timestamp())
}
