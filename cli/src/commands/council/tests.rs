//! What the council's commands take, and what they say.

use super::*;
use crate::args::{Cli, Command};
use clap::Parser;
use qedex_client::{
    H256, Refusal,
    council::{Closed, Motion, MotionState},
    readable::{Call, Datum},
};

fn parse(arguments: &[&str]) -> Result<Council, clap::Error> {
    let all = ["qedex", "council"].iter().chain(arguments);
    Cli::try_parse_from(all).map(|cli| match cli.command {
        Command::Council(command) => command,
        _ => panic!("another command"),
    })
}

#[test]
fn the_commands_are_read() {
    assert!(matches!(parse(&["members"]), Ok(Council::Members(_))));
    assert!(matches!(parse(&["list", "--json"]), Ok(Council::List(_))));
    for call in ["0x0001ff", "0001FF"] {
        let Ok(Council::Propose(args)) = parse(&["propose", "--call", call, "--suri", "//Bob"])
        else {
            panic!("{call}")
        };
        assert_eq!(args.call, Encoded(vec![0, 1, 255]));
    }
    for (text, ballot) in [("aye", Ballot::Aye), ("nay", Ballot::Nay)] {
        let Ok(Council::Vote(args)) = parse(&["vote", "--motion", "7", text, "--suri", "//Bob"])
        else {
            panic!("{text}")
        };
        assert_eq!((args.motion, args.ballot), (7, ballot));
    }
    let close = parse(&["close", "--motion", "7", "--suri", "//Bob"]);
    assert!(matches!(close, Ok(Council::Close(Close { motion: 7, .. }))));
}

#[test]
fn bad_arguments_are_refused_with_status_2() {
    for arguments in [
        &["propose", "--suri", "//Bob"][..],
        &["propose", "--call", "0x", "--suri", "//Bob"],
        &["propose", "--call", "0x0", "--suri", "//Bob"],
        &["propose", "--call", "0xzz", "--suri", "//Bob"],
        &["vote", "--motion", "7", "--suri", "//Bob"],
        &["vote", "--motion", "7", "yes", "--suri", "//Bob"],
        &["vote", "--motion", "-1", "aye", "--suri", "//Bob"],
        &["vote", "aye", "--suri", "//Bob"],
        &["close", "--suri", "//Bob"],
        &["close", "--motion", "4294967296", "--suri", "//Bob"],
        &["list", "--suri", "//Bob"],
    ] {
        let error = parse(arguments).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{arguments:?}");
    }
}

fn motion() -> Motion {
    Motion {
        index: 4,
        hash: H256([0xab; 32]),
        threshold: 2,
        ayes: vec![[1; 32]],
        nays: vec![],
        end: 129_600,
    }
}

#[test]
fn a_motion_is_told_with_its_call_and_votes() {
    let call = Call {
        pallet: "Membership".to_owned(),
        call: "remove_policy".to_owned(),
        arguments: vec![("policy".to_owned(), Datum::Natural(9))],
    };
    let hash = "ab".repeat(32);
    let voter = account_text([1; 32]);
    let told = told(&motion(), MotionState::Open, &call, 3);
    assert_eq!(
        told,
        format!(
            "motion 4 (0x{hash})\n  Membership.remove_policy(policy: 9)\n  \
             1 aye ({voter}), 0 nays; 2 ayes of 3 members are needed\n  \
             open until block 129600"
        )
    );
}

#[test]
fn what_became_of_a_motion_is_told_and_a_failure_is_an_error() {
    let refusal = Refusal { name: "Membership::UnknownPolicy".to_owned(), meaning: String::new() };
    let closed = |end, refusals: &[&Refusal]| Closed {
        end,
        refusals: refusals.iter().copied().cloned().collect(),
        bond_returned: false,
        block: 5,
    };
    let within = [&refusal];
    for (closed, outcome, fails) in [
        (closed(Ending::Executed, &[]), "executed", false),
        (closed(Ending::Executed, &within), "executed", true),
        (closed(Ending::Failed(refusal.clone()), &[]), "failed", true),
        (closed(Ending::Disapproved, &[]), "disapproved", false),
    ] {
        let told = ended(&motion(), &closed);
        assert_eq!(told["outcome"], outcome);
        assert_eq!(told["motion"], 4);
        assert_eq!(failure(closed), fails.then(|| refusal.clone()));
    }
}
