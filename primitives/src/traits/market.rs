//! The escrow behind orders, and where trades go.

use crate::{Balance, Band, NewTrade, PricePerKwh, SlotIndex, SlotTerms, SlotTimes};
use frame_support::{dispatch::DispatchResult, weights::Weight};
use sp_arithmetic::Permill;

/// The one hold behind orders and trades.
///
/// An order's escrow becomes its trades' by bookkeeping, not by release and hold.
pub trait Escrow<AccountId> {
    /// Holds `amount` of `who` for an order. Fails, and changes nothing, without the funds, of which enough
    /// for the fees of evidence stays free.
    fn hold(who: &AccountId, amount: Balance) -> DispatchResult;

    /// Gives `amount` that was held for an order back to `who`.
    fn release(who: &AccountId, amount: Balance) -> DispatchResult;

    /// Takes `amount` that was held for an order of `who` as the price of work that was done for it, and
    /// gives it to the community fund.
    fn take(who: &AccountId, amount: Balance) -> DispatchResult;

    /// Takes `amount` of what is free of `who` in the same way. Fails, and changes nothing, without the
    /// funds, of which enough for the fees of evidence stays free.
    fn charge(who: &AccountId, amount: Balance) -> DispatchResult;

    /// What is held for the open orders of `who`.
    fn held_for_orders(who: &AccountId) -> Balance;

    /// Endows `who` with at least `amount` of free balance, for benchmarks only.
    #[cfg(feature = "runtime-benchmarks")]
    fn endow(who: &AccountId, amount: Balance);
}

/// Where clearing takes its trades.
pub trait MarketSettlement<AccountId> {
    /// Opens the settlement of a trade of `slot`. Its money must be held for orders already.
    fn open_trade(slot: SlotIndex, terms: &SlotTerms, trade: NewTrade<AccountId>)
    -> DispatchResult;

    /// An upper bound of the weight of one `open_trade`.
    fn open_trade_weight() -> Weight;

    /// What a seller pays for what is missing beyond the harm, as a part of the grid price, in slots
    /// whose gate opens now. One read.
    fn shortfall_fee() -> Permill;

    /// The share of honest sellers that are assumed off-line, which sets what a complaint costs, in slots
    /// whose gate opens now. One read.
    fn offline_share() -> Permill;

    /// The moments of `slot` by its own clock, which stands still where the chain does: as long as
    /// trades of it are open. Three reads.
    fn times(slot: SlotIndex) -> Option<SlotTimes>;
}

/// What stands behind asks.
pub trait Deposits {
    /// Whether the deposits of every band cover the largest harm and, beside it, a fee of this part of
    /// the grid price. Three reads.
    fn cover(shortfall_fee: Permill) -> bool;
}

/// The market's prices.
pub trait Prices {
    /// The market's grid price of a band; zero where the council has set none.
    fn price_of(band: Band) -> PricePerKwh;
}
