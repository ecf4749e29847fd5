//! A community on the real runtime: blocks with their inherents, and transactions that are signed.

use super::super::{externalities, invariants};
use crate::*;
use codec::Encode;
use frame_support::{
    traits::fungible::{Inspect, InspectHold},
    weights::Weight,
};
use qedex_primitives::{
    Change, ChangeId, MeterKey, MeterKind, MeterRatings, Moment, SlotIndex, Wh, Windows,
};
use sp_consensus_aura::{AURA_ENGINE_ID, Slot};
use sp_keyring::Sr25519Keyring as Key;
use sp_runtime::{
    ApplyExtrinsicResult, Digest, DigestItem, DispatchResult, ExtrinsicInclusionMode,
    generic::Era,
    traits::Header as _,
    transaction_validity::{TransactionSource, TransactionValidity},
};
use std::collections::BTreeMap;

/// The length of a delivery slot.
pub const SLOT: Moment = presets::TEST_SLOT_LENGTH;

/// The time between two blocks in which nothing is sent.
const STEP: Moment = SLOT / 2;

/// The length of a day of 96 delivery slots.
pub const DAY: Moment = 96 * SLOT;

/// The first block of a world is written at a midnight.
const MIDNIGHT: Moment = 1_500_000 * DAY;

/// The hash that the first block's parent has in a genesis without a header.
const GENESIS_HASH: Hash = Hash::repeat_byte(69);

/// A transaction that a block is offered.
#[allow(clippy::large_enum_variant)]
#[derive(Clone)]
pub enum Offer {
    /// One that this account signs.
    Signed(Key, RuntimeCall),
    /// The same, with a tip in plancks.
    Tipped(Key, RuntimeCall, Balance),
    /// A general one, which no account signs, as workers bring them.
    General(RuntimeCall),
    /// One as it is.
    Made(UncheckedExtrinsic),
}

impl Offer {
    fn transaction(&self) -> UncheckedExtrinsic {
        match self {
            Self::Signed(who, call) => signed(*who, call, 0),
            Self::Tipped(who, call, tip) => signed(*who, call, *tip),
            Self::General(call) => {
                let extension = create_extension();
                UncheckedExtrinsic::new_transaction(call.clone(), extension)
            }
            Self::Made(transaction) => transaction.clone(),
        }
    }
}

/// What a worker's transaction carries beside its call.
pub fn create_extension() -> TxExtension {
    use frame_system::offchain::CreateAuthorizedTransaction;
    <Runtime as CreateAuthorizedTransaction<RuntimeCall>>::create_extension()
}

/// A chain, from its first block on: the development chain, if nothing else is said.
pub struct World {
    ext: sp_io::TestExternalities,
    parent: Hash,
    number: BlockNumber,
    /// When the latest block was written.
    pub now: Moment,
    /// What each account has paid for transactions, and for work beside them.
    fees: BTreeMap<AccountId, Balance>,
    /// What settlement, market, membership and the registry of keys reported since the last look.
    log: Vec<RuntimeEvent>,
    /// What each transaction of the latest block took of it.
    pub weights: Vec<Weight>,
    /// After every how many blocks the invariants are looked at.
    pub looks_after: BlockNumber,
    /// What the author of the next block writes into its header, as it likes.
    pub graffiti: Option<u8>,
    issuance: Balance,
}

impl World {
    pub fn new() -> Self {
        Self::of("development")
    }

    /// The chain of this preset.
    pub fn of(preset: &str) -> Self {
        let mut ext = externalities(preset);
        let issuance = ext.execute_with(Balances::total_issuance);
        let mut world = Self {
            ext,
            parent: GENESIS_HASH,
            number: 0,
            now: MIDNIGHT,
            fees: BTreeMap::new(),
            log: Vec::new(),
            weights: Vec::new(),
            looks_after: 1,
            graffiti: None,
            issuance,
        };
        world.block_at(MIDNIGHT + MILLISECONDS_PER_BLOCK, &[]);
        world
    }

    /// Gives an account a connection by which so much may leave in a slot that has still to open: one
    /// installer proposes it, its owner and another installer agree.
    pub fn connect(&mut self, who: Key, energy: Wh) {
        let key =
            sp_core::sr25519::Public::from_raw(sp_io::hashing::blake2_256(&who.to_raw_public()));
        let name: String = who.to_string().chars().filter(char::is_ascii_alphanumeric).collect();
        let number = format!("GAMES{}", name.to_uppercase());
        let change = Change::Register {
            account: who.to_account_id(),
            key: MeterKey::Sr25519(key),
            kind: MeterKind::Connection(number.as_str().try_into().unwrap()),
            ratings: MeterRatings { out: energy, into: energy },
        };
        let id = self.look(|| ChangeId(pallet_metering::NextChange::<Runtime>::get()));
        let hash = self.look(|| change.hash(System::block_hash(0), id));
        self.act(Key::Bob, pallet_metering::Call::propose_change { change });
        for agrees in [who, Key::Alice] {
            self.act(agrees, pallet_metering::Call::confirm_change { change: id, hash });
        }
    }

