//! Agents of SAEs inside the node, and on a development chain the key services they draw from.
//!
//! An agent listens on the loopback interface and takes frames of other agents at a port of its own. The
//! node tells the chain's off-chain worker where its agents are, in its off-chain storage: the port and a
//! token that is drawn anew at each start. It tells the user the same, in the file `qkd/SAE.json` of the
//! chain's folder, of mode 0600. With the token one can open sessions as the agent's SAE and read what is
//! said in them, but get no key.
//!
//! A development chain has two key services, *west* and *east*, with a simulated link between them, and an
//! agent at each: Dave's and Eve's. Their certificates are made at the start, in the node's folder.

use codec::Encode;
use qedex_agent::{Agent, AgentError, Meter, Settings};
use qedex_primitives::{
    agent::{AGENTS_KEY, AgentDoor},
    qkd::{SaeId, WORKER_KEYS},
};
use qkms::{
    client,
    config::Config,
    deployment::Deployment,
    kme::service::KmeId,
    pki::{Authority, PkiError},
    tls::{Peer, identity::escape},
};
use sc_service::SpawnTaskHandle;
use sp_core::offchain::{OffchainStorage, STORAGE_PREFIX};
use sp_keystore::Keystore;
use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    net::SocketAddr,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    str::FromStr,
};
use zeroize::Zeroizing;

/// The sites of a development chain: each with its SAE, the seed of the worker's key, which everybody knows,
/// and the port at which the agent takes frames, as the chain's genesis says.
const DEVELOPMENT: [(&str, &str, &str, u16); 2] =
    [("west", "sae-dave", "//Dave//worker", 30_350), ("east", "sae-eve", "//Eve//worker", 30_351)];

/// For how many days the certificates of a development chain hold.
const CERTIFICATE_DAYS: u32 = 30;

/// How long a key service may take to answer, in seconds.
const PATIENCE_S: u64 = 30;

/// Why there are no agents.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be made.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A certificate cannot be made.
    #[error(transparent)]
    Pki(#[from] PkiError),
    /// The key services do not start.
    #[error("the key services do not start: {0}")]
    Services(String),
    /// An agent does not start.
    #[error("the agent does not start: {0}")]
    Agent(#[from] AgentError),
}

/// What the command line says of the agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Where its key service is.
    pub kme_url: String,
    /// Its certificate chain.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The authorities of key services.
    pub ca: PathBuf,
    /// Where it takes frames.
    pub mail: Option<SocketAddr>,
}

/// Agents that listen, and the key services that they draw from, if the node runs these.
pub struct Agents {
    agents: Vec<Agent>,
    /// Where users find the agents' doors.
    folder: PathBuf,
    services: Option<Deployment>,
    /// The seeds of workers' keys that everybody knows.
    seeds: Vec<&'static str>,
}

fn file(path: &Path) -> impl FnOnce(io::Error) -> Error + '_ {
    |source| Error::File { path: path.to_owned(), source }
}

fn make_folder(path: &Path) -> Result<(), Error> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(file(path))
}

fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut options = fs::OpenOptions::new();
    let new = options.write(true).create_new(true).mode(0o600).open(path);
    new.and_then(|mut new| new.write_all(bytes)).map_err(file(path))
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

impl Agents {
    /// The agent of an SAE whose key service is elsewhere.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn of(service: Service, folder: &Path) -> Result<Self, Error> {
        make_folder(folder)?;
        let Service { kme_url, certificate, key, ca, mail } = service;
        let sae = client::Settings { kme_url, certificate, key, ca, timeout_s: PATIENCE_S };
        let (token_file, store) = (folder.join("agent.token"), folder.join("agent"));
        let agent = Agent::bind(Settings { listen: loopback(0), token_file, store, mail, sae });
        let agents = vec![agent.await?];
        Ok(Self { agents, folder: folder.to_owned(), services: None, seeds: Vec::new() })
    }

    /// The key services and agents of a development chain.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn development(folder: &Path) -> Result<Self, Error> {
        make_folder(folder)?;
        let pki = folder.join("certificates");
        // Those of an earlier start may have expired.
        if pki.exists() {
            fs::remove_dir_all(&pki).map_err(file(&pki))?;
        }
        make_folder(&pki)?;
        certify(&pki)?;
        first_key(&folder.join("first.key"))?;
        let config = Config::parse(&services(folder, &pki), &folder.join("services.toml"))
            .map_err(|error| Error::Services(error.to_string()))?;
        let mut ports = BTreeMap::new();
        let started = Deployment::start(&config, |kme, what, address| {
            if what == "etsi014" {
                ports.insert(kme.to_owned(), address.port());
            }
        });
        let services = started.await.map_err(|error| Error::Services(format!("{error:#}")))?;
        let mut agents = Vec::new();
        for (site, sae, _, mail) in DEVELOPMENT {
            let port = ports.get(site).copied();
            let port = port.ok_or_else(|| Error::Services(format!("{site} does not listen")))?;
            agents.push(development_agent(folder, &pki, sae, port, mail).await?);
        }
        let seeds = DEVELOPMENT.map(|(_, _, seed, _)| seed).to_vec();
        Ok(Self { agents, folder: folder.to_owned(), services: Some(services), seeds })
    }

    /// Where their numbers are read.
    pub fn meters(&self) -> Vec<Meter> {
        self.agents.iter().map(Agent::meter).collect()
    }

    /// Lets them serve, and tells the worker and the user where they are.
    pub fn serve(
        self,
        spawner: &SpawnTaskHandle,
        keystore: &dyn Keystore,
        storage: Option<impl OffchainStorage>,
    ) {
        for seed in self.seeds {
            if let Err(error) = keystore.sr25519_generate_new(WORKER_KEYS, Some(seed)) {
                log::warn!(target: "qkd", "no worker's key for {seed}: {error}");
            }
        }
        let doors: Vec<AgentDoor> = self.agents.iter().filter_map(door).collect();
        match storage {
            Some(mut storage) => storage.set(STORAGE_PREFIX, AGENTS_KEY, &doors.encode()),
            None => log::warn!(target: "qkd", "without off-chain storage no worker finds an agent"),
        }
        for agent in self.agents {
            if let Err(error) = write_door(&self.folder, &agent) {
                log::warn!(target: "qkd", "users do not find the agent: {error}");
            }
            let mail = agent.mail_addr().map(|mail| format!(", and takes frames at {mail}"));
            log::info!(
                target: "qkd",
                "the agent of {} listens on {}{}",
                agent.sae(),
                agent.local_addr(),
                mail.unwrap_or_default(),
            );
            spawner.spawn("qkd-agent", Some("qkd"), agent.run(std::future::pending()));
        }
        if let Some(services) = self.services {
            // They serve as long as they are held.
            spawner.spawn("qkd-key-services", Some("qkd"), async move {
                let _services = services;
                std::future::pending::<()>().await;
            });
        }
    }
}

