//! What holds for every book.

use super::*;
use proptest::prelude::*;

/// Order limits of a whole side, one entry a watt-hour, best first.
pub(super) fn watt_hours(side: &[Level], descending: bool) -> Vec<u128> {
    let mut limits: Vec<u128> = side
        .iter()
        .flat_map(|level| core::iter::repeat_n(level.price.0, level.energy.0 as usize))
        .collect();
    limits.sort_unstable();
    if descending {
        limits.reverse();
    }
    limits
}

/// The best total of `bid - ask - fee` over all choices of as many bids as asks, at most
/// `most`, and the largest number of them that reaches it.
pub(super) fn best_choice(bids: &[u128], asks: &[u128], fee: u128, most: u64) -> (i128, u64) {
    fn sum(side: &[u128], chosen: u32) -> i128 {
        (0..side.len()).filter(|i| chosen >> i & 1 == 1).map(|i| side[i] as i128).sum()
    }
    let mut best = (0, 0);
    for chosen_bids in 0_u32..1 << bids.len() {
        for chosen_asks in 0_u32..1 << asks.len() {
            let count = chosen_bids.count_ones();
            if count == chosen_asks.count_ones() && u64::from(count) <= most {
                let total = sum(bids, chosen_bids)
                    - sum(asks, chosen_asks)
                    - fee as i128 * i128::from(count);
                best = best.max((total, count.into()));
            }
        }
    }
    best
}

/// The design's rule, read off lists of single watt-hours.
fn twin(bids: &[u128], asks: &[u128], corridor: &Corridor, most: u64) -> Found {
    let [floor, cap, fee] =
        [corridor.floor, corridor.cap, corridor.grid_fee].map(|price| price.0 as i128);
    let bid = |i: usize| bids.get(i).map(|limit| *limit as i128);
    let ask = |i: usize| asks.get(i).map(|limit| *limit as i128);
    let free = (0..)
        .take_while(|i| bid(*i).zip(ask(*i)).is_some_and(|(bid, ask)| bid - ask >= fee))
        .count();
    let volume = free.min(usize::try_from(most).unwrap_or(usize::MAX));
    let binding = volume < free;
    let prices = (volume > 0).then(|| {
        if binding {
            return (bid(volume).unwrap() as u128, ask(volume).unwrap() as u128);
        }
        let (bid_in, ask_in) = (bid(volume - 1).unwrap(), ask(volume - 1).unwrap());
        let bid_out = bid(volume).unwrap_or(floor + fee);
        let ask_out = ask(volume).unwrap_or(cap - fee);
        let (low, high) = (ask_in.max(bid_out - fee), (bid_in - fee).min(ask_out));
        assert!(low <= high, "no price: [{low}, {high}]");
        let price = (low + high).div_euclid(2);
        ((price + fee) as u128, price as u128)
    });
    (volume as u64, prices, binding)
}

/// What holds for every sorted book.
fn check(
    bids: &[Level],
    asks: &[Level],
    corridor: &Corridor,
    max_volume: Wh,
) -> Result<Clearing, TestCaseError> {
    let found = discover(bids, asks, corridor, max_volume);
    let (all_bids, all_asks) = (watt_hours(bids, true), watt_hours(asks, false));
    let volume = found.volume.0 as usize;
    prop_assert!(found.volume <= max_volume);
    prop_assert!(volume <= all_bids.len() && volume <= all_asks.len(), "bought = sold");
    prop_assert_eq!(found.buyers_pay.is_some(), volume > 0);
    prop_assert_eq!(found.sellers_receive.is_some(), volume > 0);
    let (bids_in, bids_out) = all_bids.split_at(volume);
    let (asks_in, asks_out) = all_asks.split_at(volume);
    prop_assert_eq!(found.surplus, bids_in.iter().sum::<u128>() - asks_in.iter().sum::<u128>());
    if let (Some(buyers), Some(sellers)) = (found.buyers_pay, found.sellers_receive) {
        prop_assert!(bids_in.iter().all(|limit| *limit >= buyers.0), "a buyer's limit broken");
        prop_assert!(asks_in.iter().all(|limit| *limit <= sellers.0), "a seller's limit broken");
        prop_assert!(bids_out.iter().all(|limit| *limit <= buyers.0), "a buyer is left out");
        prop_assert!(asks_out.iter().all(|limit| *limit >= sellers.0), "a seller is left out");
        let spread = buyers.0 - sellers.0;
        prop_assert!(spread >= corridor.grid_fee.0);
        prop_assert!(found.cap_binding || spread == corridor.grid_fee.0);
        prop_assert!(sellers >= corridor.floor && buyers <= corridor.cap, "out of the corridor");
    }
    let prices = found.buyers_pay.zip(found.sellers_receive);
    prop_assert_eq!(
        (found.volume.0, prices.map(|(b, s)| (b.0, s.0)), found.cap_binding),
        twin(&all_bids, &all_asks, corridor, max_volume.0)
    );
    Ok(found)
}

