//! Which block a challenge picks.

use proptest::prelude::*;

use super::epoch::*;
use crate::audit::{pick, picked};
use crate::records::{Ending, Signed};

#[test]
fn the_pick_is_fixed_for_ever() {
    // By an independent script.
    assert_eq!(pick(&[1; 32], &[2; 32], 3, 64), Some(GOLDEN[0]));
    assert_eq!(pick(&[0; 32], &[0; 32], 0, 61), Some(GOLDEN[1]));
    assert_eq!(pick(&[255; 32], &[9; 32], u64::MAX, 3), Some(GOLDEN[2]));
    assert_eq!(pick(&[1; 32], &[2; 32], 3, 0), None);
}

#[test]
fn each_block_is_picked_as_often_as_another() {
    const DRAWS: u32 = 64 * 400;
    let mut counts = [0u32; 64];
    for number in 0..DRAWS {
        let mut challenge = [0; 32];
        challenge[..4].copy_from_slice(&number.to_le_bytes());
        counts[pick(&challenge, &[7; 32], 1, 64).unwrap() as usize] += 1;
    }
    // Chi-square of 63 degrees of freedom: mean 63, standard deviation 11.2; the draws are fixed.
    let chi: f64 = counts.iter().map(|count| (f64::from(*count) - 400.0).powi(2) / 400.0).sum();
    assert!((63.0 - 45.0..63.0 + 45.0).contains(&chi), "{chi}");
}

#[test]
fn a_link_that_cheats_in_c_of_n_blocks_is_caught_with_c_over_n() {
    const EPOCHS: u32 = 20_000;
    const BLOCKS: u64 = 64;
    let caught = |cheats: u64, choices: u32| {
        let epochs = (0..EPOCHS).filter(|epoch| {
            // Who may choose among challenges takes one that picks a block in which all is well.
            (0..choices).all(|choice| {
                let mut challenge = [0; 32];
                challenge[..4].copy_from_slice(&epoch.to_le_bytes());
                challenge[4..8].copy_from_slice(&choice.to_le_bytes());
                pick(&challenge, &[7; 32], u64::from(*epoch), BLOCKS).unwrap() < cheats
            })
        });
        epochs.count() as f64 / f64::from(EPOCHS)
    };
    for (cheats, choices) in [(1, 1), (4, 1), (16, 1), (32, 1), (64, 1), (16, 2), (32, 4)] {
        let expected = (cheats as f64 / BLOCKS as f64).powi(choices as i32);
        let error = (expected * (1.0 - expected) / f64::from(EPOCHS)).sqrt();
        let share = caught(cheats, choices);
        assert!((share - expected).abs() <= 4.0 * error, "{cheats} {choices}: {share} {expected}");
    }
}

#[test]
fn only_blocks_that_gave_a_key_are_picked_and_each_of_them_can_be() {
    let records = records(three());
    let root = Signed::root(&records);
    let mut seen = std::collections::BTreeSet::new();
    for number in 0..200u8 {
        let record = picked(&[number; 32], &root, &records).unwrap();
        assert_eq!(record.ending, Ending::Key);
        seen.insert(record.block);
    }
    assert_eq!(seen.len(), three().len());
    assert_eq!(picked(&[1; 32], &root, &records[10..]), None, "none gave a key");
    assert_eq!(picked(&[1; 32], &root, &[]), None);
}

proptest! {
    #[test]
    fn a_pick_lies_among_the_blocks(
        challenge: [u8; 32], root: [u8; 32], epoch: u64, among in 1u64..=64,
    ) {
        prop_assert!(pick(&challenge, &root, epoch, among).unwrap() < among);
        prop_assert_eq!(pick(&challenge, &root, epoch, 1), Some(0));
    }
}

const GOLDEN: [u64; 3] = [53, 2, 1];
