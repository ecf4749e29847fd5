//! Complaints, reveals and acknowledgements.

use crate::{Book, Books, Config, Decision, Error, Event, Pallet, Sellers, Trade, Trades};
use frame_support::{ensure, pallet_prelude::*};
use frame_system::pallet_prelude::BlockNumberFor;
use qedex_primitives::{
    Bill, BillError, Calendar, EnergyLedger, Nonce, SlotIndex, TradeId, Wh, bill,
};
use sp_core::H256;
use sp_runtime::traits::Zero;

impl<T: Config> Pallet<T> {
    /// The hash of the chain's first block.
    fn genesis() -> H256 {
        frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero())
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
        let (clock, schedule) = (book.clock(T::Calendar::now()), book.terms.schedule);
        ensure!(clock >= schedule.delivery_ends, Error::<T>::DeliveryNotOver);
        ensure!(clock < schedule.complaints_until, Error::<T>::TooLate);
        ensure!(trade.complaint.is_none(), Error::<T>::AlreadyComplained);
        // Else a seller that is not going to answer would ask those who have not complained to pay it
        // rather than the community fund, and offer them a part of it.
        let owes_answer = Self::seller(slot, &trade.seller)
            .is_some_and(|(owner, seller)| book.asks(slot, owner, &seller));
        ensure!(!owes_answer, Error::<T>::AnswerOwed);
        Self::settle(slot, &mut book, id, trade, Decision::Acknowledged);
        if Self::put_book(slot, &book) {
            Self::strike_off(&[slot]);
        }
        Ok(())
    }

    /// How many trades the complaint is about.
    pub(crate) fn do_complain(
        buyer: &T::AccountId,
        slot: SlotIndex,
        id: TradeId,
    ) -> Result<u32, DispatchError> {
        let (book, trade) = Self::open_trade_of(slot, id)?;
        ensure!(trade.buyer == *buyer, Error::<T>::NotTheBuyer);
        ensure!(trade.complaint.is_none(), Error::<T>::AlreadyComplained);
        let schedule = book.terms.schedule;
        ensure!(
            schedule.is_complaint_window(book.clock(T::Calendar::now())),
            Error::<T>::NotInComplaintWindow
        );
        let (owner, mut seller) =
            Self::seller(slot, &trade.seller).ok_or(Error::<T>::NoSuchTrade)?;
        ensure!(seller.commitment.is_some(), Error::<T>::NothingToComplainOf);
        ensure!(
            T::Ledger::delivered(&trade.seller, slot).is_none(),
            Error::<T>::NothingToComplainOf
        );
        let purchase = Self::purchase_of(slot, owner, id, trade);
        let trades = u32::try_from(purchase.len()).unwrap_or(u32::MAX);
        let complained = purchase.complain(&book, buyer)?;
        seller.complained = true;
        Sellers::<T>::insert(slot, owner, seller);
        let times = schedule.later(book.lost);
        for ((id, trade), added) in complained {
            Self::deposit_event(Event::Complained {
                slot,
                id,
                buyer: trade.buyer.clone(),
                seller: trade.seller.clone(),
                bond: trade.complaint.map_or(0, |complaint| complaint.bond),
                added,
                from: times.complaints_until,
                due: times.final_at,
            });
            Trades::<T>::insert(slot, id, trade);
        }
        Ok(trades)
    }

    /// Takes a bill as the answer of the owner of `who`, whoever brings it, if it is what that owner
    /// committed to and holds before `audit`, whose weight is counted apart.
    pub(crate) fn do_reveal(
        by: T::AccountId,
        slot: SlotIndex,
        who: &T::AccountId,
        bill: &Bill,
        nonce: &Nonce,
        audit: fn(&T::AccountId, SlotIndex, &Bill) -> Result<Wh, BillError>,
    ) -> DispatchResult {
        let book = Books::<T>::get(slot).ok_or(Error::<T>::NotASeller)?;
        let (owner, mut seller) = Self::seller(slot, who).ok_or(Error::<T>::NotASeller)?;
        ensure!(
            book.terms.schedule.is_reveal_window(book.clock(T::Calendar::now())),
            Error::<T>::NotInRevealWindow
        );
        ensure!(seller.revealed.is_none(), Error::<T>::AlreadyRevealed);
        ensure!(book.asks(slot, owner, &seller), Error::<T>::NotAsked);
        let commitment = bill::commitment(Self::genesis(), owner, slot, bill, nonce);
        ensure!(seller.commitment == Some(commitment), Error::<T>::NotAsCommitted);
        let delivered = audit(who, slot, bill).map_err(Self::bill_error)?;
        seller.revealed = Some(delivered);
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