/// A corridor, and one in four times a fee that no spread reaches.
pub(super) fn a_corridor() -> impl Strategy<Value = Corridor> {
    (0..20_u128, 0..20_u128, prop_oneof![3 => 0..6_u128, 1 => 0..50_u128]).prop_map(
        |(floor, width, grid_fee)| Corridor {
            floor: PricePerKwh(floor),
            cap: PricePerKwh(floor + width),
            grid_fee: PricePerKwh(grid_fee),
        },
    )
}

/// A side in priority order; few prices, so that ties are frequent.
fn a_side(
    corridor: Corridor,
    descending: bool,
    orders: usize,
    largest: u64,
) -> impl Strategy<Value = Vec<Level>> {
    let order = (corridor.floor.0..=corridor.cap.0, 0..=largest)
        .prop_map(|(price, energy)| Level { price: PricePerKwh(price), energy: Wh(energy) });
    prop::collection::vec(order, 0..=orders).prop_map(move |mut side| {
        side.sort_by_key(|level| level.price);
        if descending {
            side.reverse();
        }
        side
    })
}

type Book = (Corridor, Vec<Level>, Vec<Level>, Wh);

/// A book whose cap is, about equally often, slack, tight or zero.
fn a_book(orders: usize, largest: u64) -> impl Strategy<Value = Book> {
    let most = orders as u64 * largest;
    a_corridor().prop_flat_map(move |corridor| {
        (
            Just(corridor),
            a_side(corridor, true, orders, largest),
            a_side(corridor, false, orders, largest),
            prop_oneof![2 => Just(u64::MAX), 3 => 1..=most, 1 => Just(0)].prop_map(Wh),
        )
    })
}

/// The energy at each price, in the order of the prices.
fn aggregated(side: &[Level]) -> Vec<Level> {
    let mut levels: Vec<Level> = vec![];
    for order in side {
        match levels.last_mut() {
            Some(level) if level.price == order.price => level.energy.0 += order.energy.0,
            _ => levels.push(*order),
        }
    }
    levels
}

/// Any price, often a large one.
fn any_price() -> impl Strategy<Value = PricePerKwh> {
    prop_oneof![any::<u128>(), any::<u64>().prop_map(u128::from), Just(u128::MAX), Just(0)]
        .prop_map(PricePerKwh)
}

