//! The door between KMEs over real TLS: who is let in, and whom a dialer believes.

use std::{net::SocketAddr, path::Path};

use rustls::ClientConfig;
use rustls_pki_types::{ServerName, pem::PemObject};
use tokio::{io::AsyncWriteExt, net::TcpStream};
use tokio_rustls::TlsConnector;

use super::*;
use crate::{
    kme::{
        door::{Door, Settings, TlsDialer},
        testing::{SharedGenerator, kme_id, setup},
        wire::{frame, read},
    },
    pki::Authority,
    tls::{self, Identity, Peer},
};

/// An authority with certificates of three KMEs and of an SAE of Bob's site.
fn authority(folder: &Path) -> Authority {
    let authority = Authority::create(folder, "test", 30).unwrap();
    for kme in ["kme-a", "kme-b", "kme-c"] {
        authority.issue(&Peer::Kme(id(kme)), &["localhost".into()], 30).unwrap();
    }
    authority.issue(&Peer::Sae(id("sae-b1")), &["localhost".into()], 30).unwrap();
    authority
}

/// Settings of the party whose files in `folder` begin with `stem`; it trusts the CA of `ca`.
fn settings(folder: &Path, stem: &str, ca: &Path) -> Settings {
    Settings {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        certificate: folder.join(format!("{stem}.pem")),
        key: folder.join(format!("{stem}.key")),
        ca: ca.join("ca.pem"),
        revocation_list: Some(ca.join("ca.crl")),
        revocation_check_s: 1,
    }
}

fn address(door: &Door) -> String {
    format!("localhost:{}", door.local_addr().unwrap().port())
}

/// Two KMEs whose only way to each other is through their doors.
async fn pair(folder: &Path, certificates: &Path) -> (Pair, [String; 2]) {
    let settings =
        ["kme-kme-a", "kme-kme-b"].map(|stem| settings(certificates, stem, certificates));
    let doors = [Door::bind(&settings[0]).await.unwrap(), Door::bind(&settings[1]).await.unwrap()];
    let addresses = doors.each_ref().map(address);
    let options = Options { patience: Duration::from_secs(10), ..Options::default() };
    let mut kmes = Vec::new();
    for (index, (end, door)) in [End::Alice, End::Bob].into_iter().zip(doors).enumerate() {
        let peer = kme_id(end.peer());
        let dialer = TlsDialer::new(&settings[index], &addresses[1 - index], peer).unwrap();
        let maker = Box::new(SharedGenerator::new(options.seed, options.block_bits));
        let place = folder.join(kme_id(end).as_str());
        let setup = setup(end, &place, &options, Arc::new(dialer), maker).unwrap();
        let kme = Kme::start(setup).await.unwrap();
        tokio::spawn(door.run(Arc::clone(&kme)));
        kmes.push(kme);
    }
    let Ok(kmes) = kmes.try_into() else { panic!() };
    (Pair { kmes }, addresses)
}

/// Greets the door at `address` as Bob's KME, by TLS with `config`; what it answers.
async fn greet(address: &str, config: ClientConfig) -> io::Result<Hello> {
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    let hello = Hello { version: VERSION, kme: kme_id(End::Bob).to_string(), end: End::Bob };
    stream.write_all(&frame(&hello)).await?;
    stream.flush().await?;
    read(&mut stream).await
}

fn as_party(folder: &Path, stem: &str, ca: &Path) -> ClientConfig {
    let file = |end: &str| folder.join(format!("{stem}.{end}"));
    let identity = Identity::from_files(&file("pem"), &file("key")).unwrap();
    tls::client_config(&identity, &ca.join("ca.pem")).unwrap()
}

