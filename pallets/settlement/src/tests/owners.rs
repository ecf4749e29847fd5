//! The seller is the owner, by whichever of its accounts it sells.

use super::*;
use qedex_primitives::settlement::Sale;

/// The owner of Selma and Sven.
const HOUSE: OwnerId = OwnerId([7; 32]);

/// Selma and Sven are two accounts of one owner.
fn run(test: impl FnOnce()) {
    build_and_execute(|| {
        for account in [SELMA, SVEN] {
            TestMembership::set_owner(account, HOUSE);
        }
        test();
    });
}

/// Both sell the 500 Wh that the house delivers.
fn sell_twice() {
    trade(0, ANNA, SELMA, 500);
    trade(1, BEN, SVEN, 500);
}

#[test]
fn two_accounts_of_an_owner_do_not_sell_the_same_energy() {
    run(|| {
        sell_twice();
        deliver(SELMA, 500);
        run_to_freeze();
        assert_eq!(outcomes(), [(0, Outcome::Delivered), (1, Outcome::Short)]);
        assert_eq!(settled()[1].3, Wh(0), "the second one's trade gets nothing");
        assert_eq!(free(BEN), FUNDS + amounts_for(0, 500).compensation);
        assert_nothing_left();
    });
}

#[test]
fn an_owner_s_trades_are_served_in_the_order_of_their_numbers_by_whichever_account() {
    run(|| {
        trade(0, ANNA, SVEN, 100);
        trade(1, BEN, SELMA, 200);
        trade(2, ANNA, 13, 900);
        trade(3, ANNA, SVEN, 300);
        trade(4, BEN, SELMA, 50);
        let before = |id| Trades::<Test>::get(SLOT, id).unwrap().before.0;
        assert_eq!([0, 1, 3, 4].map(before), [0, 100, 300, 600]);
        let seller = Sellers::<Test>::get(SLOT, HOUSE).unwrap();
        assert_eq!((seller.open, seller.sold), (4, Wh(650)));
        let account = |who| SellingAccounts::<Test>::get(SLOT, who).unwrap();
        assert_eq!(account(SELMA), SellingAccount { owner: HOUSE, open: 2 });
        deliver(SVEN, 350);
        deliver(13, 900);
        run_to_freeze();
        let metered: Vec<_> = settled().iter().map(|trade| (trade.1, trade.3.0)).collect();
        assert_eq!(metered, [(0, 100), (1, 200), (2, 900), (3, 50), (4, 0)]);
        assert_nothing_left();
    });
}

/// Who asks one of its accounts for an answer asks all of them, and nobody else's.
#[test]
fn an_owner_that_owes_an_answer_is_acknowledged_by_no_account() {
    run(|| {
        sell_twice();
        trade(2, BEN, 13, 100);
        run_to_commitments(SLOT);
        assert_ok!(commit_to(SELMA, 500));
        assert_ok!(commit_to(13, 100));
        run_to_freeze();
        assert_ok!(complain(ANNA, 0));
        assert_noop!(acknowledge(BEN, 1), Error::<Test>::AnswerOwed);
        assert_ok!(acknowledge(BEN, 2));
    });
}

#[test]
fn an_owner_commits_once_by_whichever_account_that_sells() {
    run(|| {
        sell_twice();
        TestMembership::set_owner(13, HOUSE);
        run_to_commitments(SLOT);
        // Not by an account that sells nothing in the slot.
        assert_noop!(commit_to(13, 500), Error::<Test>::NotASeller);
        System::reset_events();
        assert_ok!(commit_to(SVEN, 500));
        let commitment = commitment_in(SLOT, SELMA, &bill_in(SLOT, SELMA, 500));
        assert_eq!(
            System::read_events_for_pallet::<Event<Test>>(),
            [Event::Committed { slot: SLOT, owner: HOUSE, by: SVEN, commitment }]
        );
        for account in [SELMA, SVEN] {
            assert_noop!(commit_to(account, 700), Error::<Test>::AlreadyCommitted);
        }
        run_to_end();
        assert_eq!(outcomes(), [(0, Outcome::Trusted), (1, Outcome::Trusted)]);
        assert_nothing_left();
    });
}