    /// Looks at the state after the latest block.
    pub fn look<R>(&mut self, question: impl FnOnce() -> R) -> R {
        self.ext.execute_with(question)
    }

    /// Writes the next block, with these transactions, and says what became of them.
    pub fn block(&mut self, calls: &[(Key, RuntimeCall)]) -> Vec<DispatchResult> {
        let signed = |(who, call): &(Key, RuntimeCall)| Offer::Signed(*who, call.clone());
        let offers: Vec<_> = calls.iter().map(signed).collect();
        let applied = self.offer(&offers);
        applied.into_iter().map(|result| result.expect("a valid transaction")).collect()
    }

    /// Writes the next block, and says what became of what it was offered.
    pub fn offer(&mut self, offers: &[Offer]) -> Vec<ApplyExtrinsicResult> {
        self.block_at(self.now + MILLISECONDS_PER_BLOCK, offers)
    }

    /// What a pool says of a transaction after the latest block.
    pub fn validity(&mut self, offer: &Offer) -> TransactionValidity {
        use sp_transaction_pool::runtime_api::runtime_decl_for_tagged_transaction_queue::TaggedTransactionQueueV3;
        let (source, parent) = (TransactionSource::External, self.parent);
        self.look(|| {
            frame_support::hypothetically!({
                Runtime::validate_transaction(source, offer.transaction(), parent)
            })
        })
    }

    /// Writes the next block, with one transaction that has to succeed.
    pub fn act(&mut self, who: Key, call: impl Into<RuntimeCall>) {
        let call = call.into();
        let done = self.block(&[(who, call.clone())]);
        assert_eq!(done, [Ok(())], "{who}: {call:?}");
    }

    /// Goes on until `moment`, with a block at every half of a delivery slot at least: more than a
    /// slot without one would count as an interruption.
    pub fn run_to(&mut self, moment: Moment) {
        while self.now < moment {
            let next = (self.now / STEP + 1) * STEP;
            self.block_at(next.min(moment), &[]);
        }
    }

    /// The header with which a block at `moment` begins.
    fn next_header(&self, moment: Moment) -> Header {
        let slot = Slot::from(moment / MILLISECONDS_PER_BLOCK);
        let mut logs = vec![DigestItem::PreRuntime(AURA_ENGINE_ID, slot.encode())];
        logs.extend(self.graffiti.map(|said| DigestItem::PreRuntime(*b"said", vec![said])));
        Header::new(self.number + 1, Hash::zero(), Hash::zero(), self.parent, Digest { logs })
    }

    /// Transactions that are signed once, for who writes the same block more than once.
    pub fn sign(&mut self, calls: Vec<(Key, RuntimeCall)>) -> Vec<Offer> {
        let sign = |(who, call): (Key, RuntimeCall)| {
            let transaction = signed(who, &call, 0);
            System::inc_account_nonce(who.to_account_id());
            Offer::Made(transaction)
        };
        self.look(|| {
            frame_support::hypothetically!(calls.into_iter().map(sign).collect::<Vec<_>>())
        })
    }

    /// The hash that the next block would have with these transactions.
    pub fn foresee(&mut self, offers: &[Offer]) -> Hash {
        let moment = self.now + MILLISECONDS_PER_BLOCK;
        let begun = self.next_header(moment);
        self.look(|| {
            // Layers of the runtime's own are counted in the storage, and would be in its root.
            sp_io::storage::start_transaction();
            let (_, header, _) = write(&begun, moment, offers);
            sp_io::storage::rollback_transaction();
            header.hash()
        })
    }

    /// Writes a block at `moment`. The one that ends a session is full, takes no transactions and
    /// meets no deadlines: then another one follows at once.
    fn block_at(&mut self, moment: Moment, offers: &[Offer]) -> Vec<ApplyExtrinsicResult> {
        match self.one_block_at(moment, offers) {
            Some(done) => done,
            None => self.offer(offers),
        }
    }

    /// Writes a block at `moment`, with no transactions, and none behind it.
    pub fn step_to(&mut self, moment: Moment) {
        self.one_block_at(moment, &[]);
    }

    /// Writes a block at `moment`. What became of the transactions, if it takes any.
    fn one_block_at(
        &mut self,
        moment: Moment,
        offers: &[Offer],
    ) -> Option<Vec<ApplyExtrinsicResult>> {
        let begun = self.next_header(moment);
        let number = begun.number;
        let (done, header, weights, events) = self.ext.execute_with(|| {
            let (done, header, weights) = write(&begun, moment, offers);
            assert_eq!(Balances::total_issuance(), self.issuance);
            if number.is_multiple_of(self.looks_after) {
                assert_eq!(invariants::broken(), [], "after block {number}");
            }
            let events = System::read_events_no_consensus();
            let events = events.map(|record| record.event).collect::<Vec<_>>();
            (done, header, weights, events)
        });
        self.ext.commit_all().expect("the state can be committed");
        self.number = number;
        self.parent = header.hash();
        self.now = moment;
        self.weights = weights;
        for event in events {
            self.note(event);
        }
        done
    }