fn as_nobody(ca: &Path) -> ClientConfig {
    let mut roots = rustls::RootCertStore::empty();
    let own = rustls_pki_types::CertificateDer::from_pem_file(ca.join("ca.pem")).unwrap();
    roots.add(own).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

#[tokio::test]
async fn two_kmes_deliver_keys_through_their_doors() {
    let (folder, certificates) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    authority(certificates.path());
    let (pair, _) = pair(folder.path(), certificates.path()).await;
    pair.filled().await.unwrap();
    let [alice, bob] = &pair.kmes;
    for (from, to, master, slave) in
        [(alice, bob, "sae-a1", "sae-b1"), (bob, alice, "sae-b2", "sae-a2")]
    {
        let keys = enc(from, master, slave, number(5)).await.unwrap();
        assert!(dec(to, slave, master, ids(&keys)).await.unwrap() == keys);
        audit(from).await;
    }
    pair.stop().await;
}

#[tokio::test]
async fn a_door_lets_its_peer_in_and_nobody_else() {
    let (folder, certificates) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let elsewhere = tempfile::tempdir().unwrap();
    let (own, foreign) = (certificates.path(), elsewhere.path());
    authority(own);
    authority(foreign);
    let (pair, [door, _]) = pair(folder.path(), own).await;
    pair.filled().await.unwrap();
    let [alice, bob] = &pair.kmes;
    // Bob's own line is not to be told from one who poses as him.
    bob.stop().await;
    alice.links()[0].stop();
    let before = audit(alice).await;

    let expected = Hello { version: VERSION, kme: kme_id(End::Alice).to_string(), end: End::Alice };
    assert_eq!(greet(&door, as_party(own, "kme-kme-b", own)).await.unwrap(), expected);
    let others = [
        ("another authority's", as_party(foreign, "kme-kme-b", own)),
        ("an SAE's", as_party(own, "sae-sae-b1", own)),
        ("a KME's that is no peer", as_party(own, "kme-kme-c", own)),
        ("none", as_nobody(own)),
    ];
    for (certificate, config) in others {
        let greeted = greet(&door, config).await;
        assert!(greeted.is_err(), "{certificate} was let in: {greeted:?}");
    }
    assert_eq!(audit(alice).await, before);
    alice.stop().await;
}

#[tokio::test]
async fn a_dialer_believes_its_peer_and_nobody_else() {
    let (certificates, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (own, foreign) = (certificates.path(), elsewhere.path());
    authority(own);
    authority(foreign);
    let folder = tempfile::tempdir().unwrap();
    let ground = Pair::start(folder.path(), &Options::default()).await.unwrap();
    let bob = settings(own, "kme-kme-b", own);
    for (who, behind, believed) in [
        ("the peer", settings(own, "kme-kme-a", own), true),
        ("another KME", settings(own, "kme-kme-c", own), false),
        ("an SAE", settings(own, "sae-sae-b1", own), false),
        ("one of another authority", settings(foreign, "kme-kme-a", own), false),
    ] {
        let door = Door::bind(&behind).await.unwrap();
        let dialer = TlsDialer::new(&bob, &address(&door), kme_id(End::Alice)).unwrap();
        let serving = tokio::spawn(door.run(Arc::clone(&ground.kmes[0])));
        let dialled = line::Dialer::dial(&dialer).await;
        assert_eq!(dialled.is_ok(), believed, "{who}: {:?}", dialled.err());
        serving.abort();
    }
    ground.stop().await;
}

#[tokio::test]
async fn a_peer_that_is_revoked_while_connected_is_cut_off_at_both_ends() {
    let (folder, certificates) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let authority = authority(certificates.path());
    let (pair, [door, _]) = pair(folder.path(), certificates.path()).await;
    pair.filled().await.unwrap();
    authority.revoke(&certificates.path().join("kme-kme-b.pem")).unwrap();
    for kme in &pair.kmes {
        kme.links()[0].line.ready().wait_for(|ready| !ready).await.unwrap();
    }
    let own = certificates.path();
    assert!(greet(&door, as_party(own, "kme-kme-b", own)).await.is_err(), "and does not come back");
    let refused = enc(&pair.kmes[0], "sae-a1", "sae-b1", number(1)).await;
    assert_eq!(refused.unwrap_err(), Refusal::Unconfirmed);
    pair.stop().await;
}
