//! Who is let in, and for how long.

use std::{path::Path, time::Duration};

use http::StatusCode;
use qkms::{
    client::{Client, Error},
    etsi014::{ServeError, Server},
    pki::{Authority, Issued},
    tls::Peer,
};
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, Issuer, KeyPair, SanType};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use time::OffsetDateTime;

use super::field::{Answer, Connection, Field, tls_with};

/// A client's configuration with a certificate or none, for some versions of TLS.
pub fn config_of(
    field: &Field,
    issued: Option<&Issued>,
    versions: &[&'static SupportedProtocolVersion],
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(field.ca()).unwrap()).unwrap();
    let provider = rustls::crypto::ring::default_provider();
    let builder = ClientConfig::builder_with_provider(provider.into())
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    match issued {
        None => builder.with_no_client_auth(),
        Some(issued) => {
            let certificate = CertificateDer::from_pem_file(&issued.certificate).unwrap();
            let key = PrivateKeyDer::from_pem_file(&issued.key).unwrap();
            builder.with_client_auth_cert(vec![certificate], key).unwrap()
        }
    }
}

/// A certificate of the field's authority with the names and usages given.
fn forge(
    field: &Field,
    stem: &str,
    uris: &[&str],
    change: impl FnOnce(&mut CertificateParams),
) -> Issued {
    let read = |name: &str| std::fs::read_to_string(field.folder.path().join(name)).unwrap();
    let ca_key = KeyPair::from_pem(&read("ca.key")).unwrap();
    let issuer = Issuer::from_ca_cert_pem(&read("ca.pem"), ca_key).unwrap();
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    for uri in uris {
        params.subject_alt_names.push(SanType::URI((*uri).try_into().unwrap()));
    }
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let issued = field.issued(stem);
    write(&issued.certificate, &certificate.pem());
    write(&issued.key, &key.serialize_pem());
    issued
}

fn write(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// Whether a client gets as far as an answer: TLS 1.3 clients learn of a refusal when they read.
async fn is_answered(field: &Field, config: ClientConfig) -> bool {
    let Ok(stream) = tls_with(field.doors[0], config).await else { return false };
    let Ok(mut connection) = Connection::new(stream).await else { return false };
    connection.try_send(http::Method::GET, "/api/v1/keys/bob/status", None, "").await.is_ok()
}

#[tokio::test]
async fn without_a_certificate_or_with_one_of_another_authority_no_request_is_answered() {
    let field = Field::start().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let other = Authority::create(elsewhere.path(), "other", 30).unwrap();
    let foreign = other.issue(&Peer::Sae("alice".parse().unwrap()), &[], 30).unwrap();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let alice = field.issued("sae-alice");
        assert!(is_answered(&field, config_of(&field, Some(&alice), &[version])).await);
        assert!(!is_answered(&field, config_of(&field, None, &[version])).await);
        assert!(!is_answered(&field, config_of(&field, Some(&foreign), &[version])).await);
    }
    assert!(field.metrics.to_text().contains("qkms_failed_handshakes_total{kme=\"kme-a\"} 4"));
}

