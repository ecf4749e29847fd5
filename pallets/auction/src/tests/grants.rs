//! What a broker may do by a grant, and what it may not.

use super::*;
use crate::{Grant, GrantCountsOf, GrantUses, Grants, Participants};

/// The broker may buy up to 0.200 and sell from 0.150, for 0.210 QED a slot: an ask of 1 kWh.
fn terms() -> Grant {
    Grant {
        buy_up_to: Some(price(200)),
        sell_from: Some(price(150)),
        expires: schedule(SLOT).gate_closes + 10 * SLOT_LENGTH,
        budget: 210 * MILLI,
    }
}

fn grant(who: AccountId, broker: AccountId, grant: Grant) -> DispatchResult {
    call(who, Call::grant { broker, grant })
}

fn revoke(who: AccountId) -> DispatchResult {
    call(who, Call::revoke_grant { broker: BROKER })
}

fn order(side: Side, mills: u128, energy: u64) -> NewOrder {
    NewOrder { side, limit: price(mills), energy: Wh(energy) }
}

fn place_all_for(broker: AccountId, principal: AccountId, orders: &[NewOrder]) -> DispatchResult {
    let orders = orders.to_vec().try_into().unwrap();
    call(broker, Call::place_orders_for { principal, slot: SLOT, orders })
}

/// Places one order for account 1: its number, or why it was refused.
fn place_for(side: Side, mills: u128, energy: u64) -> Result<OrderId, sp_runtime::DispatchError> {
    let id = record(SLOT).next_order;
    place_all_for(BROKER, 1, &[order(side, mills, energy)])?;
    match last_event() {
        Event::OrderRefused { error, .. } => Err(error),
        _ => Ok(id),
    }
}

fn amend_for(broker: AccountId, id: OrderId, mills: u128, energy: u64) -> DispatchResult {
    let (limit, energy) = (price(mills), Wh(energy));
    call(broker, Call::amend_order_for { principal: 1, slot: SLOT, id, limit, energy })
}

fn cancel_for(broker: AccountId, id: OrderId) -> DispatchResult {
    call(broker, Call::cancel_order_for { principal: 1, slot: SLOT, id })
}

fn used() -> (u32, Balance) {
    let used = GrantUses::<Test>::get((SLOT, 1, BROKER));
    (used.orders, used.held / MILLI)
}

/// A market in which the broker may act for account 1.
fn granted(test: impl FnOnce()) {
    run(|| {
        assert_ok!(grant(1, BROKER, terms()));
        test();
    });
}

/// That an order of the broker is refused, and leaves everything as it was but for the event.
fn assert_refused(side: Side, mills: u128, energy: u64, error: Error<Test>) {
    let before = (money(1), used(), record(SLOT), book(side));
    assert_eq!(place_for(side, mills, energy), Err(error.into()));
    assert_eq!((money(1), used(), record(SLOT), book(side)), before);
}

#[test]
fn a_broker_places_orders_whose_hold_is_the_principals() {
    granted(|| {
        let id = place_for(Side::Ask, 150, 1_000).unwrap();
        assert_eq!(money(1), (1_000_000 - 210, 210, 0));
        assert_eq!(used(), (1, 210));
        let placed = Event::OrderPlaced {
            slot: SLOT,
            id,
            who: 1,
            broker: Some(BROKER),
            side: Side::Ask,
            limit: price(150),
            energy: Wh(1_000),
            held: 210 * MILLI,
            for_bond: 0,
            for_work: 0,
        };
        assert_eq!(last_event(), placed);
        assert_eq!(Auction::budget_left(&1, &BROKER, SLOT), Some(0));
        assert_eq!(Auction::budget_left(&1, &BROKER, SLOT.next()), Some(210 * MILLI));
        bid(2, 200, 1_000);
        close_gate();
        assert_eq!(trades(), [(2, 1, 1_000, 185, 210)]);
        assert_eq!(GrantUses::<Test>::iter().count(), 0, "cleaned up with the book");
        nothing_is_left_in_the_book();
    });
}

#[test]
fn a_broker_stays_within_its_budget_to_the_planck() {
    granted(|| {
        assert_refused(Side::Ask, 150, 1_100, Error::OverBudget);
        place_for(Side::Ask, 150, 600).unwrap();
        assert_refused(Side::Ask, 150, 500, Error::OverBudget);
        place_for(Side::Ask, 150, 400).unwrap();
        assert_refused(Side::Ask, 300, 200, Error::OverBudget);
    });
    granted(|| {
        // 0.200 a kWh for at most 1,050 Wh.
        assert_refused(Side::Bid, 200, 1_100, Error::OverBudget);
        place_for(Side::Bid, 200, 1_000).unwrap();
        assert_refused(Side::Bid, 80, 200, Error::OverBudget);
    });
}

