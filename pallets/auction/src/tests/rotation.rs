//! Standing orders meet a moving corridor, and take turns in being first.

use super::*;
use crate::{Backing, MAX_FAILURES, NextTurn, StandingIndex, StandingOrders, Turn};
use qedex_primitives::{Band, LeaderTerms, PriceList};
use sp_runtime::Permill;
use std::collections::BTreeMap;

fn stand(who: AccountId, side: Side, limit: PricePerKwh, energy: u64) {
    let order = NewOrder { side, limit, energy: Wh(energy) };
    assert_ok!(call(who, Call::set_standing_order { order }));
}

fn set_list(list: PriceList) {
    assert_ok!(Auction::set_terms(RuntimeOrigin::root(), Band::Off, list));
}

/// Opens a slot: who has which order in it, by arrival.
fn opened(slot: SlotIndex) -> Vec<(AccountId, u128, u64)> {
    poll_at(schedule(slot).gate_opens);
    placed_in(slot)
}

fn placed_in(slot: SlotIndex) -> Vec<(AccountId, u128, u64)> {
    let mut orders: Vec<_> = [Side::Bid, Side::Ask]
        .into_iter()
        .flat_map(|side| {
            Orders::<Test>::iter_prefix((slot, side))
                .map(move |(key, order)| (key.id(), (order.who, key.limit(side).0, order.energy.0)))
        })
        .collect();
    orders.sort_unstable();
    orders.into_iter().map(|(_, order)| order).collect()
}

fn failures(who: AccountId) -> u8 {
    StandingOrders::<Test>::get(who).unwrap().failures
}

/// The corridor from 0.120 to 0.250 QED, a tick of 0.005, lots of 200 Wh.
const OTHER: PriceList =
    PriceList { floor: price(120), cap: price(250), tick: price(5), lot: Wh(200), ..LIST };

#[test]
fn a_standing_order_stands_at_the_end_of_a_corridor_that_has_moved() {
    run(|| {
        stand(1, Side::Bid, price(290), 500);
        stand(2, Side::Ask, price(90), 500);
        set_list(OTHER);
        let mut orders = opened(SLOT.next());
        orders.sort_unstable();
        assert_eq!(orders, [(1, price(250).0, 400), (2, price(120).0, 400)]);
    });
}

#[test]
fn one_beyond_the_other_end_is_left_out_and_never_ends_for_it() {
    run(|| {
        stand(1, Side::Bid, price(100), 500);
        stand(2, Side::Ask, price(290), 500);
        set_list(OTHER);
        let mut slot = SLOT;
        for _ in 0..=MAX_FAILURES {
            slot = slot.next();
            assert_eq!(opened(slot), []);
            assert!(events().contains(&Event::OrderRefused {
                slot,
                who: 1,
                order: NewOrder { side: Side::Bid, limit: price(100), energy: Wh(500) },
                error: Error::<Test>::OutsideCorridor.into(),
            }));
        }
        assert_eq!((failures(1), failures(2)), (0, 0));
        set_list(LIST);
        assert_eq!(opened(slot.next()).len(), 2);
    });
}

#[test]
fn a_limit_off_the_tick_is_rounded_in_its_accounts_favour() {
    run(|| {
        let off = PricePerKwh(price(201).0 + 7);
        stand(1, Side::Bid, off, 500);
        stand(2, Side::Ask, off, 500);
        let mut orders = opened(SLOT.next());
        orders.sort_unstable();
        assert_eq!(orders, [(1, price(201).0, 500), (2, price(202).0, 500)]);
        set_list(OTHER);
        let mut orders = opened(SLOT.next().next());
        orders.sort_unstable();
        assert_eq!(orders, [(1, price(200).0, 400), (2, price(205).0, 400)]);
    });
}

#[test]
fn too_little_for_a_slots_least_order_does_not_count_as_a_failure() {
    run(|| {
        stand(1, Side::Bid, price(200), 300);
        set_list(PriceList { least_order: Wh(400), ..LIST });
        assert_eq!(opened(SLOT.next()), []);
        assert_eq!(failures(1), 0);
    });
}

#[test]
fn a_full_book_ends_nobodys_standing_order() {
    run(|| {
        stand(1, Side::Bid, price(200), 500);
        MaxOrdersPerSlot::set(0);
        let mut slot = SLOT;
        for _ in 0..=MAX_FAILURES {
            slot = slot.next();
            assert_eq!(opened(slot), []);
        }
        assert_eq!(failures(1), 0);
    });
}

