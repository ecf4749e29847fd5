//! Who can choose what draws it, and what it has of that.

use super::*;
use crate::Rules;
use qedex_primitives::{beacon::BeaconSource, settlement::is_drawn};
use sp_io::hashing::blake2_256;

/// How many slots each thief plays.
const SLOTS: u64 = 400;

/// Among how many of its own blocks an author chooses.
const BLOCKS: u64 = 8;

/// One of the values that the beacon could have in the `n`th slot.
fn value(n: u64, which: u64) -> H256 {
    H256::from(blake2_256(&(u128::from(n) << 64 | u128::from(which)).to_le_bytes()))
}

/// A value that does not draw Selma, if one of these does not.
fn harmless(n: u64, choice: core::ops::Range<u64>) -> H256 {
    let chance = Rules::default().draw_chance;
    let draws = |value: &H256| is_drawn(*value, SLOT, owner(SELMA), chance);
    let mut values = choice.clone().map(|which| value(n, which));
    values.find(|value| !draws(value)).unwrap_or(value(n, choice.start))
}

/// The beacon has a value so long after the freeze: of keys, or of a block's hash.
fn beacon(after: u64, value: H256, source: BeaconSource) {
    let opened = TestCalendar::schedule(SLOT).readings_until + after;
    Beacon::mutate(|all| all.push((opened, value)));
    if source == BeaconSource::BlockHash {
        ByHash::mutate(|all| all.insert(value));
    }
}

/// In how many slots Selma, who delivers nothing, commits to a lie and finds nobody who looks, loses its
/// deposit: where the draw falls on it.
fn caught(values: impl Fn(u64)) -> u64 {
    let mut caught = 0;
    for n in 0..SLOTS {
        build_and_execute(|| {
            sell_and_commit(&[(ANNA, 1_000)], 1_000);
            values(n);
            run_to_end();
            let lost = free(SELMA) < FUNDS;
            assert_eq!(settled()[0].2 == Outcome::Unanswered, lost);
            caught += u64::from(lost);
            assert_nothing_left();
        });
    }
    caught
}

/// One slot in ten, by whatever nobody chooses.
#[test]
fn a_liar_is_drawn_by_chance() {
    assert_eq!(caught(|n| beacon(1, value(n, 0), BeaconSource::Keys)), CHANCE);
}

/// The last revealer of an epoch decides between two values: it is drawn where both draw it.
#[test]
fn the_last_revealer_is_drawn_where_both_of_its_values_draw_it() {
    assert_eq!(caught(|n| beacon(1, harmless(n, 0..2), BeaconSource::Keys)), LAST_REVEALER);
}

/// Where keys give no value at all, the author of the block with which reveals open is never drawn.
#[test]
fn an_author_is_not_drawn_by_its_own_hash() {
    assert_eq!(caught(|n| beacon(1, harmless(n, 0..BLOCKS), BeaconSource::BlockHash)), 0);
}

/// Where keys give one before the end of complaints its choice is in vain.
#[test]
fn an_author_is_drawn_by_keys_that_come_after_its_hash() {
    let last = TestCalendar::schedule(SLOT).complaints_until
        - TestCalendar::schedule(SLOT).readings_until
        - SLOT_LENGTH;
    for after in [2, last] {
        let caught = caught(|n| {
            beacon(1, harmless(n, 1..BLOCKS), BeaconSource::BlockHash);
            beacon(after, value(n, 0), BeaconSource::Keys);
        });
        assert_eq!(caught, CHANCE);
    }
}

/// Whoever may hold back what keys give in an epoch, and writes the block besides, has the value of the next
/// epoch to choose instead: as the last revealer has.
#[test]
fn who_can_withhold_an_epoch_chooses_no_better_than_a_last_revealer() {
    let chance = Rules::default().draw_chance;
    let caught = caught(|n| {
        let first = value(n, 0);
        if is_drawn(first, SLOT, owner(SELMA), chance) {
            beacon(1, harmless(n, 2..BLOCKS), BeaconSource::BlockHash);
            beacon(2, value(n, 1), BeaconSource::Keys);
        } else {
            beacon(1, first, BeaconSource::Keys);
        }
    });
    assert_eq!(caught, LAST_REVEALER);
}

/// What a hash has drawn stays until keys draw, and then these do: both is said.
#[test]
fn a_hash_draws_until_keys_do() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 1_000)], 1_000);
        let [hash, other, keys, late] = [1, 2, 3, 4].map(H256::repeat_byte);
        beacon(1, hash, BeaconSource::BlockHash);
        beacon(2, other, BeaconSource::BlockHash);
        let draw = || Books::<Test>::get(SLOT).map(|book| (book.draw, book.drawn_by_keys));
        run_to(Now::get() + SLOT_LENGTH);
        assert_eq!(draw(), Some((Some(hash), false)));
        beacon(3, keys, BeaconSource::Keys);
        run_to(Now::get() + SLOT_LENGTH);
        assert_eq!(draw(), Some((Some(keys), true)));
        beacon(4, late, BeaconSource::Keys);
        run_to(TestCalendar::schedule(SLOT).complaints_until + SLOT_LENGTH);
        assert_eq!(draw(), Some((Some(keys), true)));
        let said = System::read_events_for_pallet::<Event<Test>>().into_iter();
        let drawn = said.filter_map(|event| match event {
            Event::RevealsDrawn { value, source, .. } => Some((value, source)),
            _ => None,
        });
        let drawn: Vec<_> = drawn.collect();
        assert_eq!(drawn, [(hash, BeaconSource::BlockHash), (keys, BeaconSource::Keys)]);
    });
}

/// Keys that come after the end of complaints change nothing: whoever is asked has to know it in time.
#[test]
fn keys_after_the_end_of_complaints_change_nothing() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 1_000)], 1_000);
        let [hash, keys] = [1, 3].map(H256::repeat_byte);
        beacon(1, hash, BeaconSource::BlockHash);
        run_to_end_of_complaints();
        beacon(2, keys, BeaconSource::Keys);
        run_to(Now::get() + SLOT_LENGTH);
        assert_eq!(Books::<Test>::get(SLOT).map(|book| book.draw), Some(Some(hash)));
    });
}

/// Of [`SLOTS`], as docs/games.md says.
const CHANCE: u64 = 36;
const LAST_REVEALER: u64 = 4;
