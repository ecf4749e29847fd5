//! What accounts had on record is owners', and open trades end as they began.

use super::*;
use crate::{
    Book, Rules, Stage,
    migrations::{MigrateV1ToV2, v1},
};
use frame_support::traits::{GetStorageVersion, OnRuntimeUpgrade, StorageVersion};

/// The owner of Selma and Sven.
const HOUSE: OwnerId = OwnerId([7; 32]);

/// Turns the state into one of version 1, as it would be if all of it had come about so: accounts
/// are sellers. No owner must be known yet.
fn back_to_v1(paused: bool) {
    let sellers: Vec<_> = Sellers::<Test>::drain().collect();
    for (slot, account, entry) in SellingAccounts::<Test>::drain().collect::<Vec<_>>() {
        assert_eq!(entry.owner, owner(account));
        let of_account = |(of, owner, _): &&(_, _, _)| (*of, *owner) == (slot, entry.owner);
        let (.., seller) = sellers.iter().find(of_account).unwrap();
        let Seller { open, sold, commitment, complained, revealed, defaulted } = *seller;
        let answer_until = complained.then_some(TestCalendar::schedule(slot).final_at);
        let revealed = revealed.map(|delivered| v1::Revealed { delivered, at: 0 });
        let seller = v1::OldSeller { open, sold, commitment, answer_until, revealed, defaulted };
        v1::Sellers::<Test>::insert(slot, account, seller);
    }
    for (slot, id, trade) in Trades::<Test>::drain().collect::<Vec<_>>() {
        assert_eq!(trade.reserve, 0, "nothing was set aside");
        let key = Trades::<Test>::hashed_key_for(slot, id);
        frame_support::storage::unhashed::put(&key, &old_trade(trade));
    }
    for (slot, book) in Books::<Test>::drain().collect::<Vec<_>>() {
        v1::Books::<Test>::insert(slot, old_book(book));
    }
    let changes = crate::RuleChanges::<Test>::take().into_iter();
    let changes = changes.map(|(since, rules)| (since, old_rules(rules))).collect();
    v1::RuleChanges::<Test>::put(frame_support::BoundedVec::truncate_from(changes));
    for (who, days) in Conduct::<Test>::drain().collect::<Vec<_>>() {
        let count: u32 = days.iter().map(|day| day.defaulted).sum();
        let account = TRADERS.into_iter().find(|account| owner(*account) == who).unwrap();
        v1::Defaults::<Test>::insert(account, count);
    }
    LatestPause::<Test>::kill();
    if paused {
        v1::Paused::<Test>::put(true);
    }
    StorageVersion::new(1).put::<Settlement>();
}

fn old_trade(trade: crate::Trade<AccountId>) -> v1::OldTrade<AccountId> {
    let crate::Trade { buyer, seller, energy, buyer_price, seller_price, payment, deposit, .. } =
        trade;
    let crate::Trade { before, complaint, .. } = trade;
    v1::OldTrade {
        buyer,
        seller,
        energy,
        buyer_price,
        seller_price,
        payment,
        deposit,
        before,
        complaint: complaint.map(|old| v1::OldComplaint { bond: old.bond, due: old.due }),
    }
}

fn old_rules(rules: Rules) -> v1::OldRules {
    let Rules { offline_share, defaults_to_exclusion, exclusion, .. } = rules;
    v1::OldRules { offline_share, defaults_to_exclusion, exclusion }
}

fn old_book(book: Book) -> v1::OldBook {
    let Book { terms, rules, trades, open, stage, lost, .. } = book;
    let stage = match stage {
        Stage::Freezing { next } => v1::OldStage::Freezing { next },
        Stage::Ending { next } => v1::OldStage::Closing { next },
    };
    let rules = old_rules(rules);
    v1::OldBook { terms, rules, trades, open, stage, interrupted: false, lost }
}

/// Everything that is stored.
fn state() -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut all = vec![];
    let mut key = vec![];
    while let Some(next) = sp_io::storage::next_key(&key) {
        all.push((next.clone(), sp_io::storage::get(&next).unwrap().to_vec()));
        key = next;
    }
    all
}

