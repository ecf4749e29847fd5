//! Spread over blocks: the work stops where the weight ends and goes on from there.

use super::*;
use frame_support::weights::Weight;

fn steps(n: u64) -> Weight {
    STEP.saturating_mul(n)
}

/// Twelve orders a side, some at one price, some of one account; all but a few are filled.
fn large_book() {
    for (n, mills) in [(0, 300), (1, 210), (2, 250), (3, 210), (4, 220), (5, 150)] {
        bid(1 + n % 3, mills, 300 + 200 * n);
        bid(1 + n % 3, mills + 10 - 10 * u128::from(n == 0), 500);
    }
    for (n, mills) in [(0, 100), (1, 180), (2, 90), (3, 100), (4, 290), (5, 120)] {
        ask(4 + n % 3, mills, 400 + 100 * n);
        ask(4 + n % 3, mills, 300);
    }
}

/// Everything that the outside sees of a clearing: trades, events, what is free and what is held
/// for trades.
type Trace = (Vec<Trade>, Vec<Event<Test>>, Vec<(Balance, Balance)>);

fn trace() -> Trace {
    let accounts = MEMBERS.map(|who| (Free::get(who), ForTrades::get(who))).collect();
    (Trades::take(), events(), accounts)
}

/// Clears the book in one block or in many, of which each has weight for `page` steps.
fn clear(page: Option<u64>) -> (u32, Trace) {
    let mut blocks = 0;
    let mut ext = ExtBuilder::default().build();
    let trace = ext.execute_with(|| {
        MaxOrdersPerAccount::set(4);
        large_book();
        System::reset_events();
        Clock::set(schedule(SLOT).gate_closes);
        // The look at the market, three slots that open, price discovery: no pairing.
        poll_within(steps(1 + 3 + 1 + 24));
        assert!(matches!(phase(SLOT), Phase::Pairing { next_trade: 0, .. }));
        while phase(SLOT) != Phase::Matched {
            poll_within(page.map_or(Weight::MAX, steps));
            blocks += 1;
            assert!(blocks < 1_000, "the work comes to an end");
        }
        nothing_is_left_in_the_book();
        trace()
    });
    (blocks, trace)
}

#[test]
fn pages_of_any_size_make_the_same_trades_and_releases() {
    let (blocks, at_once) = clear(None);
    assert_eq!(blocks, 1);
    assert!(at_once.0.len() > 10);
    // One step of pairing costs two, one for the pallet and one for the settlement; the look at
    // the market and at the slot cost one each.
    for page in 4..12 {
        let (blocks, paged) = clear(Some(page));
        assert!(blocks > 2);
        assert_eq!(paged, at_once);
    }
    // A page of four has room for one trade.
    let (blocks, _) = clear(Some(4));
    assert!(blocks as usize >= at_once.0.len());
}

#[test]
fn a_page_takes_as_much_as_fits_and_no_more() {
    run(|| {
        for who in 1..=4 {
            bid(who, 300, 1_000);
            ask(who + 4, 100, 1_000);
        }
        Clock::set(schedule(SLOT).gate_closes);
        poll_within(steps(1 + 3 + 1 + 8));
        assert_eq!(trades(), []);
        assert_eq!(poll_within(steps(2 + 2 * 2)), steps(2 + 2 * 2));
        assert_eq!(trades().len(), 2);
        assert!(matches!(phase(SLOT), Phase::Pairing { left: Wh(2_000), next_trade: 2, .. }));
        // One step short of a pair.
        poll_within(steps(2 + 1));
        assert_eq!(trades().len(), 2);
    });
}

#[test]
fn a_block_that_gives_nothing_changes_nothing() {
    run(|| {
        bid(1, 300, 1_000);
        ask(2, 100, 1_000);
        Clock::set(schedule(SLOT).gate_closes);
        let before = record(SLOT);
        assert_eq!(poll_within(Weight::zero()), Weight::zero());
        poll_within(steps(1));
        // Three slots open before there is weight to clear this one.
        poll_within(steps(1 + 3 + 1 + 1));
        assert_eq!(record(SLOT), before);
        assert_eq!(book(Side::Bid).len(), 1);
        poll();
        assert_eq!(trades().len(), 1);
    });
}

