//! One complaint for all that a buyer has bought of a seller in a slot.

use super::*;
use crate::{Complaint, Rules};

const CARL: AccountId = 3;

/// The parts of a complaint's bond, by trade.
fn parts() -> Vec<(TradeId, Balance)> {
    let all = Trades::<Test>::iter_prefix(SLOT);
    let mut parts: Vec<_> = all
        .filter_map(|(id, trade)| Some((id, trade.complaint.map(|complaint| complaint.bond)?)))
        .collect();
    parts.sort_unstable();
    parts
}

/// A seller splits what it sells into eight asks of 100 Wh, so that its one buyer would need eight least
/// bonds. It needs one: that of 1 kWh.
#[test]
fn eight_small_trades_take_one_least_bond() {
    build_and_execute(|| {
        let trades: Vec<_> = (0..8).map(|_| (ANNA, 100)).collect();
        sell_and_commit(&trades, 0);
        assert_eq!(Settlement::bond(SLOT, 3), Some(bond(1_000)));
        assert_ok!(complain(ANNA, 3));
        assert_eq!(on_hold(ANNA), payment(100) * 8 + bond(1_000));
        let (ids, bonds): (Vec<_>, Vec<_>) = parts().into_iter().unzip();
        assert_eq!(ids, (0..8).collect::<Vec<_>>());
        assert_eq!(bonds.iter().sum::<Balance>(), bond(1_000));
        assert!(bonds.iter().all(|part| part.abs_diff(bond(1_000) / 8) <= 1), "{bonds:?}");
        let events = System::read_events_for_pallet::<Event<Test>>();
        let told = events.iter().map(|event| match event {
            Event::Complained { id, bond, added, .. } => (*id, *bond, *added),
            other => panic!("{other:?}"),
        });
        let told: Vec<_> = told.collect();
        assert_eq!(told.iter().map(|(id, bond, _)| (*id, *bond)).collect::<Vec<_>>(), parts());
        assert_eq!(told.iter().map(|(.., added)| added).sum::<Balance>(), bond(1_000));
        for id in 0..8 {
            assert_noop!(complain(ANNA, id), Error::<Test>::AlreadyComplained);
        }
        assert_eq!(Settlement::bond(SLOT, 3), None);
        run_to_end();
        assert_eq!(outcomes(), (0..8).map(|id| (id, Outcome::Unanswered)).collect::<Vec<_>>());
        assert_eq!(free(ANNA), FUNDS + 8 * amounts_of_default(100).compensation);
        assert_nothing_left();
    });
}

/// What bids set aside is used first, of whichever trade: what all of them hold is never more than it takes.
#[test]
fn the_bond_is_taken_of_what_all_its_trades_set_aside() {
    for (reserves, added) in [
        ([bond(1_000), 0, 0], 0),
        ([0, 0, bond(1_000)], 0),
        ([3, bond(1_000), 7], 0),
        ([3, 4, 5], bond(1_000) - 12),
    ] {
        build_and_execute(|| {
            for (id, reserve) in (0..).zip(reserves) {
                let trade = qedex_primitives::NewTrade {
                    reserve,
                    ..new_trade(id, ANNA, SELMA, 100 + 100 * u64::from(id))
                };
                assert_ok!(Settlement::hold(&ANNA, trade.payment + reserve));
                assert_ok!(Settlement::hold(&SELMA, trade.deposit));
                assert_ok!(Settlement::open_trade(SLOT, &terms(SLOT), trade));
            }
            run_to_commitments(SLOT);
            assert_ok!(commit_to(SELMA, 600));
            run_to_freeze();
            let (held, set_aside) = (on_hold(ANNA), reserves.iter().sum::<Balance>());
            assert_ok!(complain(ANNA, 1));
            assert_eq!(on_hold(ANNA), held + added);
            let left: Balance = Trades::<Test>::iter_values().map(|trade| trade.reserve).sum();
            assert_eq!(left, set_aside + added - bond(1_000));
            run_to_end_of_complaints();
            assert_ok!(reveal(SELMA, 600));
            run_to_end();
            let paid = |of: fn(&Amounts) -> Balance| settled().iter().map(|one| of(&one.4)).sum();
            let (lost, back): (Balance, Balance) =
                (paid(|amounts| amounts.bond_to_community_fund), paid(|all| all.reserve_back));
            assert_eq!((lost, back), (bond(1_000), left));
            assert_eq!(paid(|amounts| amounts.sellers_bond), bond(1_000));
            assert_eq!(free(ANNA), FUNDS - payment(600) - bond(1_000));
            assert_nothing_left();
        });
    }
}

/// A complaint that finds something missing was right: the trades that the bill covers are delivered, and
/// all of the bond comes back, of the seller nothing is taken for it.
#[test]
fn a_bill_that_covers_a_part_of_a_complaint_does_not_refute_it() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 300), (BEN, 200), (ANNA, 500)], 999);
        assert_ok!(complain(ANNA, 2));
        let needs = |id| Trades::<Test>::get(SLOT, id).unwrap().complaint.map(|said| said.needs);
        assert_eq!((needs(0), needs(1), needs(2)), (Some(Wh(1_000)), None, Some(Wh(1_000))));
        run_to_end_of_complaints();
        assert_ok!(reveal(SELMA, 999));
        run_to_end();
        let (delivered, concealed) = (Outcome::Delivered, Outcome::Concealed);
        assert_eq!(outcomes(), [(0, delivered), (1, delivered), (2, concealed)]);
        let amounts = settled()[0].4;
        assert_eq!((amounts.bond_to_community_fund, amounts.sellers_bond), (0, 0));
        let back: Balance = settled().iter().map(|one| one.4.bond_back).sum();
        assert_eq!(back, bond(1_000));
        let kept = (ANNA, SELMA, Wh(300), Verdict::Kept);
        assert!(Rated::get().contains(&kept));
        assert_nothing_left();
    });
}

