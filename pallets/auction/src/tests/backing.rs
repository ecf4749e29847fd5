//! What orders hold beside payments and deposits: the bond of complaints, and the price of work.

use super::*;
use proptest::prelude::*;
use qedex_math::deposit;
use sp_runtime::Permill;

/// The bond of a complaint about so much at this price, in plancks: 5 % of what is at stake over 95 %.
fn bond(mills: u128, energy: u64) -> Balance {
    let cost = |price: PricePerKwh| price.cost_floor(Wh(energy)).unwrap();
    let stakes = cost(price(mills)) + TERMS.deposit_rate.mul_ceil(cost(TERMS.cap));
    (stakes * 5).div_ceil(95)
}

/// Runs a test in a market whose slot opened with bonds and a price of work.
fn run_backed(work: Balance, test: impl FnOnce()) {
    let mut market = ExtBuilder::default().build();
    market.execute_with(|| {
        OfflineShare::set(Permill::from_percent(5));
        TradePrice::set(work);
        let record = record(SLOT);
        Slots::<Test>::insert(SLOT, SlotRecord { backing: Auction::backing(), ..record });
        test();
        Auction::do_try_state().unwrap();
    });
}

/// The reserves of all trades, in plancks.
fn reserves() -> Vec<Balance> {
    Trades::get().iter().map(|(_, trade)| trade.reserve).collect()
}

#[test]
fn a_bid_holds_the_bond_of_its_complaints_and_both_sides_the_work_of_a_trade() {
    run_backed(7, || {
        bid(1, 200, 2_000);
        ask(2, 100, 2_000);
        let payment = 400 * MILLI;
        let for_bond = bond(200, 2_000) + bond(200, 1_000);
        assert_eq!(ForOrders::get(1), payment + for_bond + 7);
        assert_eq!(ForOrders::get(2), 420 * MILLI + 7);
        let placed = events().into_iter().find_map(|event| match event {
            Event::OrderPlaced { who: 1, held, for_bond, for_work, .. } => {
                Some((held, for_bond, for_work))
            }
            _ => None,
        });
        assert_eq!(placed, Some((payment + for_bond + 7, for_bond, 7)));
    });
}

#[test]
fn what_an_order_holds_follows_it_and_goes_back() {
    run_backed(7, || {
        let id = bid(1, 200, 2_000);
        assert_ok!(amend(1, id, 200, 1_000));
        assert_eq!(ForOrders::get(1), 200 * MILLI + 2 * bond(200, 1_000) + 7, "reduced");
        assert_ok!(cancel(1, id));
        ask(2, 100, 2_000);
        close_gate();
        nothing_is_left_in_the_book();
        assert_eq!(WorkPaid::get(), [], "nothing traded");
    });
}

#[test]
fn a_slot_keeps_what_it_opened_with() {
    run_backed(7, || {
        OfflineShare::set(Permill::from_percent(50));
        TradePrice::set(1_000_000);
        bid(1, 200, 1_000);
        assert_eq!(ForOrders::get(1), 200 * MILLI + 2 * bond(200, 1_000) + 7);
        poll_at(schedule(SLOT.next()).gate_opens);
        assert_eq!(record(SLOT.next()).backing, Auction::backing());
    });
}

#[test]
fn each_trade_takes_its_bond_along() {
    run_backed(0, || {
        bid(1, 200, 3_000);
        ask(2, 100, 1_000);
        ask(3, 110, 2_000);
        close_gate();
        let paid = Trades::get()[0].1.buyer_price.0 / MILLI;
        assert_eq!(reserves(), [bond(paid, 1_000), bond(paid, 2_000)]);
    });
}

/// Small asks before it must not use up what a large trade needs: a thief places them.
#[test]
fn small_trades_leave_large_ones_their_bond() {
    run_backed(0, || {
        // The limit is what is paid, so that nothing is to spare.
        for seller in 2..=4 {
            ask(seller, 100, 200);
        }
        ask(5, 280, 5_000);
        bid(1, 300, 5_600);
        close_gate();
        let paid: Vec<_> = Trades::get().iter().map(|(_, trade)| trade.buyer_price).collect();
        assert_eq!(paid, [price(300); 4]);
        let reserves = reserves();
        assert_eq!(reserves[0], bond(300, 1_000), "the first small one has the least bond");
        assert!(reserves[1..3].iter().all(|reserve| *reserve < bond(300, 1_000)));
        assert!(reserves[3] + 4 >= bond(300, 5_000), "the large one has its own to a few plancks");
    });
}

