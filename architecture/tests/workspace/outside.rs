//! What comes from outside: its licences, what is banned, and how much of it comes twice.
//!
//! Cargo's description of the workspace counts optional crates that nobody turns on: what is held
//! here is a little more than what is built.

use super::{Package, metadata, rooms::matches};
use spdx::{Expression, ParseMode};
use std::collections::{BTreeMap, BTreeSet};

/// Under these everything may come in.
const PERMISSIVE: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Under these come these alone.
const EXCEPTIONS: &[(&str, &[&str])] = &[
    (
        "GPL-3.0-or-later WITH Classpath-exception-2.0",
        // The node's half of the Polkadot SDK. Smoldot is an option of subxt that nobody turns on.
        &["sc-*", "smoldot", "smoldot-light"],
    ),
    // Files that are changed stay open; what links them does not have to be.
    ("MPL-2.0", &["attohttpc", "option-ext", "webpki-roots"]),
    ("OpenSSL", &["ring"]),
];

/// Licences of crates that name a file in place of an expression.
const READ_BY_US: &[(&str, &str, &str)] = &[("ring", "0.16.20", "ISC AND MIT AND OpenSSL")];

/// What must not come in, and why.
const BANNED: &[(&str, &str)] = &[
    ("aws-lc-sys", "needs CMake: rustls takes its ring provider"),
    ("frame-benchmarking-cli", "brings the relay chain's crates: frame-omni-bencher is a tool"),
    ("highs-sys", "needs libclang and CMake"),
    ("libsodium-sys", "needs a library of the system"),
    ("libsodium-sys-stable", "needs a library of the system"),
    ("librocksdb-sys", "is 39 MB of C++: ParityDB is the database"),
    ("polkadot-sdk", "names every crate of the SDK: we name those that we use"),
    ("zombienet-sdk", "is a second SDK of 992 crates"),
];

/// The most versions beside the first one that all crates together may come in. Lower it when some
/// go; before raising it see whether the newcomer can take the version that is there.
const MOST_DUPLICATES: usize = 158;

/// The crates from outside.
fn outside() -> Vec<&'static Package> {
    metadata().packages.iter().filter(|package| package.source.is_some()).collect()
}

fn licence_of(package: &Package) -> Option<Expression> {
    let read = READ_BY_US
        .iter()
        .find(|(name, version, _)| package.name == *name && package.version == *version)
        .map(|(_, _, licence)| *licence);
    let named = package.license.as_deref().or(read)?;
    Expression::parse_mode(named, ParseMode::LAX).ok()
}

/// Whether anything may come in under this licence.
fn is_permissive(licence: &Expression) -> bool {
    licence.evaluate(|required| PERMISSIVE.contains(&required.to_string().as_str()))
}

/// Whether a crate of this name may come in under this licence.
fn is_allowed(name: &str, licence: &Expression) -> bool {
    licence.evaluate(|required| {
        let required = required.to_string();
        let excepted = |(licence, names): &(&str, &[&str])| {
            *licence == required && names.iter().any(|pattern| matches(pattern, name))
        };
        PERMISSIVE.contains(&required.as_str()) || EXCEPTIONS.iter().any(excepted)
    })
}

#[test]
fn every_licence_is_permissive_or_a_named_exception() {
    let outside = outside();
    assert!(outside.len() > 500, "these are not the crates of a node: {}", outside.len());
    let refused: Vec<_> = outside
        .into_iter()
        .filter(|package| {
            !licence_of(package).is_some_and(|licence| is_allowed(&package.name, &licence))
        })
        .map(|package| format!("{} {}: {:?}", package.name, package.version, package.license))
        .collect();
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// The rule itself, on licences of crates that are not there.
#[test]
fn a_licence_that_binds_is_refused_outside_of_its_exception() {
    let allowed = |name, licence| {
        let licence = Expression::parse_mode(licence, ParseMode::LAX).expect("an expression");
        is_allowed(name, &licence)
    };
    assert!(allowed("any", "MIT/Apache-2.0"));
    assert!(allowed("any", "GPL-3.0 OR Apache-2.0"));
    assert!(!allowed("any", "GPL-3.0 AND Apache-2.0"));
    assert!(!allowed("any", "AGPL-3.0-only"));
    assert!(allowed("sc-cli", "GPL-3.0-or-later WITH Classpath-exception-2.0"));
    assert!(!allowed("sc-cli", "GPL-3.0-or-later"));
    assert!(!allowed("any", "GPL-3.0-or-later WITH Classpath-exception-2.0"));
    assert!(!allowed("any", "MPL-2.0"));
}

/// What stands in quotes in this part of `deny.toml`, after each `key` or, without one, at all.
fn quoted(part: &str, key: &str) -> BTreeSet<String> {
    let begin = DENY.find(part).unwrap_or_else(|| panic!("deny.toml has no {part}"));
    let text = DENY.get(begin + part.len()..).unwrap_or_default();
    let text = text.split("\n]").next().unwrap_or_default();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let values = lines.filter_map(|line| line.split_once(key)?.1.split('"').nth(1));
    values.map(str::to_owned).collect()
}

const DENY: &str = include_str!("../../../deny.toml");

#[test]
fn cargo_deny_is_told_the_same() {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let permissive: BTreeSet<String> = set(PERMISSIVE);
    assert_eq!(quoted("\nallow = [", ""), permissive);
    let banned: Vec<_> = BANNED.iter().map(|(name, _)| *name).collect();
    let banned: BTreeSet<String> = set(&banned);
    assert_eq!(quoted("\ndeny = [", "crate = "), banned);
    let excepted: BTreeSet<String> = outside()
        .into_iter()
        .filter(|package| !licence_of(package).is_some_and(|licence| is_permissive(&licence)))
        .map(|package| package.name.clone())
        // Cargo Deny knows that nobody turns this option on.
        .filter(|name| !name.starts_with("smoldot"))
        .collect();
    assert_eq!(quoted("\nexceptions = [", "crate = "), excepted);
}

/// An exception for nobody would let somebody in unseen.
#[test]
fn every_exception_is_somebodys() {
    let names: BTreeSet<_> = outside().into_iter().map(|package| package.name.as_str()).collect();
    for pattern in EXCEPTIONS.iter().flat_map(|(_, names)| *names) {
        assert!(names.iter().any(|name| matches(pattern, name)), "nobody is {pattern}");
    }
    for (name, _, _) in READ_BY_US {
        assert!(names.contains(name), "nobody is {name}");
    }
}

#[test]
fn nothing_banned_comes_in_and_everything_comes_from_the_registry() {
    for package in outside() {
        for (pattern, why) in BANNED {
            assert!(!matches(pattern, &package.name), "{} {why}", package.name);
        }
        let source = package.source.as_ref().expect("it comes from outside");
        assert!(
            source.starts_with("registry+https://github.com/rust-lang/crates.io-index"),
            "{} comes from {source}",
            package.name
        );
    }
}

#[test]
fn no_more_crates_come_twice_than_did() {
    let mut versions: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for package in outside() {
        versions.entry(package.name.as_str()).or_default().insert(package.version.as_str());
    }
    versions.retain(|_, versions| versions.len() > 1);
    let surplus: usize = versions.values().map(|versions| versions.len() - 1).sum();
    assert!(surplus <= MOST_DUPLICATES, "{surplus} instead of {MOST_DUPLICATES}: {versions:#?}");
}
