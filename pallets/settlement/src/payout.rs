//! The end of a trade: money moves, and the parties are rated.

use crate::{Amounts, Book, Config, Event, Outcome, Pallet, Trade, Trades};
use frame_support::{
    pallet_prelude::*,
    storage::with_storage_layer,
    traits::{
        fungible::MutateHold,
        tokens::{Fortitude, Precision, Restriction},
    },
};
use qedex_math::outcome::{self, Evidence, Settlement};
use qedex_primitives::{Balance, PricePerKwh, Ratings, SlotIndex, TradeId, Verdict, Wh};

/// What decides a trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// This energy was metered for it.
    Metered(Wh),
    /// A bill that was asked for.
    Billed {
        /// The energy that it leaves for the trade.
        allotted: Wh,
        /// Whether the buyer had complained, and the bill covers all that it complained about.
        refutes: bool,
    },
    /// A commitment stood.
    Trusted,
    /// The buyer acknowledged the delivery.
    Acknowledged,
    /// There is no evidence.
    Nothing,
    /// The buyer's complaint was not answered, or the draw.
    Unanswered,
    /// Another buyer's complaint was not answered.
    Forfeited,
}

impl Decision {
    const fn evidence(self) -> Evidence {
        match self {
            Self::Metered(energy) => Evidence::Metered(energy),
            Self::Billed { allotted, .. } => Evidence::Billed(allotted),
            Self::Trusted | Self::Acknowledged => Evidence::Trusted,
            Self::Nothing | Self::Unanswered => Evidence::Nothing,
            Self::Forfeited => Evidence::Forfeited,
        }
    }

    /// What this makes of a trade over `energy`, and how much of it counts as delivered.
    pub(crate) fn outcome(self, energy: Wh) -> (Outcome, Wh) {
        match self {
            Self::Metered(metered) if metered < energy => (Outcome::Short, metered),
            Self::Billed { allotted, .. } if allotted < energy => (Outcome::Concealed, allotted),
            Self::Billed { refutes: true, .. } => (Outcome::Refuted, energy),
            Self::Metered(_) | Self::Billed { .. } => (Outcome::Delivered, energy),
            Self::Trusted => (Outcome::Trusted, energy),
            Self::Acknowledged => (Outcome::Acknowledged, energy),
            Self::Nothing => (Outcome::Defaulted, Wh::ZERO),
            Self::Unanswered => (Outcome::Unanswered, Wh::ZERO),
            Self::Forfeited => (Outcome::Forfeited, Wh::ZERO),
        }
    }
}

