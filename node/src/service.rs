//! The node's services and how they are tied together.
//!
//! [`new_partial`] builds what every command needs that touches the database; [`new_full`] adds the
//! network, the JSON-RPC servers, the off-chain workers and, on validators, the block author (Aura),
//! the voter (GRANDPA) and the worker that publishes where the validator is.

use std::{sync::Arc, time::Duration};

use futures::{FutureExt, StreamExt};
use qedex_runtime::{BlockNumber, Hash, apis::RuntimeApi};
use sc_authority_discovery::{Role as DiscoveryRole, WorkerConfig};
use sc_client_api::{Backend, BlockBackend};
use sc_consensus_aura::{ImportQueueParams, SlotProportion, StartAuraParams};
use sc_consensus_grandpa::{
    FinalityProofProvider, GrandpaParams, SharedVoterState, VotingRulesBuilder,
    grandpa_peers_set_config, warp_proof::NetworkProvider,
};
use sc_consensus_slots::BackoffAuthoringOnFinalizedHeadLagging;
use sc_network::{Event, NetworkBackend, NetworkEventStream, config::FullNetworkConfiguration};
use sc_service::{
    ChainType, Configuration, Error, GenesisBlockBuilder, PartialComponents, TaskManager,
    WarpSyncConfig, error::Result,
};
use sc_telemetry::{Telemetry, TelemetryWorker};
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_consensus_aura::sr25519::AuthorityPair as AuraPair;

use crate::{
    client::{Block, FullBackend, FullClient, FullPool, FullSelectChain},
    doubles, inherents, metrics,
    qkd::{self, Agents},
    rpc,
};

/// Blocks pass through GRANDPA's import on their way to the client.
type GrandpaBlockImport =
    sc_consensus_grandpa::GrandpaBlockImport<FullBackend, Block, FullClient, FullSelectChain>;
/// What GRANDPA's import and its voter share.
type GrandpaLink = sc_consensus_grandpa::LinkHalf<Block, FullClient, FullSelectChain>;

/// The parts of a node without a network.
pub type Service = PartialComponents<
    FullClient,
    FullBackend,
    FullSelectChain,
    sc_consensus::DefaultImportQueue<Block>,
    FullPool,
    (GrandpaBlockImport, GrandpaLink, Option<Telemetry>),
>;

/// At least every so many blocks a justification is made, kept, and taken from peers: light
/// clients and nodes that catch up skip from one to the next. 512 blocks are 17 minutes.
const JUSTIFICATION_PERIOD: u32 = 512;

/// How long a vote is given to reach everybody. A GRANDPA round waits for up to four of these: at a
/// quarter of a second a round ends within one block time of two seconds, and a community's nodes
/// are near each other.
const GOSSIP_DURATION: Duration = Duration::from_millis(250);

/// The part of a slot in which the author collects transactions; the rest is for the block to reach
/// the next author.
const PROPOSAL_PORTION: f32 = 2.0 / 3.0;

/// Authors slow down while finality lags, so that two halves of a network that was split can take each
/// other's chain again for longer: a branch that begins more than [`KEPT_UNFINAL`] blocks below the best one
/// cannot be taken. From 52 blocks that are not final on, each two more put one slot more between two
/// blocks, until from 66 on one block in nine slots is left: 18 seconds, time enough for whoever acts in the
/// windows of a quarter-hour.
const BACKOFF: BackoffAuthoringOnFinalizedHeadLagging<BlockNumber> =
    BackoffAuthoringOnFinalizedHeadLagging {
        unfinalized_slack: 50,
        authoring_bias: 2,
        max_interval: 8,
    };

/// Of so many blocks that are not final the database keeps what every branch made of the state, unless the
/// command line says otherwise. With [`BACKOFF`] it takes more than three days to write them.
pub const KEPT_UNFINAL: u32 = 16_384;

