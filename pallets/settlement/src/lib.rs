//! # Settlement: who owes whom
//!
//! ## Rules
//!
//! 1. *One hold.* The money behind orders and trades is held for one reason, on the accounts
//!    themselves. When clearing makes a trade of two orders, the payment (all that the buyer
//!    may owe) and the seller's deposit move from the orders to the trade by bookkeeping.
//!    No trade opens after the end of delivery, so that every seller has all of the time for its
//!    evidence.
//! 2. *Two kinds of evidence.* Readings on chain are public: the meter decides, nobody has to do
//!    anything. A seller whose habits are nobody's business commits instead, once per slot, in
//!    the commitment window, to `blake2_256(tag, genesis, seller, slot, bill, nonce)`.
//! 3. *The freeze.* When the readings window ends, the energy that a seller's meters delivered
//!    is allotted once, first to its trade with the lowest number. Trades with readings settle,
//!    and so do those with neither reading nor commitment. Trades with a commitment wait until
//!    the time for complaints is over.
//! 4. *Outcomes* are mechanical ([`qedex_math::outcome`]):
//!
//!    | evidence | buyer | seller |
//!    |---|---|---|
//!    | metered energy covers the trade, or a commitment stands | pays | is paid; deposit back |
//!    | metered energy falls short | pays the metered part; compensated for the rest | is paid the metered part; rest of the deposit back |
//!    | nothing | refunded; compensated | not paid; loses the deposit |
//!
//!    Compensation covers the harm, which is the grid price less the agreed price on what is
//!    missing; what remains of a lost deposit goes to the community fund, so that nobody gains
//!    by provoking a default. Metered energy is always paid for.
//! 5. *The spread.* What the buyer pays beyond what the seller gets is the grid fee, which goes
//!    to the grid's account, and the keys' shadow price and the rounding, which go to the
//!    entropy fund.
//! 6. *Repeat offenders.* A seller that defaults in [`Config::DefaultsToExclusion`] slots is
//!    excluded from new business for [`Config::ExclusionLength`]. Its open trades go on.
//! 7. *An outage is nobody's default.* If the chain stood still for longer than a slot between
//!    the end of delivery and the freeze, a trade without any evidence is annulled: payment and
//!    deposit go back, and nobody is rated.
//! 8. *Deadlines need no help.* They are kept in `on_poll`, in weighed steps that take at most a
//!    quarter of a block and resume where they stopped.
//!
//! Source: section 6 of the project's design; differences from the published protocol are
//! listed in `docs/papers.md`.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

extern crate alloc;

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

mod agenda;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod escrow;
#[cfg(test)]
mod mock;
mod payout;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
mod types;
pub mod weights;

#[frame_support::pallet]
#[allow(clippy::expect_used)]
pub mod pallet {
    use super::*;
    use frame_support::{pallet_prelude::*, traits::fungible::MutateHold};
    use frame_system::pallet_prelude::*;
    use qedex_primitives::{
        Balance, Calendar, EnergyLedger, Millis, Moment, Ratings, Sanctions, SlotIndex, TradeId, Wh,
    };
    use sp_core::H256;

    /// What settlement needs of the runtime.
    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// The chain's token.
        type Currency: MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason, Balance = Balance>;

        /// The runtime's hold reasons.
        type RuntimeHoldReason: From<HoldReason>;

        /// The calendar of delivery slots.
        type Calendar: Calendar;

        /// What the meters say.
        type Ledger: EnergyLedger<Self::AccountId>;

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

        /// In how many slots a seller may default before it is excluded; at least 1.
        type DefaultsToExclusion: Get<u32>;

        /// How long a repeat offender is excluded, in milliseconds.
        type ExclusionLength: Get<Millis>;

        /// The most slots whose trades are not all settled.
        #[pallet::constant]
        type MaxSlotsInFlight: Get<u32>;

