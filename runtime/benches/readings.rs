//! How many signed readings a second a block takes: in one batch and singly, with the runtime as
//! native code and as WASM. All in one run, so that the ratios hold on any machine.
//!
//! Whole blocks are executed, as a node does that imports them: signatures, fees, hooks and the
//! state's root are in the time; the disk is not, because the state is in memory. What a block
//! without a reading takes is left in, and is shown beside.
//!
//! `cargo bench --locked -p qedex-runtime --bench readings [-- RUNTIME]`, where RUNTIME is a file with the WASM
//! to measure, and by default the one that was built with this program.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss
)]

use codec::{Decode, Encode};
use frame_support::weights::constants::WEIGHT_REF_TIME_PER_MILLIS;
use pallet_metering::SignedReading;
use qedex_primitives::{MeterId, MeterSignature, ReadingPayload, SlotIndex, Wh};
use qedex_runtime::*;
use sc_executor::WasmExecutor;
use serde_json::{Value, json};
use sp_core::{
    H256, Pair, ed25519, sr25519,
    traits::{CallContext, CodeExecutor, RuntimeCode, WrappedRuntimeCode},
};
use sp_io::{SubstrateHostFunctions, TestExternalities, hashing::blake2_256};
use sp_keyring::Sr25519Keyring;
use sp_runtime::{
    BuildStorage, Digest, DigestItem, MultiSignature,
    generic::Era,
    traits::{Block as _, Header as _},
};
use std::time::Instant;

/// How many readings: as many as a batch can have, each of a meter of its own.
const READINGS: u32 = 1_024;

/// How often each block is executed; the best time counts.
const RUNS: u32 = 45;

/// When the first block is written, in milliseconds since the Unix epoch.
const START: u64 = 1_800_000_000_000;

/// Carries the readings to the chain.
const CARRIER: Sr25519Keyring = Sr25519Keyring::Ferdie;

/// The hash of the chain's first block.
const GENESIS: H256 = H256::repeat_byte(7);

/// A meter's pair of keys.
enum Keys {
    Sr25519(Box<sr25519::Pair>),
    Ed25519(Box<ed25519::Pair>),
}

#[derive(Clone, Copy, PartialEq)]
enum Scheme {
    Sr25519,
    Ed25519,
}

impl Keys {
    fn new(scheme: Scheme, number: u32) -> Self {
        let seed = ("meter", number).using_encoded(blake2_256);
        match scheme {
            Scheme::Sr25519 => Self::Sr25519(Box::new(sr25519::Pair::from_seed(&seed))),
            Scheme::Ed25519 => Self::Ed25519(Box::new(ed25519::Pair::from_seed(&seed))),
        }
    }

    fn public(&self) -> Value {
        match self {
            Self::Sr25519(pair) => json!({ "Sr25519": pair.public() }),
            Self::Ed25519(pair) => json!({ "Ed25519": pair.public() }),
        }
    }

    fn sign(&self, message: &[u8]) -> MeterSignature {
        match self {
            Self::Sr25519(pair) => MeterSignature::Sr25519(pair.sign(message)),
            Self::Ed25519(pair) => MeterSignature::Ed25519(pair.sign(message)),
        }
    }
}

