//! What would keep the KMEs of a configuration from starting, found without changing anything.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::Path,
};

use super::{secret, store_of};
use crate::{
    config::{Config, KmeConfig, LinkConfig},
    operation::OperationError,
    pool::{End, Store, cipher::StoreKey},
    relay::RelayKey,
};

/// Looks at certificates, keys, stores and ports as a start would use them, and says of each what is
/// wrong with it. Nothing is made, written or repaired: what is missing and made at a start is no fault,
/// and what only a start shows (a store of another key, damage within) is not seen. Ports are taken for
/// a moment.
pub fn faults(config: &Config) -> Vec<String> {
    let mut faults = Faults::default();
    for kme in &config.kme {
        faults.kme(config, kme);
    }
    for link in &config.link {
        faults.link(config, link);
    }
    if let Some(operation) = &config.operation {
        let address = operation.listen;
        if address.ip().is_loopback() {
            faults.port("operation", address);
        } else {
            faults.note("operation", OperationError::NotLoopback(address));
        }
    }
    faults.found
}

#[derive(Default)]
struct Faults {
    found: Vec<String>,
    /// Held until the end, so that a port that is configured twice is seen.
    ports: Vec<TcpListener>,
}

impl Faults {
    fn note(&mut self, place: &str, what: impl std::fmt::Display) {
        self.found.push(format!("{place}: {what}"));
    }

    fn port(&mut self, place: &str, address: SocketAddr) {
        match TcpListener::bind(address) {
            Ok(listener) => self.ports.push(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                let here = |port: &TcpListener| port.local_addr().is_ok_and(|own| own == address);
                let own = self.ports.iter().any(here);
                let by = if own { "another part of this file" } else { "a process that runs" };
                self.note(place, format!("{address} is in use by {by}"));
            }
            Err(error) => self.note(place, format!("cannot listen on {address}: {error}")),
        }
    }

    fn file(&mut self, place: &str, path: &Path, looked: io::Result<()>) {
        if let Err(error) = looked {
            self.note(place, format!("{}: {error}", path.display()));
        }
    }

    fn kme(&mut self, config: &Config, kme: &KmeConfig) {
        let name = kme.id.as_str();
        let place = format!("{name}, etsi014");
        if let Err(error) = kme.etsi014.tls() {
            self.note(&place, error);
        }
        self.port(&place, kme.etsi014.listen);
        if let Some(peers) = &kme.peers {
            let place = format!("{name}, peers");
            if let Err(error) = peers.tls() {
                self.note(&place, error);
            }
            self.port(&place, peers.listen);
        }
        if kme.store.exists() && !kme.store.is_dir() {
            return self.note(name, format!("{} is no folder", kme.store.display()));
        }
        let links = config.link.iter().filter_map(|link| link.end_of(&kme.id));
        let mut stores: Vec<String> = links.map(|(_, peer)| store_of(peer)).collect();
        stores.push("local.redb".to_owned());
        let mut keys = vec!["store.key", "record.key"];
        if config.route.iter().any(|route| route.path.contains(&kme.id)) {
            stores.push("relay.redb".to_owned());
            keys.extend(["relay-store.key", RelayKey::FILE]);
        }
        for key in keys {
            let path = kme.store.join(key);
            self.file(name, &path, StoreKey::read(&path).map(|_| ()));
        }
        for store in stores {
            let path = kme.store.join(store);
            self.file(name, &path, Store::look(&path));
        }
    }

    fn link(&mut self, config: &Config, link: &LinkConfig) {
        let place = format!("the link from {} to {}", link.alice, link.bob);
        if let Err(error) = secret(&link.first_key) {
            self.note(&place, format!("{error:#}"));
        }
        let listens = |kme: &KmeConfig| {
            link.end_of(&kme.id).is_some_and(|(end, peer)| end == End::Bob && !config.runs(peer))
        };
        if config.kme.iter().any(listens) {
            for address in [link.quantum, link.classical].into_iter().flatten() {
                self.port(&place, address);
            }
        }
    }
}