/// Upgrades, twice: the second run changes nothing. What is held and there is stays.
fn upgrade() {
    let holds = || TRADERS.map(|who| (free(who), on_hold(who))).collect::<Vec<_>>();
    let before = (Balances::total_issuance(), holds());
    // But for how an owner's energy is allotted over its accounts.
    let unallotted = |trade| crate::Trade { before: Wh(0), ..trade };
    let trades = || -> Vec<_> {
        let all = Trades::<Test>::iter();
        all.map(|(slot, id, trade)| (slot, id, unallotted(trade))).collect()
    };
    let before_it = |(slot, id)| {
        let key = Trades::<Test>::hashed_key_for(slot, id);
        let old = frame_support::storage::unhashed::get::<v1::OldTrade<AccountId>>(&key);
        (slot, id, unallotted(old.unwrap().without_reserve()))
    };
    let trades_before: Vec<_> = Trades::<Test>::iter_keys().map(before_it).collect();
    let books: Vec<_> = v1::Books::<Test>::iter().collect();
    assert!(MigrateV1ToV2::<Test>::on_runtime_upgrade().any_gt(Default::default()));
    assert_eq!(Settlement::on_chain_storage_version(), 2);
    assert_eq!((Balances::total_issuance(), holds()), before);
    assert_eq!(trades(), trades_before);
    let brought: Vec<_> =
        Books::<Test>::iter().map(|(slot, book)| (slot, old_book(book))).collect();
    assert_eq!(brought, books);
    Settlement::do_try_state().unwrap();
    let once = state();
    MigrateV1ToV2::<Test>::on_runtime_upgrade();
    assert_eq!(state(), once, "a second run changes nothing");
}

/// From now on Selma and Sven are two accounts of one owner.
fn name_the_house() {
    for account in [SELMA, SVEN] {
        TestMembership::set_owner(account, HOUSE);
    }
}

/// Trades in every state go on: of a slot that waits for clearing, one that commits, one that is
/// complained about and one whose bill is revealed.
#[test]
fn trades_in_every_state_end_as_they_began() {
    build_and_execute(|| {
        let slot = |n| SlotIndex(SLOT.0 + n);
        // Complained about, and revealed for Anna's trade.
        trade_in(slot(0), 0, ANNA, SELMA, 500);
        trade_in(slot(0), 1, ANNA, SVEN, 500);
        // Without evidence by then.
        trade_in(slot(1), 0, BEN, SELMA, 100);
        trade_in(slot(1), 1, BEN, 13, 100);
        run_to_commitments(slot(0));
        for seller in [SELMA, SVEN] {
            assert_ok!(commit_to(seller, 500));
        }
        run_to_commitments(slot(1));
        let committed = commitment_in(slot(1), SELMA, &bill_in(slot(1), SELMA, 60));
        assert_ok!(Settlement::commit(RuntimeOrigin::signed(SELMA), slot(1), committed));
        run_to_freeze();
        assert_ok!(complain(ANNA, 0));
        assert_ok!(complain(ANNA, 1));
        // Answers came at once then.
        Sellers::<Test>::mutate(slot(0), owner(SELMA), |seller| {
            seller.as_mut().unwrap().revealed = Some(Wh(500));
        });
        let now = SlotIndex(Now::get() / SLOT_LENGTH);
        trade_in(now, 0, BEN, SELMA, 200);
        trade_in(now, 1, BEN, SVEN, 200);
        back_to_v1(false);

        name_the_house();
        OwnersSince::set(now.next());
        upgrade();

        assert_eq!(
            SellingAccounts::<Test>::get(slot(0), SVEN),
            Some(SellingAccount { owner: owner(SVEN), open: 1 })
        );
        // What is committed to cannot be committed to again.
        let again = Settlement::commit(RuntimeOrigin::signed(SELMA), slot(1), committed);
        assert_eq!(again, Err(Error::<Test>::NotInCommitmentWindow.into()));
        // Whose pairing was under way sells on as it did: by account.
        trade_in(now, 2, BEN, SELMA, 200);
        assert_eq!(Trades::<Test>::get(now, 2).unwrap().before, Wh(400), "what the house sold");
        run_to_commitments(now);
        for seller in [SELMA, SVEN] {
            let commitment = H256::repeat_byte(1);
            assert_ok!(Settlement::commit(RuntimeOrigin::signed(seller), now, commitment));
        }
        // The reveal stands, and is Selma's alone; Sven answers what Sven committed to.
        run_to(TestCalendar::schedule(slot(0)).complaints_until);
        assert_noop!(reveal(SELMA, 500), Error::<Test>::AlreadyRevealed);
        assert_ok!(reveal(SVEN, 500));
        run_to(TestCalendar::schedule(now).final_at);
        let of = |slot| -> Vec<_> {
            let all = settled().into_iter().filter(|trade| trade.0 == slot);
            all.map(|trade| trade.2).collect()
        };
        assert_eq!(of(slot(0)), [Outcome::Refuted, Outcome::Refuted]);
        assert_eq!(of(slot(1)), [Outcome::Defaulted, Outcome::Trusted]);
        assert_eq!(of(now), [Outcome::Trusted; 3]);
        assert_nothing_left();
        // New slots are the house's.
        let next = SlotIndex(Now::get() / SLOT_LENGTH);
        trade_in(next, 0, ANNA, SELMA, 10);
        trade_in(next, 1, ANNA, SVEN, 10);
        assert_eq!(Sellers::<Test>::get(next, HOUSE).unwrap().sold, Wh(20));
    });
}

