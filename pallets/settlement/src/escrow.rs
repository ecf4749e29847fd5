//! The one hold behind orders and trades.

use crate::{
    Book, Books, Config, Error, Event, HoldReason, OpenBooks, OrderEscrow, Pallet, Stage, Trade,
    Trades, WeightInfo,
};
use frame_support::{
    ensure,
    pallet_prelude::*,
    storage::with_storage_layer,
    traits::{
        fungible::{Inspect, Mutate, MutateHold},
        tokens::{Fortitude, Precision, Preservation},
    },
    weights::Weight,
};
use qedex_primitives::{
    Balance, Calendar, Escrow, MarketSettlement, NewTrade, SlotIndex, SlotTerms, SlotTimes,
};
use sp_runtime::Permill;

impl<T: Config> Pallet<T> {
    /// The reason of every hold of this pallet.
    pub(crate) fn reason() -> T::RuntimeHoldReason {
        HoldReason::Escrow.into()
    }

    /// Takes `amount` off what is booked for the orders of `who`.
    fn unbook(who: &T::AccountId, amount: Balance) -> DispatchResult {
        if amount == 0 {
            return Ok(());
        }
        OrderEscrow::<T>::try_mutate_exists(who, |entry| {
            let booked = entry.unwrap_or_default();
            let left = booked.checked_sub(amount).ok_or(Error::<T>::EscrowTooSmall)?;
            *entry = (left > 0).then_some(left);
            Ok(())
        })
    }

    /// Whether enough is left for the fees of evidence: who has nothing could neither commit nor complain,
    /// and everybody sees who has not.
    fn ensure_evidence(who: &T::AccountId) -> DispatchResult {
        let left = T::Currency::reducible_balance(who, Preservation::Preserve, Fortitude::Polite);
        ensure!(left >= T::EvidenceReserve::get(), Error::<T>::NothingLeftForEvidence);
        Ok(())
    }

    /// Opens a trade. May fail half-way.
    fn do_open_trade(
        slot: SlotIndex,
        terms: &SlotTerms,
        trade: NewTrade<T::AccountId>,
    ) -> DispatchResult {
        let NewTrade {
            id,
            buyer,
            seller,
            energy,
            buyer_price,
            seller_price,
            payment,
            deposit,
            reserve,
        } = trade;
        ensure!(!Self::is_paused(), Error::<T>::IsPaused);
        let mut book = match Books::<T>::get(slot) {
            Some(book) => book,
            None => Self::new_book(slot, terms)?,
        };
        ensure!(T::Calendar::now() < book.terms.schedule.delivery_ends, Error::<T>::TooLate);
        ensure!(id >= book.trades, Error::<T>::TradeOutOfOrder);
        Self::unbook(&buyer, payment.checked_add(reserve).ok_or(Error::<T>::Overflow)?)?;
        Self::unbook(&seller, deposit)?;
        let following = id.checked_add(1).ok_or(Error::<T>::Overflow)?;
        book.trades = following;
        book.open = book.open.saturating_add(1);
        Books::<T>::insert(slot, book);
        let (owner, before) = Self::enter_sale(slot, &seller, energy);
        Self::enter_purchase(slot, &buyer, owner, id);
        Self::deposit_event(Event::TradeOpened {
            slot,
            id,
            buyer: buyer.clone(),
            seller: seller.clone(),
            owner,
            energy,
            payment,
            deposit,
            reserve,
        });
        let trade = Trade {
            buyer,
            seller,
            energy,
            buyer_price,
            seller_price,
            payment,
            deposit,
            reserve,
            before,
            complaint: None,
        };
        Trades::<T>::insert(slot, id, trade);
        Ok(())
    }

    /// Enters `slot` among the open books.
    fn new_book(slot: SlotIndex, terms: &SlotTerms) -> Result<Book, Error<T>> {
        OpenBooks::<T>::try_mutate(|slots| {
            let place = slots.partition_point(|other| *other < slot);
            slots.try_insert(place, slot).map_err(|_| Error::<T>::TooManySlots)
        })?;
        Ok(Book {
            terms: *terms,
            rules: Self::rules_at(terms.schedule.gate_opens),
            trades: 0,
            open: 0,
            stage: Stage::Freezing { next: 0 },
            lost: 0,
            draw: None,
            drawn_by_keys: false,
        })
    }
}

impl<T: Config> Escrow<T::AccountId> for Pallet<T> {
    fn hold(who: &T::AccountId, amount: Balance) -> DispatchResult {
        if amount == 0 {
            return Ok(());
        }
        let booked = OrderEscrow::<T>::get(who);
        let total = booked.checked_add(amount).ok_or(Error::<T>::Overflow)?;
        with_storage_layer(|| {
            T::Currency::hold(&Self::reason(), who, amount)?;
            Self::ensure_evidence(who)
        })?;
        OrderEscrow::<T>::insert(who, total);
        Ok(())
    }

    fn release(who: &T::AccountId, amount: Balance) -> DispatchResult {
        if amount == 0 {
            return Ok(());
        }
        ensure!(OrderEscrow::<T>::get(who) >= amount, Error::<T>::EscrowTooSmall);
        T::Currency::release(&Self::reason(), who, amount, Precision::Exact)?;
        Self::unbook(who, amount)
    }

    fn take(who: &T::AccountId, amount: Balance) -> DispatchResult {
        if amount == 0 {
            return Ok(());
        }
        with_storage_layer(|| {
            Self::unbook(who, amount)?;
            Self::transfer(who, &T::CommunityFund::get(), amount)
        })
    }

    fn charge(who: &T::AccountId, amount: Balance) -> DispatchResult {
        if amount == 0 {
            return Ok(());
        }
        with_storage_layer(|| {
            let fund = T::CommunityFund::get();
            T::Currency::transfer(who, &fund, amount, Preservation::Preserve)?;
            Self::ensure_evidence(who)
        })
    }

    fn held_for_orders(who: &T::AccountId) -> Balance {
        OrderEscrow::<T>::get(who)
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn endow(who: &T::AccountId, amount: Balance) {
        use frame_support::traits::fungible::{Inspect, Unbalanced};
        let existential = <T::Currency as Inspect<T::AccountId>>::minimum_balance();
        let amount = amount.saturating_add(existential);
        let issuance = <T::Currency as Inspect<T::AccountId>>::total_issuance();
        let given = <T::Currency as Unbalanced<T::AccountId>>::increase_balance(
            who,
            amount,
            Precision::Exact,
        );
        if given.is_ok() {
            <T::Currency as Unbalanced<T::AccountId>>::set_total_issuance(
                issuance.saturating_add(amount),
            );
        }
    }
}

impl<T: Config> MarketSettlement<T::AccountId> for Pallet<T> {
    fn open_trade(
        slot: SlotIndex,
        terms: &SlotTerms,
        trade: NewTrade<T::AccountId>,
    ) -> Result<(), DispatchError> {
        with_storage_layer(|| Self::do_open_trade(slot, terms, trade))
    }

    fn open_trade_weight() -> Weight {
        T::WeightInfo::open_trade()
    }

    fn shortfall_fee() -> Permill {
        Self::rules().shortfall_fee
    }

    fn offline_share() -> Permill {
        Self::rules().offline_share
    }

    fn times(slot: SlotIndex) -> Option<SlotTimes> {
        Self::times_of(slot)
    }
}
