//! A chain that runs the code of any release, in one process and by a clock of its own.
//!
//! It is told calls by their names, and encodes them by the metadata that the code itself serves:
//! what is written for one release runs on the next, as far as the calls are the same. The present
//! code runs natively, unless a test asks for its WASM; that of a past release lies in `releases`.
//! Balances, nonces and block weights are looked at by the present code's eyes: they are the SDK's,
//! and the storage is the same for any code. Where the layout of ours may have changed, the code is
//! asked through its runtime APIs.

mod code;
mod language;
pub mod market;

pub use code::Code;
pub use language::{Call, Event, Refusal};

use super::{games::world::SLOT, invariants};
use crate::*;
use codec::{Decode, Encode};
use frame_support::traits::fungible::{Inspect, InspectHold};
use language::Language;
use qedex_primitives::{Moment, SlotIndex, Windows};
use sp_consensus_aura::{AURA_ENGINE_ID, Slot};
use sp_core::traits::ReadRuntimeVersionExt;
use sp_inherents::InherentData;
use sp_keyring::Sr25519Keyring as Key;
use sp_runtime::{
    ApplyExtrinsicResult, Digest, DigestItem, ExtrinsicInclusionMode,
    traits::Header as _,
    transaction_validity::{InvalidTransaction, TransactionValidityError},
};
use sp_version::RuntimeVersion;
use std::collections::{BTreeMap, VecDeque};

/// The time between two blocks in which nothing is sent: less than an interruption of the chain.
const STEP: Moment = SLOT / 2;

/// The first block of a chain is written at a midnight.
const MIDNIGHT: Moment = 1_500_000 * 96 * SLOT;

/// The hash that the first block's parent has in a genesis without a header.
const GENESIS_HASH: Hash = Hash::repeat_byte(69);

/// The key of the code in the storage.
const CODE: &[u8] = sp_core::storage::well_known_keys::CODE;

/// A chain, from its first block on.
pub struct Chain {
    ext: sp_io::TestExternalities,
    code: Code,
    language: Language,
    version: RuntimeVersion,
    parent: Hash,
    number: BlockNumber,
    /// When the latest block was written.
    pub now: Moment,
    /// What each account has paid for transactions, and for work beside them.
    fees: BTreeMap<AccountId, Balance>,
    /// What was reported since the last look.
    log: Vec<Event>,
    issuance: Balance,
}

impl Chain {
    /// A chain of this code with the genesis of its own preset of this name.
    pub fn begin(code: Code, preset: &str) -> Self {
        let mut ext = sp_io::TestExternalities::new_with_code(code.bytes(), Default::default());
        ext.register_extension(ReadRuntimeVersionExt::new(code::executor().clone()));
        let patch = code.ask(&mut ext, "GenesisBuilder_get_preset", &Some(preset));
        let base = code.ask(&mut ext, "GenesisBuilder_get_preset", &None::<String>);
        let [mut genesis, patch] = [base, patch].map(|json: Option<Vec<u8>>| {
            let json = json.expect("the preset exists");
            serde_json::from_slice(&json).expect("a preset is JSON")
        });
        super::json_merge(&mut genesis, patch);
        let genesis = serde_json::to_vec(&genesis).expect("JSON can be written");
        let built: Result<(), String> = code.ask(&mut ext, "GenesisBuilder_build_state", &genesis);
        built.expect("a genesis that the pallets accept");
        ext.commit_all().expect("the state can be committed");
        let language = code.language(&mut ext);
        let version = code.ask(&mut ext, "Core_version", &());
        let issuance = ext.execute_with(Balances::total_issuance);
        let mut chain = Self {
            ext,
            code,
            language,
            version,
            parent: GENESIS_HASH,
            number: 0,
            now: MIDNIGHT,
            fees: BTreeMap::new(),
            log: Vec::new(),
            issuance,
        };
        chain.block_at(MIDNIGHT + MILLISECONDS_PER_BLOCK, &mut VecDeque::new(), &mut Vec::new());
        chain
    }

    /// The version of the code that wrote the latest block.
    pub fn spec_version(&self) -> u32 {
        self.version.spec_version
    }

    /// A call in the code's own encoding, with these arguments in their order.
    #[track_caller]
    pub fn call(&self, pallet: &str, call: &str, arguments: impl Encode) -> Call {
        self.try_call(pallet, call, arguments).unwrap_or_else(|why| panic!("{call}: {why}"))
    }