        /// Measured weights.
        type WeightInfo: WeightInfo;
    }

    /// The settlement of trades.
    #[pallet::pallet]
    pub struct Pallet<T>(_);

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

    /// The sellers of each slot with open trades.
    #[pallet::storage]
    pub type Sellers<T: Config> =
        StorageDoubleMap<_, Twox64Concat, SlotIndex, Blake2_128Concat, T::AccountId, Seller>;

    /// In how many slots each account has defaulted since its last exclusion.
    #[pallet::storage]
    pub type Defaults<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

    /// The time of the latest block in which deadlines were looked at.
    #[pallet::storage]
    pub type LastSeen<T: Config> = StorageValue<_, Moment, ValueQuery>;

    /// What happened to trades.
    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// Clearing made a trade.
        TradeOpened {
            /// The slot.
            slot: SlotIndex,
            /// The trade's number.
            id: TradeId,
            /// Who buys.
            buyer: T::AccountId,
            /// Who sells.
            seller: T::AccountId,
            /// The energy.
            energy: Wh,
            /// What the buyer has in escrow for it, in plancks.
            payment: Balance,
            /// What the seller has in escrow for it, in plancks.
            deposit: Balance,
        },
        /// A seller committed to its bill of a slot.
        Committed {
            /// The slot.
            slot: SlotIndex,
            /// The seller.
            seller: T::AccountId,
            /// The commitment.
            commitment: H256,
        },
        /// A trade is settled.
        TradeSettled {
            /// The slot.
            slot: SlotIndex,
            /// The trade's number.
            id: TradeId,
            /// Who bought.
            buyer: T::AccountId,
            /// Who sold.
            seller: T::AccountId,
            /// The energy traded.
            energy: Wh,
            /// The energy that counts as delivered.
            metered: Wh,
            /// What decided.
            outcome: Outcome,
            /// What moved where.
            amounts: Amounts,
        },
        /// All trades of a slot are settled.
        SlotSettled {
            /// The slot.
            slot: SlotIndex,
            /// Their number.
            trades: u32,
        },
        /// A seller has defaulted too often and is excluded from new business.
        SellerExcluded {
            /// The seller.
            seller: T::AccountId,
        },
    }

    /// Why settlement refused. Nothing has changed where one of these is returned.
    #[pallet::error]
    pub enum Error<T> {
        /// The account sold nothing in this slot that is not settled yet.
        NotASeller,
        /// The commitment window of the slot is not open.
        NotInCommitmentWindow,
        /// The seller has committed for this slot already.
        AlreadyCommitted,
        /// More is asked of an account's escrow than is held for its orders.
        EscrowTooSmall,
        /// A trade with this number is open in this slot already.
        DuplicateTrade,
        /// Delivery of the slot has ended: a seller could not give evidence in time any more.
        TooLate,
        /// Too many slots have unsettled trades.
        TooManySlots,
        /// An amount is too large to compute with.
        Overflow,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_poll(_: BlockNumberFor<T>, meter: &mut frame_support::weights::WeightMeter) {
            Self::work(meter);
        }

        fn integrity_test() {
            assert!(
                T::MaxSlotsInFlight::get() > 0,
                "at least one slot can be settled"
            );
            let funds = [
                T::GridAccount::get(),
                T::EntropyFund::get(),
                T::CommunityFund::get(),
            ];
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
        /// Commits the signer, who sold energy in `slot`, to its meter-signed bill of that slot.
        ///
        /// - `commitment`: `blake2_256` of the SCALE encoding of (`b"qedex/bill/v1"`, genesis
        ///   hash, seller, slot, bill, 32-byte nonce).
        ///
        /// Once per seller and slot, from the end of delivery until readings are accepted.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::commit())]
        pub fn commit(origin: OriginFor<T>, slot: SlotIndex, commitment: H256) -> DispatchResult {
            let seller = ensure_signed(origin)?;
            let book = Books::<T>::get(slot).ok_or(Error::<T>::NotASeller)?;
            let mut record = Sellers::<T>::get(slot, &seller).ok_or(Error::<T>::NotASeller)?;
            ensure!(
                book.terms.schedule.is_commitment_window(T::Calendar::now()),
                Error::<T>::NotInCommitmentWindow
            );
            ensure!(record.commitment.is_none(), Error::<T>::AlreadyCommitted);
            record.commitment = Some(commitment);
            Sellers::<T>::insert(slot, &seller, record);
            Self::deposit_event(Event::Committed {
                slot,
                seller,
                commitment,
            });
            Ok(())
        }
    }
}
