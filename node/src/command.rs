//! From the command line to what is done.

use qedex_runtime::Hash;
use sc_cli::{OffchainWorkerEnabled, Result, SubstrateCli};
use sc_network::{Litep2pNetworkBackend, NetworkWorker, config::NetworkBackendType};

use crate::{
    chain_spec,
    cli::{Cli, Subcommand},
    client::Block,
    ports,
    qkd::Agents,
    service,
};

impl SubstrateCli for Cli {
    fn impl_name() -> String {
        "Q-EnergyDEX Node".into()
    }

    fn impl_version() -> String {
        env!("SUBSTRATE_CLI_IMPL_VERSION").into()
    }

    fn description() -> String {
        env!("CARGO_PKG_DESCRIPTION").into()
    }

    fn author() -> String {
        env!("CARGO_PKG_AUTHORS").into()
    }

    fn support_url() -> String {
        "the issue tracker of Q-EnergyDEX".into()
    }

    fn copyright_start_year() -> i32 {
        2026
    }

    fn load_spec(&self, id: &str) -> std::result::Result<Box<dyn sc_service::ChainSpec>, String> {
        Ok(Box::new(chain_spec::load(id)?))
    }
}

/// At `debug` the SDK logs what off-chain workers read and send: the tokens of this node's agents among it. It
/// stays out of the log, whatever the command line says.
const NOT_LOGGED: &str = "offchain-worker::http=info,offchain-worker::storage=info";

/// Parses the command line and does what it says.
pub fn run() -> Result<()> {
    let mut cli = Cli::from_args();
    // Of two filters of a target, the later one counts.
    cli.run.shared_params.log.push(NOT_LOGGED.into());
    match &cli.subcommand {
        None => run_node(&cli),
        Some(Subcommand::Key(cmd)) => cmd.run(&cli),
        Some(Subcommand::BuildSpec(cmd)) => {
            let runner = cli.create_runner(cmd)?;
            runner.sync_run(|config| cmd.run(config.chain_spec, config.network))
        }
        Some(Subcommand::ExportChainSpec(cmd)) => cmd.run(cli.load_spec(&cmd.chain)?),
        Some(Subcommand::CheckBlock(cmd)) => {
            let runner = cli.create_runner(cmd)?;
            runner.async_run(|config| {
                let parts = service::new_partial(&config, service::KEPT_UNFINAL)?;
                Ok((cmd.run(parts.client, parts.import_queue), parts.task_manager))
            })
        }
        Some(Subcommand::ExportBlocks(cmd)) => {
            let runner = cli.create_runner(cmd)?;
            runner.async_run(|config| {
                let parts = service::new_partial(&config, service::KEPT_UNFINAL)?;
                Ok((cmd.run(parts.client, config.database), parts.task_manager))
            })
        }
        Some(Subcommand::ExportState(cmd)) => {
            let runner = cli.create_runner(cmd)?;
            runner.async_run(|config| {
                let parts = service::new_partial(&config, service::KEPT_UNFINAL)?;
                Ok((cmd.run(parts.client, config.chain_spec), parts.task_manager))
            })
        }
        Some(Subcommand::ImportBlocks(cmd)) => {
            let runner = cli.create_runner(cmd)?;
            runner.async_run(|config| {
                let parts = service::new_partial(&config, service::KEPT_UNFINAL)?;
                Ok((cmd.run(parts.client, parts.import_queue), parts.task_manager))
            })
        }
        Some(Subcommand::PurgeChain(cmd)) => {
            let runner = cli.create_runner(cmd)?;
            runner.sync_run(|config| cmd.run(config.database))
        }
        Some(Subcommand::Revert(cmd)) => {
            let runner = cli.create_runner(cmd)?;
            runner.async_run(|config| {
                let parts = service::new_partial(&config, service::KEPT_UNFINAL)?;
                // GRANDPA remembers its authority sets beside the chain: they go back with it.
                let revert_grandpa = Box::new(|client, _, blocks| {
                    sc_consensus_grandpa::revert(client, blocks)?;
                    Ok(())
                });
                let reverted = cmd.run(parts.client, parts.backend, Some(revert_grandpa));
                Ok((reverted, parts.task_manager))
            })
        }
        Some(Subcommand::ChainInfo(cmd)) => {
            let runner = cli.create_runner(cmd)?;
            runner.sync_run(|config| cmd.run::<Block>(&config))
        }
    }
}

/// Runs the node until it is told to stop.
fn run_node(cli: &Cli) -> Result<()> {
    let mut runner = cli.create_runner(&cli.run)?;
    let prometheus_asked = cli.run.prometheus_params.prometheus_port.is_some();
    ports::claim(runner.config_mut(), prometheus_asked)?;
    let discovers = !cli.no_authority_discovery;
    let kept_unfinal = cli.keep_unfinal;
    let service = cli.qkd.service();
    let embeds = cli.run.shared_params.dev && !cli.qkd.no_qkd;
    let further = cli.qkd.qkd_saes;
    // Agents are of no use without the worker, which only validators run unless they are told otherwise.
    let enabled = &cli.run.offchain_worker_params.enabled;
    let is_free = matches!(enabled, OffchainWorkerEnabled::WhenAuthority);
    if is_free && (service.is_some() || embeds) {
        runner.config_mut().offchain_worker.enabled = true;
    }
    runner.run_node_until_exit(|config| async move {
        let folder = config.base_path.config_dir(config.chain_spec.id()).join("qkd");
        if service.is_some() || embeds {
            // They hold keys.
            qkms::process::forbid_core_dumps()?;
        }
        let agents = match service {
            // A validator writes blocks, whatever becomes of its agent.
            Some(service) => Agents::of(service, &folder)
                .await
                .inspect_err(|error| {
                    log::error!(target: "qkd", "no sessions until the next start: {error}");
                })
                .ok(),
            None if embeds => {
                let agents = Agents::development(&folder, further).await;
                Some(agents.map_err(|error| sc_cli::Error::Application(error.into()))?)
            }
            None => None,
        };
        let task_manager = match config.network.network_backend {
            NetworkBackendType::Libp2p => service::new_full::<NetworkWorker<Block, Hash>>(
                config,
                kept_unfinal,
                discovers,
                agents,
            )?,
            NetworkBackendType::Litep2p => {
                service::new_full::<Litep2pNetworkBackend>(config, kept_unfinal, discovers, agents)?
            }
        };
        Ok(task_manager)
    })
}
