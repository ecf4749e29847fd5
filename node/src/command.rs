//! From the command line to what is done.

use qedex_runtime::Hash;
use sc_cli::{Result, SubstrateCli};
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

/// Parses the command line and does what it says.
pub fn run() -> Result<()> {
    let cli = Cli::from_args();
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
                let parts = service::new_partial(&config)?;
                Ok((cmd.run(parts.client, parts.import_queue), parts.task_manager))
            })
        }
        Some(Subcommand::ExportBlocks(cmd)) => {
            let runner = cli.create_runner(cmd)?;
            runner.async_run(|config| {
                let parts = service::new_partial(&config)?;
                Ok((cmd.run(parts.client, config.database), parts.task_manager))
            })
        }
        Some(Subcommand::ExportState(cmd)) => {
            let runner = cli.create_runner(cmd)?;
            runner.async_run(|config| {
                let parts = service::new_partial(&config)?;
                Ok((cmd.run(parts.client, config.chain_spec), parts.task_manager))
            })
        }
        Some(Subcommand::ImportBlocks(cmd)) => {
            let runner = cli.create_runner(cmd)?;
            runner.async_run(|config| {
                let parts = service::new_partial(&config)?;
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
                let parts = service::new_partial(&config)?;
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
    let service = cli.qkd.service();
    let embeds = cli.run.shared_params.dev && !cli.qkd.no_qkd;
    runner.run_node_until_exit(|config| async move {
        let folder = config.base_path.config_dir(config.chain_spec.id()).join("qkd");
        let agents = match service {
            Some(service) => Some(Agents::of(service, &folder).await),
            None if embeds => Some(Agents::development(&folder).await),
            None => None,
        };
        let agents =
            agents.transpose().map_err(|error| sc_cli::Error::Application(error.into()))?;
        let task_manager = match config.network.network_backend {
            NetworkBackendType::Libp2p => {
                service::new_full::<NetworkWorker<Block, Hash>>(config, discovers, agents)?
            }
            NetworkBackendType::Litep2p => {
                service::new_full::<Litep2pNetworkBackend>(config, discovers, agents)?
            }
        };
        Ok(task_manager)
    })
}
