//! Who is drawn.

use super::*;

const SLOT: SlotIndex = SlotIndex(3);

/// The documented bytes, one by one.
#[test]
fn a_draw_is_what_the_documentation_says() {
    let mut bytes = b"qedex/draw/v1".to_vec();
    bytes.extend([1; 32]);
    bytes.extend(3u64.to_le_bytes());
    bytes.extend([2; 32]);
    let hash = blake2_256(&bytes);
    let drawn = u64::from(u32::from_le_bytes([hash[0], hash[1], hash[2], hash[3]]));
    let drawn_below = |parts| {
        let chance = Permill::from_parts(parts);
        is_drawn(H256::repeat_byte(1), SLOT, OwnerId([2; 32]), chance)
    };
    let edge = u32::try_from((drawn * 1_000_000) >> 32).unwrap();
    assert!(!drawn_below(edge) && drawn_below(edge + 1));
}

#[test]
fn nobody_is_drawn_with_no_chance_and_everybody_with_all() {
    for number in 0..=255 {
        let drawn =
            |chance| is_drawn(H256::repeat_byte(number), SLOT, OwnerId([number; 32]), chance);
        assert!(!drawn(Permill::zero()) && drawn(Permill::one()));
    }
}

/// Each by itself, and in each slot anew.
#[test]
fn as_many_are_drawn_as_the_chance_says() {
    let chance = Permill::from_percent(10);
    let owner = |number: u16| {
        let mut id = [0; 32];
        id[..2].copy_from_slice(&number.to_le_bytes());
        OwnerId(id)
    };
    let drawn =
        |slot: u64, number| is_drawn(H256::repeat_byte(9), SlotIndex(slot), owner(number), chance);
    let count = |slot| (0..10_000).filter(|number| drawn(slot, *number)).count();
    let both = (0..10_000).filter(|number| drawn(1, *number) && drawn(2, *number)).count();
    // Four standard deviations: 30 of 1,000, and 10 of 100.
    assert!(count(1).abs_diff(1_000) < 120 && count(2).abs_diff(1_000) < 120);
    assert!(both.abs_diff(100) < 40);
}
