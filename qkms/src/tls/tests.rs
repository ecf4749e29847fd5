use proptest::prelude::*;

use super::{
    Identity, TlsError,
    identity::{BadCertificate, Peer, escape, peer_of},
};
use crate::{kme::service::SaeId, pki::Authority};

fn sae(id: &str) -> Peer {
    Peer::Sae(id.parse().unwrap())
}

#[test]
fn a_urn_names_an_sae_or_a_kme_and_other_uris_nobody() {
    assert_eq!(Peer::from_urn("urn:qkms:sae:alice"), Ok(Some(sae("alice"))));
    assert_eq!(Peer::from_urn("urn:qkms:sae:%61lic%65"), Ok(Some(sae("alice"))));
    let kme = Peer::Kme("alice".parse().unwrap());
    assert_eq!(Peer::from_urn("urn:qkms:kme:alice"), Ok(Some(kme)));
    for other in ["", "alice", "urn:qkms:alice", "URN:QKMS:SAE:alice", "urn:qkms:saex:alice"] {
        assert_eq!(Peer::from_urn(other), Ok(None), "{other}");
    }
}

#[test]
fn a_urn_with_an_invalid_identity_is_refused() {
    let long = format!("urn:qkms:sae:{}", "x".repeat(129));
    for bad in ["urn:qkms:sae:", "urn:qkms:kme:", "urn:qkms:sae:%ff", "urn:qkms:sae:%0a", &long] {
        assert!(matches!(Peer::from_urn(bad), Err(BadCertificate::Id(_))), "{bad}");
    }
}

#[test]
fn what_is_no_certificate_names_nobody() {
    for bytes in [&b""[..], b"\x30\x80", &[0xff; 100]] {
        assert_eq!(peer_of(&bytes.into()), Err(BadCertificate::Malformed));
    }
}

#[test]
fn a_key_that_everyone_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::create(folder.path(), "test", 1).unwrap();
    let issued = authority.issue(&sae("alice"), &[], 1).unwrap();
    assert!(Identity::from_files(&issued.certificate, &issued.key).is_ok());
    std::fs::set_permissions(&issued.key, std::fs::Permissions::from_mode(0o604)).unwrap();
    let refused = Identity::from_files(&issued.certificate, &issued.key);
    assert!(matches!(refused.err(), Some(TlsError::Exposed(_))));
    let swapped = Identity::from_files(&issued.key, &issued.certificate);
    assert!(matches!(swapped.err(), Some(TlsError::Pem { expected: "certificate", .. })));
    let missing = Identity::from_files(&folder.path().join("none"), &issued.key);
    assert!(matches!(missing.err(), Some(TlsError::Read { .. })));
}

proptest! {
    #[test]
    fn each_identity_survives_its_urn(id in "[^\\p{Cc}]{1,32}") {
        prop_assume!(id.len() <= 128);
        let peer = sae(&id);
        let urn = peer.to_urn();
        prop_assert!(urn.is_ascii());
        prop_assert_eq!(Peer::from_urn(&urn), Ok(Some(peer)));
    }

    #[test]
    fn no_uri_makes_it_panic(uri in "urn:qkms:(sae|kme):.{0,200}") {
        if let Ok(Some(Peer::Sae(id))) = Peer::from_urn(&uri) {
            prop_assert!(id.as_str().parse::<SaeId>().is_ok());
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = peer_of(&bytes.into());
    }

    #[test]
    fn an_escaped_identity_is_one_path_segment(id in ".{1,64}") {
        let escaped = escape(&id);
        prop_assert!(escaped.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)));
    }
}