#[tokio::test]
async fn an_expired_certificate_or_one_for_servers_alone_is_not_let_in() {
    let field = Field::start().await;
    let expired = forge(&field, "expired", &["urn:qkms:sae:alice"], |params| {
        params.not_before = OffsetDateTime::now_utc() - time::Duration::days(2);
        params.not_after = OffsetDateTime::now_utc() - time::Duration::days(1);
    });
    let server_only = forge(&field, "server", &["urn:qkms:sae:alice"], |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    for issued in [expired, server_only] {
        let config = config_of(&field, Some(&issued), rustls::ALL_VERSIONS);
        assert!(!is_answered(&field, config).await);
    }
}

#[tokio::test]
async fn a_certificate_that_expires_on_an_open_connection_gets_401_and_is_closed() {
    let field = Field::start().await;
    let brief = forge(&field, "brief", &["urn:qkms:sae:alice"], |params| {
        params.not_after = OffsetDateTime::now_utc() + time::Duration::seconds(2);
    });
    let mut alice = field.connect_as(0, &brief).await.unwrap();
    assert_eq!(alice.get("/api/v1/keys/bob/status").await.code, StatusCode::OK);
    tokio::time::sleep(Duration::from_millis(3_100)).await;
    assert_turned_away(&alice.get("/api/v1/keys/bob/enc_keys").await);
    assert!(alice.is_closed().await);
    assert_eq!(field.link.left(), 10_000);
}

#[tokio::test]
async fn a_kmes_certificate_or_one_that_names_nobody_or_two_is_no_saes() {
    let field = Field::start().await;
    let both = ["urn:qkms:sae:alice", "urn:qkms:sae:carol"];
    let mixed = ["urn:qkms:sae:alice", "urn:qkms:kme:kme-a"];
    for issued in [
        field.issued("kme-kme-a"),
        forge(&field, "nobody", &["urn:other:sae:alice"], |_| {}),
        forge(&field, "both", &both, |_| {}),
        forge(&field, "mixed", &mixed, |_| {}),
        forge(&field, "empty", &["urn:qkms:sae:"], |_| {}),
        forge(&field, "control", &["urn:qkms:sae:a%00"], |_| {}),
    ] {
        let mut connection = field.connect_as(0, &issued).await.unwrap();
        for method in ["status", "enc_keys", "dec_keys?key_ID=x"] {
            let answer = connection.get(&format!("/api/v1/keys/bob/{method}")).await;
            assert_eq!(answer.code, StatusCode::UNAUTHORIZED, "{issued:?}");
            assert!(answer.body.is_empty());
        }
    }
    assert_eq!(field.link.left(), 10_000);
}

#[tokio::test]
async fn an_sae_cannot_pose_as_a_kme() {
    let field = Field::start().await;
    // As a server of the library it does not start.
    let alice = field.issued("sae-alice");
    let toml = format!(
        "listen = \"127.0.0.1:0\"\ncertificate = {:?}\nkey = {:?}\nclient_ca = {:?}",
        alice.certificate,
        alice.key,
        field.ca()
    );
    let settings = toml::from_str(&toml).unwrap();
    let service = super::memory::Memory { link: field.link.clone(), site: 0 };
    let metrics = field.metrics.kme(&"kme-a".parse().unwrap());
    let refused = Server::bind(settings, service.into(), metrics).await;
    assert!(matches!(refused.err(), Some(ServeError::NotAKme(_))));
    // As a server of its own it is not believed: its certificate is for clients alone.
    let impostor = forge(&field, "impostor", &["urn:qkms:sae:alice"], |_| {});
    let config = rustls::ServerConfig::builder_with_provider(
        rustls::crypto::ring::default_provider().into(),
    )
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_no_client_auth()
    .with_single_cert(
        vec![CertificateDer::from_pem_file(&impostor.certificate).unwrap()],
        PrivateKeyDer::from_pem_file(&impostor.key).unwrap(),
    )
    .unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut settings = field.client_settings("bob");
    settings.kme_url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let _ = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config)).accept(stream).await;
    });
    let client = Client::new(&settings).unwrap();
    let failed = client.status(&"alice".parse().unwrap()).await;
    assert!(matches!(failed, Err(Error::Connection(text)) if text.contains("certificate")));
}

fn assert_turned_away(answer: &Answer) {
    assert_eq!(answer.code, StatusCode::UNAUTHORIZED);
    assert!(answer.body.is_empty());
    assert_eq!(answer.headers["connection"], "close");
}

#[tokio::test]
async fn a_certificate_revoked_while_connected_gets_401_and_no_new_connection() {
    let field = Field::start().await;
    let (mut alice, mut carol) = (field.connect("alice").await, field.connect("carol").await);
    assert_eq!(alice.get("/api/v1/keys/bob/status").await.code, StatusCode::OK);
    let issued = field.issued("sae-alice");
    field.authority().revoke(&issued.certificate).unwrap();
    let revoked = async {
        loop {
            let answer = alice.get("/api/v1/keys/bob/status").await;
            if answer.code != StatusCode::OK {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let answer = tokio::time::timeout(Duration::from_secs(5), revoked).await.unwrap();
    assert_turned_away(&answer);
    assert!(alice.is_closed().await);
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        assert!(!is_answered(&field, config_of(&field, Some(&issued), &[version])).await);
    }
    assert_eq!(carol.get("/api/v1/keys/bob/status").await.code, StatusCode::OK);
}

#[tokio::test]
async fn a_broken_or_foreign_revocation_list_leaves_the_last_one_in_force() {
    let field = Field::start().await;
    let list = field.folder.path().join("ca.crl");
    let elsewhere = tempfile::tempdir().unwrap();
    Authority::create(elsewhere.path(), "test", 30).unwrap();
    let foreign = std::fs::read_to_string(elsewhere.path().join("ca.crl")).unwrap();
    let mut failures = 0;
    for bad in ["", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", &foreign] {
        std::fs::write(&list, bad).unwrap();
        let counted = async {
            while revocation_errors(&field) <= failures {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), counted).await.unwrap();
        failures = revocation_errors(&field);
        let status = field.connect("alice").await.get("/api/v1/keys/bob/status").await;
        assert_eq!(status.code, StatusCode::OK);
    }
}

fn revocation_errors(field: &Field) -> u32 {
    let text = field.metrics.to_text();
    let name = "qkms_revocation_list_errors_total{kme=\"kme-a\"} ";
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.parse().unwrap()
}
