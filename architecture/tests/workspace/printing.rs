//! What a program prints, to standard output or to standard error, goes through the one printer of `console`, which
//! takes a closed pipe for no error.

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

/// The numbers of a file's lines that print past the printer.
fn printing(text: &str) -> Vec<usize> {
    let prints = |line: &str| {
        let code = line.split("//").next().unwrap_or_default();
        ["println!(", "print!(", "eprintln!(", "eprint!(", "dbg!(", "io::stdout("].iter().any(
            |call| {
                let part_of_a_name = |letter: char| letter.is_alphanumeric() || letter == '_';
                code.match_indices(call).any(|(at, _)| !code[..at].ends_with(part_of_a_name))
            },
        )
    };
    text.lines().enumerate().filter(|(_, line)| prints(line)).map(|(at, _)| at + 1).collect()
}

#[test]
fn printing_to_either_output_is_found() {
    assert_eq!(printing("fn f() {\n    println!(\"x\");\n    std::print!(\"y\");\n}"), [2, 3]);
    assert_eq!(printing("eprintln!(\"x\");\n\neprint!(\"z\")\nlet x = dbg!(y);"), [1, 3, 4]);
    assert_eq!(printing("std::io::stdout().lock()"), [1]);
    assert!(printing("note!(\"x\"); // println!(\"y\")\nassert_println!(\"z\")").is_empty());
}

#[test]
fn nothing_prints_but_the_printer() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for room in ["cli", "client", "ems", "planner", "play", "tables"] {
        let mut all = Vec::new();
        sources(&root.join(room).join("src"), &mut all);
        assert!(!all.is_empty(), "{room} has sources");
        for path in &all {
            let lines = printing(&fs::read_to_string(path).expect("text"));
            assert!(lines.is_empty(), "{} prints in lines {lines:?}", path.display());
        }
    }
}