/// Else whoever has two accounts sold everything twice in the slots that are open at the upgrade.
#[test]
fn energy_of_an_owner_serves_all_its_accounts_once_in_slots_that_wait_for_the_freeze() {
    build_and_execute(|| {
        trade(0, ANNA, SVEN, 100);
        trade(1, ANNA, SELMA, 500);
        trade(2, BEN, 13, 300);
        trade(3, BEN, SVEN, 500);
        run_to_commitments(SLOT);
        assert_ok!(acknowledge(ANNA, 0));
        back_to_v1(false);
        name_the_house();
        upgrade();
        let before = |id| Trades::<Test>::get(SLOT, id).unwrap().before.0;
        assert_eq!([1, 2, 3].map(before), [100, 0, 600]);
        deliver(SELMA, 600);
        deliver(13, 300);
        run_to_freeze();
        let metered: Vec<_> = settled()[1..].iter().map(|trade| (trade.1, trade.3.0)).collect();
        assert_eq!(metered, [(1, 500), (2, 300), (3, 0)]);
        assert_nothing_left();
    });
}

#[test]
fn defaults_of_all_accounts_of_an_owner_are_added_up() {
    build_and_execute(|| {
        for account in [SELMA, SVEN, 13] {
            defaulted_before(owner(account));
        }
        back_to_v1(false);
        name_the_house();
        upgrade();
        assert_eq!(defaults_of(HOUSE), 2);
        assert_eq!(defaults_of(owner(13)), 1);
        assert_eq!(Excluded::get(), []);
        // Enough, at the next one.
        trade(0, ANNA, SVEN, 100);
        run_to_freeze();
        assert_eq!(Excluded::get(), [(SVEN, EXCLUSION)]);
    });
}

#[test]
fn a_pause_that_was_on_ends() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        deliver(SELMA, 500);
        back_to_v1(true);
        upgrade();
        assert!(!v1::Paused::<Test>::exists());
        let pause = Settlement::pause_on().unwrap();
        assert_eq!(pause, Pause { since: Now::get(), until: Now::get() + MAX_PAUSE });
        run_to_freeze();
        assert_eq!(settled(), []);
        Now::set(pause.until);
        poll();
        poll();
        assert_eq!(outcomes(), [(0, Outcome::Delivered)]);
    });
    build_and_execute(|| {
        back_to_v1(false);
        upgrade();
        assert_eq!(LatestPause::<Test>::get(), None);
    });
}

/// What was agreed under the rules of before costs no more than it did then.
#[test]
fn missing_energy_pays_its_fee_in_slots_whose_gate_opens_later() {
    build_and_execute(|| {
        let early = crate::RuleChanges::<Test>::get();
        trade(0, ANNA, SELMA, 500);
        deliver(SELMA, 0);
        back_to_v1(false);
        upgrade();
        let zero = sp_runtime::Permill::zero();
        let free =
            Rules { shortfall_fee: zero, draw_chance: zero, default_share: zero, ..early[0].1 };
        assert_eq!(
            crate::RuleChanges::<Test>::get().into_inner(),
            [(0, free), (Now::get(), early[0].1)]
        );
        run_to_freeze();
        assert_eq!(settled()[0].4.shortfall_fee, 0);
        let later = SlotIndex(Now::get() / SLOT_LENGTH + 5);
        trade_in(later, 0, ANNA, SELMA, 500);
        deliver_in(later, SELMA, 0);
        run_to(TestCalendar::schedule(later).readings_until);
        assert_eq!(settled()[1].4, amounts_for(0, 500));
    });
}

/// A council that has changed the rules as often as it may has the fee all the same.
#[test]
fn the_fee_has_a_place_among_changes_of_the_rules() {
    build_and_execute(|| {
        let most = u64::from(crate::MAX_RULE_CHANGES);
        let changes: Vec<_> = (0..most).map(|since| (since, Rules::default())).collect();
        crate::RuleChanges::<Test>::put(frame_support::BoundedVec::truncate_from(changes));
        back_to_v1(false);
        upgrade();
        let changes = crate::RuleChanges::<Test>::get();
        assert_eq!(changes.len() as u64, most);
        assert_eq!(changes.last(), Some(&(Now::get(), Rules::default())));
    });
}

/// Nobody could give evidence while the chain stood still: its time begins anew.
#[test]
fn evidence_that_was_interrupted_has_its_time() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        run_to(TestCalendar::schedule(SLOT).commitments_until);
        let now = Now::get();
        back_to_v1(false);
        v1::Books::<Test>::mutate(SLOT, |book| book.as_mut().unwrap().interrupted = true);
        assert!(MigrateV1ToV2::<Test>::on_runtime_upgrade().any_gt(Default::default()));
        let book = Books::<Test>::get(SLOT).unwrap();
        assert_eq!(book.clock(now), TestCalendar::schedule(SLOT).delivery_ends);
        assert_ok!(commit_to(SELMA, 500));
        run_to(TestCalendar::schedule(SLOT).final_at + 2 * SLOT_LENGTH);
        assert_eq!(outcomes(), [(0, Outcome::Trusted)]);
    });
}