    /// The same, or why the code knows no such call.
    pub fn try_call(
        &self,
        pallet: &str,
        call: &str,
        arguments: impl Encode,
    ) -> Result<Call, Refusal> {
        self.language.call(pallet, call, &arguments.encode())
    }

    /// What a runtime API answers after the latest block.
    pub fn ask<R: Decode>(&mut self, method: &str, arguments: impl Encode) -> R {
        self.code.ask(&mut self.ext, method, &arguments)
    }

    /// Looks at the state after the latest block by the present code's eyes.
    pub fn look<R>(&mut self, question: impl FnOnce() -> R) -> R {
        self.ext.execute_with(question)
    }

    /// Writes the next blocks, with these transactions, and says what became of them.
    pub fn block(&mut self, calls: &[(Key, Call)]) -> Vec<Result<(), Refusal>> {
        let mut waiting = calls.iter().cloned().collect();
        let mut done = Vec::new();
        loop {
            self.block_at(self.now + MILLISECONDS_PER_BLOCK, &mut waiting, &mut done);
            if waiting.is_empty() {
                return done;
            }
        }
    }

    /// Writes the next block, with one transaction, and says what became of it.
    pub fn attempt(&mut self, who: Key, call: Call) -> Result<(), Refusal> {
        self.block(&[(who, call)]).remove(0)
    }

    /// Writes the next block, with one transaction that has to succeed.
    #[track_caller]
    pub fn act(&mut self, who: Key, call: Call) {
        let what = call.clone();
        let done = self.attempt(who, call);
        assert_eq!(done, Ok(()), "{who}: {}", self.language.tell(&what));
    }

    /// A call by the power of the development chain's key, in the council's place.
    #[track_caller]
    pub fn decree(&mut self, call: Call) {
        let call = self.call("Sudo", "sudo", call);
        self.act(Key::Alice, call);
        let done = self.log.iter().rev().find(|event| event.is("Sudo", "Sudid"));
        let done = done.expect("the key acted");
        assert_eq!(self.inner(done, "sudo_result"), None);
    }

    /// What became of a call that another one made, as this event reports it.
    pub fn inner(&self, event: &Event, field: &str) -> Option<Refusal> {
        self.language.refusal(event.field(field))
    }

    /// The error that this event reports.
    pub fn reported_error(&self, event: &Event, field: &str) -> Refusal {
        self.language.error(event.field(field))
    }

    /// Goes on until `moment`, with a block at every half of a delivery slot at least.
    pub fn run_to(&mut self, moment: Moment) {
        while self.now < moment {
            let next = (self.now / STEP + 1) * STEP;
            self.block_at(next.min(moment), &mut VecDeque::new(), &mut Vec::new());
        }
    }

    /// Writes the next block at `moment`, within a slot: a longer time would be an interruption.
    pub fn step_to(&mut self, moment: Moment) {
        assert!((self.now + 1..=self.now + SLOT).contains(&moment));
        self.block_at(moment, &mut VecDeque::new(), &mut Vec::new());
    }

    /// Lets so many blocks pass in which nothing happened, not even time.
    pub fn skip_blocks(&mut self, blocks: BlockNumber) {
        self.number += blocks;
        let latest = self.number;
        self.look(|| System::set_block_number(latest));
    }

    /// Goes on until the next gate opens, and says of which slot.
    pub fn next_gate(&mut self) -> SlotIndex {
        let windows = Windows::default();
        let slot = SlotIndex(self.now / SLOT + 1 + u64::from(windows.gate_opens));
        self.run_to(windows.schedule(slot, SLOT).gate_opens);
        slot
    }

