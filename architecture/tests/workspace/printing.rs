//! What the command line prints goes through its one printer, which takes a closed pipe for no error.

use std::{fs, path::Path};

/// Every source file below a folder.
fn sources(folder: &Path, all: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            all.push(path);
        }
    }
}

/// The lines of a file that print to standard output, each with its number.
fn printing(text: &str) -> Vec<usize> {
    let prints = |line: &str| {
        let code = line.split("//").next().unwrap_or_default();
        ["println!(", "print!("].iter().any(|call| {
            code.match_indices(call).any(|(at, _)| !code[..at].ends_with(['e', '_', ':']))
        })
    };
    text.lines().enumerate().filter(|(_, line)| prints(line)).map(|(at, _)| at + 1).collect()
}

#[test]
fn printing_is_found_and_errors_are_none() {
    assert_eq!(printing("fn f() {\n    println!(\"x\");\n    print!(\"y\");\n}"), [2, 3]);
    assert!(printing("eprintln!(\"x\"); // println!(\"y\")\neprint!(\"z\")").is_empty());
}

#[test]
fn nothing_prints_but_the_printer() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for room in ["cli", "client", "play", "tables"] {
        let mut all = Vec::new();
        sources(&root.join(room).join("src"), &mut all);
        assert!(!all.is_empty(), "{room} has sources");
        for path in all.iter().filter(|path| !path.ends_with("cli/src/output.rs")) {
            let lines = printing(&fs::read_to_string(path).expect("text"));
            assert!(lines.is_empty(), "{} prints in lines {lines:?}", path.display());
        }
    }
}
