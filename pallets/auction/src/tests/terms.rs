//! The leader's terms and the windows: which are taken, and from when on they hold.

use super::*;
use crate::{DefaultTerms, DefaultWindows};
use qedex_primitives::{LeaderTerms, Windows};
use sp_runtime::{DispatchError, Permill};

fn set_terms(terms: LeaderTerms) -> DispatchResult {
    Auction::set_terms(RuntimeOrigin::root(), terms)
}

fn set_windows(windows: Windows) -> DispatchResult {
    Auction::set_windows(RuntimeOrigin::root(), windows)
}

#[test]
fn only_the_admin_sets_terms_and_windows() {
    run(|| {
        let terms = Call::set_terms { terms: TERMS };
        assert_noop!(call(1, terms), DispatchError::BadOrigin);
        let windows = Call::set_windows { windows: Windows::default() };
        assert_noop!(call(1, windows), DispatchError::BadOrigin);
    });
}

#[test]
fn new_terms_and_windows_are_announced() {
    run(|| {
        let terms = LeaderTerms { floor: price(90), ..TERMS };
        assert_ok!(set_terms(terms));
        assert_eq!(DefaultTerms::<Test>::get(), Some(terms));
        assert_eq!(last_event(), Event::TermsSet { terms });
        let windows = Windows { gate_opens: 5, ..Default::default() };
        assert_ok!(set_windows(windows));
        assert_eq!(DefaultWindows::<Test>::get(), windows);
        assert_eq!(last_event(), Event::WindowsSet { windows });
    });
}

#[test]
fn contradictory_terms_are_refused() {
    run(|| {
        let off = |mills| PricePerKwh(price(mills).0 + 1);
        let huge = PricePerKwh(u128::from(u64::MAX) + 1);
        let wrong = [
            ("tick zero", LeaderTerms { tick: price(0), ..TERMS }),
            ("floor off tick", LeaderTerms { floor: off(80), ..TERMS }),
            ("cap off tick", LeaderTerms { cap: off(300), ..TERMS }),
            ("cap at the floor", LeaderTerms { cap: price(80), grid_fee: price(0), ..TERMS }),
            ("cap below the floor", LeaderTerms { cap: price(79), ..TERMS }),
            ("fee fills the corridor", LeaderTerms { grid_fee: price(220), ..TERMS }),
            ("fee overflows", LeaderTerms { grid_fee: PricePerKwh(u128::MAX), ..TERMS }),
            ("cap too large", LeaderTerms { cap: huge, tick: huge, floor: price(0), ..TERMS }),
            ("too many levels", LeaderTerms { cap: price(1_080), ..TERMS }),
            ("lot zero", LeaderTerms { lot: Wh(0), ..TERMS }),
            ("least order zero", LeaderTerms { least_order: Wh(0), ..TERMS }),
            ("least order not in lots", LeaderTerms { least_order: Wh(250), ..TERMS }),
            ("least order too large", LeaderTerms { least_order: Wh(1_000_100), ..TERMS }),
            ("keys cover nothing", LeaderTerms { wh_per_key: Wh(0), ..TERMS }),
            ("no deposit", LeaderTerms { deposit_rate: Permill::zero(), ..TERMS }),
            (
                "a deposit below the largest harm",
                LeaderTerms { deposit_rate: Permill::from_percent(10), ..TERMS },
            ),
        ];
        for (what, terms) in wrong {
            assert_eq!(set_terms(terms), Err(Error::<Test>::InconsistentTerms.into()), "{what}");
        }
        assert_eq!(DefaultTerms::<Test>::get(), Some(TERMS));
    });
}

#[test]
fn terms_at_the_edge_are_taken() {
    run(|| {
        let right = [
            ("just a tick of room", LeaderTerms { grid_fee: price(219), ..TERMS }),
            (
                "as many levels as may be",
                LeaderTerms { cap: price(1_079), deposit_rate: Permill::one(), ..TERMS },
            ),
            ("free energy", LeaderTerms { floor: price(0), deposit_rate: Permill::one(), ..TERMS }),
            ("no fee", LeaderTerms { grid_fee: price(0), deposit_rate: Permill::one(), ..TERMS }),
            ("only the largest order", LeaderTerms { least_order: Wh(1_000_000), ..TERMS }),
            ("a full deposit", LeaderTerms { deposit_rate: Permill::one(), ..TERMS }),
        ];
        for (what, terms) in right {
            assert_eq!(set_terms(terms), Ok(()), "{what}");
        }
    });
}

