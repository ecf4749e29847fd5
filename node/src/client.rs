//! The client and what belongs to it, as types of this chain.

use qedex_runtime::apis::RuntimeApi;
pub use qedex_runtime::opaque::Block;

/// What the runtime may call in the node: the standard host functions and nothing of our own.
pub type Executor = sc_executor::WasmExecutor<sp_io::SubstrateHostFunctions>;

/// The client: the chain, its state and the runtime.
pub type FullClient = sc_service::TFullClient<Block, RuntimeApi, Executor>;
/// The database behind the client.
pub type FullBackend = sc_service::TFullBackend<Block>;
/// The transaction pool.
pub type FullPool = sc_transaction_pool::TransactionPoolHandle<Block, FullClient>;
/// The fork choice: the longest chain that contains the finalised block.
pub type FullSelectChain = sc_consensus::LongestChain<FullBackend, Block>;
