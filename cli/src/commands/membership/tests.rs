//! What the groups' arguments are, and what they are not.

use super::{credential::each_once, *};
use crate::args::{Cli, Command};
use clap::Parser;

/// An owner.
const OWNER: &str = "0x5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e";

#[test]
fn a_name_and_a_reason_are_not_blank() {
    let name = ["attribute", "register", "--issuer", "//Bob", "--name"];
    let reason = ["blacklist", "add", "//Eve", "--hours", "1", "--reason"];
    for act in [&name[..], &reason] {
        let with = |text: &str| Cli::read([&["qedex"], act, &[text, "--suri", "//Alice"]].concat());
        for blank in ["", " ", "\t \n", "\u{a0}"] {
            let error = with(blank).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            assert!(error.to_string().contains("nothing but blanks"), "{error}");
        }
        assert!(with(" a ").is_ok());
    }
    // An attribute need not be described.
    let undescribed = ["solar", "--description", "", "--suri", "//Alice"];
    assert!(Cli::read([&["qedex"], &name[..], &undescribed].concat()).is_ok());
}

#[test]
fn no_account_is_named_twice() {
    let [eve, dave] = ["//Eve", "//Dave"].map(|text| parse_account(text).unwrap());
    assert!(each_once(&[eve, dave]).is_ok());
    let error = each_once(&[eve, dave, eve]).unwrap_err().to_string();
    let expected = format!("{} is named twice", qedex_client::text::account_text(eve));
    assert!(error.contains(&expected), "{error}");
}

#[test]
fn every_command_of_the_groups_is_read() {
    for arguments in [
        &["attribute", "list", "--json"][..],
        &[
            "attribute",
            "register",
            "--name",
            "wind",
            "--description",
            "Owns a turbine",
            "--issuer",
            "//Alice",
            "--suri",
            "//Alice",
            "--sudo",
        ],
        &["attribute", "bump", "solar", "--suri", "//Alice"],
        &["attribute", "bump", "solar", "--take-back", "--suri", "//Alice"],
        &["attribute", "set-term", "solar", "--days", "30", "--suri", "//Alice", "--council"],
        &["attribute", "allow-endings", "1", "--owners", "3", "--suri", "//Alice", "--council"],
        &["owner", "name", "//Eve", "--suri", "//Alice"],
        &["owner", "name", "//Eve", "--with", "//Dave", "--suri", "//Alice"],
        &["owner", "name", "//Eve", "--owner", OWNER, "--suri", "//Alice"],
        &["owner", "consent", OWNER, "--joins", "--suri", "//Eve"],
        &["owner", "join", "//Eve", "--suri", "//Dave"],
        &["owner", "withdraw", "//Eve", "--suri", "//Alice"],
        &["owner", "show", "//Eve", "--json"],
        &["owner", "show"],
        &["owner", "shut", "//Eve", "--suri", "//Alice"],
        &["owner", "shut", "//Eve", "--take-back", "--suri", "//Alice"],
        &["owner", "set-registrar", "//Bob", "--suri", "//Alice", "--council"],
        &["attribute", "set-issuer", "1", "--issuer", "//Bob", "--suri", "//Alice", "--sudo"],
        &["attribute", "remove", "1", "--suri", "//Alice", "--sudo"],
        &[
            "credential",
            "issue",
            "--attribute",
            "solar",
            "--who",
            "//Eve",
            "--who",
            "//Dave",
            "--days",
            "30",
            "--suri",
            "//Alice",
        ],
        &[
            "credential",
            "reissue",
            "--attribute",
            "solar",
            "--all",
            "--suri",
            "//Alice",
            "--genesis",
            "0x0000000000000000000000000000000000000000000000000000000000000000",
        ],
        &["credential", "revoke", "--attribute", "1", "--who", "//Eve", "--suri", "//Alice"],
        &["credential", "clear", "--attribute", "1", "--who", "//Eve", "--suri", "//Bob"],
        &["credential", "list", "--who", "//Eve", "--url", "ws://127.0.0.1:1"],
        &["policy", "create", "2 of (solar, battery, 3)", "--suri", "//Eve"],
        &["policy", "remove", "5", "--suri", "//Eve"],
        &["policy", "list"],
        &["policy", "explain", "--account", "//Eve", "--role", "install-meters"],
        &["policy", "explain", "--account", "//Eve", "--policy", "1", "--json"],
        &["role", "list"],
        &["role", "set", "sell", "1", "--suri", "//Alice", "--sudo"],
        &[
            "blacklist",
            "add",
            "//Eve",
            "--hours",
            "24",
            "--reason",
            "tampering",
            "--suri",
            "//Alice",
            "--sudo",
        ],
        &["blacklist", "remove", "//Eve", "--suri", "//Alice"],
        &["blacklist", "list"],
    ] {
        let all = ["qedex"].iter().chain(arguments);
        let cli = Cli::try_parse_from(all).unwrap_or_else(|e| panic!("{arguments:?}: {e}"));
        let group = match cli.command {
            Command::Owner(_) => "owner",
            Command::Attribute(_) => "attribute",
            Command::Credential(_) => "credential",
            Command::Policy(_) => "policy",
            Command::Role(_) => "role",
            Command::Blacklist(_) => "blacklist",
            _ => "another",
        };
        assert_eq!(group, arguments[0]);
    }
}

