use super::*;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use sha3::{
    Shake128,
    digest::{ExtendableOutput, Update, XofReader},
};

fn shake(name: &str, len: usize) -> Bits {
    let mut bytes = vec![0; len.div_ceil(8)];
    let mut hasher = Shake128::default();
    Update::update(&mut hasher, name.as_bytes());
    hasher.finalize_xof().read(&mut bytes);
    Bits::from_bytes(&bytes, len).unwrap()
}

fn vector(n: usize, m: usize) -> Bits {
    let (x, t) = (shake("qedex/toeplitz/x", n), shake("qedex/toeplitz/t", n + m - 1));
    hash(&t, &x, m).unwrap()
}

/// The definition, bit by bit.
fn obvious(seed: &Bits, input: &Bits, output_bits: usize) -> Bits {
    let n = input.len();
    let term =
        |i: usize, j: usize| input.get(j) == Some(true) && seed.get(i + n - 1 - j) == Some(true);
    (0..output_bits).map(|i| (0..n).fold(false, |sum, j| sum ^ term(i, j))).collect()
}

#[test]
fn the_small_golden_vector() {
    assert_eq!(*shake("qedex/toeplitz/x", 16).to_bytes(), [0x2e, 0xba]);
    assert_eq!(*shake("qedex/toeplitz/t", 23).to_bytes(), [0x93, 0xef, 0x40]);
    assert_eq!(*vector(16, 8).to_bytes(), [0xf3]);
}

#[test]
fn the_golden_vectors_hash_to_their_digests() {
    for (n, m, digest) in [
        (1000, 333, "b4ee5155f88c56e86e1e38004709d110619b345974ce09500b9f3d31184c56fc"),
        (4096, 1024, "03ff88a89ae25cf097c5e94e5316dc97418f17b3a16913a5f8de71585db2ca16"),
        (1_000_000, 334_000, "4ff56bd9126c4359209a60d66cc5011155df07c7b70b56ef84335f4f28cdd328"),
    ] {
        assert_eq!(hex::encode(Sha256::digest(&*vector(n, m).to_bytes())), digest, "{n}, {m}");
    }
}

#[test]
fn wrong_lengths_are_refused() {
    for (seed, input, output) in [(0, 0, 1), (9, 10, 0), (18, 10, 10), (20, 10, 10)] {
        assert!(hash(&Bits::zeros(seed), &Bits::zeros(input), output).is_none());
    }
    assert!(hash(&Bits::zeros(1), &Bits::zeros(1), usize::MAX).is_none());
}

fn bits(len: usize) -> impl Strategy<Value = Bits> {
    prop::collection::vec(any::<u64>(), len.div_ceil(64))
        .prop_map(move |words| Bits::from_words(words, len))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_product_is_the_definition(
        (x, t, m) in (1usize..2600, 1usize..2600)
            .prop_flat_map(|(n, m)| (bits(n), bits(n + m - 1), Just(m))),
    ) {
        prop_assert!(hash(&t, &x, m).unwrap() == obvious(&t, &x, m));
    }

    #[test]
    fn words_multiply_alike_with_and_without_the_instructions(
        (t, x, rows) in (1usize..20, 1usize..20).prop_flat_map(|(columns, rows)| (
            prop::collection::vec(any::<u64>(), columns + rows - 1),
            prop::collection::vec(any::<u64>(), columns),
            Just(rows),
        )),
    ) {
        let mut detected = vec![word::Wide::default(); rows];
        let mut portable = detected.clone();
        word::add_product(&t, &x, &mut detected);
        word::portable::add_product(&t, &x, &mut portable);
        prop_assert!(detected == portable);
    }
}

#[test]
fn operands_of_ones_fill_no_hole() {
    let mut product = [word::Wide::default()];
    word::portable::add_product(&[u64::MAX], &[u64::MAX], &mut product);
    // (1 + z + .. + z^63)^2 has the even powers alone.
    let [square] = product;
    assert!(square.low == 0x5555_5555_5555_5555 && square.high == 0x5555_5555_5555_5555);
}
