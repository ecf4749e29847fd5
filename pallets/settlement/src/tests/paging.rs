//! How work is spread over blocks.

use super::*;
use crate::WeightInfo;
use frame_support::weights::Weight;
use std::collections::BTreeMap;

/// A block's weight for looking at one book, settling `trades` of its trades and excluding a seller.
fn room_for(trades: u64) -> Weight {
    <() as WeightInfo>::poll()
        + <() as WeightInfo>::visit_book()
        + <() as WeightInfo>::freeze_trade() * trades
        + <() as WeightInfo>::exclude()
}

/// Polls with this weight until nothing is due at this moment, and counts the blocks.
fn blocks_until_settled(limit: Weight) -> usize {
    let mut blocks = 0;
    while !OpenBooks::<Test>::get().is_empty() {
        assert!(poll_with(limit).all_lte(limit));
        Settlement::do_try_state().unwrap();
        blocks += 1;
        assert!(blocks < 5_000, "settlement does not come to an end");
    }
    blocks
}

/// Plays two slots with all kinds of evidence, in blocks of this weight, and returns what was
/// settled and what everybody has at the end.
fn play(limit: Weight) -> (Vec<SettledTrade>, BTreeMap<AccountId, Balance>) {
    let mut result = None;
    build_and_execute(|| {
        for slot in [SLOT, SLOT.next()] {
            for id in 0..12 {
                let seller = 11 + u64::from(id) % 4;
                trade_in(slot, id, 1 + u64::from(id) % 5, seller, 100 + u64::from(id));
            }
            deliver_in(slot, SELMA, 150);
            deliver_in(slot, SVEN, 1_000);
        }
        run_to_commitments(SLOT);
        assert_ok!(commit(13, SLOT));
        run_to_freeze();
        let end = TestCalendar::schedule(SLOT).final_at;
        while Now::get() < end + 200 * SLOT_LENGTH {
            Now::mutate(|now| *now += SLOT_LENGTH / 2);
            poll_with(limit);
        }
        assert_nothing_left();
        let mut settled = settled();
        settled.sort_by_key(|trade| (trade.0, trade.1));
        let totals =
            frame_system::Account::<Test>::iter_keys().map(|who| (who, total(who))).collect();
        result = Some((settled, totals));
    });
    result.unwrap()
}

#[test]
fn small_blocks_come_to_the_same_result() {
    let whole = play(Weight::MAX);
    assert_eq!(whole.0.len(), 24);
    for trades in [1, 2, 7] {
        assert_eq!(play(room_for(trades)), whole);
    }
}

#[test]
fn a_block_settles_what_it_has_room_for_and_the_next_goes_on() {
    build_and_execute(|| {
        for id in 0..10 {
            trade(id, ANNA, SELMA, 100);
        }
        deliver(SELMA, 250);
        run_to(TestCalendar::schedule(SLOT).readings_until - 1);
        Now::mutate(|now| *now += 1);
        poll_with(room_for(2));
        assert_eq!(outcomes().len(), 2);
        Settlement::do_try_state().unwrap();
        assert_eq!(poll_with(Weight::zero()), Weight::zero());
        assert_eq!(outcomes().len(), 2);
        poll_with(room_for(0));
        assert_eq!(outcomes().len(), 2);
        assert_eq!(blocks_until_settled(room_for(3)), 3);
        let metered: Vec<_> = settled().into_iter().map(|trade| trade.3.0).collect();
        assert_eq!(metered, [100, 100, 50, 0, 0, 0, 0, 0, 0, 0]);
        assert_nothing_left();
    });
}

#[test]
fn a_thousand_trades_in_one_block_are_all_settled() {
    build_and_execute(|| {
        for id in 0..1_000 {
            let buyer = 1 + u64::from(id) % 10;
            trade(id, buyer, 11 + u64::from(id) % 10, 100);
        }
        for seller in 11..=15 {
            deliver(seller, 10_000);
        }
        run_to(TestCalendar::schedule(SLOT).readings_until - 1);
        Now::mutate(|now| *now += 1);
        System::reset_events();
        assert_eq!(blocks_until_settled(room_for(30)), 34);
        let ids: Vec<_> = outcomes().into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids, (0..1_000).collect::<Vec<_>>());
        let kept = |(_, outcome): &(u32, Outcome)| *outcome == Outcome::Delivered;
        assert_eq!(outcomes().iter().filter(|trade| kept(trade)).count(), 500);
        assert_nothing_left();
    });
}

#[test]
fn the_oldest_slot_comes_first() {
    build_and_execute(|| {
        for slot in [SLOT.next(), SLOT] {
            for id in 0..3 {
                trade_in(slot, id, ANNA, SELMA, 100);
            }
        }
        // Both are due, and no block has had room for either.
        run_to(TestCalendar::schedule(SLOT).readings_until - 1);
        Now::mutate(|now| *now += SLOT_LENGTH / 2);
        poll_with(<() as WeightInfo>::poll());
        Now::set(TestCalendar::schedule(SLOT.next()).readings_until);
        blocks_until_settled(room_for(1));
        let slots: Vec<_> = settled().into_iter().map(|trade| trade.0).collect();
        assert_eq!(slots[..3], [SLOT; 3]);
        assert_eq!(slots[3..], [SLOT.next(); 3]);
    });
}

