//! Large books: an order costs the same in any book, and ten thousand orders clear in pages.

use super::*;
use frame_support::weights::Weight;
use qedex_primitives::BookOrder;

/// Orders of as many accounts, bids and asks in turn, on many prices.
fn fill_book(orders: u64) {
    MaxOrdersPerSlot::set(200_000);
    for n in 0..orders {
        let who = 1_000 + n;
        Permitted::set([(who, Role::Trade), (who, Role::Sell)].into());
        Owners::set([(who, owner(who))].into());
        Free::insert(who, ENDOWMENT);
        let mills = 100 + u128::from(n * 7_919 % 200);
        let side = if n % 2 == 0 { Side::Bid } else { Side::Ask };
        assert_ok!(place_at(who, side, price(mills), 200 + n % 8 * 100));
    }
    Permitted::take();
    permit_members();
}

/// What placing an order costs in a book of this size: the items that it changes, with the sizes of
/// keys and values, and the nodes of the trie that it has to see.
fn cost_of_an_order(book: u64) -> (Vec<(usize, usize)>, usize) {
    let mut ext = ExtBuilder::default().build();
    ext.execute_with(|| {
        fill_book(book);
        // The price level is there in either book.
        bid(2, 150, 500);
    });
    ext.commit_all().unwrap();
    let ((), proof) = ext.execute_and_prove(|| {
        System::set_block_number(0);
        assert_ok!(place_at(1, Side::Bid, price(150), 500));
    });
    let changes = ext.overlayed_changes().changes();
    let mut changed: Vec<_> = changes
        .map(|(key, value)| (key.len(), value.clone().value().map_or(0, |value| value.len())))
        .collect();
    changed.sort_unstable();
    (changed, proof.iter_nodes().count())
}

#[test]
fn an_order_costs_the_same_in_an_empty_book_and_in_one_of_a_hundred_thousand() {
    let (changed, nodes) = cost_of_an_order(0);
    assert!(changed.len() >= 6, "{changed:?}");
    let (changed_later, nodes_later) = cost_of_an_order(100_000);
    assert_eq!(changed_later, changed);
    // On the way to an item among a hundred thousand a trie of sixteen children has some four nodes
    // more than to one that is alone.
    assert!(nodes_later <= nodes + 4 * changed.len(), "{nodes_later} and {nodes}");
    let (_, nodes_half) = cost_of_an_order(50_000);
    assert!(nodes_later <= nodes_half + changed.len(), "{nodes_later} and {nodes_half}");
}

/// Clears a large book in blocks that have room for so many steps each.
fn clear_in_pages(orders: u64, page: u64) -> (u32, usize) {
    let mut outcome = (0, 0);
    let mut ext = ExtBuilder::default().build();
    ext.execute_with(|| fill_book(orders));
    ext.commit_all().unwrap();
    ext.execute_with(|| {
        // So that the tests' books of trades stay small.
        Clock::set(schedule(SLOT).gate_closes);
        let work = |steps: u64| {
            let mut meter =
                frame_support::weights::WeightMeter::with_limit(STEP.saturating_mul(steps));
            crate::Pallet::<Test>::work(&mut meter);
            assert!(meter.consumed().all_lte(Weight::from_parts(steps * 1_000, 0)));
        };
        // The look at the market, three slots that open, the look at this one, and as many levels
        // as the terms allow.
        work(1 + 3 + 1 + 2 * 1_000);
        assert_ne!(phase(SLOT), Phase::Open, "the prices are found in one block");
        while phase(SLOT) != Phase::Matched {
            work(page);
            outcome.0 += 1;
        }
        outcome.1 = Trades::take().len();
        Auction::do_try_state().unwrap();
        let (mut free, mut trades) = (0, 0);
        for n in 0..orders {
            assert_eq!(ForOrders::get(1_000 + n), 0);
            free += Free::get(1_000 + n);
            trades += ForTrades::get(1_000 + n);
        }
        assert_eq!(free + trades, u128::from(orders) * ENDOWMENT);
    });
    outcome
}

#[test]
fn ten_thousand_orders_clear_in_pages() {
    let (blocks, trades) = clear_in_pages(10_000, 2_000);
    assert!(trades > 3_000, "{trades}");
    // Two steps a trade and one a release.
    let steps = 2 * trades + 10_000;
    let fewest = u32::try_from(steps / 2_000).unwrap() / 2;
    assert!((fewest..20).contains(&blocks), "{blocks}");
}

#[test]
fn an_open_book_and_its_result_can_be_read_while_they_matter() {
    run(|| {
        bid(1, 200, 500);
        bid(2, 200, 300);
        bid(3, 250, 300);
        ask(4, 100, 400);
        let depth = Auction::depth(SLOT);
        let level = |level: &qedex_primitives::DepthLevel| {
            (level.price.0 / MILLI, level.energy.0, level.orders)
        };
        let bids: Vec<_> = depth.bids.iter().map(level).collect();
        assert_eq!(bids, [(250, 300, 1), (200, 800, 2)]);
        assert_eq!(depth.asks.len(), 1);
        let page: Vec<_> = Auction::book(SLOT, Side::Bid, Some((price(250), 2)), 1);
        let expected = BookOrder {
            id: 0,
            who: 1,
            limit: price(200),
            energy: Wh(500),
            left: Wh(500),
            held: 100 * MILLI,
        };
        assert_eq!(page, [expected]);
        assert_eq!(Auction::book(SLOT, Side::Bid, None, u32::MAX).len(), 3);
        assert_eq!(Auction::result(SLOT), None);
        close_gate();
        assert_eq!(Auction::depth(SLOT), Default::default());
        assert_eq!(Auction::book(SLOT, Side::Bid, None, 10), []);
        assert_eq!(Auction::result(SLOT).unwrap().volume, Wh(400));
        assert_eq!(Auction::terms(SLOT), Some(TERMS));
    });
}