/// Builds the client, the pool and the import queue. The database keeps the state of so many blocks that are
/// not final.
pub fn new_partial(config: &Configuration, kept_unfinal: u32) -> Result<Service> {
    let telemetry = config
        .telemetry_endpoints
        .clone()
        .filter(|endpoints| !endpoints.is_empty())
        .map(|endpoints| -> std::result::Result<_, sc_telemetry::Error> {
            let worker = TelemetryWorker::new(16)?;
            let telemetry = worker.handle().new_telemetry(endpoints);
            Ok((worker, telemetry))
        })
        .transpose()?;

    let executor = sc_service::new_wasm_executor(&config.executor);
    // As `sc_service::new_full_parts` does it, whose own number of blocks is fixed: 4,096.
    let backend = Arc::new(FullBackend::new(config.db_config(), kept_unfinal.into())?);
    let genesis_block_builder = GenesisBlockBuilder::new(
        config.chain_spec.as_storage_builder(),
        !config.no_genesis(),
        backend.clone(),
        executor.clone(),
    )?;
    let (client, backend, keystore_container, task_manager) =
        sc_service::new_full_parts_with_genesis_builder::<Block, RuntimeApi, _, _>(
            config,
            telemetry.as_ref().map(|(_, telemetry)| telemetry.handle()),
            executor,
            backend,
            genesis_block_builder,
            false,
        )?;
    let client = Arc::new(client);

    let telemetry = telemetry.map(|(worker, telemetry)| {
        task_manager.spawn_handle().spawn("telemetry", None, worker.run());
        telemetry
    });

    let select_chain = sc_consensus::LongestChain::new(backend.clone());

    let transaction_pool = Arc::new(
        sc_transaction_pool::Builder::new(
            task_manager.spawn_essential_handle(),
            client.clone(),
            config.role.is_authority().into(),
        )
        .with_options(config.transaction_pool.clone())
        .with_prometheus(config.prometheus_registry())
        .build(),
    );

    let (grandpa_block_import, grandpa_link) = sc_consensus_grandpa::block_import(
        client.clone(),
        JUSTIFICATION_PERIOD,
        &client,
        select_chain.clone(),
        telemetry.as_ref().map(Telemetry::handle),
    )?;

    let slot_duration = sc_consensus_aura::slot_duration(&*client)?;
    let import_queue =
        sc_consensus_aura::import_queue::<AuraPair, _, _, _, _, _>(ImportQueueParams {
            block_import: grandpa_block_import.clone(),
            justification_import: Some(Box::new(grandpa_block_import.clone())),
            client: client.clone(),
            create_inherent_data_providers: move |_, ()| async move {
                Ok(inherents::slot_and_time(slot_duration))
            },
            spawner: &task_manager.spawn_essential_handle(),
            registry: config.prometheus_registry(),
            // Two blocks of one author in one slot are logged here, and reported by a task of its own.
            check_for_equivocation: sc_consensus_aura::CheckForEquivocation::Yes,
            telemetry: telemetry.as_ref().map(Telemetry::handle),
            compatibility_mode: sc_consensus_aura::CompatibilityMode::None,
        })?;

    Ok(PartialComponents {
        client,
        backend,
        task_manager,
        import_queue,
        keystore_container,
        select_chain,
        transaction_pool,
        other: (grandpa_block_import, grandpa_link, telemetry),
    })
}