#[test]
fn freeze_and_end_are_caught_up_in_order() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 100);
        trade(1, ANNA, SVEN, 100);
        trade(2, BEN, 13, 100);
        deliver(SVEN, 60);
        run_to_commitments(SLOT);
        assert_ok!(commit(SELMA, SLOT));
        let schedule = TestCalendar::schedule(SLOT);
        stand_still_until(schedule.final_at);
        assert_eq!(settled(), []);
        // The time for evidence begins only now.
        let lost = schedule.final_at - schedule.delivery_ends;
        run_to(schedule.readings_until + lost);
        assert_eq!(outcomes(), [(1, Outcome::Short), (2, Outcome::Defaulted)]);
        run_to(schedule.final_at + lost - 1);
        assert_eq!(outcomes().len(), 2);
        run_to(schedule.final_at + lost);
        assert_eq!(outcomes()[2..], [(0, Outcome::Trusted)]);
        assert_nothing_left();
    });
}

#[test]
fn settlement_leaves_three_quarters_of_a_block_to_others() {
    build_and_execute(|| {
        use frame_support::traits::Get;
        use frame_system::limits::BlockWeights;
        let max: BlockWeights = <Test as frame_system::Config>::BlockWeights::get();
        assert!(poll_with(Weight::MAX).all_lte(max.max_block / 4));
    });
}

#[test]
fn an_idle_block_costs_a_look_and_nothing_else() {
    build_and_execute(|| {
        assert_eq!(poll_with(Weight::MAX), <() as WeightInfo>::poll());
        trade(0, ANNA, SELMA, 100);
        let look = <() as WeightInfo>::poll() + <() as WeightInfo>::visit_book();
        assert_eq!(poll_with(Weight::MAX), look);
        assert_eq!(settled(), []);
    });
}

/// In how many blocks a quarter of each is enough for `trades` steps of this weight, where `excludes`
/// says which of them come with an exclusion.
fn blocks_for(trades: u32, step: Weight, excludes: fn(u32) -> bool) -> u64 {
    use frame_support::{traits::Get, weights::WeightMeter};
    let limits: frame_system::limits::BlockWeights =
        <Test as frame_system::Config>::BlockWeights::get();
    let room = limits.max_block / 4 - Weights::poll() - Weights::visit_book();
    let (mut blocks, mut meter) = (1, WeightMeter::with_limit(room));
    for id in 0..trades {
        let mut fits = |id| {
            meter.try_consume(step).is_ok()
                && (!excludes(id) || meter.try_consume(Weights::exclude()).is_ok())
        };
        if !fits(id) {
            blocks += 1;
            meter = WeightMeter::with_limit(room);
            let needed = if excludes(id) { step + Weights::exclude() } else { step };
            meter.consume(needed);
        }
    }
    blocks
}

/// Sells 1,000 trades of ten buyers and ten sellers in `SLOT`.
fn sell_a_thousand() {
    for id in 0..1_000 {
        let buyer = 1 + u64::from(id) % 10;
        trade(id, buyer, 11 + u64::from(id) / 10 % 10, 100);
    }
}

/// By the weights of the runtime, in blocks that begin with one that gives nothing, as a session's
/// first does: how many blocks until all are settled, and the most of them in one.
fn settle_by_measured_weights() -> (u64, usize) {
    Measured::set(true);
    let (mut blocks, mut most) = (0, 0);
    while !OpenBooks::<Test>::get().is_empty() {
        assert_eq!(poll_with(Weight::zero()), Weight::zero());
        let before = outcomes().len();
        poll();
        blocks += 1;
        most = most.max(outcomes().len() - before);
        assert!(blocks < 1_000, "settlement does not come to an end");
    }
    (blocks, most)
}

#[test]
fn a_thousand_trades_with_readings_take_as_many_blocks_as_they_weigh() {
    build_and_execute(|| {
        sell_a_thousand();
        (11..=20).for_each(|seller| deliver(seller, 5_000));
        run_to(TestCalendar::schedule(SLOT).readings_until - 1);
        Now::mutate(|now| *now += 1);
        System::reset_events();
        let (blocks, most) = settle_by_measured_weights();
        assert_eq!(blocks, blocks_for(1_000, Weights::freeze_trade(), |_| false));
        assert!(most <= 500, "{most} in one block");
        let ids: Vec<_> = outcomes().into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids, (0..1_000).collect::<Vec<_>>());
        assert_nothing_left();
    });
}

/// The worst that can fall due at once: a thousand complaints, none of them answered, and all sellers
/// excluded for it.
#[test]
fn a_thousand_unanswered_complaints_take_as_many_blocks_as_they_weigh() {
    build_and_execute(|| {
        sell_a_thousand();
        run_to_commitments(SLOT);
        for seller in 11..=20 {
            defaulted_before(owner(seller));
            assert_ok!(commit_to(seller, 10_000));
        }
        run_to_freeze();
        for id in 0..1_000 {
            // One complaint speaks for all of a buyer's trades with a seller.
            if Trades::<Test>::get(SLOT, id).unwrap().complaint.is_none() {
                assert_ok!(complain(1 + u64::from(id) % 10, id));
            }
        }
        run_to(TestCalendar::schedule(SLOT).final_at - 1);
        Now::mutate(|now| *now += 1);
        System::reset_events();
        let (blocks, most) = settle_by_measured_weights();
        // The last trade of each seller excludes it.
        let excludes = |id| id >= 900 && id % 10 == 9;
        let expected = blocks_for(1_000, Weights::close_trade(), excludes);
        assert_eq!(blocks, expected);
        assert!(most <= 500, "{most} in one block");
        let unanswered = (0..1_000).map(|id| (id, Outcome::Unanswered));
        assert_eq!(outcomes(), unanswered.collect::<Vec<_>>());
        assert_eq!(Excluded::get().len(), 10);
        assert_nothing_left();
    });
}