fn any_side() -> impl Strategy<Value = Vec<Level>> {
    let energy = prop_oneof![any::<u64>(), Just(u64::MAX), Just(0)].prop_map(Wh);
    prop::collection::vec(
        (any_price(), energy).prop_map(|(price, energy)| Level { price, energy }),
        0..6,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6_000))]

    #[test]
    fn the_surplus_is_the_best_of_all_choices_with_the_largest_volume(
        (corridor, bids, asks, max_volume) in a_book(3, 2),
    ) {
        let found = check(&bids, &asks, &corridor, max_volume)?;
        let fee = corridor.grid_fee.0;
        let (best, volume) = best_choice(
            &watt_hours(&bids, true), &watt_hours(&asks, false), fee, max_volume.0,
        );
        let net = found.surplus as i128 - fee as i128 * i128::from(found.volume.0);
        prop_assert_eq!((net, found.volume.0), (best, volume));
    }

    #[test]
    fn larger_books_agree_with_single_watt_hours(
        (corridor, bids, asks, max_volume) in a_book(12, 9),
    ) {
        check(&bids, &asks, &corridor, max_volume)?;
    }

    #[test]
    fn single_orders_clear_as_their_price_levels_do(
        (corridor, bids, asks, max_volume) in a_book(12, 9),
    ) {
        prop_assert_eq!(
            discover(&bids, &asks, &corridor, max_volume),
            discover(&aggregated(&bids), &aggregated(&asks), &corridor, max_volume)
        );
    }

    #[test]
    fn more_room_never_trades_less_nor_widens_the_spread(
        (corridor, bids, asks, max_volume) in a_book(12, 9), more in 0..20_u64,
    ) {
        let tight = discover(&bids, &asks, &corridor, max_volume);
        let roomy =
            discover(&bids, &asks, &corridor, max_volume.saturating_add(Wh(more)));
        prop_assert!(roomy.volume >= tight.volume && roomy.surplus >= tight.surplus);
        prop_assert!(tight.cap_binding || roomy == tight);
        let spread = |found: Clearing| {
            found.buyers_pay.zip(found.sellers_receive).map(|(b, s)| b.0 - s.0)
        };
        if let (Some(tight), Some(roomy)) = (spread(tight), spread(roomy)) {
            prop_assert!(roomy <= tight);
        }
    }

    #[test]
    fn limits_are_kept_for_any_numbers_and_any_corridor(
        mut bids in any_side(), mut asks in any_side(),
        (floor, cap, grid_fee) in (any_price(), any_price(), any_price()),
        max_volume in any::<u64>(),
    ) {
        bids.sort_by_key(|level| core::cmp::Reverse(level.price));
        asks.sort_by_key(|level| level.price);
        let corridor = Corridor { floor, cap, grid_fee };
        let found = discover(&bids, &asks, &corridor, Wh(max_volume));
        if let (Some(buyers), Some(sellers)) = (found.buyers_pay, found.sellers_receive) {
            let marginal = |side: &[Level]| {
                let mut left = u128::from(found.volume.0);
                side.iter().find(|level| {
                    left = left.saturating_sub(level.energy.0.into());
                    left == 0 && !level.energy.is_zero()
                }).unwrap().price
            };
            prop_assert!(buyers <= marginal(&bids) && sellers >= marginal(&asks));
            prop_assert!(buyers.0 - sellers.0 >= grid_fee.0);
        }
    }

    #[test]
    fn no_book_and_no_order_of_it_panics(
        bids in any_side(), asks in any_side(),
        (floor, cap, grid_fee) in (any_price(), any_price(), any_price()),
        max_volume in any::<u64>(),
    ) {
        let corridor = Corridor { floor, cap, grid_fee };
        let found = discover(&bids, &asks, &corridor, Wh(max_volume));
        let all = |side: &[Level]| side.iter().map(|l| u128::from(l.energy.0)).sum::<u128>();
        prop_assert!(found.volume.0 <= max_volume);
        prop_assert!(u128::from(found.volume.0) <= all(&bids).min(all(&asks)));
    }

    #[test]
    fn keys_cover_what_they_are_used_for(keys in any::<u64>(), per_key in 1..=u64::MAX) {
        let per_key = Wh(per_key);
        let cap = energy_cap(keys, per_key);
        prop_assert!(keys_used(cap, per_key) <= keys);
        if let Some(more) = cap.checked_add(Wh(1)) {
            prop_assert!(keys_used(more, per_key) > keys);
        }
    }
}
