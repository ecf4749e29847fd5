//! Two key services, each a process of its own with an audited link between them, and who draws keys there.

use crate::binary::{self, Process, lasting_port};
use qkms::{pki::Authority, tls::Peer};
use sp_keyring::Sr25519Keyring::{self, Charlie, Dave, Eve, Ferdie};
use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The sites, as the chain calls them. Photons go from the first one to the second.
pub const SITES: [&str; 2] = ["west", "east"];

/// Who draws keys, and at which site, in the order of the nodes that have their agents: two owners at each end,
/// as many as the market asks for where keys bind it.
pub const SAES: [(Sr25519Keyring, usize); 4] = [(Dave, 0), (Eve, 1), (Charlie, 0), (Ferdie, 1)];

/// The first two are on record in the preset.
pub const IN_PRESET: usize = 2;

/// For how many days certificates hold.
const CERTIFICATE_DAYS: u32 = 30;

/// How the link is: blocks are as small as the preset has an operating point for, and the light is so slow that
/// 64 of them, an audit epoch, take most of the 24 seconds in which the chain audits one. The pools have room for
/// what is made in an hour: a full one would have no more blocks.
const LINK: &str = "preset = \"snspd\"\nkm = 10\nsifted_bits = 100000\npulse_rate = 1e7\n\
                    capacity_bits = 1073741824\ncontrol = { enabled = false }\naudits = true\n\
                    first_key = \"first.key\"\n";

/// As what `who` draws keys.
#[must_use]
pub fn sae(who: Sr25519Keyring) -> String {
    format!("sae-{}", who.to_seed().trim_start_matches('/').to_lowercase())
}

/// Both services. They end with this.
pub struct Services {
    folder: PathBuf,
    /// Where SAEs draw keys, at each site.
    doors: [SocketAddr; 2],
    /// The pages for operators.
    pages: [SocketAddr; 2],
    _processes: [Process; 2],
}

fn certify(folder: &Path) {
    let authority = Authority::create(folder, "benchmark", CERTIFICATE_DAYS).expect("an authority");
    let hosts = ["localhost".to_owned()];
    for site in SITES {
        let kme = Peer::Kme(site.parse().expect("an identity"));
        authority.issue(&kme, &hosts, CERTIFICATE_DAYS).expect("a certificate");
    }
    for (who, _) in SAES {
        let sae = Peer::Sae(sae(who).parse().expect("an identity"));
        authority.issue(&sae, &[], CERTIFICATE_DAYS).expect("a certificate");
    }
}

/// With what both ends authenticate their first blocks.
fn first_key(folder: &Path) {
    let mut bytes = Vec::new();
    for _ in 0..2_048 {
        bytes.extend(rand::random::<[u8; 32]>());
    }
    let path = folder.join("first.key");
    let file = File::options().write(true).create_new(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(&bytes)).expect("a writable folder");
}

/// The SAEs of a site, as a list in TOML.
fn saes_of(site: usize) -> String {
    let here = SAES.iter().filter(|(_, at)| *at == site);
    format!("{:?}", here.map(|(who, _)| sae(*who)).collect::<Vec<_>>())
}

fn configuration(site: usize, peers: [u16; 2], [quantum, classical]: [u16; 2]) -> String {
    let (other, kme) = (1 - site, SITES[site]);
    let certified = format!("certificate = \"kme-{kme}.pem\"\nkey = \"kme-{kme}.key\"\n");
    let [alice, bob] = SITES;
    format!(
        "[[kme]]\nid = \"{kme}\"\nstore = \"store-{kme}\"\nsaes = {}\n\
         [kme.etsi014]\nlisten = \"127.0.0.1:0\"\n{certified}client_ca = \"ca.pem\"\n\
         [kme.peers]\nlisten = \"127.0.0.1:{}\"\n{certified}ca = \"ca.pem\"\n\
         [[remote]]\nid = \"{}\"\naddress = \"localhost:{}\"\nsaes = {}\n\
         [[link]]\nalice = \"{alice}\"\nbob = \"{bob}\"\n{LINK}\
         quantum = \"127.0.0.1:{quantum}\"\nclassical = \"127.0.0.1:{classical}\"\n\
         [operation]\nlisten = \"127.0.0.1:0\"\n",
        saes_of(site),
        peers[site],
        SITES[other],
        peers[other],
        saes_of(other),
    )
}

