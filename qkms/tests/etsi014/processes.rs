//! Two KMEs in two processes: TLS between them, photons and classical messages over TCP.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
};

use qkms::{client::KeyRequest, kme::service::SaeId};

use super::served::{await_keys, certificates, client, first_key, serve, terminate};

/// The files `a.toml` and `b.toml` of a link from kme-a to kme-b.
fn configurations(folder: &Path) {
    let free = || -> SocketAddr {
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
    };
    let doors = [free(), free()];
    let (quantum, classical) = (free(), free());
    for (index, (name, sae, other, others)) in
        [("a", "alice", "b", "bob"), ("b", "bob", "a", "alice")].into_iter().enumerate()
    {
        let text = format!(
            "[[kme]]\nid = \"kme-{name}\"\nstore = \"store-{name}\"\nsaes = [\"{sae}\"]\n\
             [kme.etsi014]\nlisten = \"127.0.0.1:0\"\ncertificate = \"kme-kme-{name}.pem\"\n\
             key = \"kme-kme-{name}.key\"\nclient_ca = \"ca.pem\"\n\
             [kme.peers]\nlisten = \"{}\"\ncertificate = \"kme-kme-{name}.pem\"\n\
             key = \"kme-kme-{name}.key\"\nca = \"ca.pem\"\nrevocation_list = \"ca.crl\"\n\
             [[remote]]\nid = \"kme-{other}\"\naddress = \"localhost:{}\"\nsaes = [\"{others}\"]\n\
             [[link]]\nalice = \"kme-a\"\nbob = \"kme-b\"\npreset = \"snspd\"\nkm = 10\n\
             sifted_bits = 100000\npulse_rate = 1e8\ncapacity_bits = 65536\n\
             first_key = \"first.key\"\nquantum = \"{quantum}\"\nclassical = \"{classical}\"\n",
            doors[index],
            doors[1 - index].port(),
        );
        std::fs::write(folder.join(format!("{name}.toml")), text).unwrap();
    }
    first_key(folder);
}

#[tokio::test]
async fn two_processes_deliver_keys_in_both_directions_and_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    certificates(folder);
    configurations(folder);
    let ids: [SaeId; 2] = ["alice", "bob"].map(|id| id.parse().unwrap());
    let request = KeyRequest { number: Some(4), ..KeyRequest::default() };
    // The second time one is killed: both meet again and agree.
    let (mut first, [_, a]) = serve(folder, "a.toml");
    for kill in [true, false] {
        let (mut second, [_, b]) = serve(folder, "b.toml");
        let clients = [client(folder, "alice", a), client(folder, "bob", b)];
        for master in 0..2 {
            let slave = 1 - master;
            await_keys(&clients[master], &ids[slave], 4).await;
            let drawn = loop {
                // While the line to a peer that was killed is still believed, it is refused.
                if let Ok(drawn) = clients[master].enc_keys(&ids[slave], &request).await {
                    break drawn;
                }
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            };
            let named: Vec<_> = drawn.iter().map(|key| key.id).collect();
            assert_eq!(clients[slave].dec_keys(&ids[master], &named).await.unwrap(), drawn);
        }
        if kill {
            second.kill().unwrap();
            second.wait().unwrap();
        } else {
            terminate(&mut first).await;
            terminate(&mut second).await;
        }
    }
}