#[test]
fn a_fitted_order_is_inside_the_corridor_and_no_worse_for_its_account() {
    use proptest::prelude::*;
    let limits = (0..400u128, 0..MILLI);
    let lists = (1..40u128, 1..40u128, 1..9u128, 1..9u64);
    let config = ProptestConfig::with_cases(512);
    proptest!(config, |((mills, plancks) in limits, (low, wide, tick, lot) in lists, energy in 0..2_000u64)| {
        let tick = price(tick);
        let terms = LeaderTerms {
            floor: PricePerKwh(tick.0 * low),
            cap: PricePerKwh(tick.0 * (low + wide)),
            tick,
            lot: Wh(lot),
            least_order: Wh(lot * 3),
            ..TERMS
        };
        let limit = PricePerKwh(price(mills).0 + plancks);
        for side in [Side::Bid, Side::Ask] {
            let order = NewOrder { side, limit, energy: Wh(energy) };
            let beyond = match side {
                Side::Bid => limit < terms.floor,
                Side::Ask => limit > terms.cap,
            };
            let Ok(fitted) = Auction::fit(&terms, order) else {
                prop_assert!(beyond || energy < lot * 3);
                continue;
            };
            prop_assert!(!beyond && fitted.limit >= terms.floor && fitted.limit <= terms.cap);
            prop_assert_eq!(fitted.limit.0 % tick.0, 0);
            prop_assert_eq!(fitted.energy.0 % lot, 0);
            prop_assert!(fitted.energy.0 <= energy && energy - fitted.energy.0 < lot);
            // No worse than it said, but where the corridor itself is better.
            match side {
                Side::Bid => prop_assert!(fitted.limit <= limit),
                Side::Ask => prop_assert!(fitted.limit >= limit),
            }
        }
    });
}

#[test]
fn each_is_first_in_its_turn() {
    run(|| {
        for who in 1..=5 {
            stand(who, Side::Bid, price(200), 500);
        }
        let mut slot = SLOT;
        let mut first = BTreeMap::new();
        for _ in 0..10 {
            slot = slot.next();
            let orders = opened(slot);
            assert_eq!(orders.len(), 5);
            *first.entry(orders[0].0).or_insert(0) += 1;
        }
        assert_eq!(
            first,
            (1..=5).map(|who| (who, 2)).collect::<BTreeMap<_, _>>(),
            "each twice in ten slots"
        );
    });
}

/// Two bid the same, the others more; what is offered is enough for all but one. It is the first of the
/// two that gets it, and whoever stands between them, each of them is it as often.
#[test]
fn of_two_rivals_each_is_first_as_often() {
    for count in 3..=6 {
        for one in 1..=count {
            for other in one + 1..=count {
                run(|| {
                    for who in 1..=count {
                        let above = if who == one || who == other { 0 } else { u128::from(who) };
                        stand(who, Side::Bid, price(200 + above), 500);
                    }
                    let mut slot = SLOT;
                    for _ in 0..2 * count {
                        slot = slot.next();
                        assert_eq!(opened(slot).len() as u64, count);
                        assert_ok!(place_in(slot, 9, Side::Ask, price(100), 500 * (count - 1)));
                    }
                    // Slot by slot, or the last ones would be annulled.
                    for later in 1..=3 {
                        poll_at(schedule(slot).gate_opens + later * SLOT_LENGTH);
                    }
                    let wins = |who: AccountId| {
                        Trades::get().iter().filter(|(_, t)| t.buyer == who).count()
                    };
                    assert_eq!((wins(one) as u64, wins(other) as u64), (count, count));
                });
            }
        }
    }
}

/// The count of standing orders, which anybody may change, does not move the turn: of two that stay each
/// comes before the other in one slot and after it in the next.
#[test]
fn who_comes_and_goes_makes_nobody_first() {
    run(|| {
        for who in 1..=4 {
            stand(who, Side::Bid, price(200), 500);
        }
        // The way there, and not the way back.
        NextTurn::<Test>::put(Turn { at: 3, back: false });
        let mut slot = SLOT;
        let mut one_is_first = Vec::new();
        for newcomer in 5..=8 {
            slot = slot.next();
            let orders = opened(slot);
            let place = |who: AccountId| orders.iter().position(|order| order.0 == who).unwrap();
            one_is_first.push(place(1) < place(2));
            stand(newcomer, Side::Bid, price(200), 500);
        }
        assert_ne!(one_is_first[0], one_is_first[1]);
        assert_ne!(one_is_first[2], one_is_first[3]);
    });
}

