use super::*;
use crate::distil::{entropy::Entropy, testing::Seeded};
use proptest::prelude::*;

#[test]
fn a_tag_is_as_short_as_eps_cor_allows_and_lim_s_term_pays_it() {
    // lg(2e15) = 50.83.
    assert_eq!(tag_bits(1e-15, 1_000_000), Some(50));
    assert_eq!(unpaid(1e-15, 50), 0);
    assert_eq!(tag_bits(1e-30, 10_000_000), Some(100));
    assert_eq!(unpaid(1e-30, 100), 0);
    // Where 1/eps_cor is a power of two the polynomial's share takes a bit more, and it is paid.
    assert_eq!(tag_bits(2f64.powi(-40), 1 << 20), Some(41));
    assert_eq!(unpaid(2f64.powi(-40), 41), 0);
    assert_eq!(unpaid(2f64.powi(-40), 43), 2);
    assert_eq!(tag_bits(1e-40, 1), None);
}

#[test]
fn different_strings_share_a_tag_of_t_bits_for_2_to_the_minus_t_of_the_keys() {
    let mut random = Seeded::new(3);
    let (a, mut b) = (Bits::zeros(3000), Bits::zeros(3000));
    b.flip(2999);
    let keys = 40_000;
    let shared = (0..keys).filter(|_| {
        let mut key = [0; KEY_BYTES];
        random.fill(&mut key).unwrap();
        tag(&key, &a, 4) == tag(&key, &b, 4)
    });
    let (expected, deviation) = (keys as f64 / 16.0, (keys as f64 * 15.0 / 256.0).sqrt());
    let shared = shared.count() as f64;
    assert!((shared - expected).abs() < 4.0 * deviation, "{shared}");
}

proptest! {
    #[test]
    fn any_changed_bit_changes_a_tag_of_50_bits(key: [u8; 32], len in 1usize..4000, at: prop::sample::Index) {
        let string = Bits::zeros(len);
        let mut other = string.clone();
        other.flip(at.index(len));
        prop_assert_ne!(tag(&key, &string, 50), tag(&key, &other, 50));
        prop_assert_eq!(tag(&key, &string, 50), tag(&key, &string, 50));
        prop_assert!(tag(&key, &other, 50) < 1 << 50);
    }
}
