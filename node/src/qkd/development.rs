//! The key services and agents of a development chain.
//!
//! Two key services, *west* and *east*, with a simulated link between them, and an agent at each: Dave's and
//! Eve's, which take part in the entropy beacon. On request there are further SAEs at both, `sae-west-1`, `sae-east-1` and so on, which nobody is
//! enrolled for, with an agent each that takes frames at a free port of the loopback interface; the seed of
//! its worker's key is the SAE's name with `//` before and `//worker` behind it. All certificates are made
//! at the start, by an authority in the node's folder.
//!
//! `qkd/services.json` of the chain's folder says where the key services tell how much key they made and
//! delivered, and with which token their operator changes something.

use super::{
    Agents, Error, PATIENCE_S, Resident, Told, file, loopback, make_folder, write_json,
    write_secret,
};
use qedex_agent::{Agent, AgentError, Settings};
use qkms::{
    client,
    config::Config,
    deployment::Deployment,
    kme::service::KmeId,
    operation::guard,
    pki::Authority,
    tls::{Peer, identity::escape},
};
use serde_json::json;
use std::{
    collections::BTreeMap,
    fmt::{self, Write},
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
};
use zeroize::Zeroizing;

/// The most further SAEs at each site: with Dave's and Eve's the chain's worker finds so many agents.
pub const MAX_SAES: u8 = 100;

/// For how many days the certificates hold.
const CERTIFICATE_DAYS: u32 = 30;

/// Bits of key that a pool holds at least: 512 keys, which are there within seconds.
const CAPACITY_BITS: u32 = 131_072;

/// Bits of key that a pool holds besides for each SAE: those of four sessions of the suite that takes four
/// keys of 256 bits.
const BITS_OF_SAE: u32 = 4 * 4 * 256;

/// The sites: each with the SAE of the chain's genesis, its worker's seed, and the port at which its agent
/// takes frames.
const SITES: [(&str, &str, &str, u16); 2] =
    [("west", "sae-dave", "//Dave//worker", 30_350), ("east", "sae-eve", "//Eve//worker", 30_351)];

/// An SAE.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sae {
    site: &'static str,
    name: String,
    /// The seed of its worker's key.
    worker: String,
    /// The port at which its agent takes frames; 0 is any free one.
    mail: u16,
    /// Whether its agent takes part in the entropy beacon.
    beacon: bool,
}

/// All SAEs, with so many further ones at each site.
fn saes(further: u8) -> Vec<Sae> {
    let mut all: Vec<Sae> = SITES
        .into_iter()
        .map(|(site, name, worker, mail)| Sae {
            site,
            name: name.to_owned(),
            worker: worker.to_owned(),
            mail,
            beacon: true,
        })
        .collect();
    for number in 1..=further {
        for (site, ..) in SITES {
            let name = format!("sae-{site}-{number}");
            all.push(Sae {
                site,
                worker: format!("//{name}//worker"),
                name,
                mail: 0,
                beacon: false,
            });
        }
    }
    all
}

impl Agents {
    /// The key services and agents of a development chain, with so many further SAEs at each service.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn development(folder: &Path, further: u8) -> Result<Self, Error> {
        make_folder(folder)?;
        forget_doors(folder)?;
        let pki = folder.join("certificates");
        // Those of an earlier start may have expired.
        if pki.exists() {
            fs::remove_dir_all(&pki).map_err(file(&pki))?;
        }
        make_folder(&pki)?;
        let saes = saes(further);
        certify(&pki, &saes)?;
        first_key(&folder.join("first.key"))?;
        let text = services(folder, &pki, &saes).map_err(not_started)?;
        let config = Config::parse(&text, &folder.join("services.toml")).map_err(not_started)?;
        let (mut ports, mut status) = (BTreeMap::new(), None);
        let started = Deployment::start(&config, |kme, what, address| match what {
            "etsi014" => {
                ports.insert(kme.to_owned(), address.port());
            }
            "operation" => status = Some(address),
            _ => {}
        });
        let services = started.await.map_err(|error| Error::Services(format!("{error:#}")))?;
        if let Some(status) = status {
            let path = folder.join(SITES[0].0).join(guard::FILE);
            let token = fs::read_to_string(&path).map_err(file(&path))?;
            let door = json!({ "status": format!("http://{status}"), "token": token.trim() });
            write_json(folder, "services", &door)?;
        }
        // Beside each other: to make a store waits for the disk.
        let mut binding = Vec::new();
        for sae in saes {
            let port = ports.get(sae.site).copied();
            let port = port.ok_or_else(|| not_started(format!("{} does not listen", sae.site)))?;
            binding.push(tokio::spawn(resident(folder.to_owned(), pki.clone(), sae, port)));
        }
        let mut residents = Vec::new();
        for resident in binding {
            residents.push(resident.await.map_err(not_started)??);
        }
        Ok(Self { residents, folder: folder.to_owned(), services: Some(services) })
    }
}

fn not_started(error: impl fmt::Display) -> Error {
    Error::Services(error.to_string())
}

/// Removes the doors of an earlier start: there may have been more SAEs then.
fn forget_doors(folder: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(file(folder))? {
        let path = entry.map_err(file(folder))?.path();
        if path.extension().is_some_and(|kind| kind == "json") {
            fs::remove_file(&path).map_err(file(&path))?;
        }
    }
    Ok(())
}

