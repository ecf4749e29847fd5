//! The command line: what `qedex-node` understands.

use crate::{
    qkd::{MAX_SAES, Service},
    service::KEPT_UNFINAL,
};
use std::{net::SocketAddr, path::PathBuf};

/// The whole command line. Without a subcommand the node runs.
#[derive(Debug, clap::Parser)]
pub struct Cli {
    /// What to do instead of running the node.
    #[command(subcommand)]
    pub subcommand: Option<Subcommand>,

    /// How the node runs.
    #[clap(flatten)]
    pub run: sc_cli::RunCmd,

    /// Does not publish where this validator is, nor look up the others: for validators who reach each
    /// other by addresses of their own alone. Asking the network's directory opens connections to
    /// whoever keeps a part of it.
    #[arg(long)]
    pub no_authority_discovery: bool,

    /// Of so many blocks that are not final the state is kept: a branch that begins further below the best
    /// block cannot be taken. More take more memory while finality stands still
    #[arg(long, value_name = "BLOCKS", default_value_t = KEPT_UNFINAL)]
    #[arg(value_parser = clap::value_parser!(u32).range(16..=131_072))]
    pub keep_unfinal: u32,

    /// With what this node opens sessions under keys of a key service.
    #[clap(flatten)]
    pub qkd: Qkd,
}

/// An SAE that this node speaks for.
#[derive(Debug, clap::Args)]
#[group(id = "qkd")]
pub struct Qkd {
    /// The key service of this node's SAE, behind ETSI GS QKD 014: `https://HOST:PORT`
    #[arg(long, value_name = "URL", requires_all = ["qkd_cert", "qkd_key", "qkd_ca"])]
    pub qkd_kme_url: Option<String>,

    /// The SAE's certificate chain, PEM
    #[arg(long, value_name = "FILE", requires = "qkd_kme_url")]
    pub qkd_cert: Option<PathBuf>,

    /// Its private key, PEM
    #[arg(long, value_name = "FILE", requires = "qkd_kme_url")]
    pub qkd_key: Option<PathBuf>,

    /// The authorities of key services, PEM
    #[arg(long, value_name = "FILE", requires = "qkd_kme_url")]
    pub qkd_ca: Option<PathBuf>,

    /// Where frames and letters of other agents are taken; the address that the account registers leads here
    #[arg(long, value_name = "ADDRESS:PORT", requires = "qkd_kme_url")]
    pub qkd_mail: Option<SocketAddr>,

    /// Takes part in the entropy beacon: the SAE's owner loses standing if this node is not there to reveal what
    /// it has committed to
    #[arg(long, requires = "qkd_kme_url")]
    pub qkd_beacon: bool,

    /// Audits links: a file in TOML that says which, and where the key service's page for operators is
    #[arg(long, value_name = "FILE", requires = "qkd_kme_url")]
    pub qkd_audits: Option<PathBuf>,

    /// Runs no key services and agents with `--dev`
    #[arg(long, conflicts_with = "qkd_kme_url")]
    pub no_qkd: bool,

    /// With `--dev`: so many SAEs more at each of both key services, for nobody yet, with an agent each,
    /// at most 100
    #[arg(long, value_name = "NUMBER", default_value_t = 0, requires = "dev")]
    #[arg(value_parser = clap::value_parser!(u8).range(0..=i64::from(MAX_SAES)))]
    #[arg(conflicts_with_all = ["no_qkd", "qkd_kme_url"])]
    pub qkd_saes: u8,
}

impl Qkd {
    /// The SAE's service, if one is named.
    pub fn service(&self) -> Option<Service> {
        Some(Service {
            kme_url: self.qkd_kme_url.clone()?,
            certificate: self.qkd_cert.clone()?,
            key: self.qkd_key.clone()?,
            ca: self.qkd_ca.clone()?,
            mail: self.qkd_mail,
            beacon: self.qkd_beacon,
            audits: self.qkd_audits.clone(),
        })
    }
}

/// What the binary does besides running the node.
#[derive(Debug, clap::Subcommand)]
#[allow(clippy::large_enum_variant)]
pub enum Subcommand {
    /// Key management: generate, inspect and insert keys.
    #[command(subcommand)]
    Key(sc_cli::KeySubcommand),

    /// Write the chain spec to standard output, with this node as boot node (as Zombienet asks for
    /// it; otherwise prefer `export-chain-spec`).
    BuildSpec(sc_cli::BuildSpecCmd),

    /// Write the chain spec to a file or to standard output.
    ExportChainSpec(sc_cli::ExportChainSpecCmd),

    /// Execute a block of the database again and check that it is valid.
    CheckBlock(sc_cli::CheckBlockCmd),

    /// Write blocks of the database to a file.
    ExportBlocks(sc_cli::ExportBlocksCmd),

    /// Write the state at a block into a chain spec.
    ExportState(sc_cli::ExportStateCmd),

    /// Read blocks from a file into the database.
    ImportBlocks(sc_cli::ImportBlocksCmd),

    /// Remove the whole chain from the disk.
    PurgeChain(sc_cli::PurgeChainCmd),

    /// Take back the newest blocks that are not finalised.
    Revert(sc_cli::RevertCmd),

    /// Print the best, the finalised and the genesis block of the database as JSON.
    ChainInfo(sc_cli::ChainInfoCmd),
}
