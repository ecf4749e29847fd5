//! What the command line takes, and what it does not.

use super::*;

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
        let json = command.get_arguments().any(|a| a.get_long() == Some("json"));
        assert!(json, "{path:?}");
        let arguments = path.iter().map(String::as_str).chain(["--no-such-option"]);
        let error = Cli::try_parse_from(arguments).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{path:?}");
        assert_eq!(error.kind(), clap::error::ErrorKind::UnknownArgument, "{path:?}");
    }
}

/// A value that is read, for an argument before the one that is tried.
fn any_value(argument: &clap::Arg) -> String {
    let values = argument.get_possible_values();
    values.first().map_or("0".to_owned(), |value| value.get_name().to_owned())
}

#[test]
fn every_number_is_refused_with_a_sign_as_a_bad_value() {
    let mut all = Vec::new();
    leaves(&Cli::command(), &[], &mut all);
    let mut tried = 0;
    for (path, command) in all {
        for argument in command.get_arguments().filter(|a| numbers::is_number(a)) {
            let of: Vec<String> = match argument.get_long() {
                Some(long) => vec![format!("--{long}")],
                None => command
                    .get_positionals()
                    .take_while(|before| before.get_id() != argument.get_id())
                    .map(any_value)
                    .collect(),
            };
            let say = |value: &str| {
                let words = [&path[..], &of, &[value.to_owned()]].concat();
                let error = Cli::read(words).unwrap_err();
                assert_eq!(error.exit_code(), 2);
                error.to_string()
            };
            let said = say("-1");
            let name = argument.get_long().map(|long| format!("--{long} "));
            // One that may be left out stands in brackets.
            let expected = ['<', '['].map(|open| {
                format!("invalid value '-1' for '{}{open}", name.as_deref().unwrap_or(""))
            });
            let is_said = expected.iter().any(|expected| said.contains(expected));
            assert!(is_said, "{path:?} {expected:?}: {said}");
            tried += 1;
        }
    }
    assert!(tried > 60, "{tried}");
}

#[test]
fn a_number_is_refused_with_a_plus_sign_wherever_it_stands() {
    let suri = ["--suri", "//Dave"];
    for arguments in [
        &["meter", "show", "--meter", "+1"][..],
        &["meter", "par", "--day=+1"],
        &["market", "book", "--slot", "1", "--count", "+1"],
        &["play", "--slots", "+1"],
        &["play", "--cheat-share", "+1"],
        &["plan", "double-spend", "--q", "+0.1", "--confirmations", "1", "--premined", "1"],
        &["policy", "remove", "+1", suri[0], suri[1]],
        &["role", "set", "sell", "+1", suri[0], suri[1]],
    ] {
        let words = || ["qedex"].iter().chain(arguments).map(|word| word.to_string());
        let error = Cli::read(words()).unwrap_err();
        let said = error.to_string();
        assert_eq!(error.kind(), clap::error::ErrorKind::ValueValidation, "{said}");
        assert!(said.contains("a number has no sign"), "{said}");
        assert!(said.contains("invalid value '+"), "{said}");
        assert!(said.contains(&format!("Usage: qedex {}", arguments[0])), "{said}");
        assert!(Cli::read(words().map(|word| word.replace('+', ""))).is_ok());
    }
    // What is no number may begin with the sign.
    let text = ["qedex", "policy", "create", "+1", suri[0], suri[1]];
    assert!(Cli::read(text).is_ok());
}

#[test]
fn bad_arguments_are_refused_with_status_2() {
    for arguments in [
        &["play", "--sloths", "8"][..],
        &["play", "--slots", "0"],
        &["play", "--from", "11:07"],
        &["play", "--cheat-share", "101"],
        &["order", "place", "--side", "bid", "--price", "1", "--wh", "1", "--suri", "//Dave"],
        &["order", "place", "--next", "--slot", "1", "--side", "bid", "--price", "1", "--wh"],
        &["status", "--genesis", "0x12"],
        &["trade", "list"],
        &["trade", "list", "--account", "//Dave", "--suri", "//Dave"],
        &["trade", "commit", "--slot", "1", "--suri", "//Dave"],
        &["trade", "verify", "opening.json"],
        &["plan", "stackelberg", "--followers", "f", "--cost", "-1"],
    ] {
        let all = ["qedex"].iter().chain(arguments);
        let error = Cli::read(all).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{arguments:?}");
    }
}