async fn resident(folder: PathBuf, pki: PathBuf, sae: Sae, port: u16) -> Result<Resident, Error> {
    let name = escape(&sae.name);
    let settings = |mail: Option<SocketAddr>| Settings {
        listen: loopback(0),
        token_file: folder.join(format!("{name}.token")),
        store: folder.join(&name),
        mail,
        beacon: sae.beacon,
        audits: None,
        sae: client::Settings {
            kme_url: format!("https://localhost:{port}"),
            certificate: pki.join(format!("sae-{name}.pem")),
            key: pki.join(format!("sae-{name}.key")),
            ca: pki.join("ca.pem"),
            timeout_s: PATIENCE_S,
        },
    };
    let agent = match Agent::bind(settings(Some(loopback(sae.mail)))).await {
        Err(error @ AgentError::Listen { .. }) => {
            // Another development node has the port: sessions open all the same, and carry nothing.
            log::warn!(target: "qkd", "{} takes no frames: {error}", sae.name);
            Agent::bind(settings(None)).await?
        }
        bound => bound?,
    };
    Ok(Resident { agent, told: Told { site: Some(sae.site), worker: Some(sae.worker) } })
}

/// Makes an authority, and certificates of both services and of all SAEs.
fn certify(folder: &Path, saes: &[Sae]) -> Result<(), Error> {
    let authority = Authority::create(folder, "Q-EnergyDEX development", CERTIFICATE_DAYS)?;
    for (site, ..) in SITES {
        let kme = KmeId::from_str(site).map_err(not_started)?;
        authority.issue(&Peer::Kme(kme), &["localhost".into()], CERTIFICATE_DAYS)?;
    }
    for Sae { name, .. } in saes {
        let sae = name.parse().map_err(|error| not_started(format!("{name}: {error}")))?;
        authority.issue(&Peer::Sae(sae), &[], CERTIFICATE_DAYS)?;
    }
    Ok(())
}

/// The key with which both ends of the link authenticate their first blocks, 64 KiB at random.
fn first_key(path: &Path) -> Result<(), Error> {
    if path.exists() {
        return Ok(());
    }
    let mut bytes = Zeroizing::new(vec![0; 65_536]);
    getrandom::fill(&mut bytes).map_err(not_started)?;
    write_secret(path, &bytes)
}

/// The configuration of both services: a link of 10 km with pools that fill within seconds and then rest.
fn services(folder: &Path, pki: &Path, saes: &[Sae]) -> Result<String, fmt::Error> {
    let (folder, pki) = (folder.display(), pki.display());
    let mut text = String::new();
    for (site, ..) in SITES {
        let of_site = saes.iter().filter(|sae| sae.site == site);
        let names: Vec<&str> = of_site.map(|sae| sae.name.as_str()).collect();
        write!(
            text,
            "[[kme]]\nid = \"{site}\"\nstore = \"{folder}/{site}\"\nsaes = {names:?}\n\
             [kme.etsi014]\nlisten = \"127.0.0.1:0\"\ncertificate = \"{pki}/kme-{site}.pem\"\n\
             key = \"{pki}/kme-{site}.key\"\nclient_ca = \"{pki}/ca.pem\"\n\
             revocation_list = \"{pki}/ca.crl\"\n\n"
        )?;
    }
    let of_site = u32::try_from(saes.len().div_euclid(SITES.len())).unwrap_or(u32::MAX);
    let capacity = CAPACITY_BITS.saturating_add(BITS_OF_SAE.saturating_mul(of_site));
    write!(
        text,
        "[operation]\nlisten = \"127.0.0.1:0\"\n\n[[link]]\nalice = \"west\"\nbob = \"east\"\n\
         preset = \"snspd\"\nkm = 10\nsifted_bits = 1000000\ncapacity_bits = {capacity}\n\
         first_key = \"{folder}/first.key\"\n"
    )?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn as_many_further_saes_are_at_each_site_as_are_asked_for() {
        for further in [0, 1, MAX_SAES] {
            let saes = saes(further);
            let names: BTreeSet<_> = saes.iter().map(|sae| &sae.name).collect();
            let workers: BTreeSet<_> = saes.iter().map(|sae| &sae.worker).collect();
            assert_eq!((names.len(), workers.len()), (saes.len(), saes.len()));
            for (site, ..) in SITES {
                let of_site = saes.iter().filter(|sae| sae.site == site).count();
                assert_eq!(of_site, usize::from(further) + 1);
            }
        }
    }

    #[test]
    fn the_services_take_their_configuration_and_hold_four_sessions_of_each_sae() {
        let saes = saes(MAX_SAES);
        let text = services(Path::new("/qkd"), Path::new("/qkd/pki"), &saes).unwrap();
        let config = Config::parse(&text, Path::new("services.toml")).unwrap();
        assert_eq!(config.kme.iter().map(|kme| kme.saes.len()).collect::<Vec<_>>(), [101, 101]);
        assert!(config.operation.is_some());
        let [link] = &config.link[..] else { panic!("one link") };
        let keys = link.capacity_bits / 256;
        assert!(keys >= u64::from(MAX_SAES) * 4 * 4, "{keys}");
    }

    #[test]
    fn doors_of_an_earlier_start_are_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str| fs::write(folder.path().join(name), "{}").unwrap();
        for name in ["sae-west-9.json", "services.json", "first.key", "sae-west-9.token"] {
            put(name);
        }
        forget_doors(folder.path()).unwrap();
        let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let names: BTreeSet<_> = names.collect();
        assert_eq!(names, BTreeSet::from(["first.key".into(), "sae-west-9.token".into()]));
    }
}
