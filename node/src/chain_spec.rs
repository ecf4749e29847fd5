//! The chains that the binary knows by name, and chains from a file.
//!
//! The genesis itself is the runtime's: a chain spec names one of its presets.

use std::path::PathBuf;

use qedex_runtime::WASM_BINARY;
use sc_service::{ChainType, GenericChainSpec, Properties};
use sp_genesis_builder::{DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};

/// The chain spec of this node: no extensions.
pub type ChainSpec = GenericChainSpec;

/// The prefix of the names of the network protocols.
const PROTOCOL_ID: &str = "qedex";

/// The chain called `id`: `dev` has one validator, `local` (or nothing) has four, anything else is
/// the path of a chain-spec file.
pub fn load(id: &str) -> Result<ChainSpec, String> {
    match id {
        "dev" => built_in(
            "Q-EnergyDEX Development",
            "qedex_dev",
            ChainType::Development,
            DEV_RUNTIME_PRESET,
        ),
        "" | "local" => built_in(
            "Q-EnergyDEX Local Testnet",
            "qedex_local",
            ChainType::Local,
            LOCAL_TESTNET_RUNTIME_PRESET,
        ),
        path => ChainSpec::from_json_file(PathBuf::from(path))
            .map_err(|cause| format!("chain spec `{path}` (neither `dev` nor `local`): {cause}")),
    }
}

fn built_in(
    name: &str,
    id: &str,
    chain_type: ChainType,
    preset: &str,
) -> Result<ChainSpec, String> {
    let code = WASM_BINARY.ok_or_else(|| {
        format!(
            "the chain `{id}` needs the WASM runtime, and this binary was built without it: \
             build it again without SKIP_WASM_BUILD, or give a chain-spec file with --chain"
        )
    })?;
    Ok(ChainSpec::builder(code, None)
        .with_name(name)
        .with_id(id)
        .with_chain_type(chain_type)
        .with_protocol_id(PROTOCOL_ID)
        .with_properties(properties())
        .with_genesis_config_preset_name(preset)
        .build())
}

/// How wallets show accounts and amounts: 1 QED is 10^12 plancks.
fn properties() -> Properties {
    let mut properties = Properties::new();
    properties.insert("tokenSymbol".into(), "QED".into());
    properties.insert("tokenDecimals".into(), 12.into());
    properties.insert("ss58Format".into(), 42.into());
    properties
}