impl<T: Config> Pallet<T> {
    /// Settles a trade by what decides it.
    pub(crate) fn settle(
        slot: SlotIndex,
        book: &mut Book,
        id: TradeId,
        trade: Trade<T::AccountId>,
        decision: Decision,
    ) {
        let (outcome, metered, amounts) =
            Self::try_pay(&trade, book, decision).unwrap_or_else(|| Self::annul(&trade));
        Trades::<T>::remove(slot, id);
        book.open = book.open.saturating_sub(1);
        Self::rate(slot, &trade, outcome, metered);
        Self::leave_purchase(slot, &trade, id);
        Self::leave_sale(slot, &book.rules, &trade.seller);
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

    /// Pays a trade out by its evidence. `None`, with nothing changed, where that fails: the accounts of
    /// a trade exist as long as money is held on them, so it cannot, but money must not stay in escrow
    /// for ever if it did.
    fn try_pay(
        trade: &Trade<T::AccountId>,
        book: &Book,
        decision: Decision,
    ) -> Option<(Outcome, Wh, Amounts)> {
        let (outcome, metered) = decision.outcome(trade.energy);
        let bond = trade.complaint.map_or(0, |complaint| complaint.bond);
        let refuted = outcome == Outcome::Refuted;
        let (bond_to_community_fund, bond_back) = if refuted { (bond, 0) } else { (0, bond) };
        let payout = outcome::payout(
            &Settlement {
                energy: trade.energy,
                buyer_price: trade.buyer_price,
                seller_price: trade.seller_price,
                grid_fee: book.terms.leader.grid_fee,
                fallback_price: book.terms.leader.cap,
                shortfall_fee: PricePerKwh(
                    book.rules.shortfall_fee.mul_floor(book.terms.leader.cap.0),
                ),
                payment: trade.payment,
                deposit: trade.deposit,
            },
            decision.evidence(),
        )?;
        // Nobody can tell who of the two is to blame that a complaint was needed: both lose the same.
        let sellers_bond = if refuted { bond.min(payout.deposit_back) } else { 0 };
        let amounts = Amounts {
            to_seller: payout.to_seller,
            to_grid: payout.to_grid,
            to_entropy_fund: payout.to_spread_fund,
            to_community_fund: payout.to_community_fund,
            refund: payout.refund,
            compensation: payout.compensation,
            shortfall_fee: payout.shortfall_fee,
            forfeited: payout.forfeited,
            sellers_bond,
            deposit_back: payout.deposit_back.saturating_sub(sellers_bond),
            bond_to_community_fund,
            bond_back,
            reserve_back: trade.reserve,
        };
        if let Err(error) = with_storage_layer(|| Self::move_money(trade, &amounts)) {
            log::error!(target: "runtime::settlement", "a payout failed: {error:?}");
            return None;
        }
        Some((outcome, metered, amounts))
    }

    fn move_money(trade: &Trade<T::AccountId>, amounts: &Amounts) -> DispatchResult {
        let (buyer, seller) = (&trade.buyer, &trade.seller);
        let community_fund = T::CommunityFund::get();
        let of_buyer = amounts.to_community_fund.saturating_add(amounts.bond_to_community_fund);
        let of_seller = amounts
            .shortfall_fee
            .saturating_add(amounts.forfeited)
            .saturating_add(amounts.sellers_bond);
        let back =
            amounts.refund.saturating_add(amounts.bond_back).saturating_add(amounts.reserve_back);
        Self::transfer(buyer, seller, amounts.to_seller)?;
        Self::transfer(buyer, &T::GridAccount::get(), amounts.to_grid)?;
        Self::transfer(buyer, &T::EntropyFund::get(), amounts.to_entropy_fund)?;
        Self::transfer(buyer, &community_fund, of_buyer)?;
        Self::give_back(buyer, back)?;
        Self::transfer(seller, buyer, amounts.compensation)?;
        Self::transfer(seller, &community_fund, of_seller)?;
        Self::give_back(seller, amounts.deposit_back)
    }

    /// Moves held money of `from` to the free balance of `to`. Forced, because a freeze for
    /// another purpose must not keep a debt from being paid.
    pub(crate) fn transfer(
        from: &T::AccountId,
        to: &T::AccountId,
        amount: Balance,
    ) -> DispatchResult {
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

    /// Gives payment, deposit and bond back.
    fn annul(trade: &Trade<T::AccountId>) -> (Outcome, Wh, Amounts) {
        let bond = trade.complaint.map_or(0, |complaint| complaint.bond);
        for (who, amount) in [
            (&trade.buyer, trade.payment),
            (&trade.seller, trade.deposit),
            (&trade.buyer, bond),
            (&trade.buyer, trade.reserve),
        ] {
            if let Err(error) = Self::give_back(who, amount) {
                log::error!(target: "runtime::settlement", "a release failed: {error:?}");
            }
        }
        let amounts = Amounts {
            refund: trade.payment,
            deposit_back: trade.deposit,
            bond_back: bond,
            reserve_back: trade.reserve,
            ..Default::default()
        };
        (Outcome::Annulled, Wh::ZERO, amounts)
    }

    /// A seller is rated by its delivery. A complaint that proves wrong rates nobody: without a receipt
    /// of the opening nobody knows who is to blame.
    fn rate(slot: SlotIndex, trade: &Trade<T::AccountId>, outcome: Outcome, metered: Wh) {
        let Trade { buyer, seller, energy, .. } = trade;
        if outcome.is_default() {
            Self::mark_default(slot, seller);
        }
        match outcome {
            Outcome::Delivered | Outcome::Trusted | Outcome::Acknowledged => {
                T::Ratings::record(buyer, seller, *energy, Verdict::Kept);
            }
            Outcome::Short | Outcome::Concealed => {
                let missing = energy.saturating_sub(metered);
                T::Ratings::record(buyer, seller, *energy, Verdict::Missed(missing));
            }
            Outcome::Defaulted | Outcome::Unanswered | Outcome::Forfeited => {
                T::Ratings::record(buyer, seller, *energy, Verdict::Missed(*energy));
            }
            Outcome::Refuted | Outcome::Annulled => (),
        }
    }
}
