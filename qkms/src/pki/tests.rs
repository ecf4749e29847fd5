use std::{fs, os::unix::fs::PermissionsExt};

use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, pem::PemObject};
use x509_parser::prelude::{CertificateRevocationList, FromDer};

use super::{Authority, PkiError};
use crate::tls::{ClientCheck, Peer, peer_of};

fn sae(id: &str) -> Peer {
    Peer::Sae(id.parse().unwrap())
}

#[test]
fn a_certificate_names_the_party_it_was_issued_to() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::create(folder.path(), "test", 10).unwrap();
    let kme = Peer::Kme("kme one".parse().unwrap());
    for (peer, file) in [(sae("we/ird é"), "sae-we%2Fird%20%C3%A9"), (kme, "kme-kme%20one")] {
        let issued = authority.issue(&peer, &["localhost".into()], 10).unwrap();
        assert_eq!(issued.certificate, folder.path().join(format!("{file}.pem")));
        let certificate = CertificateDer::from_pem_file(&issued.certificate).unwrap();
        assert_eq!(peer_of(&certificate), Ok(peer));
    }
}

#[test]
fn keys_are_for_their_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::create(folder.path(), "test", 10).unwrap();
    let issued = authority.issue(&sae("alice"), &[], 10).unwrap();
    for key in [issued.key, folder.path().join("ca.key")] {
        assert_eq!(fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::create(folder.path(), "test", 10).unwrap();
    authority.issue(&sae("alice"), &[], 10).unwrap();
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    let names = ["ca.pem", "ca.key", "ca.crl", "sae-alice.pem", "sae-alice.key"];
    let before = names.map(read);
    assert!(matches!(Authority::create(folder.path(), "x", 1).err(), Some(PkiError::Exists(_))));
    assert!(matches!(authority.issue(&sae("alice"), &[], 1).err(), Some(PkiError::Exists(_))));
    assert_eq!(names.map(read), before);
    // A key without its certificate is not touched either.
    fs::remove_file(folder.path().join("sae-alice.pem")).unwrap();
    assert!(matches!(authority.issue(&sae("alice"), &[], 1).err(), Some(PkiError::Exists(_))));
    assert_eq!(read("sae-alice.key"), before[4]);
}

#[test]
fn an_authority_that_was_closed_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    Authority::create(folder.path(), "test", 10).unwrap();
    let again = Authority::open(folder.path()).unwrap();
    let issued = again.issue(&sae("alice"), &[], 10).unwrap();
    let check = ClientCheck::open(&folder.path().join("ca.pem"), None).unwrap();
    let certificate = CertificateDer::from_pem_file(&issued.certificate).unwrap();
    let now = rustls_pki_types::UnixTime::now();
    rustls::server::danger::ClientCertVerifier::verify_client_cert(&*check, &certificate, &[], now)
        .unwrap();
}

#[test]
fn revocations_add_up_and_the_lists_number_rises() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::create(folder.path(), "test", 10).unwrap();
    let list = || {
        let der =
            CertificateRevocationListDer::from_pem_file(folder.path().join("ca.crl")).unwrap();
        let (_, list) = CertificateRevocationList::from_der(&der).unwrap();
        let number = list.crl_number().unwrap().to_u64_digits();
        (list.iter_revoked_certificates().count(), number)
    };
    assert_eq!(list(), (0, vec![1]));
    for (id, expected) in [("alice", 1), ("bob", 2)] {
        let issued = authority.issue(&sae(id), &[], 10).unwrap();
        authority.revoke(&issued.certificate).unwrap();
        assert_eq!(list(), (expected, vec![expected as u64 + 1]));
    }
    authority.revoke(&folder.path().join("sae-alice.pem")).unwrap();
    assert_eq!(list().0, 2, "who is on the list is on it once");
}

#[test]
fn a_folder_without_an_authority_and_files_of_other_kinds_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(Authority::open(folder.path()).err(), Some(PkiError::File { .. })));
    let authority = Authority::create(folder.path(), "test", 10).unwrap();
    let wrong = authority.revoke(&folder.path().join("ca.key"));
    assert!(matches!(wrong.err(), Some(PkiError::Content { .. })));
    let bad_host = authority.issue(&sae("alice"), &["é".into()], 10);
    assert!(matches!(bad_host.err(), Some(PkiError::Certificate(_))));
    assert!(!folder.path().join("sae-alice.key").exists());
}