fn merge(base: &mut Value, patch: Value) {
    match (base, patch) {
        (Value::Object(base), Value::Object(patch)) => {
            for (key, value) in patch {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, patch) => *base = patch,
    }
}

/// A chain on which each of many accounts has one meter with a key of this scheme.
fn community(scheme: Scheme) -> TestExternalities {
    let patch = presets::get_preset(&"development".into()).expect("the preset exists");
    let patch = serde_json::from_slice(&patch).expect("a preset is JSON");
    let mut genesis = serde_json::to_value(RuntimeGenesisConfig::default()).expect("serializes");
    merge(&mut genesis, patch);
    let owner = |number: u32| ("owner", number).using_encoded(blake2_256);
    let meters: Vec<Value> = (0..READINGS)
        .map(|number| {
            json!({
                "account": AccountId::new(owner(number)),
                "key": Keys::new(scheme, number).public(),
                "connection": format!("bench-{number}"),
                "ratings": { "out": 10_000, "into": 10_000 },
                "installer": Sr25519Keyring::Bob.to_account_id(),
            })
        })
        .collect();
    genesis["metering"]["meters"] = Value::Array(meters);
    let credentials = (0..READINGS).map(|number| {
        let who = AccountId::new(owner(number));
        json!({ "who": who, "attribute": 0, "expires": u64::MAX, "owner": owner(number) })
    });
    let known = genesis["membership"]["credentials"].as_array_mut().expect("a list");
    known.extend(credentials);
    let genesis: RuntimeGenesisConfig = serde_json::from_value(genesis).expect("deserializes");
    genesis.build_storage().expect("a genesis that the pallets accept").into()
}

/// The nodes of a state's trie, each with the number of references to it.
type Trie = Vec<(Vec<u8>, (Vec<u8>, i32))>;

/// A state that blocks are executed on, again and again.
struct State {
    raw: Trie,
    root: H256,
}

impl State {
    fn of(chain: TestExternalities) -> Self {
        let (raw, root) = chain.into_raw_snapshot();
        Self { raw, root }
    }

    fn fresh(&self) -> TestExternalities {
        TestExternalities::from_raw_snapshot(self.raw.clone(), self.root, Default::default())
    }
}

/// Writes the block of this number with these transactions after its timestamp.
fn write(number: BlockNumber, parent: H256, transactions: Vec<UncheckedExtrinsic>) -> Block {
    let now = START + u64::from(number) * MILLISECONDS_PER_BLOCK;
    let slot = (now / MILLISECONDS_PER_BLOCK).encode();
    let digest =
        Digest { logs: vec![DigestItem::PreRuntime(sp_consensus_aura::AURA_ENGINE_ID, slot)] };
    let header = Header::new(number, H256::default(), H256::default(), parent, digest.clone());
    Executive::initialize_block(&header);
    let clock = RuntimeCall::Timestamp(pallet_timestamp::Call::set { now });
    let mut all = vec![UncheckedExtrinsic::new_bare(clock)];
    all.extend(transactions);
    for transaction in &all {
        Executive::apply_extrinsic(transaction.clone())
            .expect("the transaction is valid")
            .expect("the call succeeds");
    }
    let header = Executive::finalize_block();
    Block::new(header, all)
}

/// A transaction of the carrier.
fn transaction(nonce: Nonce, call: RuntimeCall) -> UncheckedExtrinsic {
    let extension: TxExtension = (
        frame_system::AuthorizeCall::new(),
        frame_system::CheckNonZeroSender::new(),
        frame_system::CheckSpecVersion::new(),
        frame_system::CheckTxVersion::new(),
        frame_system::CheckGenesis::new(),
        frame_system::CheckEra::from(Era::Immortal),
        frame_system::CheckNonce::from(nonce),
        frame_system::CheckWeight::new(),
        pallet_transaction_payment::ChargeTransactionPayment::from(0),
        frame_metadata_hash_extension::CheckMetadataHash::new(false),
        frame_system::WeightReclaim::new(),
    );
    let payload = SignedPayload::new(call.clone(), extension.clone()).expect("it can be signed");
    let signature = payload.using_encoded(|bytes| CARRIER.pair().sign(bytes));
    UncheckedExtrinsic::new_signed(
        call,
        CARRIER.to_account_id().into(),
        MultiSignature::Sr25519(signature),
        extension,
    )
}

/// The readings of the oldest slot that takes some.
fn readings(scheme: Scheme) -> Vec<SignedReading> {
    let now = START + 2 * MILLISECONDS_PER_BLOCK;
    // Readings are taken from three slots after a slot's start on, for two slots.
    let slot = SlotIndex(now / presets::TEST_SLOT_LENGTH - 4);
    (0..READINGS)
        .map(|number| {
            let payload = ReadingPayload {
                meter: MeterId(number),
                slot,
                generated: Wh(u64::from(number)),
                consumed: Wh(1),
            };
            let message = payload.signing_bytes(GENESIS);
            let signature = Keys::new(scheme, number).sign(&message);
            SignedReading { payload, signature }
        })
        .collect()
}

/// A block to execute.
struct Case {
    name: &'static str,
    state: State,
    block: Vec<u8>,
    /// Its weight as the runtime counts it, in milliseconds.
    weight: f64,
}

impl Case {
    /// The second block of a chain, with what `fill` makes of the readings in it.
    fn new(
        name: &'static str,
        scheme: Scheme,
        fill: impl FnOnce(Vec<SignedReading>) -> Vec<RuntimeCall>,
    ) -> Self {
        let mut chain = community(scheme);
        let first = chain.execute_with(|| write(1, GENESIS, vec![]));
        chain.commit_all().expect("a block ends");
        let state = State::of(chain);
        let calls = fill(readings(scheme));
        let expected = if calls.is_empty() { 0 } else { READINGS };
        let (block, weight) = state.fresh().execute_with(|| {
            let transactions = (0..).zip(calls).map(|(n, call)| transaction(n, call));
            let block = write(2, first.hash(), transactions.collect());
            let read = pallet_metering::Readings::<Runtime>::iter().count();
            assert_eq!(read, expected as usize, "{name}: every reading counts");
            (block, System::block_weight().total().ref_time())
        });
        Self {
            name,
            state,
            block: block.encode(),
            weight: weight as f64 / WEIGHT_REF_TIME_PER_MILLIS as f64,
        }
    }

    /// Milliseconds as native code.
    fn native(&self) -> f64 {
        let mut chain = self.state.fresh();
        let began = Instant::now();
        chain.execute_with(|| {
            let block = Decode::decode(&mut self.block.as_slice()).expect("it was encoded");
            Executive::execute_block(block);
        });
        began.elapsed().as_secs_f64() * 1_000.0
    }

    /// Milliseconds as WASM.
    fn wasm(&self, executor: &WasmExecutor<SubstrateHostFunctions>, code: &RuntimeCode<'_>) -> f64 {
        let mut chain = self.state.fresh();
        let mut ext = chain.ext();
        let context = CallContext::Onchain { import: true };
        let began = Instant::now();
        let (result, _) = executor.call(&mut ext, code, "Core_execute_block", &self.block, context);
        let time = began.elapsed().as_secs_f64() * 1_000.0;
        result.expect("the block is valid");
        time
    }
}

fn main() {
    // Cargo itself passes `--bench`.
    let file = std::env::args().skip(1).find(|argument| argument != "--bench");
    let wasm = match &file {
        Some(path) => std::fs::read(path).unwrap_or_else(|error| panic!("{path}: {error}")),
        None => {
            WASM_BINARY.expect("built without WASM: unset SKIP_WASM_BUILD or name a file").to_vec()
        }
    };
    let code = WrappedRuntimeCode(wasm.as_slice().into());
    let code =
        RuntimeCode { code_fetcher: &code, heap_pages: None, hash: blake2_256(&wasm).to_vec() };
    let executor = WasmExecutor::<SubstrateHostFunctions>::builder().build();

    let batch = |readings: Vec<SignedReading>| {
        let readings = readings.try_into().expect("a batch takes as many");
        vec![RuntimeCall::Metering(pallet_metering::Call::submit_readings { readings })]
    };
    let singly = |readings: Vec<SignedReading>| {
        readings
            .into_iter()
            .map(|reading| RuntimeCall::Metering(pallet_metering::Call::submit_reading { reading }))
            .collect()
    };
    let cases = [
        Case::new("none", Scheme::Sr25519, |_| vec![]),
        Case::new("1,024 in a batch, sr25519", Scheme::Sr25519, batch),
        Case::new("1,024 in a batch, ed25519", Scheme::Ed25519, batch),
        Case::new("1,024 singly, sr25519", Scheme::Sr25519, singly),
        Case::new("1,024 singly, ed25519", Scheme::Ed25519, singly),
    ];

    // The first WASM run compiles; none of it counts.
    let mut best = [(f64::INFINITY, f64::INFINITY); 5];
    for round in 0..=RUNS {
        for (case, (native, wasm)) in cases.iter().zip(&mut best) {
            let times = (case.native(), case.wasm(&executor, &code));
            if round > 0 {
                *native = native.min(times.0);
                *wasm = wasm.min(times.1);
            }
        }
    }
    println!(
        "| readings of the block | bytes | weight, ms | native, ms | WASM, ms | native, readings/s \
         | WASM, readings/s | WASM to native |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (case, (native, wasm)) in cases.iter().zip(&best) {
        let rate = |time: &f64| match case.name {
            "none" => "".to_owned(),
            _ => format!("{:.0}", f64::from(READINGS) / time * 1_000.0),
        };
        println!(
            "| {} | {} | {:.1} | {native:.1} | {wasm:.1} | {} | {} | {:.2} |",
            case.name,
            case.block.len(),
            case.weight,
            rate(native),
            rate(wasm),
            wasm / native,
        );
    }
    for (scheme, batch, singly) in [("sr25519", 1, 3), ("ed25519", 2, 4)] {
        let (batch, singly) = (best[batch], best[singly]);
        println!(
            "{scheme}: a batch is {:.2} times as fast as single readings natively, {:.2} times as WASM",
            singly.0 / batch.0,
            singly.1 / batch.1
        );
    }
}
