//! What is written and read by people: how long a file may be, and how Cargo is called.

use super::metadata;
use std::{fs, path::PathBuf};

/// The most lines of a source file.
const MOST_LINES: usize = 500;

/// The most lines of the first page.
const MOST_LINES_OF_README: usize = 110;

/// Longer than that, as `scripts/weights` writes them.
const GENERATED: &[&str] = &[
    "runtime/src/weights/auction.rs",
    "runtime/src/weights/membership.rs",
    "runtime/src/weights/metering.rs",
    "runtime/src/weights/pov.rs",
    "runtime/src/weights/qkd.rs",
];

/// The commands of Cargo that build, and so choose versions where they are not locked.
const BUILDING: &[&str] =
    &["bench", "build", "check", "clippy", "doc", "install", "nextest", "run", "test"];

/// The files of the repository by their names in it, but for what Cargo and Git keep for themselves.
fn files() -> Vec<(String, PathBuf)> {
    let root = &metadata().workspace_root;
    let (mut all, mut left) = (Vec::new(), vec![root.clone()]);
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name =
                path.strip_prefix(root).expect("it lies in here").to_string_lossy().into_owned();
            if path.is_symlink() || name == ".git" || path.join("CACHEDIR.TAG").exists() {
                continue;
            } else if path.is_dir() {
                left.push(path);
            } else {
                all.push((name, path));
            }
        }
    }
    all.sort();
    all
}

fn lines_of(path: &PathBuf) -> usize {
    fs::read_to_string(path).expect("text").lines().count()
}

#[test]
fn no_source_file_is_longer_than_one_reads() {
    let all: Vec<_> = files().into_iter().filter(|(name, _)| name.ends_with(".rs")).collect();
    assert!(all.len() > 500, "these are not the sources: {}", all.len());
    let long = all.iter().filter(|(_, path)| lines_of(path) > MOST_LINES);
    assert_eq!(long.map(|(name, _)| name.as_str()).collect::<Vec<_>>(), GENERATED);
}

#[test]
fn the_first_page_is_one_page() {
    let lines = lines_of(&metadata().workspace_root.join("README.md"));
    assert!(lines <= MOST_LINES_OF_README, "{lines} lines");
}

/// The commands in a text: of a page what stands in code, of a script all lines.
fn commands(text: &str, is_page: bool) -> Vec<String> {
    let (mut all, mut prose, mut fenced) = (Vec::new(), String::new(), !is_page);
    for line in text.replace("\\\n", " ").lines() {
        if is_page && line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            all.push(line.to_owned());
        } else {
            prose.push_str(line);
            prose.push(' ');
        }
    }
    all.extend(prose.split('`').skip(1).step_by(2).map(str::to_owned));
    all
}

/// The calls of Cargo in a command that choose versions of their own.
fn unlocked(command: &str) -> Vec<String> {
    let words: Vec<_> = command.split_whitespace().take_while(|word| *word != "#").collect();
    let calls =
        words.iter().enumerate().filter(|(_, word)| word.trim_start_matches('(') == "cargo");
    let calls = calls.filter_map(|(at, _)| {
        let ends = |word: &&&str| ["&&", "||", "|", ";"].contains(*word);
        let call = words.get(at..)?.iter();
        let call: Vec<_> = call.take_while(|word| !ends(word)).copied().collect();
        let verb = call.iter().skip(1).find(|word| !word.starts_with('+'))?;
        let is_locked = call.iter().any(|word| word.trim_end_matches(')') == "--locked");
        (BUILDING.contains(verb) && call.len() > 2 && !is_locked).then(|| call.join(" "))
    });
    calls.collect()
}

#[test]
fn a_call_without_a_lock_is_found() {
    let page = "Say `cargo test\n-p a` or `cargo test --locked -p b`.\n```sh\ncargo build --release\n```\n`cargo fmt --all`";
    let found: Vec<_> = commands(page, true).iter().flat_map(|command| unlocked(command)).collect();
    assert_eq!(found, ["cargo build --release", "cargo test -p a"]);
    let script = "cd a && (cargo run \\\n  --release) # cargo test -p a";
    let found: Vec<_> =
        commands(script, false).iter().flat_map(|command| unlocked(command)).collect();
    assert_eq!(found, ["(cargo run --release)"]);
}

#[test]
fn every_call_of_cargo_takes_the_versions_of_the_lock_file() {
    let mut told = Vec::new();
    for (name, path) in files() {
        let is_page = name.ends_with(".md");
        if !is_page && !name.starts_with("scripts/") && !name.starts_with(".ci/") {
            continue;
        }
        let Ok(text) = fs::read_to_string(path) else { continue };
        let all = commands(&text, is_page);
        told.extend(
            all.iter().flat_map(|command| unlocked(command)).map(|call| format!("{name}: {call}")),
        );
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}
