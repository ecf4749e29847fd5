//! What other pallets are told.

use super::*;

#[test]
fn delivered_is_generation_less_own_demand_of_each_connection() {
    run(|| {
        submit(reading(FIRST, SLOT, 900, 100));
        submit(reading(SECOND, SLOT, 0, 300));
        assert_eq!(delivered(ANNA, SLOT), Some(Wh(800)));
    });
}

#[test]
fn delivered_is_never_below_zero() {
    run(|| {
        submit(reading(BENS, SLOT, 100, 700));
        assert_eq!(delivered(BEN, SLOT), Some(Wh::ZERO));
    });
}

#[test]
fn delivered_is_unknown_until_every_connection_has_reported() {
    run(|| {
        assert_eq!(delivered(ANNA, SLOT), None);
        // The generating meter speaks, the consuming one is silent.
        submit(reading(FIRST, SLOT, 900, 0));
        assert_eq!(delivered(ANNA, SLOT), None);
        submit(reading(SECOND, SLOT, 0, 900));
        assert_eq!(delivered(ANNA, SLOT), Some(Wh(900)));
    });
}

#[test]
fn what_is_published_is_the_sum_over_the_connections_that_have_a_reading() {
    run(|| {
        let published = |who| <Metering as EnergyLedger<AccountId>>::published(&who, SLOT);
        assert_eq!((published(ANNA), published(CLARA), published(99)), (None, None, None));
        submit(reading(SECOND, SLOT, 0, 900));
        assert_eq!(published(ANNA), Some(Wh(0)));
        submit(reading(FIRST, SLOT, 700, 0));
        assert_eq!(published(ANNA), Some(Wh(700)));
        assert_eq!(published(ANNA), delivered(ANNA, SLOT));
        assert_eq!(published(BEN), None);
    });
}

#[test]
fn delivered_is_unknown_without_a_meter() {
    run(|| assert_eq!(delivered(CLARA, SLOT), None));
}

#[test]
fn a_new_meter_spoils_no_slot_whose_gate_is_open() {
    run(|| {
        begin(SLOT);
        assert_ok!(register(BEN, "new"));
        for n in 0..=5 {
            let slot = later(SLOT, n);
            open_window(slot);
            submit(reading(BENS, slot, 700, 0));
            // The new one owes a reading of the first slot in which Ben sold nothing before.
            let known = (n < 5).then_some(Wh(700));
            assert_eq!(delivered(BEN, slot), known, "{slot:?}");
        }
    });
}