#[test]
fn a_partly_paired_order_keeps_its_place_between_blocks() {
    run(|| {
        bid(1, 300, 1_000);
        bid(2, 300, 1_000);
        ask(3, 100, 400);
        ask(4, 100, 1_600);
        Clock::set(schedule(SLOT).gate_closes);
        poll_within(steps(1 + 3 + 1 + 4));
        poll_within(steps(4));
        assert_eq!(book(Side::Bid), [(0, 300, 1_000), (1, 300, 1_000)]);
        let rest = Orders::<Test>::iter_prefix((SLOT, Side::Bid)).next().unwrap().1;
        // 400 Wh at 210 of the limit of 300: the difference stays held until the order closes.
        assert_eq!((rest.left, rest.held), (Wh(600), (300 - 84) * MILLI));
        poll();
        let who: Vec<_> = trades().iter().map(|(b, s, wh, ..)| (*b, *s, *wh)).collect();
        assert_eq!(who, [(1, 3, 400), (1, 4, 600), (2, 4, 1_000)]);
        nothing_is_left_in_the_book();
    });
}

#[test]
fn the_market_takes_at_most_a_quarter_of_a_block() {
    run(|| {
        let quarter = Auction::block_share();
        // Two pairs fit into a quarter, three do not.
        TradeWeight::set(quarter.saturating_div(5).saturating_mul(2));
        for who in 1..=4 {
            bid(who, 300, 1_000);
            ask(who + 4, 100, 1_000);
        }
        Clock::set(schedule(SLOT).gate_closes);
        for paired in [2, 4] {
            assert!(poll_within(Weight::MAX).all_lte(quarter));
            assert_eq!(trades().len(), paired);
        }
    });
}

#[test]
fn several_slots_are_worked_on_oldest_first() {
    run(|| {
        bid(1, 300, 1_000);
        ask(2, 100, 1_000);
        let next = SLOT.next();
        poll_at(schedule(next).gate_opens);
        assert_ok!(place_in(next, 3, Side::Bid, price(300), 1_000));
        assert_ok!(place_in(next, 4, Side::Ask, price(100), 1_000));
        // The chain slept over both gate closures but not into the delivery of the second.
        Clock::set(schedule(next).gate_closes - 1);
        poll_within(steps(1 + 2 + 1 + 2));
        assert!(matches!(phase(SLOT), Phase::Pairing { .. }));
        Clock::set(schedule(next).gate_closes);
        poll_within(steps(1 + 1 + 1 + 2 + 2 + 1 + 2));
        let slots: Vec<_> = Trades::get().iter().map(|(slot, _)| *slot).collect();
        assert_eq!(slots, [SLOT]);
        assert_eq!(phase(SLOT), Phase::Matched);
        poll();
        let slots: Vec<_> = Trades::get().iter().map(|(slot, _)| *slot).collect();
        assert_eq!(slots, [SLOT, next]);
    });
}

#[test]
fn pairing_ends_with_the_delivery() {
    run(|| {
        for who in 1..=2 {
            bid(who, 300, 1_000);
            ask(who + 2, 100, 1_000);
        }
        Clock::set(schedule(SLOT).gate_closes);
        poll_within(steps(1 + 3 + 1 + 4));
        // During the delivery it goes on,
        Clock::set(schedule(SLOT).delivery_ends - 1);
        poll_within(steps(1 + 1 + 1 + 2));
        assert_eq!(trades().len(), 1);
        assert!(matches!(phase(SLOT), Phase::Pairing { .. }));
        // afterwards it does not.
        poll_at(schedule(SLOT).delivery_ends);
        assert_eq!(trades().len(), 1);
        assert_eq!(phase(SLOT), Phase::Matched);
        assert!(events().contains(&Event::SlotMatched { slot: SLOT, trades: 1 }));
        nothing_is_left_in_the_book();
    });
}
