//! What version 1 stored is carried over, once.

use super::*;
use crate::{
    Announcements, CurrentLimits, Levels, OrderKeys, Participant, Participants, PriceLevel,
    PriceLists, PricePriority, StandingIndex, StandingOrders,
    migrations::{LEAST_SHARE, V1ToV2, v1},
};
use frame_support::traits::{GetStorageVersion, OnRuntimeUpgrade, StorageVersion};
use qedex_primitives::{Band, LeaderLimits, OwnerId, PriceList};
use sp_runtime::{Permill, StateVersion};

/// What stood in the market of version 1: five orders of four accounts of three owners, one of them
/// unknown, two standing orders of which one had still to be renewed, terms that follow the tariff, and
/// an announcement.
fn market_of_version_1() {
    let terms = record(SLOT).terms;
    for list in [Band::Off, Band::Mid, Band::On] {
        PriceLists::<Test>::remove(list);
    }
    CurrentLimits::<Test>::kill();
    v1::DefaultTerms::<Test>::put(TERMS);
    v1::CurrentTermsRule::<Test>::put(v1::TermsRule {
        mid_cap: price(310),
        on_cap: price(320),
        most_wh_per_key: Wh(1_500),
    });
    v1::Announced::<Test>::insert(5, v1::AnnouncedTerms { slot: SlotIndex(1_061), terms: TERMS });
    let orders = [
        (1, Some(owner(1)), Side::Bid, 200, 1_000),
        (1, Some(owner(1)), Side::Bid, 210, 500),
        (2, Some(owner(1)), Side::Bid, 200, 400),
        (3, Some(owner(3)), Side::Ask, 100, 1_000),
        (4, None, Side::Ask, 100, 500),
    ];
    for (id, (who, owner, side, mills, energy)) in (0..).zip(orders) {
        let held = match side {
            Side::Bid => price(mills).cost_floor(Wh(energy)).unwrap(),
            Side::Ask => 210 * MILLI * u128::from(energy) / 1_000,
        };
        assert_ok!(<Books as qedex_primitives::Escrow<_>>::hold(&who, held));
        let energy = Wh(energy);
        let order = v1::Order { who, owner, energy, left: energy, held };
        v1::Orders::<Test>::insert((SLOT, side, OrderPriority::new(side, price(mills), id)), order);
        OrderKeys::<Test>::insert(SLOT, id, (side, price(mills)));
        Levels::<Test>::mutate((SLOT, side, PricePriority::new(side, price(mills))), |level| {
            let level = level.get_or_insert(PriceLevel::default());
            level.energy = level.energy.saturating_add(energy);
            level.orders += 1;
        });
        let party = owner.map_or(v1::Party::Account(who), v1::Party::Owner);
        v1::Participants::<Test>::mutate(SLOT, party, |part| {
            part.get_or_insert(v1::Participant { side, orders: 0 }).orders += 1;
        });
    }
    v1::Slots::<Test>::insert(
        SLOT,
        v1::SlotRecord { terms, phase: Phase::Open, next_order: 5, bids: 3, asks: 2, renewing: 1 },
    );
    for (index, who) in [(0, 5), (1, 6)] {
        let order = NewOrder { side: Side::Bid, limit: price(150), energy: Wh(300) };
        let renewed = SlotIndex(SLOT.0 - u64::from(who == 5));
        let standing = v1::StandingOrder { order, index, renewed, failures: 1 };
        v1::StandingOrders::<Test>::insert(who, standing);
        StandingIndex::<Test>::insert(index, who);
    }
    StorageVersion::new(1).put::<Auction>();
}

fn state() -> Vec<u8> {
    sp_io::storage::root(StateVersion::V1)
}

