//! Golden values.

use super::*;

const WEIGHTS: Weights =
    Weights { direct_ppm: 500_000, indirect_ppm: 300_000, deposit_ppm: 200_000 };

fn rows(text: &str) -> Vec<Row> {
    let text = format!("rater,ratee,positive,negative\n{text}");
    super::ratings(&Table::parse("ratings.csv", text).unwrap()).unwrap()
}

fn parts(text: &str, decay: &str, deposit_ppm: u32) -> (u32, u32, u32) {
    let decay = decay.parse().unwrap();
    let trust = compute(&rows(text), ("x", "y"), &WEIGHTS, decay, deposit_ppm).unwrap();
    (trust.direct_ppm, trust.indirect_ppm, trust.trust_ppm)
}

#[test]
fn a_table_without_ratings_leaves_one_half() {
    assert_eq!(parts("", "0.1", 0), (500_000, 500_000, 400_000));
    assert_eq!(parts("", "0.1", 1_000_000), (500_000, 500_000, 600_000));
}

#[test]
fn rows_of_a_pair_add_up() {
    let once = parts("x,y,8,2\nz,y,3,1\n", "0", 500_000);
    // 9/12 and 4/6; 0.5 * 3/4 + 0.3 * 2/3 + 0.2 / 2 = 0.675.
    assert_eq!(once, (750_000, 666_666, 675_000));
    let split = parts("x,y,3,0\nz,y,0,1\nx,y,5,2\nz,y,3,0\n", "0", 500_000);
    assert_eq!(split, once);
}

#[test]
fn a_rater_s_experience_is_over_all_its_rows() {
    // 3/4 by one with 2 ratings, 1/4 by one with 4, of which 2 are another's.
    let (_, indirect, _) = parts("z,y,2,0\nw,y,0,2\nw,x,1,0\nw,z,1,0\n", "0.1", 0);
    assert_eq!(indirect, 524_916);
}

#[test]
fn the_trusting_one_s_own_ratings_are_direct_only() {
    assert_eq!(parts("x,y,0,1\n", "0.1", 0), (333_333, 500_000, 316_666));
}

#[test]
fn nobody_rates_itself() {
    let with = parts("x,y,8,2\nz,y,3,1\ny,y,900,0\nz,z,50,0\n", "0.1", 0);
    assert_eq!(with, parts("x,y,8,2\nz,y,3,1\n", "0.1", 0));
}

#[test]
fn the_largest_numbers_are_computed_with() {
    let largest = u64::MAX;
    let text = format!("x,y,{largest},0\nx,y,{largest},0\nz,y,0,{largest}\n");
    let (direct, indirect, _) = parts(&text, "99999999999999", 0);
    assert_eq!((direct, indirect), (999_999, 0));
}

#[test]
fn weights_that_do_not_sum_to_one_are_refused() {
    let weights = Weights { indirect_ppm: 300_001, ..WEIGHTS };
    let decay = "0.1".parse().unwrap();
    let error = compute(&[], ("x", "y"), &weights, decay, 0).unwrap_err();
    assert!(error.to_string().contains("300001"), "{error}");
}