/// What a later trade of another buyer misses is not this buyer's.
#[test]
fn a_bill_that_covers_all_of_a_complaint_refutes_it() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 300), (ANNA, 200), (BEN, 500)], 500);
        assert_ok!(complain(ANNA, 0));
        run_to_end_of_complaints();
        assert_ok!(reveal(SELMA, 500));
        run_to_end();
        let refuted = Outcome::Refuted;
        assert_eq!(outcomes(), [(0, refuted), (1, refuted), (2, Outcome::Concealed)]);
        let lost: Balance = settled().iter().map(|one| one.4.bond_to_community_fund).sum();
        assert_eq!(lost, bond(1_000));
        assert_nothing_left();
    });
}

/// By whichever account of its owner the seller sells, and of the buyer by the account that complains.
#[test]
fn a_complaint_is_about_an_owner_and_of_an_account() {
    build_and_execute(|| {
        TestMembership::set_owner(SVEN, owner(SELMA));
        TestMembership::set_owner(BEN, owner(ANNA));
        for (id, (buyer, seller)) in
            (0..).zip([(ANNA, SELMA), (ANNA, SVEN), (BEN, SELMA), (ANNA, 13)])
        {
            trade(id, buyer, seller, 1_000);
        }
        run_to_commitments(SLOT);
        assert_ok!(commit_to(SVEN, 0));
        assert_ok!(commit_to(13, 0));
        run_to_freeze();
        assert_ok!(complain(ANNA, 1));
        assert_eq!(parts(), [(0, bond(2_000) / 2), (1, bond(2_000).div_ceil(2))]);
        run_to_end();
        let unanswered = Outcome::Unanswered;
        assert_eq!(
            outcomes(),
            [(0, unanswered), (1, unanswered), (2, Outcome::Forfeited), (3, Outcome::Trusted)]
        );
        assert_nothing_left();
    });
}

/// What was acknowledged before is not complained about.
#[test]
fn a_complaint_is_about_what_is_open() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 1_000), (ANNA, 2_000), (ANNA, 3_000)], 3_000);
        assert_ok!(acknowledge(ANNA, 2));
        assert_eq!(Settlement::bond(SLOT, 0), Some(bond(3_000)));
        assert_ok!(complain(ANNA, 0));
        assert_eq!(parts(), [(0, bond(3_000) / 3), (1, bond(3_000) - bond(3_000) / 3)]);
        run_to_end_of_complaints();
        assert_ok!(reveal(SELMA, 3_000));
        run_to_end();
        let refuted = Outcome::Refuted;
        assert_eq!(outcomes(), [(2, Outcome::Acknowledged), (0, refuted), (1, refuted)]);
        assert_nothing_left();
    });
}

/// Splitting what is bought into many trades makes a complaint no cheaper than its stake asks for.
#[test]
fn the_bond_follows_the_sum() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 700), (ANNA, 800), (ANNA, 900), (BEN, 600), (CARL, 1)], 3_001);
        assert_ok!(complain(ANNA, 0));
        let held: Balance = parts().iter().map(|(_, part)| part).sum();
        assert_eq!(held, bond(2_400));
        let share = Rules::default().offline_share;
        let stake = payment(2_400) + deposit(2_400);
        assert!(held >= share.mul_floor(held + stake), "nothing is left of what it may gain");
    });
}

/// More trades than orders can make of a pair are complained about one by one, each with its own bond.
#[test]
fn beyond_the_bound_each_trade_stands_alone() {
    build_and_execute(|| {
        MaxTradesOfPair::set(2);
        sell_and_commit(&[(ANNA, 100), (ANNA, 100), (ANNA, 100)], 300);
        assert_ok!(complain(ANNA, 1));
        assert_eq!(parts().len(), 2);
        assert_ok!(complain(ANNA, 2));
        let due = TestCalendar::schedule(SLOT).final_at;
        let alone = Complaint { bond: bond(1_000), needs: Wh(300), due };
        assert_eq!(Trades::<Test>::get(SLOT, 2).unwrap().complaint, Some(alone));
        run_to_end();
        assert_eq!(outcomes(), [0, 1, 2].map(|id| (id, Outcome::Unanswered)));
        assert_nothing_left();
    });
}

/// The weight that is charged follows the number of trades.
#[test]
fn a_complaint_weighs_what_its_trades_do() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 100), (ANNA, 100), (BEN, 100)], 300);
        let weight = |buyer, id| {
            let done = Settlement::complain(RuntimeOrigin::signed(buyer), SLOT, id);
            done.unwrap().actual_weight.unwrap().ref_time()
        };
        assert_eq!((weight(ANNA, 0), weight(BEN, 2)), (2_000, 1_000));
    });
}
