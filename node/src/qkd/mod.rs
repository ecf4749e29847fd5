//! Agents of SAEs inside the node, and on a development chain the key services they draw from.
//!
//! An agent listens on the loopback interface and takes frames of other agents at a port of its own. The
//! node tells the chain's off-chain worker where its agents are, in its off-chain storage: the port and a
//! token. It tells the user the port and another token, in the file `qkd/SAE.json` of the chain's folder, of
//! mode 0600. Both are drawn anew at each start. With the user's one can open sessions as the agent's SAE and
//! read what is said in them; with the worker's, which whoever may read the node's database or ask it over
//! unsafe RPC finds, one can tell the agent false news. Neither gets a key.
//!
//! [`development`]: the key services and agents of a development chain.

mod development;

pub use development::MAX_SAES;

use codec::Encode;
use qedex_agent::{Agent, AgentError, Meter, Settings, audits};
use qedex_primitives::{
    agent::{AGENTS_KEY, AgentDoor},
    qkd::{SaeId, WORKER_KEYS},
};
use qkms::{client, deployment::Deployment, pki::PkiError, tls::identity::escape};
use sc_service::SpawnTaskHandle;
use serde_json::{Value, json};
use sp_core::{
    H256,
    offchain::{OffchainStorage, STORAGE_PREFIX},
    sr25519,
};
use sp_keystore::Keystore;
use std::{
    fs,
    io::{self, Write},
    net::SocketAddr,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// How long a key service may take to answer, in seconds.
const PATIENCE_S: u64 = 30;

/// The most agents of which each is named in the log at the start.
const SHOWN: usize = 4;

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
    /// Whether it takes part in the entropy beacon.
    pub beacon: bool,
    /// Which links it audits: a file.
    pub audits: Option<PathBuf>,
}

/// An agent that listens.
struct Resident {
    agent: Agent,
    /// What else its users are told.
    told: Told,
}

/// What is known of an agent of a development chain.
#[derive(Default)]
struct Told {
    /// The site of its key service, by its name on the chain.
    site: Option<&'static str>,
    /// The seed of its worker's key, which everybody knows.
    worker: Option<String>,
}

/// Agents that listen, and the key services that they draw from, if the node runs these.
pub struct Agents {
    residents: Vec<Resident>,
    /// Where users find the agents' doors.
    folder: PathBuf,
    services: Option<Deployment>,
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
        let Service { kme_url, certificate, key, ca, mail, beacon, audits } = service;
        let audits = audits.as_deref().map(audits::Settings::from_file).transpose();
        let audits = audits.map_err(AgentError::from)?;
        let sae = client::Settings { kme_url, certificate, key, ca, timeout_s: PATIENCE_S };
        let (token_file, store) = (folder.join("agent.token"), folder.join("agent"));
        let listen = loopback(0);
        let agent = Agent::bind(Settings { listen, token_file, store, mail, beacon, audits, sae });
        let residents = vec![Resident { agent: agent.await?, told: Told::default() }];
        Ok(Self { residents, folder: folder.to_owned(), services: None })
    }

    /// Where their numbers are read.
    pub fn meters(&self) -> Vec<Meter> {
        self.residents.iter().map(|resident| resident.agent.meter()).collect()
    }

    /// Lets them serve, and tells the worker and the user where they are.
    pub fn serve(
        self,
        spawner: &SpawnTaskHandle,
        keystore: &dyn Keystore,
        storage: Option<impl OffchainStorage>,
    ) {
        let doors: Vec<AgentDoor> =
            self.residents.iter().filter_map(|resident| door(&resident.agent)).collect();
        match storage {
            Some(mut storage) => storage.set(STORAGE_PREFIX, AGENTS_KEY, &doors.encode()),
            None => log::warn!(target: "qkd", "without off-chain storage no worker finds an agent"),
        }
        // Of many each is not worth a line.
        let level = if self.residents.len() > SHOWN { log::Level::Debug } else { log::Level::Info };
        log::info!(target: "qkd", "{} agents", self.residents.len());
        for Resident { agent, told } in self.residents {
            let worker = told.worker.as_deref().and_then(|seed| worker_key(keystore, seed));
            if let Err(error) = write_door(&self.folder, &agent, told.site, worker) {
                log::warn!(target: "qkd", "users do not find the agent: {error}");
            }
            let mail = agent.mail_addr().map(|mail| format!(", and takes frames at {mail}"));
            log::log!(
                target: "qkd",
                level,
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

/// Lets the worker find no agent: those of an earlier start are gone, and somebody else may have their ports.
pub fn clear_doors(storage: Option<impl OffchainStorage>) {
    if let Some(mut storage) = storage {
        storage.remove(STORAGE_PREFIX, AGENTS_KEY);
    }
}

fn door(agent: &Agent) -> Option<AgentDoor> {
    let sae = SaeId::try_from(agent.sae().as_str().as_bytes().to_vec());
    if sae.is_err() {
        log::warn!(target: "qkd", "the chain takes no identity as long as that of {}", agent.sae());
    }
    let token = agent.worker_token().as_bytes().to_vec();
    Some(AgentDoor { sae: sae.ok()?, port: agent.local_addr().port(), token })
}

/// Puts the worker's key of this seed into the keystore, and says its public half.
fn worker_key(keystore: &dyn Keystore, seed: &str) -> Option<sr25519::Public> {
    match keystore.sr25519_generate_new(WORKER_KEYS, Some(seed)) {
        Ok(public) => Some(public),
        Err(error) => {
            log::warn!(target: "qkd", "no worker's key for {seed}: {error}");
            None
        }
    }
}

/// Writes where the agent is and what opens it into the file `SAE.json`, and what else its users need to
/// put it on the chain: where it takes frames, at which site its key service is, with which key the node's
/// worker signs.
fn write_door(
    folder: &Path,
    agent: &Agent,
    site: Option<&str>,
    worker: Option<sr25519::Public>,
) -> Result<(), Error> {
    let sae = agent.sae().as_str();
    let mut door = json!({
        "sae": sae,
        "url": format!("http://{}", agent.local_addr()),
        "token": *agent.token(),
    });
    // An agent that takes frames at all addresses of the machine does not know which of them leads here.
    if let Some(address) = agent.mail_addr().filter(|address| !address.ip().is_unspecified()) {
        door["mail"] = multiaddress(address).into();
    }
    if let Some(site) = site {
        door["site"] = site.into();
    }
    if let Some(worker) = worker {
        door["worker"] = format!("{:?}", H256(worker.0)).into();
    }
    write_json(folder, &escape(sae), &door)
}

/// As agents read it on the chain.
fn multiaddress(address: SocketAddr) -> String {
    let family = if address.is_ipv4() { "ip4" } else { "ip6" };
    format!("/{family}/{}/tcp/{}", address.ip(), address.port())
}

/// Writes the file `NAME.json`, of mode 0600, in one step.
fn write_json(folder: &Path, name: &str, what: &Value) -> Result<(), Error> {
    let path = folder.join(format!("{name}.json"));
    let draft = path.with_extension("new");
    if draft.exists() {
        fs::remove_file(&draft).map_err(file(&draft))?;
    }
    write_secret(&draft, Zeroizing::new(what.to_string()).as_bytes())?;
    fs::rename(&draft, &path).map_err(file(&path))
}