#[test]
fn windows_that_overlap_or_reach_too_far_are_refused() {
    run(|| {
        let good = Windows::default();
        let wrong = [
            ("never open", Windows { gate_opens: 1, ..good }),
            ("closes at delivery", Windows { gate_closes: 0, ..good }),
            ("no commitments", Windows { commitments_until: 1, ..good }),
            ("no readings", Windows { readings_until: 3, ..good }),
            ("no complaints", Windows { complaints_until: 5, ..good }),
            ("final too early", Windows { final_at: 9, ..good }),
            // 4 + 13 + 4 slots do not fit into 20.
            ("too many in flight", Windows { final_at: 13, ..good }),
            ("opens too early", Windows { gate_opens: 6, ..good }),
            ("overflow", Windows { gate_opens: u16::MAX, final_at: u16::MAX, ..good }),
        ];
        for (what, windows) in wrong {
            let refused = Err(Error::<Test>::InconsistentWindows.into());
            assert_eq!(set_windows(windows), refused, "{what}");
        }
        assert_eq!(set_windows(Windows { final_at: 12, ..good }), Ok(()));
        assert_eq!(set_windows(Windows { gate_opens: 5, ..good }), Ok(()));
    });
}

#[test]
fn new_terms_do_not_reach_open_slots() {
    run(|| {
        let before = record(SLOT).terms;
        let terms = LeaderTerms { floor: price(150), deposit_rate: Permill::one(), ..TERMS };
        assert_ok!(set_terms(terms));
        Keys::set(0);
        open_next_gate();
        assert_eq!(record(SLOT).terms, before);
        ask(1, 100, 1_000);
        assert_eq!(money(1).1, 210);
        let next = SLOT.next();
        assert_eq!((record(next).terms.leader, record(next).terms.keys), (terms, 0));
        let low = || place_in(next, 2, Side::Ask, price(100), 1_000);
        assert_noop!(low(), Error::<Test>::OutsideCorridor);
        assert_ok!(place_in(next, 2, Side::Ask, price(150), 1_000));
        assert_eq!(money(2).1, 300);
    });
}

/// Goes to where the next slot's gate opens and this one's is open still.
fn open_next_gate() {
    poll_at(schedule(SLOT.next()).gate_opens);
    assert_eq!(phase(SLOT), Phase::Open);
}

#[test]
fn new_windows_do_not_reach_open_slots() {
    run(|| {
        let before = schedule(SLOT);
        let next = SLOT.next();
        let windows = Windows { gate_closes: 2, final_at: 12, ..Default::default() };
        assert_ok!(set_windows(windows));
        assert_eq!(schedule(SLOT), before);
        assert_eq!(schedule(next), windows.schedule(next, SLOT_LENGTH));
        poll_at(schedule(next).gate_opens);
        assert_eq!(record(next).terms.schedule, windows.schedule(next, SLOT_LENGTH));
        Clock::set(before.gate_closes - 1);
        assert_ok!(place_at(1, Side::Bid, price(200), 200));
        let late = || place_in(next, 1, Side::Bid, price(200), 200);
        Clock::set(schedule(next).gate_closes);
        assert_noop!(late(), Error::<Test>::GateNotOpen);
    });
}

#[test]
#[should_panic = "must not be zero"]
fn a_slot_has_a_length() {
    ExtBuilder { slot_length: 0, ..Default::default() }.build();
}

#[test]
#[should_panic = "windows of a delivery slot must follow one another"]
fn windows_at_genesis_are_checked() {
    let windows = Windows { final_at: 0, ..Default::default() };
    ExtBuilder { windows, ..Default::default() }.build();
}

#[test]
#[should_panic = "terms at genesis must be consistent"]
fn terms_at_genesis_are_checked() {
    ExtBuilder::default().terms(LeaderTerms { lot: Wh(0), ..TERMS }).build();
}
