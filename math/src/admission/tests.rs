use super::*;
use proptest::prelude::*;

fn coming(income: u64, worths: &[u128]) -> Coming {
    Coming { income, worths: worths.to_vec() }
}

/// A pool that holds whatever comes in.
const fn pool(keys: u64) -> Pool {
    Pool { keys, capacity: u64::MAX }
}

#[test]
fn a_share_is_rounded_down_and_one_key_goes_at_least() {
    assert_eq!(keys(1_000, 333_333, 0), 333);
    assert_eq!(keys(10, 250_000, 0), 2);
    assert_eq!(keys(10, 250_000, 500_000), 5, "the least share");
    assert_eq!(keys(2, 1, 0), 1);
    assert_eq!(keys(0, 1_000_000, 0), 0);
    assert_eq!(keys(u64::MAX, 1_000_000, 0), u64::MAX);
}

#[test]
fn what_is_worth_more_later_waits() {
    let slots = [coming(0, &[2, 1, 1]), coming(0, &[9, 9])];
    let planned = plan(pool(3), &slots, 0).unwrap();
    assert_eq!(planned.iter().map(|slot| slot.admitted).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(total(&planned), 20);
    let all = follow(pool(3), &slots, |_, available| available);
    assert_eq!(total(&all), 4);
}

#[test]
fn the_least_share_binds() {
    let slots = [coming(0, &[1, 1, 1, 1]), coming(0, &[9, 9, 9, 9])];
    let planned = plan(pool(4), &slots, 500_000).unwrap();
    assert_eq!(planned.iter().map(|slot| slot.admitted).collect::<Vec<_>>(), [2, 2]);
}

#[test]
fn a_curve_is_cut_into_keys_from_the_top() {
    let step = |worth, energy| Step { worth: PricePerKwh(worth), energy: Wh(energy) };
    let curve = [step(1, 1_500), step(3, 500), step(0, 9_000)];
    assert_eq!(key_worths(&curve, Wh(1_000)), [3 * 500 + 500, 1_000]);
    assert_eq!(key_worths(&curve, Wh(0)), []);
    assert_eq!(key_worths(&[step(1, 2_500)], Wh(1_000)), [1_000, 1_000, 500]);
    assert_eq!(key_worths(&[step(1, u64::MAX)], Wh(1)).len() as u64, MAX_KEYS);
}

#[test]
fn too_many_keys_are_refused() {
    assert_eq!(plan(pool(MAX_KEYS), &[coming(1, &[])], 0), None);
    assert_eq!(plan(pool(u64::MAX), &[coming(1, &[])], 0), None);
    assert!(plan(pool(MAX_KEYS), &[coming(0, &[1])], 0).is_some());
    let bounded = Pool { keys: u64::MAX, capacity: MAX_KEYS };
    assert!(plan(bounded, &[coming(u64::MAX, &[1])], 0).is_some(), "what the pool holds counts");
}

#[test]
fn what_a_full_pool_would_lose_is_used_before() {
    let slots = [coming(2, &[1, 1]), coming(2, &[9, 9])];
    let planned = plan(Pool { keys: 0, capacity: 2 }, &slots, 0).unwrap();
    assert_eq!(planned.iter().map(|slot| slot.used).collect::<Vec<_>>(), [2, 2]);
    let planned = plan(Pool { keys: 0, capacity: 1 }, &slots, 0).unwrap();
    assert_eq!(planned.iter().map(|slot| slot.available).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn a_book_is_worth_what_bids_exceed_asks_and_fee() {
    let level = |price, energy| Level { price: PricePerKwh(price), energy: Wh(energy) };
    let bids = [level(30, 100), level(25, 300), level(12, 100)];
    let asks = [level(8, 200), level(10, 200), level(11, 500)];
    let step = |worth, energy| Step { worth: PricePerKwh(worth), energy: Wh(energy) };
    let expected = [step(20, 100), step(15, 100), step(13, 200)];
    assert_eq!(curve(&bids, &asks, PricePerKwh(2)), expected);
    assert_eq!(curve(&bids, &asks, PricePerKwh(22)), [], "worth nothing at the margin");
}

/// Tries every admission.
fn brute(pool: Pool, slots: &[Coming], least_ppm: u32) -> u128 {
    let Some((slot, rest)) = slots.split_first() else {
        return 0;
    };
    let available = (pool.keys + slot.income).min(pool.capacity);
    (keys(available, 0, least_ppm)..=available)
        .map(|admitted| {
            let used = admitted.min(slot.worths.len() as u64);
            let now: u128 = slot.worths[..used as usize].iter().sum();
            now + brute(Pool { keys: available - used, ..pool }, rest, least_ppm)
        })
        .max()
        .unwrap_or(0)
}

proptest! {
    #[test]
    fn no_other_admission_is_worth_more(
        keys_now in 0..6u64,
        capacity in prop_oneof![Just(u64::MAX), 0..8u64],
        slots in prop::collection::vec((0..4u64, prop::collection::vec(0..20u128, 0..6)), 0..5),
        least_ppm in prop_oneof![Just(0), Just(1_000_000), 0..1_000_000u32],
    ) {
        let slots: Vec<_> = slots
            .into_iter()
            .map(|(income, mut worths)| {
                worths.sort_by(|a, b| b.cmp(a));
                Coming { income, worths }
            })
            .collect();
        let pool = Pool { keys: keys_now, capacity };
        let planned = plan(pool, &slots, least_ppm).unwrap();
        prop_assert_eq!(total(&planned), brute(pool, &slots, least_ppm));
        for slot in &planned {
            prop_assert!(slot.admitted >= keys(slot.available, 0, least_ppm));
            prop_assert!(slot.admitted <= slot.available);
        }
        let all = follow(pool, &slots, |_, available| available);
        prop_assert!(total(&planned) >= total(&all));
    }

    #[test]
    fn a_books_worth_is_its_surplus_less_the_fee(
        sides in prop::array::uniform2(prop::collection::vec((0..60u128, 1..400u64), 0..8)), fee in 0..20u128,
    ) {
        let [mut bids, mut asks] = sides.map(|side| {
            let level = |(price, energy)| Level { price: PricePerKwh(price), energy: Wh(energy) };
            side.into_iter().map(level).collect::<Vec<_>>()
        });
        bids.sort_by_key(|level| core::cmp::Reverse(level.price));
        asks.sort_by_key(|level| level.price);
        let fee = PricePerKwh(fee);
        let steps = curve(&bids, &asks, fee);
        prop_assert!(steps.is_sorted_by(|a, b| a.worth > b.worth));
        // Of every volume, not only of all of it.
        for volume in (0..1_000).step_by(130).chain([u64::MAX]) {
            let run = crate::clearing::greedy(&bids, &asks, fee, Wh(volume));
            let mut left = run.volume.0;
            let mut worth = 0;
            for step in &steps {
                let part = left.min(step.energy.0);
                worth += step.worth.0 * u128::from(part);
                left -= part;
            }
            prop_assert_eq!(worth, run.surplus - fee.0 * u128::from(run.volume.0));
        }
    }

    #[test]
    fn a_share_admits_what_it_was_worked_out_for(available in 1..=1_000_000u64, part in 0..=1_000_000u64) {
        let wanted = part.min(available).max(1);
        prop_assert_eq!(keys(available, share_of(wanted, available), 0), wanted);
    }

    #[test]
    fn cutting_a_curve_loses_nothing(
        curve in prop::collection::vec((0..9u128, 0..3_000u64), 0..6), wh_per_key in 1..2_000u64,
    ) {
        let steps: Vec<_> = curve
            .iter()
            .map(|(worth, energy)| Step { worth: PricePerKwh(*worth), energy: Wh(*energy) })
            .collect();
        let worths = key_worths(&steps, Wh(wh_per_key));
        prop_assume!((worths.len() as u64) < MAX_KEYS);
        let all: u128 = curve.iter().map(|(worth, energy)| worth * u128::from(*energy)).sum();
        prop_assert_eq!(worths.iter().sum::<u128>(), all);
        prop_assert!(worths.is_sorted_by(|a, b| a >= b));
    }
}