#[test]
fn cancelling_gives_the_budget_back_with_the_hold_and_no_more() {
    granted(|| {
        for _ in 0..5 {
            let id = place_for(Side::Ask, 150, 1_000).unwrap();
            assert_eq!((used(), money(1).1), ((1, 210), 210));
            assert_ok!(cancel_for(BROKER, id));
            assert_eq!((used(), money(1).1), ((0, 0), 0));
        }
        // What the principal cancels or takes back counts as well.
        let id = place_for(Side::Ask, 150, 1_000).unwrap();
        assert_ok!(amend(1, id, 150, 400));
        assert_eq!((used(), money(1).1), ((1, 84), 84));
        place_for(Side::Ask, 150, 600).unwrap();
        assert_ok!(cancel(1, id));
        assert_eq!(used(), (1, 126));
    });
}

#[test]
fn each_slot_has_its_budget() {
    granted(|| {
        place_for(Side::Ask, 150, 1_000).unwrap();
        let next = SLOT.next();
        poll_at(schedule(next).gate_opens);
        let orders = vec![order(Side::Ask, 150, 1_000)].try_into().unwrap();
        assert_ok!(call(BROKER, Call::place_orders_for { principal: 1, slot: next, orders }));
        assert_eq!(money(1).1, 420);
    });
}

#[test]
fn a_broker_stays_within_the_worst_prices() {
    granted(|| {
        assert_refused(Side::Bid, 201, 200, Error::WorseThanGranted);
        assert_refused(Side::Ask, 149, 200, Error::WorseThanGranted);
        let id = place_for(Side::Bid, 200, 200).unwrap();
        assert_noop!(amend_for(BROKER, id, 201, 200), Error::<Test>::WorseThanGranted);
        assert_ok!(amend_for(BROKER, id, 190, 200));
    });
}

#[test]
fn a_broker_stays_on_the_sides_that_were_granted() {
    run(|| {
        assert_ok!(grant(1, BROKER, Grant { sell_from: None, ..terms() }));
        assert_refused(Side::Ask, 300, 200, Error::SideNotGranted);
        let id = place_for(Side::Bid, 100, 200).unwrap();
        assert_ok!(cancel(1, id));
        assert_ok!(grant(1, BROKER, Grant { buy_up_to: None, ..terms() }));
        assert_refused(Side::Bid, 100, 200, Error::SideNotGranted);
        place_for(Side::Ask, 300, 200).unwrap();
    });
}

#[test]
fn a_broker_needs_a_grant_that_is_in_force() {
    run(|| {
        let place = || place_for(Side::Bid, 100, 200);
        assert_eq!(place(), Err(Error::<Test>::NoGrant.into()));
        let expires = now() + 5;
        assert_ok!(grant(1, BROKER, Grant { expires, ..terms() }));
        Clock::set(expires - 1);
        let id = place().unwrap();
        Clock::set(expires);
        for acted in [
            place_all_for(BROKER, 1, &[order(Side::Bid, 100, 200)]),
            amend_for(BROKER, id, 100, 100),
            cancel_for(BROKER, id),
        ] {
            assert_eq!(acted, Err(Error::<Test>::GrantExpired.into()));
        }
        assert_ok!(grant(1, BROKER, terms()));
        assert_ok!(revoke(1));
        assert_noop!(cancel_for(BROKER, id), Error::<Test>::NoGrant);
        // What was placed stays, and is the principal's to cancel.
        assert_eq!(used().0, 1);
        assert_ok!(cancel(1, id));
    });
}

#[test]
fn a_broker_needs_its_role_whenever_it_acts() {
    granted(|| {
        let id = place_for(Side::Bid, 100, 200).unwrap();
        TestMembership::forbid(BROKER, Role::Broker);
        for acted in [
            place_all_for(BROKER, 1, &[order(Side::Bid, 100, 200)]),
            amend_for(BROKER, id, 110, 200),
            cancel_for(BROKER, id),
            grant(2, BROKER, terms()),
        ] {
            assert_eq!(acted, Err(Error::<Test>::NotABroker.into()));
        }
        assert_ok!(revoke(1));
    });
}

