//! # Settlement: who owes whom
//!
//! ## Rules
//!
//! 1. *One hold.* The money behind orders and trades is held for one reason, on the accounts
//!    themselves. When clearing makes a trade of two orders, the payment (all that the buyer
//!    may owe) and the seller's deposit move from the orders to the trade by bookkeeping.
//!    No trade opens after the end of delivery, so that every seller has all of the time for its
//!    evidence.
//! 2. *The seller is the owner.* An owner sells by whichever of its accounts: what it delivers is
//!    allotted once over all of them, in the order of the trades' numbers; it commits once per slot,
//!    by any account of its own that sells in it, and answers once; its defaults count together.
//!    Money moves between the accounts of the trade. An account without an owner, which can make no
//!    new business, is its own ([`OwnerId::of_account`](qedex_primitives::OwnerId::of_account)); so
//!    are accounts in slots that had trades when this rule came, which are finished as they began.
//! 3. *Two kinds of evidence.* Readings on chain are public: the meter decides, nobody has to do
//!    anything. A seller whose habits are nobody's business commits instead, once per slot, in
//!    the commitment window, to `blake2_256(tag, genesis, owner, slot, bill, nonce)`
//!    ([`commitment`](qedex_primitives::bill::commitment)), and opens bill and nonce to each of
//!    its buyers, off chain. The bill is a reading of each of its meters, signed by the meter.
//! 4. *The freeze.* When the readings window ends, the energy that a seller's meters delivered
//!    is allotted once: a trade gets what the seller's trades of the slot with lower numbers
//!    leave. Readings decide where each of the seller's connections has one, or where there is no
//!    commitment: then one that is silent delivers nothing, and it is a shortfall. Trades with such
//!    readings settle, and so do those with neither reading nor commitment.
//! 5. *Complaints, then reveals.* A buyer who got no opening, or one that does not match, complains from
//!    the freeze until the end of complaints: one complaint about a seller speaks for all of the buyer's open
//!    trades with it in the slot, and has one bond of
//!    `f (payment + deposit) / (1 - f)` of all of them, rounded up, and at least that of one kWh at the same
//!    price; `f` is [`Rules::offline_share`]. Its bids have set it aside. From then until the
//!    end of the slot, and not before, the bill of a seller that was complained about is revealed, by
//!    whoever holds bill and nonce: bytes that hash to the commitment *are* the answer. A reveal is
//!    checked against the commitment and the meters' keys. Who answered early would tell the other buyers
//!    who is off-line, and somebody else's answer costs no seller anything.
//!    *Draws.* Of those who committed each is drawn by itself, with [`Rules::draw_chance`], by the
//!    beacon's value of the first epoch whose reveals opened after the freeze
//!    ([`is_drawn`](qedex_primitives::settlement::is_drawn)): its bill is revealed though nobody has
//!    complained. Nobody pays for it. A value of keys goes before one of a block's hash, which the block's author
//!    may choose, if it comes before the end of complaints. Without any value before it nobody is drawn.
//!    *Evidence is the seller's*: at the end one bill, or none, decides all of its open trades.
//!    Whatever has become of a seller's credentials: who is party to an open trade may finish it.
//! 6. *Acknowledgement.* A buyer may close its trade from the end of delivery until the end of complaints,
//!    unless anybody has complained about its seller in the slot, or it was drawn: it pays all of it.
//! 7. *Outcomes* are mechanical ([`qedex_math::outcome`]):
//!
//!    | evidence | [`Outcome`] | buyer | seller | rating |
//!    |---|---|---|---|---|
//!    | readings cover the trade; or a bill that others, or the draw, asked for | `Delivered` | pays | is paid; deposit back | seller + |
//!    | a commitment that nobody asked about | `Trusted` | pays | is paid; deposit back | seller + |
//!    | the buyer acknowledged | `Acknowledged` | pays | is paid; deposit back | seller + |
//!    | a complaint, and the bill covers all that it is about | `Refuted` | pays; loses the bond | is paid; deposit back less as much as the bond | none |
//!    | readings fall short | `Short` | pays the metered part; compensated for the rest; bond back | is paid the metered part; pays the shortfall fee; rest of the deposit back | seller -, by the missing share |
//!    | a bill falls short that anybody's complaint, or the draw, brought to light | `Concealed` | the same | the same, and loses the missing part's whole deposit | the same |
//!    | neither reading nor commitment | `Defaulted` | refunded; compensated | not paid; loses the deposit | seller - |
//!    | a complaint, or the draw, and no bill | `Unanswered` | refunded; compensated; bond back | not paid; loses the deposit | seller - |
//!    | somebody else's complaint, and no bill | `Forfeited` | pays | not paid; loses the deposit | seller - |
//!
//!    A complaint of which a bill covers some trades and not all was right: the covered ones are `Delivered`,
//!    and all of the bond goes back. Compensation covers the harm, which is the grid price less the agreed price on what is
//!    missing, and comes first; then the shortfall fee ([`Rules::shortfall_fee`], a part of the grid
//!    price), as far as the deposit reaches. Everything that is lost goes to the community fund: bonds,
//!    fees, deposits, and what a buyer pays that did not complain about a seller that gave no answer. So
//!    nobody gains by provoking a default. Metered energy is always paid for.
//!    A payout that failed would be `Annulled`: everything goes back.
//! 8. *The spread.* What the buyer pays beyond what the seller gets is the grid fee, which goes
//!    to the grid's account, and the keys' shadow price and the rounding, which go to the
//!    entropy fund.
//! 9. *Repeat offenders.* A seller defaults in a slot in which it owed evidence and gave none, or hid that it
//!    delivered less than it sold: a bill told it that had to be asked for
//!    ([`Outcome::is_default`]). What a reading tells is none. A seller that has defaulted in [`Rules::defaults_to_exclusion`] slots of the
//!    latest seven days at least, and in more than [`Rules::default_share`] of those in which it sold, is
//!    excluded at its next default from trading and selling for [`Rules::exclusion`], with all its accounts,
//!    and from nothing else: it loses no credential. Its open trades go on. A day is 96 slots.
//! 10. *One clock a slot.* An outage is nobody's default: if the chain stood still for longer than a slot
//!     after the end of delivery, that time does not count, for commitments, readings, complaints and
//!     reveals alike ([`Book::clock`]). The calendar has the same clock, as long as trades are open.
//! 11. *Defence is cheap and possible.* An order leaves [`Config::EvidenceReserve`] free of its account's
//!     balance. A commitment, a complaint and a reveal that are taken cost no fee, and those that are refused
//!     pay; all three are operational: what fills blocks otherwise leaves them room.
//! 12. *Deadlines need no help.* They are kept in `on_poll`, in weighed steps that take at most a
//!     quarter of a block and resume where they stopped.
//! 13. *Nobody decides a trade.* The admin origin sets the [`Rules`], within their ranges, for slots
//!     whose gate is yet to open, and may pause settlement: no trade opens, closes or is complained
//!     about, and of the time for complaints and reveals nothing passes. Readings, commitments and
//!     reveals are taken as ever, so that a pause takes no evidence from anybody and saves nobody
//!     who gives none. A pause says when it ends, [`MAX_PAUSE`] after it began at the latest, and
//!     ends by itself; the next one comes after as long a time as it lasted, and after a slot at
//!     least, so that no chain of pauses keeps what is held for ever.
//!
//! Source: `docs/design.md`, section 6; differences from the published protocol are listed in
//! `docs/papers.md`.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;
#[cfg(test)]
extern crate self as pallet_settlement;

