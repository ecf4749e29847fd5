//! Price lists and the windows: which are taken, and from when on they hold.

use super::*;
use crate::{CurrentLimits, DefaultWindows, PriceLists};
use qedex_primitives::{Band, Deposits, LeaderLimits, LeaderTerms, PriceList, Prices, Windows};
use sp_runtime::{DispatchError, Permill};

fn set_terms(list: PriceList) -> DispatchResult {
    Auction::set_terms(RuntimeOrigin::root(), Band::Off, list)
}

fn set_windows(windows: Windows) -> DispatchResult {
    Auction::set_windows(RuntimeOrigin::root(), windows)
}

#[test]
fn only_the_admin_sets_terms_and_windows() {
    run(|| {
        let terms = Call::set_terms { band: Band::Off, list: LIST };
        assert_noop!(call(1, terms), DispatchError::BadOrigin);
        let limits = Call::set_leader_limits { limits: market(TERMS).limits };
        assert_noop!(call(1, limits), DispatchError::BadOrigin);
        let windows = Call::set_windows { windows: Windows::default() };
        assert_noop!(call(1, windows), DispatchError::BadOrigin);
    });
}

#[test]
fn new_terms_and_windows_are_announced() {
    run(|| {
        let list = PriceList { floor: price(90), ..LIST };
        assert_ok!(set_terms(list));
        assert_eq!(PriceLists::<Test>::get(Band::Off), Some(list));
        assert_eq!(PriceLists::<Test>::get(Band::Mid), Some(LIST), "a band by itself");
        assert_eq!(last_event(), Event::TermsSet { band: Band::Off, list });
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
            ("tick zero", PriceList { tick: price(0), ..LIST }),
            ("floor off tick", PriceList { floor: off(80), ..LIST }),
            ("cap off tick", PriceList { cap: off(300), ..LIST }),
            ("cap at the floor", PriceList { cap: price(80), grid_fee: price(0), ..LIST }),
            ("cap below the floor", PriceList { cap: price(79), ..LIST }),
            ("fee fills the corridor", PriceList { grid_fee: price(220), ..LIST }),
            ("fee overflows", PriceList { grid_fee: PricePerKwh(u128::MAX), ..LIST }),
            ("cap too large", PriceList { cap: huge, tick: huge, floor: price(0), ..LIST }),
            ("too many levels", PriceList { cap: price(1_080), ..LIST }),
            ("lot zero", PriceList { lot: Wh(0), ..LIST }),
            ("least order zero", PriceList { least_order: Wh(0), ..LIST }),
            ("least order not in lots", PriceList { least_order: Wh(250), ..LIST }),
            ("least order too large", PriceList { least_order: Wh(1_000_100), ..LIST }),
            ("no fee", PriceList { grid_fee: price(0), deposit_rate: Permill::one(), ..LIST }),
            ("no deposit", PriceList { deposit_rate: Permill::zero(), ..LIST }),
            (
                "a deposit below the largest harm",
                PriceList { deposit_rate: Permill::from_percent(10), ..LIST },
            ),
        ];
        for (what, terms) in wrong {
            assert_eq!(set_terms(terms), Err(Error::<Test>::InconsistentTerms.into()), "{what}");
        }
        assert_eq!(PriceLists::<Test>::get(Band::Off), Some(LIST));
    });
}

/// Else it would cost nothing near the cap to sell what one has not, where a buyer has no harm.
#[test]
fn deposits_cover_harm_and_the_fee_for_what_is_missing() {
    run(|| {
        // The harm is 0.200 at most, and a tenth of the cap 0.030: 76.666.. % of 0.300.
        let with = |parts| PriceList { deposit_rate: Permill::from_parts(parts), ..LIST };
        assert_ok!(set_terms(with(666_667)));
        ShortfallFee::set(Permill::from_percent(10));
        let refused = Err(Error::<Test>::InconsistentTerms.into());
        assert_eq!(set_terms(with(766_666)), refused);
        assert_ok!(set_terms(with(766_667)));
        // What other bands have counts as well, for who wants to raise the fee.
        let covered = |percent| <Auction as Deposits>::cover(Permill::from_percent(percent));
        assert!(!covered(10), "70 % mid-peak");
        for band in [Band::Mid, Band::On] {
            assert_ok!(Auction::set_terms(RuntimeOrigin::root(), band, with(766_667)));
        }
        assert!(covered(10) && !covered(11));
    });
}

#[test]
fn terms_at_the_edge_are_taken() {
    run(|| {
        let right = [
            ("just a tick of room", PriceList { grid_fee: price(219), ..LIST }),
            (
                "as many levels as may be",
                PriceList { cap: price(1_079), deposit_rate: Permill::one(), ..LIST },
            ),
            ("free energy", PriceList { floor: price(0), deposit_rate: Permill::one(), ..LIST }),
            (
                "the least fee",
                PriceList { grid_fee: PricePerKwh(1), deposit_rate: Permill::one(), ..LIST },
            ),
            ("only the largest order", PriceList { least_order: Wh(1_000_000), ..LIST }),
            ("a full deposit", PriceList { deposit_rate: Permill::one(), ..LIST }),
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
        assert_ok!(set_terms(list_of(terms)));
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
#[should_panic = "price lists at genesis must be consistent"]
fn terms_at_genesis_are_checked() {
    ExtBuilder::default().terms(LeaderTerms { lot: Wh(0), ..TERMS }).build();
}

#[test]
fn limits_leave_the_leader_something_to_choose() {
    run(|| {
        let good = market(TERMS).limits;
        for bad in [
            LeaderLimits { least_wh_per_key: Wh(0), ..good },
            LeaderLimits { most_wh_per_key: Wh(999), ..good },
        ] {
            let set = Auction::set_leader_limits(RuntimeOrigin::root(), bad);
            assert_eq!(set, Err(Error::<Test>::InconsistentTerms.into()));
        }
        assert_eq!(CurrentLimits::<Test>::get(), Some(good));
        let wider = LeaderLimits { most_wh_per_key: Wh(5_000), ..good };
        assert_ok!(Auction::set_leader_limits(RuntimeOrigin::root(), wider));
        assert_eq!(last_event(), Event::LeaderLimitsSet { limits: wider });
    });
}

#[test]
fn a_slot_has_the_list_of_its_band_and_others_read_the_same() {
    run(|| {
        let on = PriceList { cap: price(350), deposit_rate: Permill::from_percent(80), ..LIST };
        assert_ok!(Auction::set_terms(RuntimeOrigin::root(), Band::On, on));
        let mut slot = SLOT;
        for (band, cap) in [(Band::On, 350), (Band::Off, 300), (Band::Mid, 300)] {
            BandOfAll::set(band);
            slot = slot.next();
            poll_at(schedule(slot).gate_opens);
            assert_eq!(record(slot).terms.leader.cap, price(cap));
            assert_eq!(Auction::price_of(band), price(cap));
        }
    });
}

#[test]
fn a_slot_whose_band_has_no_list_waits_for_one() {
    run(|| {
        PriceLists::<Test>::remove(Band::Mid);
        assert_eq!(Auction::price_of(Band::Mid), price(0));
        BandOfAll::set(Band::Mid);
        let next = SLOT.next();
        poll_at(schedule(next).gate_opens);
        assert_eq!(Slots::<Test>::get(next), None);
        assert_ok!(Auction::set_terms(RuntimeOrigin::root(), Band::Mid, LIST));
        poll();
        assert_eq!(record(next).terms.leader, TERMS);
    });
}
