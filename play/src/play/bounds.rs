//! How far everybody lets the broker go: exactly as far as its own orders of the play do. What a broker
//! makes of a grant beyond that, it takes.

use crate::strategy::Intent;
use qedex_client::{
    grants::Grant,
    market::{Plancks, Side},
    terms::PriceList,
};
use qedex_math::{PricePerKwh, Wh, deposit};
use qedex_primitives::terms::Permill;

/// What orders hold beside payments and deposits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backing {
    /// The share of honest sellers that are assumed off-line.
    pub offline_share: Permill,
    /// The price of a trade's work.
    pub work: Plancks,
}

/// The bounds of one participant's grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The highest limit of its bids, if it has any.
    buy_up_to: Option<PricePerKwh>,
    /// The lowest limit of its asks, if it has any.
    sell_from: Option<PricePerKwh>,
    /// The most that its order holds in a slot.
    budget: Plancks,
}

impl Bounds {
    /// Those of each of so many participants, who order like this in one slot after the other. `lists`
    /// are those of all bands, because nobody knows in which one a slot falls. Who orders nothing has
    /// none.
    pub fn of_all(
        participants: usize,
        intents: &[Vec<Intent>],
        lists: &[PriceList],
        backing: Backing,
    ) -> Vec<Option<Self>> {
        let mut all = vec![None; participants];
        for intent in intents.iter().flatten() {
            if let Some(bounds) = all.get_mut(intent.participant) {
                *bounds = Some(Self::with(*bounds, intent, lists, backing));
            }
        }
        all
    }

    /// The bounds of who orders this as well. In one slot nobody orders twice.
    fn with(before: Option<Self>, intent: &Intent, lists: &[PriceList], backing: Backing) -> Self {
        let Intent { side, limit, energy, .. } = *intent;
        let mut bounds =
            before.unwrap_or(Self { buy_up_to: None, sell_from: None, budget: Plancks::MIN });
        match side {
            Side::Bid => bounds.buy_up_to = bounds.buy_up_to.max(Some(limit)),
            Side::Ask => {
                let least = bounds.sell_from.map_or(limit, |least| least.min(limit));
                bounds.sell_from = Some(least);
            }
        }
        bounds.budget = bounds.budget.max(hold(side, limit, energy, lists, backing));
        bounds
    }

    /// The grant until `expires`.
    pub const fn grant(&self, expires: u64) -> Grant {
        let Self { buy_up_to, sell_from, budget } = *self;
        Grant { buy_up_to, sell_from, expires, budget }
    }

    /// Whether a grant lets a broker do this and nothing else, until `until` at least.
    pub fn are_those_of(&self, grant: &Grant, until: u64) -> bool {
        grant.expires >= until && *grant == self.grant(grant.expires)
    }
}

/// What an order holds at most: a bid what it may cost, and the highest bond of any band, an ask the highest
/// deposit; and both the price of a trade's work.
fn hold(
    side: Side,
    limit: PricePerKwh,
    energy: Wh,
    lists: &[PriceList],
    backing: Backing,
) -> Plancks {
    let deposits = lists.iter().map(|list| (list.deposit_rate.deconstruct(), list.cap));
    let most = |most: Plancks, hold: Option<Plancks>| Some(most.max(hold?));
    let hold = match side {
        Side::Bid => {
            let share = backing.offline_share.deconstruct();
            let bonds = deposits.map(|deposits| deposit::bid_bond(share, limit, deposits, energy));
            let bond = bonds.into_iter().try_fold(Plancks::MIN, most);
            deposit::bid_hold(limit, energy).and_then(|hold| hold.checked_add(bond?))
        }
        Side::Ask => deposits
            .map(|(rate, cap)| deposit::ask_deposit(rate, cap, energy))
            .try_fold(Plancks::MIN, most),
    };
    hold.and_then(|hold| hold.checked_add(backing.work)).unwrap_or(Plancks::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: u128 = 1_000_000_000;

    const OFF: PriceList = PriceList {
        floor: PricePerKwh(80 * MILLI),
        cap: PricePerKwh(300 * MILLI),
        grid_fee: PricePerKwh(20 * MILLI),
        tick: PricePerKwh(MILLI),
        lot: Wh(100),
        least_order: Wh(100),
        deposit_rate: Permill::from_percent(70),
    };

    fn intent(participant: usize, side: Side, mills: u128, energy: u64) -> Intent {
        Intent { participant, side, limit: PricePerKwh(mills * MILLI), energy: Wh(energy) }
    }

    #[test]
    fn a_grant_reaches_as_far_as_its_own_orders_and_no_farther() {
        let on = PriceList {
            cap: PricePerKwh(400 * MILLI),
            deposit_rate: Permill::from_percent(80),
            ..OFF
        };
        let intents = [
            vec![intent(0, Side::Ask, 100, 1_000), intent(1, Side::Bid, 200, 1_000)],
            vec![intent(0, Side::Ask, 90, 500), intent(1, Side::Bid, 250, 400)],
            vec![intent(1, Side::Ask, 120, 100)],
        ];
        let bounds = Bounds::of_all(3, &intents, &[OFF, on, OFF], Backing::default());
        let at = |mills: u128| Some(PricePerKwh(mills * MILLI));
        let [Some(seller), Some(both), None] = bounds[..] else {
            panic!("who orders nothing grants nothing");
        };
        let grant = seller.grant(7);
        assert_eq!((grant.buy_up_to, grant.sell_from, grant.expires), (None, at(90), 7));
        assert_eq!(grant.budget, 320 * MILLI, "1 kWh at four fifths of the highest grid price");
        let grant = both.grant(7);
        assert_eq!((grant.buy_up_to, grant.sell_from), (at(250), at(120)));
        assert_eq!(grant.budget, 200 * MILLI);
        for intent in intents.iter().flatten() {
            let bounds = if intent.participant == 0 { seller } else { both };
            assert!(bounds.grant(7).admits(intent.side, intent.limit));
        }
    }

    #[test]
    fn a_budget_covers_bonds_and_work() {
        let intents = [vec![intent(0, Side::Ask, 100, 1_000), intent(1, Side::Bid, 200, 1_000)]];
        let backing = Backing { offline_share: Permill::from_percent(5), work: 7 };
        let [Some(seller), Some(buyer)] = Bounds::of_all(2, &intents, &[OFF], backing)[..] else {
            panic!("both order");
        };
        assert_eq!(seller.grant(0).budget, 210 * MILLI + 7);
        // Of 410 at stake 5 over 95, twice: for the kWh, and the least one.
        let bond = (410 * MILLI * 5).div_ceil(95);
        assert_eq!(buyer.grant(0).budget, 200 * MILLI + 2 * bond + 7);
    }

    #[test]
    fn a_grant_that_allows_more_or_ends_earlier_is_another_one() {
        let intents = [vec![intent(0, Side::Bid, 200, 1_000)]];
        let [Some(bounds)] = Bounds::of_all(1, &intents, &[OFF], Backing::default())[..] else {
            panic!("it orders");
        };
        let grant = bounds.grant(7);
        assert!(bounds.are_those_of(&grant, 7) && bounds.are_those_of(&grant, 6));
        assert!(!bounds.are_those_of(&grant, 8));
        assert!(!bounds.are_those_of(&Grant { budget: grant.budget + 1, ..grant }, 7));
        assert!(!bounds.are_those_of(&Grant { sell_from: Some(OFF.floor), ..grant }, 7));
    }
}