#[test]
fn one_answer_by_either_account_is_the_owner_s() {
    run(|| {
        sell_twice();
        run_to_commitments(SLOT);
        assert_ok!(commit_to(SELMA, 500));
        run_to_freeze();
        assert_ok!(complain(ANNA, 0));
        assert_ok!(complain(BEN, 1));
        run_to_end_of_complaints();
        assert_noop!(reveal(13, 500), Error::<Test>::NotASeller);
        assert_ok!(reveal(SVEN, 500));
        let shown = Event::Revealed { slot: SLOT, owner: HOUSE, by: SVEN, delivered: Wh(500) };
        System::assert_last_event(shown.into());
        assert_noop!(reveal(SELMA, 500), Error::<Test>::AlreadyRevealed);
        run_to_end();
        assert_eq!(outcomes(), [(0, Outcome::Refuted), (1, Outcome::Concealed)]);
        assert_nothing_left();
    });
}

#[test]
fn a_commitment_of_another_owner_cannot_be_opened() {
    run(|| {
        sell_twice();
        let bill = bill_in(SLOT, SELMA, 500);
        let genesis = System::block_hash(0);
        let commit = |owner| {
            let commitment =
                qedex_primitives::bill::commitment(genesis, owner, SLOT, &bill, &NONCE);
            assert_ok!(Settlement::commit(RuntimeOrigin::signed(SELMA), SLOT, commitment));
        };
        run_to_commitments(SLOT);
        commit(owner(SELMA));
        run_to_freeze();
        assert_ok!(complain(ANNA, 0));
        run_to_end_of_complaints();
        assert_noop!(reveal(SELMA, 500), Error::<Test>::NotAsCommitted);
    });
}

#[test]
fn defaults_of_all_accounts_of_an_owner_count_together() {
    run(|| {
        trade_in(SLOT, 0, ANNA, SELMA, 100);
        trade_in(SLOT, 1, ANNA, SVEN, 100);
        trade_in(SLOT.next(), 0, ANNA, SVEN, 100);
        run_to_freeze();
        assert_eq!(defaults_of(HOUSE), 1, "one slot, one default");
        assert_eq!(Excluded::get(), []);
        run_to(TestCalendar::schedule(SLOT.next()).readings_until);
        // Whoever excludes an account excludes its owner.
        assert_eq!(Excluded::get(), [(SVEN, EXCLUSION)]);
        let excluded = Event::SellerExcluded { owner: HOUSE, by: SVEN };
        System::assert_has_event(excluded.into());
        assert_eq!(defaults_of(HOUSE), 2);
    });
}

#[test]
fn an_account_is_told_what_its_owner_sells() {
    run(|| {
        sell_twice();
        let sales = Settlement::sales_of(&SVEN);
        assert_eq!(sales, Settlement::sales_of(&SELMA));
        let [Sale { slot: SLOT, owner: HOUSE, seller, asked: false }] = sales[..] else {
            panic!("one sale: {sales:?}");
        };
        assert_eq!((seller.open, seller.sold), (2, Wh(1_000)));
        assert_eq!(Settlement::sales_of(&ANNA), []);
    });
}

#[test]
fn a_seller_is_forgotten_with_the_last_trade_of_its_last_account() {
    run(|| {
        sell_twice();
        run_to_commitments(SLOT);
        assert_ok!(acknowledge(ANNA, 0));
        assert!(!SellingAccounts::<Test>::contains_key(SLOT, SELMA));
        assert_noop!(commit_to(SELMA, 500), Error::<Test>::NotASeller);
        assert_ok!(commit_to(SVEN, 1_000));
        assert_ok!(acknowledge(BEN, 1));
        assert_nothing_left();
    });
}

#[test]
fn an_account_without_an_owner_is_its_own() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        assert_eq!(
            SellingAccounts::<Test>::get(SLOT, SELMA).unwrap().owner,
            OwnerId::of_account(&SELMA)
        );
        run_to_commitments(SLOT);
        assert_ok!(commit_to(SELMA, 500));
        // Named meanwhile, it finishes what it began.
        TestMembership::set_owner(SELMA, HOUSE);
        assert_noop!(commit_to(SELMA, 500), Error::<Test>::AlreadyCommitted);
        run_to_end();
        assert_eq!(outcomes(), [(0, Outcome::Trusted)]);
        assert_nothing_left();
    });
}
