//! The options of `qedex meter` and `qedex reading`.

use super::super::membership::parse_account;
use crate::{
    args::Node,
    chain::{H256, metering::Scheme},
    market::Account,
};
use clap::Args;

/// Who signs.
#[derive(Debug, Args)]
pub struct Signer {
    /// Which node.
    #[command(flatten)]
    pub(super) node: Node,
    /// The secret URI of the account.
    #[arg(long, env = "QEDEX_SURI", hide_env_values = true)]
    pub(super) suri: String,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// A meter's public key.
#[derive(Debug, Args)]
pub struct PublicKey {
    /// The meter's public key: 32 bytes in hexadecimal.
    #[arg(long, value_name = "HEX", value_parser = parse_key)]
    pub(super) key: H256,
    /// The scheme of its signatures.
    #[arg(long, value_enum, default_value = "sr25519")]
    pub(super) scheme: Scheme,
}

/// Options of `meter register`.
#[derive(Debug, Args)]
pub struct Register {
    /// Whose energy it measures.
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
    pub(super) owner: Account,
    /// Its key.
    #[command(flatten)]
    pub(super) key: PublicKey,
    /// The most that it may read in one slot and direction, in Wh.
    #[arg(long, value_name = "WH")]
    pub(super) capacity: u64,
    /// Who signs.
    #[command(flatten)]
    pub(super) by: Signer,
}

/// Options of `meter rotate`.
#[derive(Debug, Args)]
pub struct Rotate {
    /// The meter's number.
    #[arg(long)]
    pub(super) meter: u32,
    /// Its new key.
    #[command(flatten)]
    pub(super) key: PublicKey,
    /// Who signs.
    #[command(flatten)]
    pub(super) by: Signer,
}

/// Options of `meter transfer`.
#[derive(Debug, Args)]
pub struct Transfer {
    /// The meter's number.
    #[arg(long)]
    pub(super) meter: u32,
    /// Its new owner.
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
    pub(super) owner: Account,
    /// Who signs.
    #[command(flatten)]
    pub(super) by: Signer,
}

/// Options of `meter decommission`.
#[derive(Debug, Args)]
pub struct Decommission {
    /// The meter's number.
    #[arg(long)]
    pub(super) meter: u32,
    /// Who signs.
    #[command(flatten)]
    pub(super) by: Signer,
}

/// Options of `meter remove`.
#[derive(Debug, Args)]
pub struct Remove {
    /// The meter's number.
    #[arg(long)]
    pub(super) meter: u32,
    /// Who signs.
    #[command(flatten)]
    pub(super) by: Signer,
}

/// Options of `reading correct`.
#[derive(Debug, Args)]
pub struct Correct {
    /// The meter's number.
    #[arg(long)]
    pub(super) meter: u32,
    /// The delivery slot's number.
    #[arg(long)]
    pub(super) slot: u64,
    /// The energy that was generated, in Wh.
    #[arg(long, value_name = "WH")]
    pub(super) generated: u64,
    /// The energy that was consumed, in Wh.
    #[arg(long, value_name = "WH")]
    pub(super) consumed: u64,
    /// Who signs.
    #[command(flatten)]
    pub(super) by: Signer,
}

/// Options of `meter list`.
#[derive(Debug, Args)]
pub struct List {
    /// Those that this account owns, owned or will own.
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
    pub(super) owner: Option<Account>,
    /// This one alone.
    #[arg(long)]
    pub(super) meter: Option<u32>,
    /// Which node.
    #[command(flatten)]
    pub(super) node: Node,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// Options of `reading history`.
#[derive(Debug, Args)]
pub struct History {
    /// The meter's number.
    #[arg(long)]
    pub(super) meter: u32,
    /// The first slot; by default that of 96 slots ago.
    #[arg(long, value_name = "SLOT")]
    pub(super) from: Option<u64>,
    /// The first slot after them; by default the one under delivery.
    #[arg(long, value_name = "SLOT")]
    pub(super) until: Option<u64>,
    /// Which node.
    #[command(flatten)]
    pub(super) node: Node,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// Options of `meter flow`.
#[derive(Debug, Args)]
pub struct FlowOf {
    /// Whose meters.
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
    pub(super) account: Account,
    /// The delivery slot's number.
    #[arg(long)]
    pub(super) slot: u64,
    /// Which node.
    #[command(flatten)]
    pub(super) node: Node,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// Options of `meter totals`.
#[derive(Debug, Args)]
pub struct Totals {
    /// The delivery slot's number.
    #[arg(long)]
    pub(super) slot: u64,
    /// Which node.
    #[command(flatten)]
    pub(super) node: Node,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// Options of `meter band`.
#[derive(Debug, Args)]
pub struct BandOf {
    /// The delivery slot's number; by default the next to trade in.
    #[arg(long)]
    pub(super) slot: Option<u64>,
    /// Which node.
    #[command(flatten)]
    pub(super) node: Node,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// Options of `meter par`.
#[derive(Debug, Args)]
pub struct ParOf {
    /// The day, counted in 96 slots from the Unix epoch; by default the present one.
    #[arg(long)]
    pub(super) day: Option<u64>,
    /// Which node.
    #[command(flatten)]
    pub(super) node: Node,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

fn parse_key(text: &str) -> Result<H256, String> {
    let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(text)).map_err(|e| e.to_string())?;
    let bytes: [u8; 32] = bytes
        .try_into()
        .map_err(|_| "a public key has 32 bytes".to_owned())?;
    Ok(H256(bytes))
}
