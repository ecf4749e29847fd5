//! What owners in league make of the beacon: the last w of n reveal or withhold as suits them.
//!
//! Golden: an event of probability p becomes one of 1 - (1 - p)^(2^w), and no more.

use super::*;
use qedex_primitives::beacon::value;

/// Five owners.
const OWNERS: [AccountId; 5] = [50, 51, 52, 53, 54];

/// How many epochs are played: 1,000, or what `QEDEX_BEACON_EPOCHS` says.
fn epochs() -> u64 {
    let said = std::env::var("QEDEX_BEACON_EPOCHS").ok();
    said.map_or(1_000, |text| text.parse().expect("a number of epochs"))
}

/// Whether an event of `percent` per cent happens by this value.
fn happens(value: H256, percent: u64) -> bool {
    let drawn = u64::from_le_bytes(value.0[..8].try_into().unwrap());
    // Of 2^64, so many hundredths.
    u128::from(drawn) * 100 < u128::from(percent) << 64
}

/// Which of the league reveal, so that the event happens if that can be had: they see what the others have
/// revealed, and compute the value of each choice.
fn choice(honest: &[AccountId], league: &[AccountId], percent: u64) -> Vec<AccountId> {
    let epoch = current().index;
    let before = Qkd::epoch_value(epoch - 1).unwrap().value;
    let choices = 0..1_u32 << league.len();
    let subsets = choices.rev().map(|bits| -> Vec<AccountId> {
        let chosen = league.iter().enumerate().filter(|(place, _)| bits >> place & 1 == 1);
        chosen.map(|(_, who)| *who).collect()
    });
    let suits = |chosen: &Vec<AccountId>| {
        let mut all: Vec<_> = honest.iter().chain(chosen).copied().collect();
        all.sort_by_key(|who| Padded::convert(*who));
        let rows: Vec<_> =
            all.iter().map(|who| (Padded::convert(*who), secret(*who, epoch))).collect();
        happens(H256(sha2_256(&value(GENESIS, before, epoch, &rows))), percent)
    };
    subsets.clone().find(suits).unwrap_or_else(|| league.to_vec())
}

/// In how many of so many epochs an event of `percent` per cent happens, where the last `w` owners are in
/// league. Nothing bars them here: what the choice is worth by itself is asked.
fn played(w: usize, percent: u64, epochs: u64) -> u64 {
    let mut happened = 0;
    run(|| {
        BarredEpochs::set(0);
        EpochLength::set(1_000);
        for who in OWNERS {
            enrol(who);
        }
        block_at(START);
        to_reveals();
        to_end();
        let (honest, league) = OWNERS.split_at(OWNERS.len() - w);
        for _ in 0..epochs {
            let epoch = current().index;
            for who in OWNERS {
                brings(commitment(who, epoch));
            }
            to_reveals();
            for who in honest {
                brings(reveal(*who, epoch));
            }
            let chosen = choice(honest, league, percent);
            for who in &chosen {
                brings(reveal(*who, epoch));
            }
            to_end();
            let found = Qkd::epoch_value(epoch).unwrap();
            assert_eq!(found.source, BeaconSource::Keys);
            happened += u64::from(happens(found.value, percent));
        }
    });
    happened
}

/// Holds what was counted against the golden probability in millionths, within four standard deviations.
fn holds(w: usize, percent: u64, golden: u64) {
    let epochs = epochs();
    let happened = played(w, percent, epochs);
    let (n, p) = (epochs as f64, golden as f64 / 1e6);
    let deviation = (n * p * (1.0 - p)).sqrt();
    let off = (happened as f64 - n * p) / deviation;
    println!("w = {w}, p = {percent} %: {happened} of {epochs}, golden {p}, off {off:+.2} sigma");
    assert!(off.abs() < 4.0, "w = {w}, p = {percent} %: {happened} of {epochs}, not {p}");
}

#[test]
fn without_a_league_an_event_has_its_probability() {
    holds(0, 10, 100_000);
    holds(0, 25, 250_000);
}

#[test]
fn one_owner_turns_p_into_one_less_the_square_of_the_rest() {
    holds(1, 10, 190_000);
    holds(1, 25, 437_500);
}

#[test]
fn two_owners_have_four_outcomes() {
    holds(2, 10, 343_900);
    holds(2, 25, 683_594);
}

#[test]
fn three_owners_have_eight_outcomes() {
    holds(3, 10, 569_533);
    holds(3, 25, 899_887);
}