fn door(agent: &Agent) -> Option<AgentDoor> {
    let sae = SaeId::try_from(agent.sae().as_str().as_bytes().to_vec());
    if sae.is_err() {
        log::warn!(target: "qkd", "the chain takes no identity as long as that of {}", agent.sae());
    }
    let token = agent.token().as_bytes().to_vec();
    Some(AgentDoor { sae: sae.ok()?, port: agent.local_addr().port(), token })
}

/// Writes where the agent is and what opens it into the file `SAE.json`, in one step.
fn write_door(folder: &Path, agent: &Agent) -> Result<(), Error> {
    let sae = agent.sae().as_str();
    let path = folder.join(format!("{}.json", escape(sae)));
    let draft = path.with_extension("new");
    if draft.exists() {
        fs::remove_file(&draft).map_err(file(&draft))?;
    }
    let url = format!("http://{}", agent.local_addr());
    let door = serde_json::json!({ "sae": sae, "url": url, "token": *agent.token() });
    write_secret(&draft, Zeroizing::new(door.to_string()).as_bytes())?;
    fs::rename(&draft, &path).map_err(file(&path))
}

async fn development_agent(
    folder: &Path,
    pki: &Path,
    sae: &str,
    port: u16,
    mail: u16,
) -> Result<Agent, Error> {
    let settings = |mail| Settings {
        listen: loopback(0),
        token_file: folder.join(format!("{sae}.token")),
        store: folder.join(sae),
        mail,
        sae: client::Settings {
            kme_url: format!("https://localhost:{port}"),
            certificate: pki.join(format!("sae-{sae}.pem")),
            key: pki.join(format!("sae-{sae}.key")),
            ca: pki.join("ca.pem"),
            timeout_s: PATIENCE_S,
        },
    };
    match Agent::bind(settings(Some(loopback(mail)))).await {
        Ok(agent) => Ok(agent),
        Err(error) => {
            // Another development node has the port: sessions open all the same, and carry nothing.
            log::warn!(target: "qkd", "{sae} takes no frames: {error}");
            Ok(Agent::bind(settings(None)).await?)
        }
    }
}

/// Makes an authority, and certificates of both services and both SAEs.
fn certify(folder: &Path) -> Result<(), Error> {
    let authority = Authority::create(folder, "Q-EnergyDEX development", CERTIFICATE_DAYS)?;
    for (site, sae, ..) in DEVELOPMENT {
        let kme = KmeId::from_str(site).map_err(|error| Error::Services(error.to_string()))?;
        authority.issue(&Peer::Kme(kme), &["localhost".into()], CERTIFICATE_DAYS)?;
        let sae = sae.parse().map_err(|error| Error::Services(format!("{sae}: {error}")))?;
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
    getrandom::fill(&mut bytes).map_err(|error| Error::Services(error.to_string()))?;
    write_secret(path, &bytes)
}

/// The configuration of both services: a link of 10 km, with pools of 512 keys a direction, which fill
/// within seconds and then rest.
fn services(folder: &Path, pki: &Path) -> String {
    let (folder, pki) = (folder.display(), pki.display());
    let mut text = String::new();
    for (site, sae, ..) in DEVELOPMENT {
        text.push_str(&format!(
            "[[kme]]\nid = \"{site}\"\nstore = \"{folder}/{site}\"\nsaes = [\"{sae}\"]\n\
             [kme.etsi014]\nlisten = \"127.0.0.1:0\"\ncertificate = \"{pki}/kme-{site}.pem\"\n\
             key = \"{pki}/kme-{site}.key\"\nclient_ca = \"{pki}/ca.pem\"\n\
             revocation_list = \"{pki}/ca.crl\"\n\n"
        ));
    }
    text.push_str(&format!(
        "[[link]]\nalice = \"west\"\nbob = \"east\"\npreset = \"snspd\"\nkm = 10\n\
         sifted_bits = 1000000\ncapacity_bits = 131072\nfirst_key = \"{folder}/first.key\"\n"
    ));
    text
}
