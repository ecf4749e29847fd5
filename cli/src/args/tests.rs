//! What the command line takes, and what it does not.

use super::*;
use clap::CommandFactory;

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

/// Every command that does something, with its path.
fn leaves(command: &clap::Command, path: &[String], all: &mut Vec<(Vec<String>, clap::Command)>) {
    let path = [path, &[command.get_name().to_owned()]].concat();
    if command.has_subcommands() {
        for inner in command.get_subcommands() {
            leaves(inner, &path, all);
        }
    } else {
        all.push((path, command.clone()));
    }
}

#[test]
fn every_command_prints_json_and_refuses_unknown_options_with_status_2() {
    let mut all = Vec::new();
    leaves(&Cli::command(), &[], &mut all);
    assert!(all.len() > 40, "{}", all.len());
    for (path, command) in all {
        let json = command
            .get_arguments()
            .any(|a| a.get_long() == Some("json"));
        assert!(json, "{path:?}");
        let arguments = path.iter().map(String::as_str).chain(["--no-such-option"]);
        let error = Cli::try_parse_from(arguments).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{path:?}");
        assert_eq!(
            error.kind(),
            clap::error::ErrorKind::UnknownArgument,
            "{path:?}"
        );
    }
}

#[test]
fn the_main_job_has_defaults_for_everything() {
    let cli = Cli::try_parse_from(["qedex", "play"]).unwrap();
    let Command::Play(play) = cli.command else {
        panic!("play")
    };
    assert_eq!((play.slots, play.seed), (8, 1));
    assert_eq!(play.from.to_string(), "2016-07-11T11:00");
    assert_eq!(play.shares(), Shares::default());
}

#[test]
fn a_negative_number_is_called_a_bad_value_and_not_an_unknown_argument() {
    for arguments in [
        &[
            "order", "place", "--next", "--side", "bid", "--price", "-5", "--wh", "1", "--suri",
            "//Dave",
        ][..],
        &[
            "order", "amend", "--slot", "1", "--id", "0", "--price", "-5",
        ],
        &["order", "standing", "--side", "bid", "--price", "-5"],
        &[
            "plan", "clear", "--book", "b", "--rule", "uniform", "--fee", "-5",
        ],
        &["plan", "stackelberg", "--followers", "f", "--cost", "-5"],
    ] {
        let all = ["qedex"].iter().chain(arguments);
        let said = Cli::try_parse_from(all).unwrap_err().to_string();
        assert!(said.contains("invalid value '-5'"), "{said}");
    }
}

#[test]
fn bad_arguments_are_refused_with_status_2() {
    for arguments in [
        &["play", "--sloths", "8"][..],
        &["play", "--slots", "0"],
        &["play", "--from", "11:07"],
        &["play", "--cheat-share", "101"],
        &[
            "order", "place", "--side", "bid", "--price", "1", "--wh", "1", "--suri", "//Dave",
        ],
        &[
            "order", "place", "--next", "--slot", "1", "--side", "bid", "--price", "1", "--wh",
        ],
        &["status", "--genesis", "0x12"],
        &["trade", "list"],
        &["trade", "list", "--account", "//Dave", "--suri", "//Dave"],
        &["trade", "commit", "--slot", "1", "--suri", "//Dave"],
        &["trade", "verify", "opening.json"],
        &["plan", "stackelberg", "--followers", "f", "--cost", "-1"],
    ] {
        let all = ["qedex"].iter().chain(arguments);
        let error = Cli::try_parse_from(all).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{arguments:?}");
    }
}
