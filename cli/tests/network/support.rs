//! What the tests do on a network, and read of a session.

use crate::schedules::Turn;
use qedex_primitives::pov::Reduction;
use qedex_testnode::Network;
use serde_json::Value;
use sp_keyring::Sr25519Keyring;

pub fn id(who: Sr25519Keyring) -> [u8; 32] {
    who.to_raw_public()
}

/// What `qedex` does on the network, which has to succeed.
pub fn done(network: &Network, arguments: &[&str]) -> Value {
    let output = network.qedex(&[arguments, &["--json"]].concat());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// What `qedex` does on the network, which has to be refused for a reason that it names.
pub fn refused(network: &Network, arguments: &[&str], why: &str) {
    let output = network.qedex(arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
    assert!(said.contains(why), "{said:?} does not name {why:?}");
}

/// Issues credentials of validators.
pub fn issue(network: &Network, who: &[&str], more: &[&str]) {
    let mut arguments = vec!["credential", "issue", "--attribute", "validator"];
    for who in who {
        arguments.extend(["--who", who]);
    }
    arguments.extend(["--suri", "//Alice"]);
    done(network, &[&arguments[..], more].concat());
}

pub fn revoke(network: &Network, who: &str) {
    let revoke = ["credential", "revoke", "--attribute", "validator"];
    done(network, &[&revoke[..], &["--who", who, "--suri", "//Alice"]].concat());
}

/// Slots, score and reduction of a validator in the session that has begun.
pub fn share(turn: &Turn, who: Sr25519Keyring) -> (u32, u64, Option<Reduction>) {
    let author = turn.schedule.authors.iter().find(|a| a.who == id(who));
    let author = author.expect("it is in the schedule");
    (author.slots, author.score, author.reduced)
}

pub fn slots(turn: &Turn, who: Sr25519Keyring) -> u32 {
    share(turn, who).0
}

/// Asserts that whoever is not `stopped` missed hardly a slot, on a busy machine.
pub fn hardly_missed(turn: &Turn, stopped: &[Sr25519Keyring]) {
    let runs = |who: &[u8; 32]| !stopped.iter().any(|stopped| id(*stopped) == *who);
    let shares = turn.past.shares.iter().filter(|share| runs(&share.who));
    let (due, authored) =
        shares.fold((0, 0), |(due, authored), share| (due + share.due, authored + share.authored));
    let missed = due - authored;
    println!("{missed} of {due} slots missed by those who ran");
    assert!(missed <= due / 4, "{missed} of {due} slots missed");
}