mod agenda;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod disputes;
mod escrow;
mod events;
pub mod migrations;
#[cfg(test)]
mod mock;
mod pausing;
mod payout;
mod purchases;
mod rules;
mod sellers;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
mod views;
pub mod weights;

pub use pallet::*;
pub(crate) use payout::Decision;
pub use qedex_primitives::settlement::{
    Amounts, Book, Complaint, MAX_PAUSE, Outcome, Pause, Rules, Seller, SellingAccount, Stage,
    Trade,
};
pub use rules::MAX_RULE_CHANGES;
pub use weights::WeightInfo;

use frame_support::pallet_macros::import_section;

// The pallet macro expands to code that calls `expect` where it cannot fail.
#[allow(clippy::expect_used)]
#[import_section(events::events)]
#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use frame_support::{
        pallet_prelude::*,
        traits::fungible::{Mutate, MutateHold},
    };
    use frame_system::pallet_prelude::*;
    use qedex_math::conduct::{DAYS, Day};
    use qedex_primitives::{
        Balance, Bill, BillAudit, Calendar, Deposits, EnergyLedger, EntropyDraw, MAX_BILL_READINGS,
        Membership, Moment, Nonce, OwnerId, Ratings, Sanctions, SlotIndex, TradeId, Wh,
        beacon::{BeaconSource, EpochIndex},
    };
    use sp_core::H256;

    /// The version of the stored layout. It is written at genesis, and goes up by one with each
    /// migration.
    pub const STORAGE_VERSION: StorageVersion = StorageVersion::new(2);

    /// The settlement of trades.
    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// What settlement needs of the runtime.
    #[pallet::config]
    pub trait Config: frame_system::Config<Hash = H256, RuntimeEvent: From<Event<Self>>> {
        /// Who sets the rules and may pause settlement.
        type AdminOrigin: EnsureOrigin<Self::RuntimeOrigin>;

        /// The chain's token.
        type Currency: MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason, Balance = Balance>
            + Mutate<Self::AccountId, Balance = Balance>;

        /// The runtime's hold reasons.
        type RuntimeHoldReason: From<HoldReason>;

        /// The calendar of delivery slots.
        type Calendar: Calendar;

        /// Whose an account is.
        type Membership: Membership<Self::AccountId>;

        /// What the market asks sellers to hold.
        type Deposits: Deposits;

        /// What the meters say.
        type Ledger: EnergyLedger<Self::AccountId>;

        /// What bills prove that were not published as readings.
        type Audit: BillAudit<Self::AccountId>;

        /// What draws whose bill is revealed though nobody complains.
        type Draw: EntropyDraw;

        /// Where kept and broken trades are noted.
        type Ratings: Ratings<Self::AccountId>;

        /// How repeat offenders are excluded.
        type Sanctions: Sanctions<Self::AccountId>;

        /// The grid operator's account: receives the grid fee. It and the two funds must hold at
        /// least the existential deposit, or amounts below it cannot be paid to them.
        type GridAccount: Get<Self::AccountId>;

        /// The entropy fund: receives the keys' shadow price and rounding remainders.
        type EntropyFund: Get<Self::AccountId>;

        /// The community fund: receives what remains of lost deposits.
        type CommunityFund: Get<Self::AccountId>;

        /// What an order leaves free of its account's balance, in plancks: the fees of the evidence that its
        /// account may have to give.
        #[pallet::constant]
        type EvidenceReserve: Get<Balance>;

        /// The most trades that the orders of a buyer and of a seller make in a slot: one fewer than there are
        /// orders of the two.
        #[pallet::constant]
        type MaxTradesOfPair: Get<u32>;

        /// The most slots whose trades are not all settled.
        #[pallet::constant]
        type MaxSlotsInFlight: Get<u32>;

        /// Measured weights.
        type WeightInfo: WeightInfo;
    }

    /// Why settlement holds money.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// For open orders, and for the payments and deposits of open trades.
        #[codec(index = 0)]
        Escrow,
    }

    /// What is held for the open orders of each account, in plancks.
    #[pallet::storage]
    pub type OrderEscrow<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, Balance, ValueQuery>;

    /// Slots with open trades, in ascending order.
    #[pallet::storage]
    pub type OpenBooks<T: Config> =
        StorageValue<_, BoundedVec<SlotIndex, T::MaxSlotsInFlight>, ValueQuery>;

    /// The state of each slot with open trades.
    #[pallet::storage]
    pub type Books<T: Config> = StorageMap<_, Twox64Concat, SlotIndex, Book>;

    /// Open trades.
    #[pallet::storage]
    pub type Trades<T: Config> =
        StorageDoubleMap<_, Twox64Concat, SlotIndex, Twox64Concat, TradeId, Trade<T::AccountId>>;

    /// The open trades of each slot by who buys, and of which seller: their numbers, in ascending order. A
    /// complaint is about all of them.
    #[pallet::storage]
    pub type Purchases<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        SlotIndex,
        Blake2_128Concat,
        (T::AccountId, OwnerId),
        BoundedVec<TradeId, T::MaxTradesOfPair>,
        ValueQuery,
    >;

    /// The accounts that sell in each slot with open trades, and for whom.
    #[pallet::storage]
    pub type SellingAccounts<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        SlotIndex,
        Blake2_128Concat,
        T::AccountId,
        SellingAccount,
    >;

    /// The sellers of each slot with open trades: the owners of the accounts that sell.
    #[pallet::storage]
    pub type Sellers<T: Config> =
        StorageDoubleMap<_, Twox64Concat, SlotIndex, Blake2_128Concat, OwnerId, Seller>;

    /// In how many slots each owner has sold, and defaulted, on the latest days on which it sold: within
    /// seven days of the last of them.
    #[pallet::storage]
    pub type Conduct<T: Config> =
        StorageMap<_, Blake2_128Concat, OwnerId, BoundedVec<Day, ConstU32<DAYS>>, ValueQuery>;

    /// The time of the latest block in which deadlines were looked at.
    #[pallet::storage]
    pub type LastSeen<T: Config> = StorageValue<_, Moment, ValueQuery>;

    /// The rules of settlement with the moments from which on they hold, the oldest first, as far
    /// back as a slot can need them.
    #[pallet::storage]
    pub type RuleChanges<T: Config> =
        StorageValue<_, BoundedVec<(Moment, Rules), ConstU32<MAX_RULE_CHANGES>>, ValueQuery>;

    /// The latest pause of settlement, whether or not it is over.
    #[pallet::storage]
    pub type LatestPause<T: Config> = StorageValue<_, Pause>;

    /// The rules at genesis.
    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        /// The rules of settlement.
        pub rules: Rules,
        #[serde(skip)]
        #[doc(hidden)]
        pub _config: core::marker::PhantomData<T>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            let rules = &self.rules;
            assert!(
                rules.is_valid() && T::Deposits::cover(rules.shortfall_fee),
                "genesis: settlement: {rules:?}"
            );
            RuleChanges::<T>::put(BoundedVec::truncate_from(alloc::vec![(0, self.rules)]));
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_poll(_: BlockNumberFor<T>, meter: &mut frame_support::weights::WeightMeter) {
            Self::work(meter);
        }

        fn integrity_test() {
            assert!(T::MaxSlotsInFlight::get() > 0, "at least one slot can be settled");
            assert!(T::MaxTradesOfPair::get() > 0, "a buyer may complain");
            let share = qedex_primitives::work::block_share(T::BlockWeights::get().max_block);
            let trade = T::WeightInfo::freeze_trade().max(T::WeightInfo::close_trade());
            let step = T::WeightInfo::poll()
                .saturating_add(T::WeightInfo::visit_book())
                .saturating_add(trade)
                .saturating_add(T::WeightInfo::exclude());
            assert!(step.all_lte(share), "a quarter of a block settles at least one trade");
            assert!(
                T::Audit::audit_weight().all_lte(share),
                "a bill of {MAX_BILL_READINGS} readings can be revealed"
            );
            let funds = [T::GridAccount::get(), T::EntropyFund::get(), T::CommunityFund::get()];
            let [grid, entropy, community] = funds;
            assert!(
                grid != entropy && entropy != community && community != grid,
                "the grid's account and the funds are different accounts"
            );
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Commits the owner of the signer, who sold energy in `slot`, to its meter-signed bill of
        /// that slot.
        ///
        /// - `commitment`: `blake2_256` of the SCALE encoding of (`b"qedex/bill/v1"`, genesis
        ///   hash, owner, slot, bill, 32-byte nonce).
        ///
        /// Once per owner and slot, by whichever of its accounts that sell in it, from the end of
        /// delivery until readings are accepted. Then it costs no fee.
        #[pallet::call_index(0)]
        #[pallet::weight((T::WeightInfo::commit(), DispatchClass::Operational))]
        pub fn commit(
            origin: OriginFor<T>,
            slot: SlotIndex,
            commitment: H256,
        ) -> DispatchResultWithPostInfo {
            let by = ensure_signed(origin)?;
            let book = Books::<T>::get(slot).ok_or(Error::<T>::NotASeller)?;
            let (owner, mut record) = Self::seller(slot, &by).ok_or(Error::<T>::NotASeller)?;
            ensure!(
                book.terms.schedule.is_commitment_window(book.clock(T::Calendar::now())),
                Error::<T>::NotInCommitmentWindow
            );
            ensure!(record.commitment.is_none(), Error::<T>::AlreadyCommitted);
            record.commitment = Some(commitment);
            Sellers::<T>::insert(slot, owner, record);
            Self::deposit_event(Event::Committed { slot, owner, by, commitment });
            Ok(Pays::No.into())
        }

        /// Acknowledges the delivery of trade `id` of `slot`, in which the signer buys: it is paid in
        /// full and its deposit goes back at once.
        ///
        /// From the end of delivery until the end of complaints, as long as the trade is open, nobody has
        /// complained about its seller in the slot, and it was not drawn.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::acknowledge())]
        pub fn acknowledge(origin: OriginFor<T>, slot: SlotIndex, id: TradeId) -> DispatchResult {
            let buyer = ensure_signed(origin)?;
            ensure!(!Self::is_paused(), Error::<T>::IsPaused);
            Self::do_acknowledge(&buyer, slot, id)
        }

        /// Complains about the seller of trade `id` of `slot`, of whom the signer has bought: it has
        /// committed, and has not opened its commitment to the buyer, or not to what it should be. The
        /// complaint is about all open trades of the signer with that seller, by whichever of its accounts.
        ///
        /// Holds the bond of the crate's rule 5, once. It comes back unless a bill is revealed that covers all
        /// of these trades; then the community fund gets it, and as much of the seller. Once per buyer and
        /// seller, from the freeze until the end of complaints. Then it costs no fee.
        #[pallet::call_index(2)]
        #[pallet::weight((
            T::WeightInfo::complain(T::MaxTradesOfPair::get()),
            DispatchClass::Operational,
        ))]
        pub fn complain(
            origin: OriginFor<T>,
            slot: SlotIndex,
            id: TradeId,
        ) -> DispatchResultWithPostInfo {
            let buyer = ensure_signed(origin)?;
            ensure!(!Self::is_paused(), Error::<T>::IsPaused);
            let trades = Self::do_complain(&buyer, slot, id)?;
            Ok((Some(T::WeightInfo::complain(trades)), Pays::No).into())
        }

        /// Reveals the bill to which a seller, whom a buyer has complained about or who was drawn, committed
        /// in `slot`.
        ///
        /// - `seller`: an account that sells in it; its owner is who committed.
        /// - `bill`: one reading of each connection that the owner had in the slot, signed by the meter.
        /// - `nonce`: the 32 bytes that hid it.
        ///
        /// Once per owner and slot, by anybody who holds bill and nonce, from the end of complaints until
        /// the end of the slot: then it costs no fee. A bill that does not match is refused and changes
        /// nothing.
        #[pallet::call_index(3)]
        #[pallet::weight((
            T::WeightInfo::reveal(bill.len() as u32).saturating_add(T::Audit::audit_weight()),
            DispatchClass::Operational,
        ))]
        pub fn reveal(
            origin: OriginFor<T>,
            slot: SlotIndex,
            seller: T::AccountId,
            bill: Bill,
            nonce: Nonce,
        ) -> DispatchResultWithPostInfo {
            let by = ensure_signed(origin)?;
            Self::do_reveal(by, slot, &seller, &bill, &nonce, T::Audit::audit)?;
            Ok(Pays::No.into())
        }

        /// Sets the rules for all slots whose gate opens from now on. The deposits of all bands must cover
        /// harm and shortfall fee.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::set_rules())]
        pub fn set_rules(origin: OriginFor<T>, rules: Rules) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::change_rules(rules)
        }

        /// Pauses settlement until a moment, or lets it go on.
        ///
        /// - `until`: milliseconds since the Unix epoch, a day after the pause began at the latest. A
        ///   pause that is on may be made longer or shorter so. None ends it.
        ///
        /// While it is paused no trade opens, closes or is complained about, and of the time for
        /// complaints and reveals nothing passes. Sellers may commit and reveal, and owe evidence as
        /// ever. From the end of a pause to the next one it takes as long as the pause lasted, and a
        /// slot at least.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::set_paused())]
        pub fn set_paused(origin: OriginFor<T>, until: Option<Moment>) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            match until {
                Some(until) => Self::pause(until),
                None => Self::resume(),
            }
        }
    }
}