/// A service, the door for its SAEs and its page for operators, as it tells them.
fn serve(folder: &Path, configuration: &str) -> (Process, SocketAddr, SocketAddr) {
    let log = File::create(folder.join(configuration).with_extension("log"));
    let process = Command::new(binary::program("qkms"))
        .args(["serve", "--config", configuration])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log.expect("a writable folder"))
        .spawn();
    let mut process = Process(process.expect("the key service starts"));
    let said = process.0.stdout.take().expect("it is piped");
    let (mut door, mut page) = (None, None);
    for line in BufReader::new(said).lines() {
        let line = line.expect("a text");
        let address = line.rsplit(' ').next().and_then(|address| address.parse().ok());
        if line.contains(" etsi014 ") {
            door = address;
        } else if line.contains(" operation ") {
            page = address;
        }
        if let (Some(door), Some(page)) = (door, page) {
            return (process, door, page);
        }
    }
    let log = fs::read_to_string(folder.join(configuration).with_extension("log"));
    panic!("the key service of {configuration} does not listen: {}", log.unwrap_or_default());
}

impl Services {
    /// Starts both in a folder.
    pub fn start(folder: &Path) -> Self {
        certify(folder);
        first_key(folder);
        let (peers, between) = ([lasting_port(), lasting_port()], [lasting_port(), lasting_port()]);
        let [west, east] = [0, 1].map(|site| {
            let name = format!("{}.toml", SITES[site]);
            let text = configuration(site, peers, between);
            fs::write(folder.join(&name), text).expect("a writable folder");
            serve(folder, &name)
        });
        let services = Self {
            folder: folder.to_owned(),
            doors: [west.1, east.1],
            pages: [west.2, east.2],
            _processes: [west.0, east.0],
        };
        for site in [0, 1] {
            let audits = services.audits(site);
            fs::write(services.audits_file(site), audits).expect("a writable folder");
        }
        services
    }

    fn audits_file(&self, site: usize) -> PathBuf {
        self.folder.join(format!("audits-{}.toml", SITES[site]))
    }

    /// What an agent at a site audits: the one link of the chain. Files and challenges are the first site's.
    fn audits(&self, site: usize) -> String {
        let (kme, peer, own) = (SITES[site], SITES[1 - site], self.pages[site]);
        let (token, files) = if site == 0 {
            let token = self.folder.join(format!("store-{kme}/operation.token"));
            (format!("token_file = {token:?}\n"), String::new())
        } else {
            (String::new(), format!("files = \"{}\"\n", self.pages[0]))
        };
        format!(
            "page = \"{own}\"\n{token}[[link]]\nlink = 0\nkme = \"{kme}\"\npeer = \"{peer}\"\n{files}"
        )
    }

    /// The arguments of a node that has the agent of `who`, with everything on.
    #[must_use]
    pub fn arguments(&self, (who, site): (Sr25519Keyring, usize)) -> Vec<String> {
        let file = |name: String| -> String {
            self.folder.join(name).to_str().expect("a readable path").to_owned()
        };
        let sae = sae(who);
        let given = [
            ("--qkd-kme-url", format!("https://localhost:{}", self.doors[site].port())),
            ("--qkd-cert", file(format!("sae-{sae}.pem"))),
            ("--qkd-key", file(format!("sae-{sae}.key"))),
            ("--qkd-ca", file("ca.pem".to_owned())),
            ("--qkd-audits", file(format!("audits-{}.toml", SITES[site]))),
        ];
        let given = given.into_iter().flat_map(|(flag, value)| [flag.to_owned(), value]);
        given.chain(["--qkd-beacon".to_owned()]).collect()
    }
}