#[test]
fn what_accounts_have_on_record_is_carried_over() {
    run(|| {
        market_of_version_1();
        let money_before: Vec<_> = MEMBERS.map(money).collect();
        V1ToV2::<Test>::on_runtime_upgrade();
        Auction::do_try_state().unwrap();

        assert_eq!(Auction::on_chain_storage_version(), StorageVersion::new(2));
        assert_eq!(MEMBERS.map(money).collect::<Vec<_>>(), money_before);
        for (band, cap) in [(Band::Off, 300), (Band::Mid, 310), (Band::On, 320)] {
            let list = PriceList { cap: price(cap), ..LIST };
            assert_eq!(PriceLists::<Test>::get(band), Some(list));
        }
        let limits = LeaderLimits {
            least_share: Permill::from_percent(LEAST_SHARE),
            least_wh_per_key: Wh(1_000),
            most_wh_per_key: Wh(1_500),
        };
        assert_eq!(CurrentLimits::<Test>::get(), Some(limits));
        assert_eq!(Announcements::<Test>::iter().count(), 0);
        assert_eq!(v1::Announced::<Test>::iter().count(), 0);
        assert!(!v1::DefaultTerms::<Test>::exists() && !v1::CurrentTermsRule::<Test>::exists());

        assert_eq!(book(Side::Bid), [(1, 210, 500), (0, 200, 1_000), (2, 200, 400)]);
        assert_eq!(book(Side::Ask), [(3, 100, 1_000), (4, 100, 500)]);
        let part = |side, orders, energy| Some(Participant { side, orders, energy: Wh(energy) });
        let of = |owner| Participants::<Test>::get(SLOT, owner);
        assert_eq!(of(owner(1)), part(Side::Bid, 3, 1_900), "with both its accounts");
        assert_eq!(of(owner(3)), part(Side::Ask, 1, 1_000));
        let itself = OwnerId(sp_io::hashing::blake2_256(&4u64.to_le_bytes()));
        assert_eq!(of(itself), part(Side::Ask, 1, 500), "who had no owner stands for itself");
        assert_eq!(Participants::<Test>::iter().count(), 3);

        // And the market goes on.
        poll();
        assert!(StandingOrders::<Test>::get(5).unwrap().renewed == SLOT, "it has its turn");
        assert_eq!(book(Side::Bid).len(), 4, "and not twice the other one");
        assert_ok!(cancel(1, 1));
        close_gate();
        assert_eq!(trades().len(), 3);
        assert_eq!(Orders::<Test>::iter_prefix((SLOT,)).count(), 0);
    });
}

#[test]
fn a_second_run_changes_nothing() {
    run(|| {
        market_of_version_1();
        V1ToV2::<Test>::on_runtime_upgrade();
        let after = state();
        V1ToV2::<Test>::on_runtime_upgrade();
        assert_eq!(state(), after);
    });
}

#[test]
fn a_market_without_terms_or_without_a_fee_is_carried_over_too() {
    run(|| {
        market_of_version_1();
        v1::DefaultTerms::<Test>::kill();
        V1ToV2::<Test>::on_runtime_upgrade();
        assert_eq!((CurrentLimits::<Test>::get(), PriceLists::<Test>::iter().count()), (None, 0));
    });
    run(|| {
        market_of_version_1();
        v1::CurrentTermsRule::<Test>::kill();
        let free = qedex_primitives::LeaderTerms {
            grid_fee: price(0),
            deposit_rate: Permill::one(),
            ..TERMS
        };
        v1::DefaultTerms::<Test>::put(free);
        V1ToV2::<Test>::on_runtime_upgrade();
        let list = PriceLists::<Test>::get(Band::On).unwrap();
        assert_eq!((list.grid_fee, list.cap), (PricePerKwh(1), price(300)));
    });
}

/// Deposits of version 1 covered the harm alone. Were such a list left out, no slot would open any more.
#[test]
fn deposits_are_raised_to_what_they_have_to_cover() {
    run(|| {
        market_of_version_1();
        let fee = Permill::from_percent(10);
        ShortfallFee::set(fee);
        V1ToV2::<Test>::on_runtime_upgrade();
        for (band, cap) in [(Band::Off, 300), (Band::Mid, 310), (Band::On, 320)] {
            let list = PriceLists::<Test>::get(band).expect("it is carried over");
            // Harm of cap - 0.08 - 0.02, and a tenth of the cap.
            let needed = price(cap).0 - price(100).0 + fee.mul_ceil(price(cap).0);
            assert!(list.deposit_rate.mul_floor(price(cap).0) >= needed);
            let less = Permill::from_parts(list.deposit_rate.deconstruct() - 1);
            assert!(less < TERMS.deposit_rate || less.mul_floor(price(cap).0) < needed);
        }
        poll_at(schedule(SLOT.next()).gate_opens);
        assert_eq!(phase(SLOT.next()), Phase::Open, "slots go on opening");
    });
}
