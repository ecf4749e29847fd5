//! Tests are built with the features of crates from outside that the programs are built with. One feature more
//! of a crate far below, and a cold test run compiles the SDK a second time.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

/// The features of each crate from outside, in a build that follows these kinds of dependencies.
fn features(edges: &str) -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--workspace", "--edges", edges])
        .args(["--prefix", "none", "--format", "{p}|{f}"])
        .current_dir(&super::metadata().workspace_root)
        .output()
        .expect("Cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut all = BTreeMap::<String, BTreeSet<String>>::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Some((name, features)) = line.split_once('|') else { continue };
        // Ours have their paths behind their names, and procedural macros say what they are.
        let (name, notes) = name.split_at(name.find(" (").unwrap_or(name.len()));
        if notes.contains('/') {
            continue;
        }
        let features = features.trim_end_matches(" (*)").split(',').map(str::to_owned);
        all.entry(name.to_owned()).or_default().extend(features);
    }
    assert!(all.len() > 500, "the tree was read");
    all
}

#[test]
fn tests_turn_on_nothing_that_programs_do_not() {
    let programs = features("normal,build");
    let tests = features("normal,build,dev");
    let more = tests.iter().filter_map(|(name, features)| {
        let without = programs.get(name)?;
        let more: Vec<_> = features.difference(without).collect();
        (!more.is_empty()).then(|| format!("{name}: {more:?}"))
    });
    let more: Vec<_> = more.collect();
    assert!(more.is_empty(), "only tests turn on: {more:#?}");
}