#[test]
fn bad_arguments_of_the_groups_are_refused_with_status_2() {
    let long = "x".repeat(33);
    for arguments in [
        &["attribute", "bump", "--suri", "//Alice"][..],
        &["attribute", "register", "--name", &long, "--issuer", "//Alice", "--suri", "//Alice"],
        &["credential", "issue", "--attribute", "1", "--suri", "//Alice"],
        &["credential", "issue", "--attribute", "1", "--who", "Eve", "--suri", "//Alice"],
        &[
            "credential",
            "issue",
            "--attribute",
            "1",
            "--who",
            "//Eve",
            "--days",
            "1",
            "--expires",
            "1",
            "--suri",
            "//Alice",
        ],
        &[
            "credential",
            "issue",
            "--attribute",
            "1",
            "--who",
            "//Eve",
            "--owner",
            OWNER,
            "--suri",
            "//Alice",
        ],
        &[
            "credential",
            "reissue",
            "--attribute",
            "1",
            "--who",
            "//Eve",
            "--all",
            "--suri",
            "//Alice",
        ],
        &["credential", "reissue", "--attribute", "1", "--suri", "//Alice"],
        &["owner", "name", "//Eve", "--owner", "0x12", "--suri", "//Alice"],
        &["owner", "name", "//Eve", "--owner", OWNER, "--with", "//Dave", "--suri", "//Alice"],
        &["owner", "consent", "--suri", "//Eve"],
        &["attribute", "set-term", "1", "--days", "0", "--suri", "//Alice"],
        &["attribute", "set-term", "1", "--days", "36501", "--suri", "//Alice"],
        &["attribute", "allow-endings", "1", "--suri", "//Alice"],
        &["policy", "explain", "--account", "//Eve"],
        &["policy", "explain", "--account", "//Eve", "--policy", "1", "--role", "sell"],
        &["policy", "explain", "--account", "//Eve", "--role", "king"],
        &["role", "set", "sell", "x", "--suri", "//Alice"],
        &["blacklist", "add", "//Eve", "--hours", "0", "--reason", "r", "--suri", "//Alice"],
        &["blacklist", "add", "//Eve", "--hours", "745", "--reason", "r", "--suri", "//Alice"],
    ] {
        let all = ["qedex"].iter().chain(arguments);
        let error = Cli::try_parse_from(all).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{arguments:?}");
    }
}

/// The commands of what the administration may do, without their signer.
const ADMINISTERED: [&[&str]; 16] = [
    &["owner", "join", "//Eve"],
    &["owner", "shut", "//Eve"],
    &["owner", "set-registrar", "//Eve"],
    &["attribute", "set-term", "1", "--days", "9"],
    &["attribute", "allow-endings", "1", "--owners", "9"],
    &["credential", "issue", "--attribute", "1", "--who", "//Eve"],
    &["credential", "reissue", "--attribute", "1", "--who", "//Eve"],
    &["attribute", "register", "--name", "wind", "--issuer", "//Bob"],
    &["attribute", "bump", "solar"],
    &["attribute", "set-issuer", "1", "--issuer", "//Bob"],
    &["attribute", "remove", "1"],
    &["credential", "revoke", "--attribute", "1", "--who", "//Eve"],
    &["policy", "create", "solar"],
    &["policy", "remove", "5"],
    &["role", "set", "sell", "1"],
    &["blacklist", "remove", "//Eve"],
];

#[test]
fn the_administration_acts_by_the_council_or_by_root_and_not_by_both() {
    let exclude = ["blacklist", "add", "//Eve", "--hours", "1", "--reason", "r"];
    for act in ADMINISTERED.into_iter().chain([&exclude[..]]) {
        let with = |by: &[&str]| {
            let all = [&["qedex"], act, &["--suri", "//Alice"], by].concat();
            Cli::try_parse_from(all)
        };
        for by in [&[][..], &["--council"], &["--sudo"]] {
            assert!(with(by).is_ok(), "{act:?} {by:?}");
        }
        let both = with(&["--council", "--sudo"]).unwrap_err();
        assert_eq!(both.exit_code(), 2);
        assert_eq!(both.kind(), clap::error::ErrorKind::ArgumentConflict);
    }
}

#[test]
fn what_neither_the_council_nor_root_may_do_is_not_offered_to_them() {
    for act in [
        &["credential", "clear", "--attribute", "1", "--who", "//Eve"][..],
        &["owner", "name", "//Eve"],
        &["owner", "consent", OWNER],
        &["owner", "withdraw", "//Eve"],
    ] {
        for by in ["--council", "--sudo"] {
            let all = [&["qedex"], act, &["--suri", "//Alice", by]].concat();
            let error = Cli::try_parse_from(all).unwrap_err();
            assert_eq!(error.kind(), clap::error::ErrorKind::UnknownArgument);
        }
    }
}
