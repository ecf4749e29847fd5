//! What docs/games.md says of the key service names tests that exist, and formulas by their figures.

use std::{fs, path::Path};

/// The section of the key service.
fn section() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/games.md");
    let text = fs::read_to_string(path).unwrap();
    let (_, section) = text.split_once("\n## The key service\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    section.to_owned()
}

/// All Rust below a folder.
fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_test_that_the_document_names_is_there() {
    let mut all = String::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
    let section = section();
    // What has several words is a test's name.
    let named = section.split('`').skip(1).step_by(2);
    let named: Vec<&str> = named.filter(|name| name.matches('_').count() > 3).collect();
    assert!(named.len() > 20, "{named:?}");
    for name in named {
        let test = format!("#[test]\nfn {name}()");
        let awaited = format!("#[tokio::test]\nasync fn {name}()");
        assert!(all.contains(&test) || all.contains(&awaited), "{name}");
    }
}

#[test]
fn the_document_has_the_chances_of_being_caught_by_their_formula() {
    let section = section();
    for cheats in [1, 4, 16, 32, 64] {
        let share = f64::from(cheats) / 64.0;
        let in_epochs = |epochs| 100.0 * (1.0 - (1.0 - share).powi(epochs));
        let row = format!(
            "| {cheats} of 64 | {:.1} % | {:.1} % | {:.1} % | {:.1} % |",
            in_epochs(1),
            in_epochs(16),
            in_epochs(64),
            100.0 * share.powi(4)
        );
        assert!(section.contains(&row), "{row}");
    }
}
