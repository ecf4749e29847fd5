//! The end of a trade: money moves, and the parties are rated.

use crate::{Amounts, Book, Config, Defaults, Event, Outcome, Pallet, Sellers, Trade, Trades};
use frame_support::{
    pallet_prelude::*,
    storage::with_storage_layer,
    traits::{
        fungible::MutateHold,
        tokens::{Fortitude, Precision, Restriction},
    },
};
use qedex_math::outcome::{self, Evidence, Settlement};
use qedex_primitives::{Balance, Ratings, Rule, Sanctions, SlotIndex, TradeId, Verdict, Wh};

impl<T: Config> Pallet<T> {
    /// Settles a trade by its evidence; without any (`None`), annuls it.
    pub(crate) fn settle(
        slot: SlotIndex,
        book: &mut Book,
        id: TradeId,
        trade: Trade<T::AccountId>,
        evidence: Option<Evidence>,
    ) {
        let (outcome, metered, amounts) = evidence
            .and_then(|evidence| Self::try_pay(&trade, book, evidence))
            .unwrap_or_else(|| Self::annul(&trade));
        Trades::<T>::remove(slot, id);
        book.open = book.open.saturating_sub(1);
        Self::rate(slot, &trade, outcome, metered);
        Self::close_seller(slot, &trade.seller);
        Self::deposit_event(Event::TradeSettled {
            slot,
            id,
            buyer: trade.buyer,
            seller: trade.seller,
            energy: trade.energy,
            metered,
            outcome,
            amounts,
        });
    }

    /// Pays a trade out by its evidence. `None`, with nothing changed, where that fails: the
    /// accounts of a trade exist as long as money is held on them, so it cannot, but money must
    /// not stay in escrow for ever if it did.
    fn try_pay(
        trade: &Trade<T::AccountId>,
        book: &Book,
        evidence: Evidence,
    ) -> Option<(Outcome, Wh, Amounts)> {
        let payout = outcome::payout(
            &Settlement {
                energy: trade.energy,
                buyer_price: trade.buyer_price,
                seller_price: trade.seller_price,
                grid_fee: book.terms.leader.grid_fee,
                fallback_price: book.terms.leader.cap,
                payment: trade.payment,
                deposit: trade.deposit,
            },
            evidence,
        )?;
        let amounts = Amounts {
            to_seller: payout.to_seller,
            to_grid: payout.to_grid,
            to_entropy_fund: payout.to_spread_fund,
            refund: payout.refund,
            compensation: payout.compensation,
            forfeited: payout.forfeited,
            deposit_back: payout.deposit_back,
        };
        if let Err(error) = with_storage_layer(|| Self::move_money(trade, book, &amounts)) {
            log::error!(target: "runtime::settlement", "a payout failed: {error:?}");
            return None;
        }
        let (outcome, metered) = match evidence {
            Evidence::Metered(metered) if metered < trade.energy => (Outcome::Short, metered),
            Evidence::Metered(_) => (Outcome::Delivered, trade.energy),
            Evidence::Trusted => (Outcome::Trusted, trade.energy),
            Evidence::Nothing => (Outcome::Defaulted, Wh::ZERO),
        };
        Some((outcome, metered, amounts))
    }

    fn move_money(trade: &Trade<T::AccountId>, book: &Book, amounts: &Amounts) -> DispatchResult {
        let (buyer, seller) = (&trade.buyer, &trade.seller);
        // Beyond the fee, McAfee's spread is nobody's price of keys.
        let spread_fund = match book.terms.leader.rule {
            Rule::Uniform => T::EntropyFund::get(),
            Rule::McAfee => T::CommunityFund::get(),
        };
        Self::transfer(buyer, seller, amounts.to_seller)?;
        Self::transfer(buyer, &T::GridAccount::get(), amounts.to_grid)?;
        Self::transfer(buyer, &spread_fund, amounts.to_entropy_fund)?;
        Self::give_back(buyer, amounts.refund)?;
        Self::transfer(seller, buyer, amounts.compensation)?;
        Self::transfer(seller, &T::CommunityFund::get(), amounts.forfeited)?;
        Self::give_back(seller, amounts.deposit_back)
    }

    /// Moves held money of `from` to the free balance of `to`. Forced, because a freeze for
    /// another purpose must not keep a debt from being paid.
    fn transfer(from: &T::AccountId, to: &T::AccountId, amount: Balance) -> DispatchResult {
        if amount > 0 {
            T::Currency::transfer_on_hold(
                &Self::reason(),
                from,
                to,
                amount,
                Precision::Exact,
                Restriction::Free,
                Fortitude::Force,
            )?;
        }
        Ok(())
    }

    fn give_back(who: &T::AccountId, amount: Balance) -> DispatchResult {
        if amount > 0 {
            T::Currency::release(&Self::reason(), who, amount, Precision::Exact)?;
        }
        Ok(())
    }

    /// Gives payment and deposit back.
    fn annul(trade: &Trade<T::AccountId>) -> (Outcome, Wh, Amounts) {
        for (who, amount) in [
            (&trade.buyer, trade.payment),
            (&trade.seller, trade.deposit),
        ] {
            if let Err(error) = Self::give_back(who, amount) {
                log::error!(target: "runtime::settlement", "a release failed: {error:?}");
            }
        }
        let amounts = Amounts {
            refund: trade.payment,
            deposit_back: trade.deposit,
            ..Default::default()
        };
        (Outcome::Annulled, Wh::ZERO, amounts)
    }

    fn rate(slot: SlotIndex, trade: &Trade<T::AccountId>, outcome: Outcome, metered: Wh) {
        let verdict = match outcome {
            Outcome::Delivered | Outcome::Trusted => Verdict::Kept,
            Outcome::Short | Outcome::Defaulted => {
                Verdict::Missed(trade.energy.saturating_sub(metered))
            }
            Outcome::Annulled => return,
        };
        T::Ratings::record(&trade.buyer, &trade.seller, trade.energy, verdict);
        if outcome == Outcome::Defaulted {
            Self::count_default(slot, &trade.seller);
        }
    }

    /// Counts a default once per seller and slot, and excludes who has reached the limit.
    pub(crate) fn count_default(slot: SlotIndex, who: &T::AccountId) {
        let Some(mut seller) = Sellers::<T>::get(slot, who) else {
            return;
        };
        if seller.defaulted {
            return;
        }
        seller.defaulted = true;
        Sellers::<T>::insert(slot, who, seller);
        let defaults = Defaults::<T>::get(who).saturating_add(1);
        if defaults < T::DefaultsToExclusion::get().max(1) {
            Defaults::<T>::insert(who, defaults);
            return;
        }
        Defaults::<T>::remove(who);
        match T::Sanctions::blacklist_for_default(who, T::ExclusionLength::get()) {
            Ok(()) => Self::deposit_event(Event::SellerExcluded {
                seller: who.clone(),
            }),
            Err(error) => {
                log::error!(target: "runtime::settlement", "an exclusion failed: {error:?}");
            }
        }
    }

    /// Forgets a seller of a slot with its last trade.
    fn close_seller(slot: SlotIndex, who: &T::AccountId) {
        Sellers::<T>::mutate_exists(slot, who, |entry| {
            *entry = entry.take().and_then(|mut seller| {
                seller.open = seller.open.saturating_sub(1);
                (seller.open > 0).then_some(seller)
            });
        });
    }
}