#[test]
fn nobody_acts_for_itself_by_a_grant() {
    run(|| {
        TestMembership::permit(1, Role::Broker);
        assert_noop!(grant(1, 1, terms()), Error::<Test>::ForItself);
        // Another account of the same owner; also if they were joined after the grant was given.
        TestMembership::set_owner(BROKER, owner(1));
        assert_noop!(grant(1, BROKER, terms()), Error::<Test>::ForItself);
        TestMembership::set_owner(BROKER, owner(BROKER));
        assert_ok!(grant(1, BROKER, terms()));
        TestMembership::set_owner(BROKER, owner(1));
        assert_eq!(place_for(Side::Bid, 100, 200), Err(Error::<Test>::ForItself.into()));
        TestMembership::forget_owner(BROKER);
        assert_eq!(place_for(Side::Bid, 100, 200), Err(Error::<Test>::NotABroker.into()));
    });
}

#[test]
fn a_broker_touches_no_orders_but_its_own() {
    granted(|| {
        TestMembership::permit(9, Role::Broker);
        assert_ok!(grant(1, 9, terms()));
        let by_principal = bid(1, 100, 200);
        let by_other = record(SLOT).next_order;
        assert_ok!(place_all_for(9, 1, &[order(Side::Bid, 100, 200)]));
        for id in [by_principal, by_other] {
            assert_noop!(amend_for(BROKER, id, 110, 200), Error::<Test>::NotYourOrder);
            assert_noop!(cancel_for(BROKER, id), Error::<Test>::NotYourOrder);
        }
        assert_noop!(cancel(BROKER, by_other), Error::<Test>::NotYourOrder);
        let of_another = bid(2, 100, 200);
        assert_noop!(cancel_for(BROKER, of_another), Error::<Test>::NotYourOrder);
        assert_ok!(cancel_for(9, by_other));
    });
}

#[test]
fn an_order_that_its_principal_makes_anew_is_its_own() {
    granted(|| {
        let id = place_for(Side::Bid, 200, 1_000).unwrap();
        assert_ok!(amend(1, id, 210, 1_000));
        assert_eq!(used(), (0, 0));
        assert_noop!(cancel_for(BROKER, id + 1), Error::<Test>::NotYourOrder);
    });
}

#[test]
fn an_amendment_by_a_broker_stays_within_the_budget() {
    granted(|| {
        let id = place_for(Side::Bid, 200, 500).unwrap();
        let other = place_for(Side::Bid, 200, 500).unwrap();
        assert_noop!(amend_for(BROKER, id, 200, 600), Error::<Test>::OverBudget);
        assert_eq!(used(), (2, 200));
        assert_ok!(amend_for(BROKER, other, 200, 300));
        assert_eq!(used(), (2, 160));
        assert_ok!(amend_for(BROKER, id, 200, 700));
        assert_eq!(used(), (2, 200));
    });
}

#[test]
fn a_new_grant_finds_what_the_former_ones_orders_hold() {
    granted(|| {
        place_for(Side::Ask, 150, 1_000).unwrap();
        assert_ok!(revoke(1));
        assert_ok!(grant(1, BROKER, terms()));
        assert_refused(Side::Ask, 150, 200, Error::OverBudget);
        assert_ok!(grant(1, BROKER, Grant { budget: 300 * MILLI, ..terms() }));
        assert_eq!(Auction::budget_left(&1, &BROKER, SLOT), Some(90 * MILLI));
        // A smaller one than is held already leaves nothing, and takes nothing.
        assert_ok!(grant(1, BROKER, Grant { budget: MILLI, ..terms() }));
        assert_eq!(Auction::budget_left(&1, &BROKER, SLOT), Some(0));
    });
}

#[test]
fn a_principal_needs_its_right_and_its_funds_all_the_same() {
    granted(|| {
        TestMembership::forbid(1, Role::Sell);
        assert_refused(Side::Ask, 150, 200, Error::NotPermitted);
        Distrusted::set(vec![(1, Role::Trade)]);
        assert_refused(Side::Bid, 150, 200, Error::StandingTooLow);
        Distrusted::set(vec![]);
        Free::insert(1, 0);
        assert_refused(Side::Bid, 150, 200, Error::InsufficientFunds);
    });
}

#[test]
fn a_brokers_orders_take_the_principals_side_and_quota_and_rating() {
    granted(|| {
        Ratings::set([(owner(1), 500)].into());
        assert_refused(Side::Ask, 150, 600, Error::AboveRating);
        place_for(Side::Ask, 150, 300).unwrap();
        assert_noop!(place_at(1, Side::Ask, price(150), 300), Error::<Test>::AboveRating);
        assert_noop!(place_at(1, Side::Bid, price(150), 300), Error::<Test>::OtherSide);
        assert_eq!(Participants::<Test>::get(SLOT, owner(1)).unwrap().energy, Wh(300));
    });
}

