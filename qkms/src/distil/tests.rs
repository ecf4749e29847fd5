//! Whole blocks between two ends.

use super::testing::*;
use super::*;
use crate::link::Preset;

/// Pulses that give some 10^5 sifted bits at 10 km (golden values, operating points).
const SNSPD_PULSES: u64 = 2_946_088;

fn keys((alice, bob): Results) -> (SecretBlock, SecretBlock) {
    match (alice.unwrap(), bob.unwrap()) {
        (Outcome::Key(alice), Outcome::Key(bob)) => (alice, bob),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_sound_block_gives_both_ends_one_key() {
    let params = params(Preset::Snspd);
    let block = link(Preset::Snspd, 10.0, None, 1).block(SNSPD_PULSES);
    let (alice, bob) = keys(run(7, block, &params, InProcess::pair()));
    println!("{:?}", alice.accounts);
    println!(
        "{}",
        estimate::efficiency(
            alice.accounts.sifted(),
            alice.accounts.errors().unwrap(),
            alice.accounts.parities
        )
    );
    assert!(alice.bits == bob.bits);
    assert_eq!(alice.accounts, bob.accounts);
}
