//! What it brings to reveal or not, as suits one's own draw: through the whole runtime, with agents that keep
//! the rules of ours and one that does not.

use super::{
    document::{Row, percent, standing},
    keys::scene::{DAVE, EVE, FERDIE, Scene},
    world::World,
};
use crate::{
    configs::{beacon::Barred, parameters::RuntimeParameters},
    dynamic_params::beacon::{BarredEpochs, Parameters},
    tests::beacon::{commitment, current, finish_half, reveal, secret},
    *,
};
use frame_support::{assert_ok, traits::Get};
use qedex_primitives::{
    BeaconSource,
    beacon::{EpochPart, EpochValue, value},
};
use sp_io::hashing::sha2_256;
use sp_keyring::Sr25519Keyring as Key;

/// Who reveals whatever comes of it. Ferdie draws no keys at genesis.
pub const HONEST: [Key; 2] = [EVE, FERDIE];

/// Reveals last, and as suits it.
pub const THIEF: Key = DAVE;

/// Epochs that are played.
const EPOCHS: u64 = 300;

/// What the thief does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It reveals.
    Always,
    /// It withholds what does not suit it, if without it the value does.
    AsSuits,
}

/// What came of it.
struct Outcome {
    /// In how many epochs what it wants has happened.
    happened: u64,
    /// In how many it withheld.
    withheld: u64,
    /// In how many it was barred.
    barred: u64,
    /// From how many epochs each time.
    bars: u64,
    /// Its standing at the end, in millionths.
    standing: u32,
}

/// Whether an event of `parts` in a hundred happens by this value.
fn happens(value: Hash, parts: u64) -> bool {
    let drawn = u64::from_le_bytes(value.0[..8].try_into().unwrap());
    u128::from(drawn) * 100 < u128::from(parts) << 64
}

/// The value that the epoch under way will have if these reveal.
pub fn foreseen(world: &mut World, epoch: u64, revealing: &[Key]) -> Hash {
    let genesis = world.look(|| System::block_hash(0));
    let before = world.look(|| Qkd::epoch_value(epoch - 1)).expect("it is kept").value;
    let mut rows: Vec<_> =
        revealing.iter().map(|who| (who.to_raw_public(), secret(*who, epoch))).collect();
    rows.sort_by_key(|row| row.0);
    sha2_256(&value(genesis, before, epoch, &rows)).into()
}

pub fn barred_until(world: &mut World) -> u64 {
    let owner = qedex_primitives::OwnerId(THIEF.to_raw_public());
    world.look(|| pallet_qkd::BarredUntil::<Runtime>::get(owner)).unwrap_or_default()
}

/// Plays so many epochs, in which the thief wants an event of `parts` in a hundred.
fn played(way: Way, parts: u64, bars: Option<u32>) -> Outcome {
    let mut scene = Scene::new();
    scene.joins(FERDIE, None);
    let world = &mut scene.world;
    if let Some(bars) = bars {
        world.look(|| {
            let parameter = Parameters::BarredEpochs(BarredEpochs, Some(bars));
            let set = RuntimeParameters::Beacon(parameter);
            assert_ok!(crate::Parameters::set_parameter(RuntimeOrigin::root(), set));
        });
    }
    // From the beginning of an epoch on.
    if current(world).part == EpochPart::Commit {
        finish_half(world, &[]);
    }
    finish_half(world, &[]);
    // The value before is of a block's hash, and signatures in blocks are drawn by chance.
    let begun = current(world).index;
    world.look(|| {
        pallet_qkd::EpochValues::<Runtime>::mutate(begun - 1, |before| {
            before.as_mut().expect("it has ended").value = Hash::repeat_byte(7);
        });
    });
    let bars = world.look(Barred::get).into();
    let mut outcome = Outcome { happened: 0, withheld: 0, barred: 0, bars, standing: 0 };
    for _ in 0..EPOCHS {
        let epoch = current(world).index;
        let is_barred = barred_until(world) > epoch;
        let taking_part = HONEST.into_iter().chain((!is_barred).then_some(THIEF));
        let offers: Vec<_> = taking_part.map(|who| commitment(world, who, epoch)).collect();
        finish_half(world, &offers);
        let everybody = [HONEST[0], HONEST[1], THIEF];
        let suits = |world: &mut World, of: &[Key]| happens(foreseen(world, epoch, of), parts);
        let withholds =
            !is_barred && way == Way::AsSuits && !suits(world, &everybody) && suits(world, &HONEST);
        let reveals = !is_barred && !withholds;
        let revealing = HONEST.into_iter().chain(reveals.then_some(THIEF));
        let offers: Vec<_> = revealing.map(|who| reveal(world, who, epoch)).collect();
        finish_half(world, &offers);
        let found: EpochValue = world.look(|| Qkd::epoch_value(epoch)).expect("it is known");
        assert_eq!(found.source, BeaconSource::Keys);
        outcome.happened += u64::from(happens(found.value, parts));
        outcome.withheld += u64::from(withholds);
        outcome.barred += u64::from(is_barred);
    }
    outcome.standing = world.standing_of(THIEF);
    outcome
}

/// Holds the row of the document.
fn stands(what: &str, chance: u64, rules: &str, outcome: &Outcome) {
    let share = |count: u64| percent(i128::from(count * 1_000_000 / EPOCHS));
    let row = Row::new(&[
        what,
        &percent(i128::from(chance) * 10_000),
        rules,
        &share(outcome.happened),
        &outcome.withheld.to_string(),
        &outcome.barred.to_string(),
        &standing(outcome.standing),
    ]);
    row.stands_in_the_document_under("beacon", 3);
}

const REVEALS: &str = "reveals, whatever comes of it";
const WITHHOLDS: &str = "withholds what does not suit it";

#[test]
fn who_reveals_always_has_what_chance_gives() {
    let outcome = played(Way::Always, 25, None);
    assert_eq!((outcome.withheld, outcome.barred, outcome.standing), (0, 0, 500_000));
    stands(REVEALS, 25, "the default ones", &outcome);
}

#[test]
fn who_withholds_as_suits_is_soon_nobody() {
    for parts in [25, 90] {
        let outcome = played(Way::AsSuits, parts, None);
        stands(WITHHOLDS, parts, "the default ones", &outcome);
        // (P + 1) / (P + N + 2) with nothing kept, rounded down.
        let left = 1_000_000 / (outcome.withheld + 2);
        assert_eq!(u64::from(outcome.standing), left);
        assert!(outcome.barred >= (outcome.withheld - 1) * outcome.bars);
    }
}

#[test]
fn without_a_bar_the_last_revealer_has_two_outcomes() {
    let outcome = played(Way::AsSuits, 25, Some(0));
    stands(WITHHOLDS, 25, "no bar", &outcome);
    assert_eq!(outcome.barred, 0);
    // Golden: 1 - (1 - p)^2 = .4375; within four standard deviations.
    let (n, p) = (EPOCHS as f64, 0.4375);
    let off = (outcome.happened as f64 - n * p) / (n * p * (1.0 - p)).sqrt();
    assert!(off.abs() < 4.0, "{} of {EPOCHS}", outcome.happened);
}