    /// Writes a block at `moment` with as many of the waiting transactions as it takes.
    fn block_at(
        &mut self,
        moment: Moment,
        waiting: &mut VecDeque<(Key, Call)>,
        done: &mut Vec<Result<(), Refusal>>,
    ) {
        self.adopt_code();
        let number = self.number + 1;
        let slot = Slot::from(moment / MILLISECONDS_PER_BLOCK);
        let digest = Digest { logs: vec![DigestItem::PreRuntime(AURA_ENGINE_ID, slot.encode())] };
        let header = Header::new(number, Hash::zero(), Hash::zero(), self.parent, digest);
        let mode: ExtrinsicInclusionMode = self.ask("Core_initialize_block", &header);
        let mut inherents = InherentData::new();
        inherents.put_data(*b"timstap0", &moment).expect("said once");
        // An extrinsic is its bytes with their number before them.
        let inherents: Vec<Vec<u8>> = self.ask("BlockBuilder_inherent_extrinsics", &inherents);
        for inherent in inherents {
            let applied: ApplyExtrinsicResult = self.ask("BlockBuilder_apply_extrinsic", inherent);
            assert_eq!(applied, Ok(Ok(())), "an inherent of block {number}");
        }
        while mode == ExtrinsicInclusionMode::AllExtrinsics
            && let Some((who, call)) = waiting.front()
        {
            let transaction = self.signed(*who, &call.clone());
            let applied: ApplyExtrinsicResult =
                self.ask("BlockBuilder_apply_extrinsic", transaction);
            match applied {
                Ok(result) => {
                    done.push(result.map_err(|error| self.language.name(error)));
                }
                Err(TransactionValidityError::Invalid(InvalidTransaction::ExhaustsResources)) => {
                    break;
                }
                // No author takes what cannot pay.
                Err(TransactionValidityError::Invalid(InvalidTransaction::Payment)) => {
                    done.push(Err("Payment".into()));
                }
                Err(error) => panic!("{who}: {}: {error:?}", self.language.tell(call)),
            }
            waiting.pop_front();
        }
        let header: Header = self.ask("BlockBuilder_finalize_block", ());
        let native = self.code == Code::Native;
        let issuance = self.look(|| {
            if native {
                assert_eq!(invariants::broken(), [], "after block {number}");
            }
            Balances::total_issuance()
        });
        assert_eq!(issuance, self.issuance, "after block {number}");
        let key = frame_support::storage::storage_prefix(b"System", b"Events");
        let events = self.look(|| sp_io::storage::get(&key));
        self.ext.commit_all().expect("the state can be committed");
        self.number = number;
        self.parent = header.hash();
        self.now = moment;
        for event in self.language.events(&events.unwrap_or_default()) {
            if event.is("TransactionPayment", "TransactionFeePaid") {
                *self.fees.entry(event.account("who")).or_default() += event.number("actual_fee");
            }
            if ["WorkPaid", "RenewalPaid"].iter().any(|paid| event.is("Auction", paid)) {
                *self.fees.entry(event.account("who")).or_default() += event.number("amount");
            }
            self.log.push(event);
        }
    }

    /// Takes the code that lies in the storage for that of the next block.
    fn adopt_code(&mut self) {
        let code = self.look(|| sp_io::storage::get(CODE)).expect("a chain has its code");
        if code[..] != *self.code.bytes() {
            self.code = Code::of(code.to_vec());
            self.language = self.code.language(&mut self.ext);
            self.version = self.code.ask(&mut self.ext, "Core_version", &());
        }
    }

    /// A transaction with everything that the code asks of it.
    fn signed(&mut self, who: Key, call: &Call) -> Vec<u8> {
        let nonce = self.look(|| System::account_nonce(who.to_account_id()));
        let genesis = self.look(|| System::block_hash(0));
        self.language.signed(who, nonce, genesis, &self.version, call)
    }

    /// What was reported since the last look.
    pub fn reported(&mut self) -> Vec<Event> {
        core::mem::take(&mut self.log)
    }

    /// What `who` has paid for transactions so far, and for work beside them, in plancks.
    pub fn fees_of(&self, who: Key) -> Balance {
        self.fees.get(&who.to_account_id()).copied().unwrap_or_default()
    }

    /// What `who` owns and has paid for transactions, in plancks: fees are shown apart.
    pub fn wealth_of(&mut self, who: Key) -> Balance {
        let owns = self.look(|| Balances::total_balance(&who.to_account_id()));
        owns + self.fees_of(who)
    }

    /// What is held of `who`, for whatever reason but what it has on record of its SAE, in plancks.
    pub fn held_of(&mut self, who: Key) -> Balance {
        let registry = RuntimeHoldReason::Qkd(pallet_qkd::HoldReason::Registry);
        self.look(|| {
            let who = who.to_account_id();
            Balances::reserved_balance(&who) - Balances::balance_on_hold(&registry, &who)
        })
    }

    /// The standing of `who` in millionths.
    pub fn standing_of(&mut self, who: Key) -> u32 {
        let standing: sp_runtime::Permill = self.ask("ReputationApi_standing", who.to_account_id());
        standing.deconstruct()
    }
}
