use super::*;
use proptest::prelude::*;

fn of(bits: &[bool]) -> Bits {
    bits.iter().copied().collect()
}

#[test]
fn bit_i_is_bit_i_mod_8_of_byte_i_over_8() {
    let bits = Bits::from_bytes(&[0x2e, 0xba], 16).unwrap();
    let ones: Vec<usize> = (0..16).filter(|i| bits.get(*i) == Some(true)).collect();
    assert_eq!(ones, [1, 2, 3, 5, 9, 11, 12, 13, 15]);
    assert_eq!(*bits.to_bytes(), [0x2e, 0xba]);
}

#[test]
fn debug_tells_the_length_alone() {
    let text = format!("{:?}", Bits::from_bytes(&[0xab; 9], 70).unwrap());
    assert_eq!(text, "Bits { len: 70, .. }");
}

#[test]
fn nothing_lies_past_the_end() {
    let mut bits = Bits::zeros(65);
    assert_eq!(bits.get(65), None);
    assert!(!bits.flip(65) && bits.flip(64));
    assert!(bits.slice(1, 65).is_none() && bits.slice(usize::MAX, 2).is_none());
    assert!(Bits::from_bytes(&[0; 8], 65).is_none());
    assert_eq!(Bits::from_words(vec![u64::MAX; 3], 65).words(), [u64::MAX, 1]);
}

proptest! {
    #[test]
    fn packing_and_unpacking_agree_with_a_list(list in prop::collection::vec(any::<bool>(), 0..300)) {
        let bits = of(&list);
        prop_assert_eq!(bits.len(), list.len());
        prop_assert_eq!(bits.iter().collect::<Vec<_>>(), list.clone());
        prop_assert_eq!(bits.count_ones(), list.iter().filter(|bit| **bit).count());
        prop_assert!(Bits::from_bytes(&bits.to_bytes(), list.len()) == Some(bits.clone()));
        prop_assert!(Bits::from_words(bits.words().to_vec(), list.len()) == bits);
    }

    #[test]
    fn a_slice_is_the_list_s_slice(
        list in prop::collection::vec(any::<bool>(), 0..300), start in 0usize..300, len in 0usize..300,
    ) {
        let expected = list.get(start..start + len).map(of);
        prop_assert!(of(&list).slice(start, len) == expected);
    }

    #[test]
    fn a_flip_changes_one_bit(list in prop::collection::vec(any::<bool>(), 1..300), at in 0usize..300) {
        let mut bits = of(&list);
        let flipped = bits.flip(at);
        prop_assert_eq!(flipped, at < list.len());
        let differing = (0..list.len()).filter(|i| bits.get(*i) != Some(list[*i])).collect::<Vec<_>>();
        prop_assert_eq!(differing, if flipped { vec![at] } else { vec![] });
    }
}