#[test]
fn a_grant_says_something_and_is_bounded() {
    run(|| {
        let nothing = Grant { buy_up_to: None, sell_from: None, ..terms() };
        assert_noop!(grant(1, BROKER, nothing), Error::<Test>::EmptyGrant);
        assert_noop!(grant(1, BROKER, Grant { budget: 0, ..terms() }), Error::<Test>::EmptyGrant);
        let past = Grant { expires: now(), ..terms() };
        assert_noop!(grant(1, BROKER, past), Error::<Test>::GrantExpired);
        for broker in [8, 9, 10] {
            TestMembership::permit(broker, Role::Broker);
        }
        assert_noop!(revoke(1), Error::<Test>::NoGrant);
        assert_ok!(grant(1, 8, terms()));
        assert_ok!(grant(1, 9, terms()));
        assert_noop!(grant(1, 10, terms()), Error::<Test>::TooManyGrants);
        assert_ok!(grant(1, 9, Grant { budget: 1, ..terms() }));
        for who in [2, 3] {
            assert_ok!(grant(who, 9, terms()));
        }
        assert_noop!(grant(4, 9, terms()), Error::<Test>::TooManyGrants);
        let mut principals: Vec<_> = Auction::grants_to(&9, None, 9)
            .into_iter()
            .map(|(who, grant)| (who, grant.budget))
            .collect();
        principals.sort_unstable();
        assert_eq!(principals, [(1, 1), (2, terms().budget), (3, terms().budget)]);
        let all = Auction::grants_to(&9, None, u32::MAX);
        assert_eq!(Auction::grants_to(&9, Some(&all[0].0), 1), all[1..2]);
        let mut brokers: Vec<_> = Auction::grants_of(&1).into_iter().map(|(who, _)| who).collect();
        brokers.sort_unstable();
        assert_eq!(brokers, [8, 9]);
        for (who, broker) in [(1, 8), (1, 9), (2, 9), (3, 9)] {
            assert_ok!(call(who, Call::revoke_grant { broker }));
        }
        assert_eq!((Grants::<Test>::iter().count(), GrantCountsOf::<Test>::iter().count()), (0, 0));
        // A stranger has no owner that is known to be another one.
        TestMembership::forget_owner(STRANGER);
        assert_noop!(grant(STRANGER, BROKER, terms()), Error::<Test>::NotPermitted);
    });
}

#[test]
fn no_broker_trades_for_the_owner_of_the_leader() {
    granted(|| {
        let next = SLOT.next();
        TestMembership::set_owner(1, owner(AGGREGATOR));
        let admission = qedex_primitives::KeyAdmission {
            share: sp_runtime::Permill::one(),
            wh_per_key: Wh(1_000),
        };
        assert_ok!(call(AGGREGATOR, Call::announce { slot: next, admission }));
        poll_at(schedule(next).gate_opens);
        let orders = vec![order(Side::Bid, 150, 200)].try_into().unwrap();
        assert_ok!(call(BROKER, Call::place_orders_for { principal: 1, slot: next, orders }));
        let Event::OrderRefused { error, .. } = last_event() else {
            panic!("it is refused");
        };
        assert_eq!(error, Error::<Test>::LeadsThisSlot.into());
    });
}

/// It led by quantity, and dealt in the same slot for everybody who had granted it to.
#[test]
fn who_leads_a_slot_is_nobodys_broker_in_it() {
    granted(|| {
        let (next, after) = (SLOT.next(), SLOT.next().next());
        let admission = qedex_primitives::KeyAdmission {
            share: sp_runtime::Permill::one(),
            wh_per_key: Wh(1_000),
        };
        // Aggregator and broker are two accounts of one owner.
        TestMembership::set_owner(BROKER, owner(AGGREGATOR));
        assert_ok!(call(AGGREGATOR, Call::announce { slot: next, admission }));
        poll_at(schedule(next).gate_opens);
        let place = |slot| {
            let orders = vec![order(Side::Bid, 150, 200)].try_into().unwrap();
            call(BROKER, Call::place_orders_for { principal: 1, slot, orders })
        };
        assert_ok!(place(next));
        let Event::OrderRefused { error, .. } = last_event() else {
            panic!("it is refused");
        };
        assert_eq!(error, Error::<Test>::LeadsThisSlot.into());
        assert_eq!(Orders::<Test>::iter().count(), 0);
        // The principal itself may, and in slots that it does not lead so may the broker.
        assert_ok!(place_in(next, 1, Side::Bid, price(150), 200));
        assert_ok!(place(SLOT));
        poll_at(schedule(after).gate_opens);
        assert_ok!(place(after));
        assert_eq!(Orders::<Test>::iter().count(), 3);
    });
}