    fn note(&mut self, event: RuntimeEvent) {
        match event {
            RuntimeEvent::TransactionPayment(
                pallet_transaction_payment::Event::TransactionFeePaid { who, actual_fee, .. },
            ) => *self.fees.entry(who).or_default() += actual_fee,
            RuntimeEvent::Auction(
                pallet_auction::Event::WorkPaid { who, amount, .. }
                | pallet_auction::Event::RenewalPaid { who, amount, .. },
            ) => *self.fees.entry(who).or_default() += amount,
            RuntimeEvent::Settlement(_)
            | RuntimeEvent::Auction(_)
            | RuntimeEvent::Membership(_)
            | RuntimeEvent::Qkd(_) => {
                self.log.push(event);
            }
            _ => (),
        }
    }

    /// What was reported since the last look.
    pub fn reported(&mut self) -> Vec<RuntimeEvent> {
        core::mem::take(&mut self.log)
    }

    /// What `who` has paid for transactions so far, and for work beside them, in plancks.
    pub fn fees_of(&self, who: Key) -> Balance {
        let paid = self.fees.get(&who.to_account_id());
        paid.copied().unwrap_or_default()
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
        self.look(|| Reputation::standing_of(&who.to_account_id()).deconstruct())
    }

    /// Goes on until the next midnight.
    pub fn next_day(&mut self) {
        self.run_to((self.now / DAY + 1) * DAY);
    }

    /// Writes the first block of the next day, and none before it: for when nothing is open that a chain
    /// that stands still would put off.
    pub fn sleep_until_midnight(&mut self) {
        self.block_at((self.now / DAY + 1) * DAY, &[]);
    }

    /// Goes on until the next gate opens, and says of which slot.
    pub fn next_gate(&mut self) -> SlotIndex {
        let windows = Windows::default();
        let slot = SlotIndex(self.now / SLOT + 1 + u64::from(windows.gate_opens));
        self.run_to(windows.schedule(slot, SLOT).gate_opens);
        slot
    }
}

/// Writes a block from this header on: what became of the transactions, if it takes any, its header, and what
/// each of them took of it.
fn write(
    begun: &Header,
    moment: Moment,
    offers: &[Offer],
) -> (Option<Vec<ApplyExtrinsicResult>>, Header, Vec<Weight>) {
    let mut weights = Vec::new();
    let mode = Executive::initialize_block(begun);
    let set = Executive::apply_extrinsic(inherent(moment));
    assert_eq!(set, Ok(Ok(())), "the time can be set");
    assert_eq!(mode, ExtrinsicInclusionMode::AllExtrinsics);
    let mut apply = |offer: &Offer| {
        let before = System::block_weight().total();
        let applied = Executive::apply_extrinsic(offer.transaction());
        weights.push(System::block_weight().total().saturating_sub(before));
        applied
    };
    let done = (!is_full()).then(|| offers.iter().map(&mut apply).collect());
    (done, Executive::finalize_block(), weights)
}

/// Whether there is no room left in this block.
fn is_full() -> bool {
    let limit = configs::system::BlockWeights::get().max_block;
    System::block_weight().total().any_gt(limit)
}

fn inherent(now: Moment) -> UncheckedExtrinsic {
    UncheckedExtrinsic::new_bare(pallet_timestamp::Call::set { now }.into())
}

/// A transaction with everything that the runtime asks of it, and a tip in plancks.
fn signed(who: Key, call: &RuntimeCall, tip: Balance) -> UncheckedExtrinsic {
    let nonce = System::account_nonce(who.to_account_id());
    let extension: TxExtension = (
        frame_system::AuthorizeCall::new(),
        frame_system::CheckNonZeroSender::new(),
        frame_system::CheckSpecVersion::new(),
        frame_system::CheckTxVersion::new(),
        frame_system::CheckGenesis::new(),
        frame_system::CheckEra::from(Era::Immortal),
        frame_system::CheckNonce::from(nonce),
        frame_system::CheckWeight::new(),
        pallet_transaction_payment::ChargeTransactionPayment::from(tip),
        frame_metadata_hash_extension::CheckMetadataHash::new(false),
        frame_system::WeightReclaim::new(),
    );
    let payload = SignedPayload::new(call.clone(), extension).expect("the chain is known");
    let signature = payload.using_encoded(|bytes| who.sign(bytes));
    let (call, extension, _) = payload.deconstruct();
    let address = MultiAddress::Id(who.to_account_id());
    UncheckedExtrinsic::new_signed(call, address, signature.into(), extension)
}