#[test]
fn a_trade_is_paid_for_by_the_order_that_it_uses_up() {
    run_backed(7, || {
        bid(1, 300, 1_000);
        ask(2, 100, 400);
        ask(3, 110, 900);
        close_gate();
        assert_eq!(trades().iter().map(|trade| trade.1).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(WorkPaid::get(), [(2, 7), (1, 7)]);
        let paid = |event: &Event<Test>| matches!(event, Event::WorkPaid { amount: 7, .. });
        assert_eq!(events().iter().filter(|event| paid(event)).count(), 2);
        assert_eq!(ForOrders::get(3), 0, "what is left goes back, its work with it");
    });
}

#[test]
fn the_last_trade_that_keys_cut_off_is_paid_for_as_well() {
    ExtBuilder::default().keys(1).build_and_execute(|| {
        TradePrice::set(7);
        let record = record(SLOT);
        Slots::<Test>::insert(SLOT, SlotRecord { backing: Auction::backing(), ..record });
        bid(1, 300, 2_000);
        ask(2, 100, 2_000);
        close_gate();
        assert_eq!(trades()[0].2, 1_000);
        assert_eq!(WorkPaid::get(), [(1, 7)]);
    });
}

#[test]
fn a_renewal_pays_its_price_and_without_funds_is_none() {
    run(|| {
        RenewalPrice::set(3);
        let order = NewOrder { side: Side::Bid, limit: price(200), energy: Wh(1_000) };
        for who in [1, 2] {
            assert_ok!(call(who, Call::set_standing_order { order }));
        }
        Free::insert(2, 2);
        let next = SLOT.next();
        poll_at(schedule(next).gate_opens);
        assert_eq!(WorkPaid::get(), [(1, 3)]);
        assert!(events().contains(&Event::RenewalPaid { slot: next, who: 1, amount: 3 }));
        assert_eq!(Free::get(2), 2, "nothing is taken of who has too little");
        let error = Error::<Test>::RenewalUnpaid.into();
        assert!(events().contains(&Event::OrderRefused { slot: next, who: 2, order, error }));
        // Work that nobody pays for ends.
        for slot in 2..5 {
            poll_at(schedule(SlotIndex(SLOT.0 + slot)).gate_opens);
        }
        let standing = |who| crate::StandingOrders::<Test>::contains_key(who);
        assert!(standing(1) && !standing(2));
    });
}

/// Orders whose limits fit no slot pay too: else each renewal of thousands would be free.
#[test]
fn a_renewal_that_does_not_fit_is_paid_for() {
    run(|| {
        let order = NewOrder { side: Side::Bid, limit: price(90), energy: Wh(1_000) };
        assert_ok!(call(1, Call::set_standing_order { order }));
        RenewalPrice::set(3);
        let list = qedex_primitives::PriceList { floor: price(100), ..LIST };
        assert_ok!(Auction::set_terms(RuntimeOrigin::root(), qedex_primitives::Band::Off, list));
        poll_at(schedule(SLOT.next()).gate_opens);
        assert_eq!(record(SLOT.next()).bids, 0);
        assert_eq!(WorkPaid::get(), [(1, 3)]);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// In every sweep there is a payment for each trade, and no order pays twice; every bid covers its
    /// payments, its bonds and its work.
    #[test]
    fn each_trade_is_paid_for_once(
        orders in prop::collection::vec((any::<bool>(), 80..=300_u128, 2..40_u64), 1..12),
        keys in 1..30_u64,
    ) {
        let mut market = ExtBuilder::default().keys(keys).build();
        market.execute_with(|| {
            OfflineShare::set(Permill::from_percent(5));
            TradePrice::set(7);
            let opened = record(SLOT);
            Slots::<Test>::insert(SLOT, SlotRecord { backing: Auction::backing(), ..opened });
            for (who, (buys, mills, lots)) in (1..).zip(&orders) {
                let side = if *buys { Side::Bid } else { Side::Ask };
                Free::insert(who, ENDOWMENT);
                TestMembership::permit(who, Role::Trade);
                TestMembership::permit(who, Role::Sell);
                TestMembership::set_owner(who, owner(who));
                place(who, side, *mills, lots * 100);
            }
            close_gate();
            let paid = WorkPaid::get();
            assert_eq!(paid.len(), Trades::get().len());
            let mut payers: Vec<_> = paid.iter().map(|(who, _)| *who).collect();
            payers.sort_unstable();
            payers.dedup();
            assert_eq!(payers.len(), paid.len(), "an order paid twice");
            assert!(paid.iter().all(|(_, amount)| *amount == 7));
            for (who, _) in (1..).zip(&orders) {
                let work: Balance =
                    paid.iter().filter(|(by, _)| *by == who).map(|(_, amount)| amount).sum();
                assert_eq!(ForOrders::get(who), 0);
                assert_eq!(Free::get(who) + ForTrades::get(who) + work, ENDOWMENT);
            }
            for (_, trade) in Trades::get() {
                let bond = deposit::trade_bond(
                    50_000,
                    (trade.buyer_price, trade.payment),
                    (TERMS.deposit_rate.deconstruct(), TERMS.cap),
                    trade.deposit,
                );
                assert!(trade.reserve <= bond.unwrap(), "no more than a complaint takes");
            }
            Auction::do_try_state().unwrap();
        });
    }
}