/// Pages of one renewal, with accounts that come, go and fail in between: nobody is renewed twice, and
/// nobody who stays is left out.
#[test]
fn nobody_loses_a_turn_when_indices_change() {
    for leaver in 1..=8 {
        for failing in 1..=8 {
            run(|| {
                for who in 1..=8 {
                    stand(who, Side::Bid, price(200), 500);
                }
                // One more failure ends it.
                StandingOrders::<Test>::mutate(failing, |standing| {
                    standing.as_mut().unwrap().failures = MAX_FAILURES - 1;
                });
                Distrusted::set(vec![(failing, Role::Trade)]);
                let next = SLOT.next();
                Clock::set(schedule(next).gate_opens);
                poll_within(STEP.saturating_mul(1 + 1 + 2 + 3));
                let had_its_turn = StandingOrders::<Test>::get(leaver)
                    .is_none_or(|standing| standing.renewed == next);
                let _ = call(leaver, Call::end_standing_order {});
                stand(9, Side::Bid, price(200), 500);
                for _ in 0..10 {
                    poll_within(STEP.saturating_mul(1 + 2 + 1));
                }
                let mut who: Vec<_> = placed_in(next).iter().map(|order| order.0).collect();
                who.sort_unstable();
                let stays = |who: &AccountId| *who != failing && (*who != leaver || had_its_turn);
                assert_eq!(who, (1..=8).filter(stays).collect::<Vec<_>>());
                assert_eq!(record(next).renewal.left, 0);
                let after = next.next();
                poll_at(schedule(after).gate_opens);
                let mut who: Vec<_> = placed_in(after).iter().map(|order| order.0).collect();
                who.sort_unstable();
                let stay = (1..=9).filter(|who| *who != failing && *who != leaver);
                assert_eq!(who, stay.collect::<Vec<_>>());
                assert_eq!(StandingIndex::<Test>::iter().count(), who.len());
            });
        }
    }
}

#[test]
fn a_standing_order_that_is_ended_and_set_again_keeps_its_place() {
    run(|| {
        for who in 1..=3 {
            stand(who, Side::Bid, price(200), 500);
        }
        assert_ok!(call(1, Call::end_standing_order {}));
        stand(1, Side::Bid, price(210), 500);
        assert_eq!(StandingOrders::<Test>::get(1).unwrap().index, 0);
        assert_eq!(opened(SLOT.next()).len(), 3);
    });
}

/// In an evening that asks for a higher deposit, an ask is left out for which there is enough money at
/// any other time; who has not enough at any time ends.
#[test]
fn a_dear_slot_does_not_end_what_others_would_take() {
    run(|| {
        let on = PriceList { cap: price(350), deposit_rate: Permill::from_percent(80), ..LIST };
        assert_ok!(Auction::set_terms(RuntimeOrigin::root(), Band::On, on));
        stand(1, Side::Ask, price(100), 1_000);
        // For one slot of another band, which takes 210.
        Free::insert(1, 215 * MILLI);
        BandOfAll::set(Band::On);
        let mut slot = SLOT;
        for _ in 0..=MAX_FAILURES {
            slot = slot.next();
            assert_eq!(opened(slot), []);
            assert!(events().contains(&Event::OrderRefused {
                slot,
                who: 1,
                order: NewOrder { side: Side::Ask, limit: price(100), energy: Wh(1_000) },
                error: Error::<Test>::InsufficientFunds.into(),
            }));
            assert_eq!(failures(1), 0);
        }
        BandOfAll::set(Band::Off);
        slot = slot.next();
        assert_eq!(opened(slot).len(), 1);
        // Not enough for any other one.
        assert_ok!(call(1, Call::cancel_order { slot, id: 0 }));
        Free::insert(1, 200 * MILLI);
        for _ in 0..MAX_FAILURES {
            assert!(StandingOrders::<Test>::contains_key(1));
            slot = slot.next();
            assert_eq!(opened(slot), []);
        }
        assert!(!StandingOrders::<Test>::contains_key(1));
    });
}

/// A bid above a cap holds less where the cap is lower.
#[test]
fn the_least_hold_is_that_of_the_order_as_it_would_stand() {
    run(|| {
        let off = PriceList { cap: price(250), ..LIST };
        assert_ok!(Auction::set_terms(RuntimeOrigin::root(), Band::Off, off));
        let bid = |mills| NewOrder { side: Side::Bid, limit: price(mills), energy: Wh(500) };
        assert!(!Auction::holds_least(&TERMS, &Backing::default(), bid(290)));
        assert!(Auction::holds_least(&off.with_keys(Wh(1_000)), &Backing::default(), bid(290)));
        assert!(Auction::holds_least(&TERMS, &Backing::default(), bid(250)));
        // Lists that would not take it do not count.
        let off = PriceList { least_order: Wh(600), ..off };
        assert_ok!(Auction::set_terms(RuntimeOrigin::root(), Band::Off, off));
        assert!(Auction::holds_least(&TERMS, &Backing::default(), bid(290)));
    });
}

#[test]
fn a_deposit_follows_the_band() {
    run(|| {
        BandOfAll::set(Band::On);
        let on = PriceList { cap: price(350), deposit_rate: Permill::from_percent(80), ..LIST };
        assert_ok!(Auction::set_terms(RuntimeOrigin::root(), Band::On, on));
        stand(1, Side::Ask, price(100), 1_000);
        opened(SLOT.next());
        assert_eq!(money(1).1, 280);
    });
}
