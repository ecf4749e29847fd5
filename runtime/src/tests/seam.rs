//! The seam between the market and the key service, and that at which a beacon takes the place of its
//! stand-in.

use std::{collections::BTreeSet, fs, path::Path};

/// What the runtime may name of the stand-ins.
const EXPORTS: [&str; 1] = ["Beacon"];

/// The sources of the runtime's configuration and of its APIs.
fn sources() -> Vec<(String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let configs = fs::read_dir(src.join("configs")).expect("the folder can be read");
    let mut paths: Vec<_> = configs.map(|entry| entry.expect("it can be read").path()).collect();
    paths.push(src.join("apis.rs"));
    let read = |path: std::path::PathBuf| {
        let text = fs::read_to_string(&path).expect("it is a text");
        (path.display().to_string(), text)
    };
    paths.into_iter().map(read).collect()
}

/// The words of a source, comments left out.
fn words(text: &str) -> Vec<&str> {
    let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    code.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_'))
        .filter(|word| !word.is_empty())
        .collect()
}

/// What stands behind `stand_ins::`, one name or a list in braces.
fn imports(text: &str) -> BTreeSet<String> {
    let list = |rest: &str| {
        let rest = rest.trim_start();
        match rest.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap_or_default().to_owned(),
            None => words(rest).first().copied().unwrap_or_default().to_owned(),
        }
    };
    let lists = text.split("stand_ins::").skip(1).map(list);
    lists.flat_map(|list| words(&list).into_iter().map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[test]
fn the_stand_ins_export_one_beacon() {
    let text = include_str!("../stand_ins.rs");
    let aliases: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("pub type "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(BTreeSet::from_iter(aliases.iter().copied()), BTreeSet::from(EXPORTS));
    assert_eq!(aliases.len(), EXPORTS.len());
}

#[test]
fn configs_and_apis_name_one_key_budget_and_one_beacon() {
    let stand_ins = include_str!("../stand_ins.rs");
    let behind: Vec<_> = stand_ins
        .lines()
        .filter_map(|line| line.strip_prefix("pub struct "))
        .map(|line| line.trim_end_matches(';'))
        .collect();
    assert!(!behind.is_empty(), "the stand-ins are gone: say here what takes their place");
    let mut named = BTreeSet::new();
    let (mut budgets, mut beacons) = (0, 0);
    for (path, text) in sources() {
        for word in words(&text) {
            assert!(!behind.contains(&word), "{path} names {word} instead of its role");
        }
        named.extend(imports(&text));
        budgets += text.matches("type KeyBudget = Qkd;").count();
        beacons += text.matches("type Beacon = Beacon;").count();
    }
    assert_eq!(named, EXPORTS.map(str::to_owned).into());
    // The market asks for keys, and PoV for the beacon.
    assert_eq!((budgets, beacons), (1, 1));
}