/// Builds and starts the node on the network back end `N`.
pub fn new_full<N: NetworkBackend<Block, Hash>>(
    config: Configuration,
    kept_unfinal: u32,
    discovers: bool,
    agents: Option<Agents>,
) -> Result<TaskManager> {
    let PartialComponents {
        client,
        backend,
        mut task_manager,
        import_queue,
        keystore_container,
        select_chain,
        transaction_pool,
        other: (block_import, grandpa_link, mut telemetry),
    } = new_partial(&config, kept_unfinal)?;

    let mut net_config = FullNetworkConfiguration::<_, _, N>::new(
        &config.network,
        config.prometheus_registry().cloned(),
    );
    let metrics = N::register_notification_metrics(config.prometheus_registry());

    let genesis_hash = client
        .block_hash(0)?
        .ok_or_else(|| Error::Other("the database holds no genesis block".into()))?;
    let grandpa_protocol =
        sc_consensus_grandpa::protocol_standard_name(&genesis_hash, &config.chain_spec);
    let (grandpa_net_config, grandpa_notifications) = grandpa_peers_set_config::<_, N>(
        grandpa_protocol.clone(),
        metrics.clone(),
        net_config.peer_store_handle(),
    );
    net_config.add_notification_protocol(grandpa_net_config);

    let warp_sync = Arc::new(NetworkProvider::new(
        backend.clone(),
        grandpa_link.shared_authority_set().clone(),
        // The authority set has never been changed by a hard fork.
        Vec::new(),
    ));

    let (network, system_rpc_tx, tx_handler_controller, sync_service, _bitswap) =
        sc_service::build_network(sc_service::BuildNetworkParams {
            config: &config,
            net_config,
            client: client.clone(),
            transaction_pool: transaction_pool.clone(),
            spawn_handle: task_manager.spawn_handle(),
            spawn_essential_handle: task_manager.spawn_essential_handle(),
            import_queue,
            block_announce_validator_builder: None,
            warp_sync_config: Some(WarpSyncConfig::WithProvider(warp_sync)),
            block_relay: None,
            metrics,
            // Bodies are fetched after a warp sync as the pruning settings say.
            gap_sync_body_policy: None,
        })?;

    if let Some(agents) = agents {
        if !config.offchain_worker.enabled {
            log::warn!(target: "qkd", "agents open no session while --offchain-worker is never");
        }
        let keystore = keystore_container.keystore();
        if let Some(registry) = config.prometheus_registry() {
            let told = metrics::announce(registry, agents.meters(), backend.offchain_storage());
            told.map_err(Error::Prometheus)?;
        }
        agents.serve(&task_manager.spawn_handle(), &*keystore, backend.offchain_storage());
    } else {
        qkd::clear_doors(backend.offchain_storage());
    }
    if config.offchain_worker.enabled {
        let workers = sc_offchain::OffchainWorkers::new(sc_offchain::OffchainWorkerOptions {
            runtime_api_provider: client.clone(),
            is_validator: config.role.is_authority(),
            keystore: Some(keystore_container.keystore()),
            offchain_db: backend.offchain_storage(),
            transaction_pool: Some(OffchainTransactionPoolFactory::new(transaction_pool.clone())),
            network_provider: Arc::new(network.clone()),
            enable_http_requests: true,
            custom_extensions: |_| Vec::new(),
        })?;
        task_manager.spawn_handle().spawn(
            "offchain-workers-runner",
            "offchain-worker",
            workers.run(client.clone(), task_manager.spawn_handle()).boxed(),
        );
    }

    task_manager.spawn_handle().spawn(
        "double-blocks",
        Some("block-authoring"),
        doubles::watch(
            client.clone(),
            OffchainTransactionPoolFactory::new(transaction_pool.clone()),
        ),
    );

    let voter_state = SharedVoterState::empty();
    let rpc_deps = rpc::Deps {
        client: client.clone(),
        pool: transaction_pool.clone(),
        grandpa: rpc::GrandpaDeps {
            voter_state: voter_state.clone(),
            authority_set: grandpa_link.shared_authority_set().clone(),
            justification_stream: grandpa_link.justification_stream(),
            finality_provider: FinalityProofProvider::new_for_service(
                backend.clone(),
                Some(grandpa_link.shared_authority_set().clone()),
            ),
        },
    };

    let is_authority = config.role.is_authority();
    let force_authoring = config.force_authoring;
    let prometheus_registry = config.prometheus_registry().cloned();
    // The one validator of a development chain has nobody to find.
    let discovers =
        discovers && is_authority && config.chain_spec.chain_type() != ChainType::Development;
    let discovery_config = discovers.then(|| WorkerConfig {
        // Addresses inside a local network are published on test chains only.
        publish_non_global_ips: config.network.allow_non_globals_in_dht,
        public_addresses: config.network.public_addresses.clone(),
        // Every node signs its records with its network identity as well.
        strict_record_validation: true,
        persisted_cache_directory: config.network.net_config_path.clone(),
        ..WorkerConfig::default()
    });
    let grandpa_config = (!config.disable_grandpa).then(|| sc_consensus_grandpa::Config {
        gossip_duration: GOSSIP_DURATION,
        justification_generation_period: JUSTIFICATION_PERIOD,
        name: Some(config.network.node_name.clone()),
        observer_enabled: false,
        // A node that is no validator follows the finality of others and has no key to vote with.
        keystore: is_authority.then(|| keystore_container.keystore()),
        local_role: config.role,
        telemetry: telemetry.as_ref().map(Telemetry::handle),
        protocol_name: grandpa_protocol,
    });

    sc_service::spawn_tasks(sc_service::SpawnTasksParams {
        config,
        client: client.clone(),
        backend,
        task_manager: &mut task_manager,
        keystore: keystore_container.keystore(),
        transaction_pool: transaction_pool.clone(),
        rpc_builder: Box::new(move |executor| {
            rpc::create(&rpc_deps, executor).map_err(|e| Error::Application(Box::new(e)))
        }),
        network: network.clone(),
        system_rpc_tx,
        tx_handler_controller,
        sync_service: sync_service.clone(),
        telemetry: telemetry.as_mut(),
        tracing_execute_block: None,
    })?;

    if let Some(discovery_config) = discovery_config {
        // Publishes, signed, where this validator is, and looks up where the others are, so that
        // whoever has a validator's key can find its present addresses. It connects to nobody: that
        // is the network's own discovery's.
        let dht_events =
            network.event_stream("authority-discovery").filter_map(|event| async move {
                match event {
                    Event::Dht(event) => Some(event),
                    _ => None,
                }
            });
        let (discovery, _service) = sc_authority_discovery::new_worker_and_service_with_config(
            discovery_config,
            client.clone(),
            Arc::new(network.clone()),
            Box::pin(dht_events),
            DiscoveryRole::PublishAndDiscover(keystore_container.keystore()),
            prometheus_registry.clone(),
            task_manager.spawn_handle(),
        );
        task_manager.spawn_handle().spawn(
            "authority-discovery-worker",
            Some("networking"),
            discovery.run(),
        );
    }

    if is_authority {
        let proposer_factory = sc_basic_authorship::ProposerFactory::new(
            task_manager.spawn_handle(),
            client.clone(),
            transaction_pool.clone(),
            prometheus_registry.as_ref(),
            telemetry.as_ref().map(Telemetry::handle),
        );
        let slot_duration = sc_consensus_aura::slot_duration(&*client)?;
        let knows = client.clone();
        let aura = sc_consensus_aura::start_aura::<AuraPair, _, _, _, _, _, _, _, _, _, _>(
            StartAuraParams {
                slot_duration,
                client,
                select_chain,
                block_import,
                proposer_factory,
                create_inherent_data_providers: move |_, ()| {
                    let last = inherents::LastFinal(knows.chain_info().finalized_number.into());
                    async move {
                        let (slot, time) = inherents::slot_and_time(slot_duration);
                        Ok((slot, time, last))
                    }
                },
                force_authoring,
                backoff_authoring_blocks: Some(BACKOFF),
                keystore: keystore_container.keystore(),
                sync_oracle: sync_service.clone(),
                justification_sync_link: sync_service.clone(),
                block_proposal_slot_portion: SlotProportion::new(PROPOSAL_PORTION),
                max_block_proposal_slot_portion: None,
                telemetry: telemetry.as_ref().map(Telemetry::handle),
                compatibility_mode: sc_consensus_aura::CompatibilityMode::None,
            },
        )?;
        // Essential: a validator that cannot write blocks is better stopped than kept running.
        task_manager.spawn_essential_handle().spawn_blocking("aura", Some("block-authoring"), aura);
    }

    if let Some(config) = grandpa_config {
        let grandpa = sc_consensus_grandpa::run_grandpa_voter(GrandpaParams {
            config,
            link: grandpa_link,
            network,
            sync: sync_service,
            notification_service: grandpa_notifications,
            // Vote for the best block itself. The default rules stay two blocks behind it and go
            // three quarters of the way: that spares the voters of chains that fork at the tip many
            // votes, and costs seconds of finality. Here the slots are strictly in turn, forks are
            // rare, and money should be final within a few seconds.
            voting_rule: VotingRulesBuilder::new().build(),
            prometheus_registry,
            shared_voter_state: voter_state,
            telemetry: telemetry.as_ref().map(Telemetry::handle),
            // Reports of votes for two forks go to the chain through the pool.
            offchain_tx_pool_factory: OffchainTransactionPoolFactory::new(transaction_pool),
        })?;
        // Essential: without a voter nothing becomes final.
        task_manager.spawn_essential_handle().spawn_blocking("grandpa-voter", None, grandpa);
    }

    Ok(task_manager)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sc_consensus_slots::BackoffAuthoringBlocksStrategy;

    /// How many slots after the best block the next one comes, if `unfinal` blocks are not final.
    fn gap(unfinal: BlockNumber) -> u64 {
        let backs_off = |slots: &u64| {
            BACKOFF.should_backoff(unfinal, 1_000.into(), 0, (1_000 + slots).into(), "test")
        };
        (1..100).find(|slots| !backs_off(slots)).unwrap()
    }

    #[test]
    fn authors_slow_down_to_one_block_in_nine_slots() {
        assert_eq!([0, 51, 52, 54, 65, 66, 100_000].map(gap), [1, 1, 2, 3, 8, 9, 9]);
    }

    #[test]
    fn a_split_of_three_days_is_kept() {
        let seconds = 2 * (0..KEPT_UNFINAL).map(gap).sum::<u64>();
        assert!(seconds > 3 * 24 * 3_600, "{seconds} s");
    }
}
