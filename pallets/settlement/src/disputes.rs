//! Complaints, reveals and acknowledgements.

use crate::{
    Book, Books, Complaint, Config, Decision, Error, Event, Pallet, Revealed, Sellers, Trade,
    Trades,
};
use frame_support::{ensure, pallet_prelude::*, traits::fungible::MutateHold};
use frame_system::pallet_prelude::BlockNumberFor;
use qedex_math::deposit;
use qedex_primitives::{
    Balance, Bill, BillError, Calendar, EnergyLedger, Nonce, SlotIndex, TradeId, Wh, bill,
};
use sp_core::H256;
use sp_runtime::traits::Zero;

impl<T: Config> Pallet<T> {
    /// The hash of the chain's first block.
    fn genesis() -> H256 {
        frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero())
    }

    /// What is held of a buyer who complains about this trade, in plancks.
    pub(crate) fn bond_of(book: &Book, trade: &Trade<T::AccountId>) -> Option<Balance> {
        deposit::complaint_bond(
            book.rules.offline_share.deconstruct(),
            trade.payment,
            trade.deposit,
        )
    }

    /// An open trade with its book.
    fn open_trade_of(
        slot: SlotIndex,
        id: TradeId,
    ) -> Result<(Book, Trade<T::AccountId>), Error<T>> {
        let book = Books::<T>::get(slot).ok_or(Error::<T>::NoSuchTrade)?;
        let trade = Trades::<T>::get(slot, id).ok_or(Error::<T>::NoSuchTrade)?;
        Ok((book, trade))
    }

    pub(crate) fn do_acknowledge(
        buyer: &T::AccountId,
        slot: SlotIndex,
        id: TradeId,
    ) -> DispatchResult {
        let (mut book, trade) = Self::open_trade_of(slot, id)?;
        ensure!(trade.buyer == *buyer, Error::<T>::NotTheBuyer);
        ensure!(
            T::Calendar::now() >= book.terms.schedule.delivery_ends,
            Error::<T>::DeliveryNotOver
        );
        ensure!(trade.complaint.is_none(), Error::<T>::AlreadyComplained);
        Self::settle(slot, &mut book, id, trade, Decision::Acknowledged);
        if Self::put_book(slot, &book) {
            Self::strike_off(&[slot]);
        }
        Ok(())
    }

    pub(crate) fn do_complain(
        buyer: &T::AccountId,
        slot: SlotIndex,
        id: TradeId,
    ) -> DispatchResult {
        let (book, mut trade) = Self::open_trade_of(slot, id)?;
        ensure!(trade.buyer == *buyer, Error::<T>::NotTheBuyer);
        ensure!(trade.complaint.is_none(), Error::<T>::AlreadyComplained);
        let clock = book.clock(T::Calendar::now());
        let schedule = &book.terms.schedule;
        ensure!(
            clock >= schedule.readings_until && clock < schedule.complaints_until,
            Error::<T>::NotInComplaintWindow
        );
        let (owner, mut seller) =
            Self::seller(slot, &trade.seller).ok_or(Error::<T>::NoSuchTrade)?;
        ensure!(seller.commitment.is_some(), Error::<T>::NothingToComplainOf);
        ensure!(
            seller.revealed.is_none() && T::Ledger::delivered(&trade.seller, slot).is_none(),
            Error::<T>::NothingToComplainOf
        );
        let bond = Self::bond_of(&book, &trade).ok_or(Error::<T>::Overflow)?;
        T::Currency::hold(&Self::reason(), buyer, bond)?;
        let due = clock.saturating_add(book.time_to_reveal()).min(schedule.final_at);
        seller.answer_until = seller.answer_until.max(Some(due));
        Sellers::<T>::insert(slot, owner, seller);
        Self::deposit_event(Event::Complained {
            slot,
            id,
            buyer: trade.buyer.clone(),
            seller: trade.seller.clone(),
            bond,
            due: due.saturating_add(book.lost),
        });
        trade.complaint = Some(Complaint { bond, due });
        Trades::<T>::insert(slot, id, trade);
        Ok(())
    }

    /// Takes a bill as the answer to complaints if it is what the owner of `by` committed to and holds
    /// before `audit`, whose weight is counted apart.
    pub(crate) fn do_reveal(
        by: T::AccountId,
        slot: SlotIndex,
        bill: &Bill,
        nonce: &Nonce,
        audit: fn(&T::AccountId, SlotIndex, &Bill) -> Result<Wh, BillError>,
    ) -> DispatchResult {
        let book = Books::<T>::get(slot).ok_or(Error::<T>::NotASeller)?;
        let (owner, mut seller) = Self::seller(slot, &by).ok_or(Error::<T>::NotASeller)?;
        ensure!(seller.revealed.is_none(), Error::<T>::AlreadyRevealed);
        let until = seller.answer_until.ok_or(Error::<T>::NoComplaint)?;
        let at = book.clock(T::Calendar::now());
        ensure!(at < until, Error::<T>::TooLate);
        let commitment = bill::commitment(Self::genesis(), owner, slot, bill, nonce);
        ensure!(seller.commitment == Some(commitment), Error::<T>::NotAsCommitted);
        let delivered = audit(&by, slot, bill).map_err(Self::bill_error)?;
        seller.revealed = Some(Revealed { delivered, at });
        Sellers::<T>::insert(slot, owner, seller);
        Self::deposit_event(Event::Revealed { slot, owner, by, delivered });
        Ok(())
    }

    fn bill_error(error: BillError) -> Error<T> {
        match error {
            BillError::WrongMeters => Error::<T>::WrongMeters,
            BillError::WrongSlot => Error::<T>::WrongSlot,
            BillError::OverCapacity => Error::<T>::OverCapacity,
            BillError::BadSignature => Error::<T>::BadSignature,
        }
    }
}
