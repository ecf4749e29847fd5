//! Random books against a twin that keeps a plain list.

use super::*;
use proptest::prelude::*;
use qedex_math::{
    clearing::{self, Corridor, Level},
    deposit,
};
use qedex_primitives::NewTrade;

/// An order of the twin. Odd accounts buy, even ones sell.
#[derive(Clone, Debug)]
struct Twin {
    id: OrderId,
    who: AccountId,
    mills: u128,
    energy: u64,
}

impl Twin {
    fn side(&self) -> Side {
        side_of(self.who)
    }
}

fn side_of(who: AccountId) -> Side {
    if who % 2 == 1 { Side::Bid } else { Side::Ask }
}

#[derive(Clone, Debug)]
enum Action {
    Place(AccountId, u128, u64),
    Amend(prop::sample::Index, u128, u64),
    Reduce(prop::sample::Index, u64),
    Cancel(prop::sample::Index),
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    // Few prices, so that many orders share one.
    let mills = || prop_oneof![3 => (8..=30_u128).prop_map(|n| n * 10), 1 => 80..=300_u128];
    let energy = || (2..=40_u64).prop_map(|lots| lots * 100);
    let index = any::<prop::sample::Index>;
    let action = prop_oneof![
        6 => (MEMBERS, mills(), energy()).prop_map(|(who, p, wh)| Action::Place(who, p, wh)),
        1 => (index(), mills(), energy()).prop_map(|(i, p, wh)| Action::Amend(i, p, wh)),
        1 => (index(), energy()).prop_map(|(i, wh)| Action::Reduce(i, wh)),
        1 => index().prop_map(Action::Cancel),
    ];
    prop::collection::vec(action, 0..40)
}

/// Does to the market and to the twin what the actions say.
fn trade(actions: Vec<Action>) -> Vec<Twin> {
    let mut twins: Vec<Twin> = Vec::new();
    for action in actions {
        let id = record(SLOT).next_order;
        match action {
            Action::Place(who, mills, energy) => {
                assert_ok!(place_at(who, side_of(who), price(mills), energy));
                twins.push(Twin { id, who, mills, energy });
            }
            _ if twins.is_empty() => {}
            Action::Amend(index, mills, energy) => {
                let at = index.index(twins.len());
                let old = twins[at].clone();
                assert_ok!(amend(old.who, old.id, mills, energy));
                if mills == old.mills && energy <= old.energy {
                    twins[at].energy = energy;
                } else {
                    twins.remove(at);
                    twins.push(Twin { id, mills, energy, ..old });
                }
            }
            Action::Reduce(index, energy) => {
                let at = index.index(twins.len());
                let twin = &mut twins[at];
                twin.energy = twin.energy.min(energy);
                assert_ok!(amend(twin.who, twin.id, twin.mills, twin.energy));
            }
            Action::Cancel(index) => {
                let twin = twins.remove(index.index(twins.len()));
                assert_ok!(cancel(twin.who, twin.id));
            }
        }
    }
    twins
}

/// The orders of one side, best first; the list is in order of arrival and the sort is stable.
fn merit(twins: &[Twin], side: Side) -> Vec<Twin> {
    let mut side_of_book: Vec<_> = twins.iter().filter(|t| t.side() == side).cloned().collect();
    match side {
        Side::Bid => side_of_book.sort_by_key(|twin| core::cmp::Reverse(twin.mills)),
        Side::Ask => side_of_book.sort_by_key(|twin| twin.mills),
    }
    side_of_book
}

fn levels(twins: &[Twin]) -> Vec<Level> {
    let level = |twin: &Twin| Level { price: price(twin.mills), energy: Wh(twin.energy) };
    twins.iter().map(level).collect()
}

fn energies(twins: &[Twin]) -> Vec<Wh> {
    twins.iter().map(|twin| Wh(twin.energy)).collect()
}

/// The trades that the twin makes of its list.
fn expected_trades(bids: &[Twin], asks: &[Twin], found: &clearing::Clearing) -> Vec<Trade> {
    let (Some(buyer_price), Some(seller_price)) = (found.buyers_pay, found.sellers_receive) else {
        return Vec::new();
    };
    let deposit = |energy| deposit::ask_deposit(700_000, TERMS.cap, energy).unwrap();
    let mut rest: Vec<_> = asks.iter().map(|a| (deposit(Wh(a.energy)), Wh(a.energy))).collect();
    clearing::pair(&energies(bids), &energies(asks), found.volume)
        .into_iter()
        .enumerate()
        .map(|(id, (bid, ask, energy))| {
            let (hold, left) = rest[ask];
            let deposit = deposit::share(hold, energy, left).unwrap();
            rest[ask] = (hold - deposit, left.saturating_sub(energy));
            let trade = NewTrade {
                id: id as u32,
                buyer: bids[bid].who,
                seller: asks[ask].who,
                energy,
                buyer_price,
                seller_price,
                payment: buyer_price.cost_floor(energy).unwrap(),
                deposit,
                reserve: 0,
            };
            // Every fill is inside its limit.
            assert!(buyer_price <= price(bids[bid].mills));
            assert!(seller_price >= price(asks[ask].mills));
            (SLOT, trade)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_market_does_what_the_formulas_say(actions in actions(), keys in 0..60_u64, page in 4..40_u64) {
        ExtBuilder::default().keys(keys).build_and_execute(|| {
            MaxOrdersPerAccount::set(40);
            let twins = trade(actions);
            let (bids, asks) = (merit(&twins, Side::Bid), merit(&twins, Side::Ask));
            for (side, twins) in [(Side::Bid, &bids), (Side::Ask, &asks)] {
                let expected: Vec<_> = twins.iter().map(|t| (t.id, t.mills, t.energy)).collect();
                assert_eq!(book(side), expected);
            }
            let corridor =
                Corridor { floor: TERMS.floor, cap: TERMS.cap, grid_fee: TERMS.grid_fee };
            let cap = clearing::energy_cap(keys, TERMS.wh_per_key);
            let found = clearing::discover(&levels(&bids), &levels(&asks), &corridor, cap);

            Clock::set(schedule(SLOT).gate_closes);
            // One block with weight for price discovery, then small ones.
            poll_within(STEP.saturating_mul(1 + 3 + 1 + 80));
            while phase(SLOT) != Phase::Matched {
                poll_within(STEP.saturating_mul(page));
            }

            let result = Auction::result(SLOT).unwrap();
            assert_eq!(result.volume, found.volume);
            assert_eq!(result.buyers_pay, found.buyers_pay);
            assert_eq!(result.sellers_receive, found.sellers_receive);
            assert_eq!(result.cap_binding, found.cap_binding);
            assert_eq!((result.bids as usize, result.asks as usize), (bids.len(), asks.len()));
            assert!(result.keys_used <= keys);
            let trades = Trades::get();
            assert_eq!(trades, expected_trades(&bids, &asks, &found));
            assert!(trades.len() <= twins.len().saturating_sub(1));
            // Each trade has a buyer and a seller, so what is bought is sold; all of the volume is.
            let traded = trades.iter().map(|(_, trade)| trade.energy.0).sum::<u64>();
            assert_eq!(traded, found.volume.0);
            nothing_is_left_in_the_book();
        });
    }
}
