//! The seam at which the key service stands behind its roles: keys for the market, and the entropy beacon.

use std::{fs, path::Path};

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

/// How often the sources say this.
fn count(what: &str) -> usize {
    sources().iter().map(|(_, text)| text.matches(what).count()).sum()
}

#[test]
fn configs_and_apis_name_one_key_budget_and_one_beacon() {
    // The market asks for keys, and PoV for the beacon.
    assert_eq!((count("type KeyBudget = "), count("type KeyBudget = Qkd;")), (1, 1));
    assert_eq!((count("type Beacon = Beacon;"), count("pub type Beacon = crate::Qkd;")), (1, 1));
}

#[test]
fn no_stand_in_answers_for_keys_or_for_the_beacon() {
    for (path, text) in sources() {
        for role in ["KeyBudget", "EntropyBeacon", "EntropyDraw"] {
            assert!(!text.contains(&format!("{role} for ")), "{path} has a {role} of its own");
        }
    }
    // Past block hashes are the beacon's fallback, and nothing else.
    assert_eq!(count("type Fallback = PastBlockHashes;"), 1);
    assert_eq!(count("= PastBlockHashes;"), 1);
}
